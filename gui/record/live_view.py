"""The picture of the game, the keys that are held, and the buttons that steer a recording."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from data.profile import GameProfile
from gui.frame_view import FrameView
from gui.jobs.preview import Seen
from gui.jobs.record import Press
from gui.key_pad import KeyPad
from gui.page import button, row
from gui.record.words import banner, button_texts, preview_banner, waiting_banner
from recorder.status import RecordStatus, State

NOT_RUNNING = "Nothing is being recorded."


class LiveView(QWidget):
    """Shows what is stored, and asks for what its buttons say."""

    record_pressed = pyqtSignal()
    stop_pressed = pyqtSignal()
    pressed = pyqtSignal(object)
    """A `Press`."""

    def __init__(self, profile: GameProfile) -> None:
        super().__init__()
        self._profile = profile
        self._keep_last_s: float | None = None
        self._paused = False
        self.view = FrameView("Looking for the game's window")
        self.pad = KeyPad(profile)
        self.record = button(
            "●  Record  (Ctrl+R)", self.record_pressed.emit, shortcut="Ctrl+R", main=True
        )
        self.pause = button("", self._toggle_pause)
        self.stop = button("", self.stop_pressed.emit)
        self.forget = button("", lambda: self.pressed.emit(Press.DISCARD))
        self.save = button("", lambda: self.pressed.emit(Press.SAVE))
        self._tips = {
            self.record: "Record the game's window",
            self.pause: "Store nothing for a while; click again to go on",
            self.stop: "End the recording and save it",
            self.forget: "Mark what has just happened as not to be learned from",
            self.save: "Write what is kept to a recording of its own",
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.view, 1)
        layout.addWidget(row(self.record, self.pause, self.stop, self.forget, self.save, None))
        layout.addWidget(row(None, self.pad, None))
        for each in (self.record, self.pause, self.stop, self.forget, self.save):
            each.setMinimumHeight(40)
        self.rest()

    def set_profile(self, profile: GameProfile) -> None:
        """Show the keys and hot keys of another game."""
        self._profile = profile
        self.pad.set_profile(profile)
        self._write_on_buttons()

    def show_missing(self, text: str) -> None:
        """Show words instead of a picture."""
        self.view.show_banner("")
        self.view.show_empty(text)

    def show_seen(self, seen: Seen) -> None:
        """Show how the window looks before anything is recorded."""
        if seen.image is not None:
            self.view.show_picture(seen.image)
        self.view.show_banner(preview_banner(shown=seen.image is not None, covered=seen.covered))

    def begin(self, *, keep_last_s: float | None) -> None:
        """Make the buttons of a recording work."""
        self._keep_last_s, self._paused = keep_last_s, False
        self._enable(self.record, why_not="It is being recorded already.")
        for each in (self.pause, self.stop, self.forget, self.save):
            self._enable(each)
        self.save.setVisible(keep_last_s is not None)
        self.record.setVisible(keep_last_s is None)  # there is no room for both
        self._write_on_buttons()

    def rest(self) -> None:
        """Make the buttons of a recording rest."""
        self._paused = False
        for each in (self.pause, self.stop, self.forget, self.save):
            self._enable(each, why_not=NOT_RUNNING)
        self.save.hide()
        self.record.show()
        self.pad.show_held(frozenset())
        self.view.show_banner("")
        self._write_on_buttons()

    def allow_record(self, why_not: str) -> None:
        """Let a recording begin, or say why it can't."""
        self._enable(self.record, why_not=why_not)

    def show_waiting(self, left_s: int | None) -> None:
        """Show the countdown."""
        self.view.show_banner(waiting_banner(left_s))

    def show_status(self, status: RecordStatus) -> None:
        """Show how the recording is getting on."""
        if status.image is not None:
            self.view.show_picture(status.image)
        self.view.show_banner(banner(status.state))
        self.pad.show_held(status.held)
        if (status.state is State.PAUSED) != self._paused:
            self._paused = not self._paused
            self._write_on_buttons()

    def show_ending(self) -> None:
        """Show that the recording is being brought to its end."""
        for each in (self.pause, self.stop, self.forget, self.save):
            self._enable(each, why_not="The recording is being saved.")
        self.view.show_banner("Saving")

    def _toggle_pause(self) -> None:
        self.pressed.emit(Press.GO_ON if self._paused else Press.PAUSE)

    def _write_on_buttons(self) -> None:
        texts = button_texts(self._profile, paused=self._paused, keep_last_s=self._keep_last_s)
        for each, text in zip((self.pause, self.stop, self.forget, self.save), texts, strict=True):
            each.setText(text)

    def _enable(self, which: QPushButton, why_not: str = "") -> None:
        which.setEnabled(not why_not)
        which.setToolTip(why_not or self._tips[which])
