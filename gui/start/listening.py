"""Listening to the keys of a game's window, live."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.jobs.keys import HeardKeys, Learned, hear_keys
from gui.jobs.line import Ended
from gui.key_pad import key_label
from gui.page import GAP, words
from gui.studio import Studio
from gui.worker import Worker


def told_focus(heard: HeardKeys) -> str:
    """Say whether keys are heard now."""
    if not heard.focused:
        return "Click into the game: keys are heard only while it is in front."
    if heard.held:
        return f"Heard now: {' '.join(map(key_label, sorted(heard.held)))}"
    return "Listening: press every key that the game uses. F10 when done."


def told_unusable(keys: tuple[str, ...]) -> str:
    """Say which keys can't be used; empty when all can."""
    if not keys:
        return ""
    return f"Can't be used: {', '.join(keys)}. Give them another key in the game."


class Listening(QWidget):
    """Shows the keys as they are pressed."""

    learned = pyqtSignal(object)
    """The `Learned`, when it is over."""
    failed = pyqtSignal(str)
    """A sentence."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._worker: Worker | None = None
        self._wanted = False
        self._focus: QLabel = words()
        self._unusable: QLabel = words(quiet=True)
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName("Keys heard")
        self.table.setHorizontalHeaderLabels(("Key", "Pressed", "Held for"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        across, down = self.table.horizontalHeader(), self.table.verticalHeader()
        if across is not None and down is not None:
            across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            down.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for part in (self._focus, self.table, self._unusable):
            layout.addWidget(part)

    @property
    def running(self) -> bool:
        """Whether the process that listens has not ended yet."""
        return self._worker is not None

    @property
    def told(self) -> str:
        """What is said about the focus now."""
        return self._focus.text()

    def begin(self, title: str) -> None:
        """Listen to the window of this title."""
        self.table.setRowCount(0)
        self._unusable.setText("")
        self._focus.setText("Getting ready to listen...")
        self._wanted = True
        self._worker = self._studio.worker(hear_keys, title)
        self._worker.told.connect(self._show)
        self._worker.ended.connect(self._end)
        self._worker.start()

    def finish(self) -> None:
        """Stop listening, and take what was heard."""
        if self._worker is not None:
            self._worker.stop()

    def give_up(self) -> None:
        """Stop listening, and forget what was heard."""
        self._wanted = False
        self.finish()

    def _show(self, heard: object) -> None:
        if not isinstance(heard, HeardKeys):
            return
        self._focus.setText(told_focus(heard))
        self._unusable.setText(told_unusable(heard.unusable))
        self.table.setRowCount(len(heard.keys))
        for number, each in enumerate(heard.keys):
            times = "once" if each.presses == 1 else f"{each.presses} times"
            for column, text in enumerate((key_label(each.key), times, f"{each.held_s:.1f} s")):
                self.table.setItem(number, column, QTableWidgetItem(text))

    def _end(self, ended: Ended) -> None:
        self._worker = None
        if not self._wanted:
            return
        if isinstance(ended.result, Learned):
            self.learned.emit(ended.result)
        else:
            self.failed.emit(ended.sentence)
