"""Saves what is drawn by itself: at once beside the recording, and soon in it."""

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from gui.jobs.label import save
from gui.jobs.line import Ended, How
from gui.label.document import Document, Marks
from gui.label.requests import Opened, SaveRequest
from gui.label.session import Session, session_path, write_session
from gui.studio import Studio
from gui.worker import Worker

NOTE_MS = 300  # a crash costs at most this much of what was drawn
SAVE_MS = 2000
_QUICK_BYTES = 200_000_000  # copied within a second; larger ones are saved less often
MOST_SAVE_MS = 60_000


def save_after_ms(size_bytes: int) -> int:
    """Say how long to wait after a change before a recording of this size is written anew."""
    return min(MOST_SAVE_MS, SAVE_MS * max(1, round(size_bytes / _QUICK_BYTES)))


class Keeper(QObject):
    """Keeps the boxes of one recording."""

    told = pyqtSignal(str)
    """In a few words, how safe the boxes are."""
    failed = pyqtSignal(str)
    """Why they can't be saved, and what to do."""
    settled = pyqtSignal()
    """Nothing is being written any more."""

    def __init__(self, studio: Studio, opened: Opened, document: Document) -> None:
        super().__init__(studio)
        self.path = opened.path
        self.wrote = False
        self.failing = False
        self._touched = False
        self._studio = studio
        self._identity, self._objects = opened.identity, opened.objects
        self._document = document
        self._worker: Worker | None = None
        self._sent: dict[int, Marks] = {}
        self._noting = _timer(self, self._note)
        self._saving = _timer(self, self.save_now)

    @property
    def dirty(self) -> bool:
        """Whether the recording lacks some of what is drawn."""
        return bool(self._document.unsaved)

    @property
    def busy(self) -> bool:
        """Whether it is being written."""
        return self._worker is not None

    def changed(self) -> None:
        """Note a change of the document."""
        self._touched = True
        self._noting.start(NOTE_MS)
        if self.dirty:
            self.told.emit("Not saved yet")
            self._saving.start(save_after_ms(self._size()))
        elif not self.busy:
            self._saving.stop()
            self.told.emit("All saved")

    def save_now(self) -> None:
        """Save what is not saved, now or after the saving that runs."""
        self._saving.stop()
        self._note()
        if self.busy:
            return
        self._sent = self._document.unsaved
        if not self._sent:
            self.settled.emit()
            return
        self.told.emit("Saving…")
        boxes = {f: tuple(mark.box for mark in marks) for f, marks in self._sent.items()}
        request = SaveRequest(self.path, self._identity, boxes, self._objects)
        self._worker = self._studio.worker(save, request)
        self._worker.ended.connect(self._ended)
        self._worker.start()

    def _ended(self, ended: Ended) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
        self._worker = None
        if ended.how is How.DONE:
            self.wrote, self.failing = True, False
            self._document.mark_stored(self._sent)
            self._note()
            if self.dirty:
                self.save_now()
                return
            self.told.emit("All saved")
        else:
            self.failing = True
            self.told.emit("Not saved")
            self.failed.emit(
                f"the boxes of {self.path.name} could not be saved: {ended.sentence} They are "
                f"kept in {session_path(self.path).name}; Ctrl+S tries again."
            )
        self.settled.emit()

    def _note(self) -> None:
        """Write down beside the recording what it lacks."""
        self._noting.stop()
        document = self._document
        if not self._touched or not (document.unsaved or self.path.exists()):
            return
        done = frozenset(frame for frame, sheet in document.sheets.items() if sheet.done)
        session = Session(self._identity, document.frames, done, document.unsaved)
        try:
            write_session(session_path(self.path), session)
        except OSError as error:
            self.failed.emit(
                f"{session_path(self.path).name} can't be written ({error.strerror}): what you "
                "draw is safe only once it is saved. Make room, or see that the folder may be "
                "written."
            )

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


def _timer(parent: Keeper, act: Callable[[], object]) -> QTimer:
    made = QTimer(parent)
    made.setSingleShot(True)
    made.timeout.connect(act)
    return made
