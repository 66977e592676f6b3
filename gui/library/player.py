"""Watch a recording: play, step, scrub, look closer, mark a stretch."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QEvent, QSignalBlocker, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import QCheckBox, QComboBox, QLabel, QVBoxLayout, QWidget

from gui.frame_view import DrawnBox, FrameView, colour_of
from gui.jobs.library_player import Opened, Shown
from gui.key_pad import KeyPad, chances_of
from gui.library.frame_source import FrameSource
from gui.library.mark_bar import MarkBar, with_edge
from gui.library.pad_place import PadPlace
from gui.library.piano_roll import Edge, PianoRoll, legend_words
from gui.library.playhead import Playhead
from gui.library.scrub_bar import ScrubBar
from gui.library.sentences import SPAN_WORDS, clock
from gui.page import button, row
from gui.studio import Studio

TICK_MS = 15  # between two looks which frame is due
AFTER_S = 1e-6  # so that the last picture of a marked stretch belongs to it
LEAP = 10  # frames of a step with Shift
SPEEDS = (0.5, 1.0, 2.0, 4.0)
_NO_TIMES = np.zeros(0)


class _Picture(FrameView):
    """Takes what room is left, and asks for little."""

    def sizeHint(self) -> QSize:
        """Return a modest size."""
        return QSize(400, 180)


class Player(QWidget):
    """Shows one recording; its file is open in another process."""

    keep_asked = pyqtSignal(float, float)
    """A person wants a copy of this stretch alone; seconds since the first frame."""
    cut_asked = pyqtSignal(float, float)
    """A person wants a copy without this stretch."""
    failed = pyqtSignal(str)
    """A sentence."""

    def __init__(self, studio: Studio, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._playhead = Playhead(clock_s)
        self.source = FrameSource(studio, self)
        self.source.opened.connect(self._load)
        self.source.shown.connect(self._take)
        self.source.refused.connect(self._refuse)
        self.source.died.connect(self._die)
        self._opened: Opened | None = None
        self._last: Shown | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._advance)
        self.view = _Picture("Choose a recording on the left")
        self.roll = PianoRoll()
        self.pad = KeyPad(studio.game.profile)
        self._build()
        self._make_shortcuts()
        self.roll.sought.connect(self.seek)
        self._tell_state()

    @property
    def path(self) -> Path | None:
        """The recording that is shown, or about to be."""
        return self.source.path

    @property
    def opened(self) -> Opened | None:
        """What is known of it; None while it opens, or can't be."""
        return self._opened

    @property
    def shown(self) -> Shown | None:
        """The frame on show."""
        return self._last

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._playhead.playing

    def open(self, path: Path) -> None:
        """Show a recording from its beginning."""
        self._forget()
        self.view.show_empty(f"Opening {path.name}...")
        self.source.open(path)

    def show_nothing(self, words: str) -> None:
        """Close the recording, and show words in its place."""
        self.source.close()
        self._forget()
        self.view.show_empty(words)

    def release(self, then: Callable[[], object]) -> None:
        """Close the file so that it can be moved or renamed, and then do something."""
        self._forget()
        self.view.show_empty("")
        self.source.close(then)

    def toggle(self) -> None:
        """Play, or pause."""
        if self._opened is not None:
            (self._playhead.pause if self.playing else self._playhead.play)()
            self._show_place()

    def pause(self) -> None:
        """Stay at the frame on show."""
        self._playhead.pause()
        self._show_place()

    def step(self, frames: int) -> None:
        """Pause, and go some frames on or back."""
        self._playhead.step(frames)
        self._show_place()

    def seek(self, at_s: float) -> None:
        """Go to a time, in seconds since the first frame."""
        self._playhead.seek(at_s)
        self._show_place()

    def mark(self, edge: Edge) -> None:
        """Set an end of the marked stretch to the frame on show."""
        if self._opened is None:
            return
        self.roll.show_marks(with_edge(self.roll.marks, edge, self._playhead.at_s))
        self._tell_state()

    def clear_marks(self) -> None:
        """Unset both ends."""
        self.roll.show_marks({})
        self._tell_state()

    def marked(self) -> tuple[float, float] | None:
        """Return the marked stretch in seconds; an end that isn't set is the recording's."""
        marks = self.roll.marks
        if not marks or self._opened is None:
            return None
        start_s, end_s = marks.get(Edge.IN, 0.0), marks.get(Edge.OUT, self._playhead.end_s)
        return start_s, end_s + AFTER_S

    def shut_down(self) -> None:
        """Ask its process to end."""
        self._playhead.pause()
        self._timer.stop()
        self.source.shut_down()

    @property
    def running(self) -> bool:
        """Whether its process has not ended yet."""
        return self.source.running

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Play and pause with the space bar."""
        if event is not None and event.key() == Qt.Key.Key_Space:
            self.toggle()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        """Take on other colours."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and self._opened:
            self._tell_legend(self._opened)
            self._draw_again()

    def _build(self) -> None:
        self._play = button("Play", self.toggle, tip="Play or pause (Space)")
        self._play.setMinimumWidth(76)
        self._back = button("<", lambda: self.step(-1), tip="One picture back (Left; Shift: ten)")
        self._on = button(">", lambda: self.step(1), tip="One picture on (Right; Shift: ten)")
        self._back.setAccessibleName("One picture back")
        self._on.setAccessibleName("One picture on")
        self._time = QLabel()
        self._bar = ScrubBar()
        self._bar.sought.connect(lambda frame: self.step(frame - self._playhead.frame))
        self._speed = QComboBox()
        self._speed.addItems([f"{speed:g}x" for speed in SPEEDS])
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._speed.setToolTip("How fast it plays")
        self._speed.currentIndexChanged.connect(
            lambda index: self._playhead.set_speed(SPEEDS[index])
        )
        self.boxes = QCheckBox("&Boxes")
        self.boxes.setToolTip("Show the boxes on the picture")
        self.boxes.setChecked(True)
        self.boxes.toggled.connect(lambda on: self._draw_again())
        self.marks = MarkBar()
        self.marks.edge_asked.connect(self.mark)
        self.marks.cleared.connect(self.clear_marks)
        self.marks.keep_asked.connect(lambda: self._ask(self.keep_asked.emit))
        self.marks.cut_asked.connect(lambda: self._ask(self.cut_asked.emit))
        self._legend = QLabel()
        self._legend.setObjectName("quiet")
        self._pad_place = PadPlace(self.pad)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._bar)
        layout.addWidget(
            row(self._play, self._back, self._on, self._time, None, self.boxes, self._speed)
        )
        layout.addWidget(self.roll)
        layout.addWidget(self._legend)
        layout.addWidget(self.marks)
        layout.addWidget(self._pad_place)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _make_shortcuts(self) -> None:
        for keys, act in (
            ("Left", lambda: self.step(-1)),
            ("Right", lambda: self.step(1)),
            ("Shift+Left", lambda: self.step(-LEAP)),
            ("Shift+Right", lambda: self.step(LEAP)),
            ("Home", lambda: self.step(-self._playhead.count)),
            ("End", lambda: self.step(self._playhead.count)),
            ("I", lambda: self.mark(Edge.IN)),
            ("O", lambda: self.mark(Edge.OUT)),
            ("Esc", self.clear_marks),
            ("+", lambda: self.roll.zoom(2.0)),
            ("-", lambda: self.roll.zoom(0.5)),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _forget(self) -> None:
        self._opened = self._last = None
        self._timer.stop()
        self._playhead.load(_NO_TIMES)
        self.roll.show_recording(None)
        self.pad.show_held(frozenset())
        self.pad.show_chances({})
        self._legend.hide()
        self._tell_state()

    def _take(self, shown: Shown) -> None:
        self._last = shown
        self._draw_again()

    def _refuse(self, sentence: str) -> None:
        self.view.show_empty(sentence)
        self.failed.emit(sentence)

    def _die(self, sentence: str) -> None:
        self._forget()
        self.view.show_empty("Choose the recording again to go on")
        self.failed.emit(
            f"The recording can't be shown any more: {sentence} Choose it again to go on."
        )

    def _load(self, opened: Opened) -> None:
        self._opened = opened
        self._playhead.load(opened.times_s)
        self.pad.set_profile(opened.profile)
        self._pad_place.fit()
        self.roll.show_recording(opened)
        with QSignalBlocker(self._bar):
            self._bar.setRange(0, max(0, len(opened.times_s) - 1))
        self._tell_legend(opened)
        self._tell_state()
        if len(opened.times_s):
            self._show_place()
        else:
            self.view.show_empty("This recording holds no picture")

    def _draw(self, shown: Shown, opened: Opened) -> None:
        names = opened.profile.object_names
        if shown.image is None:
            self.view.show_empty("This picture is damaged")
        else:
            boxes = shown.boxes if self.boxes.isChecked() else ()
            self.view.show_picture(
                shown.image,
                [
                    DrawnBox(
                        box.x1, box.y1, box.x2, box.y2, label=box.label,
                        colour=colour_of(box.label, names), dashed=not box.sure,
                    )
                    for box in boxes
                ],
            )  # fmt: skip
        self.pad.show_held(frozenset(shown.held))
        chances: dict[str, float] = {}
        for name, probabilities in shown.chances.items():
            chances |= chances_of(opened.profile.head(name), probabilities)
        self.pad.show_chances(chances)

    def _draw_again(self) -> None:
        if self._last is not None and self._opened is not None:
            self._draw(self._last, self._opened)

    def _advance(self) -> None:
        if self._playhead.advance() or not self.playing:
            self._show_place()

    def _show_place(self) -> None:
        """Bring everything to the playhead; the picture follows when it has been read."""
        if self._opened is None:
            return
        if self.playing != self._timer.isActive():
            (self._timer.start if self.playing else self._timer.stop)()
        if self._playhead.count:
            self.source.wish(self._playhead.frame)
        with QSignalBlocker(self._bar):
            self._bar.setValue(self._playhead.frame)
        self.roll.show_moment(self._playhead.at_s)
        self._tell_time()

    def _tell_time(self) -> None:
        at_s = self._playhead.at_s
        self._play.setText("Pause" if self.playing else "Play")
        said = f"{clock(at_s)} of {clock(self._playhead.end_s)}"
        for stretch in self._opened.stretches if self._opened else ():
            if stretch.start_s <= at_s <= stretch.end_s:
                said += f" · {SPAN_WORDS[stretch.kind]}"
        self._time.setText(said if self._opened else "")

    def _tell_legend(self, opened: Opened) -> None:
        parts = [
            f'<span style="color:{colour}">■</span> {said}' for colour, said in legend_words(opened)
        ]
        self._legend.setText("&nbsp;&nbsp; ".join(parts))
        self._legend.setVisible(bool(parts))

    def _tell_state(self) -> None:
        ready = self._opened is not None
        for widget in (self._play, self._back, self._on, self._bar):
            widget.setEnabled(ready)
        self.marks.show_marks(self.roll.marks, end_s=self._playhead.end_s if ready else None)
        self._tell_time()

    def _ask(self, emit: Callable[[float, float], object]) -> None:
        marked = self.marked()
        if marked is not None:
            emit(*marked)
