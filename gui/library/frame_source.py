"""Frames of one recording, read by another process."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs.library_player import (
    Closed,
    Opened,
    OpenFile,
    Refused,
    Shown,
    Shut,
    Wish,
    show_frames,
)
from gui.jobs.line import Ended, How
from gui.studio import Studio
from gui.worker import Worker


class FrameSource(QObject):
    """Opens a recording, and fetches the frame that is wanted most recently."""

    opened = pyqtSignal(object)
    """`Opened`: the recording asked for is open."""
    shown = pyqtSignal(object)
    """`Shown`: a frame of it."""
    refused = pyqtSignal(str)
    """It can't be opened; why."""
    died = pyqtSignal(str)
    """The process behind it has gone, and with it the recording; why."""

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self._studio = studio
        self._worker: Worker | None = None
        self._released: list[Callable[[], object]] = []
        self._path: Path | None = None

    @property
    def path(self) -> Path | None:
        """The recording that is open, or about to be."""
        return self._path

    @property
    def process_id(self) -> int | None:
        """Of the process; None without one."""
        return None if self._worker is None else self._worker.process_id

    @property
    def running(self) -> bool:
        """Whether its process has not ended yet."""
        return self._worker is not None and self._worker.running

    def open(self, path: Path) -> None:
        """Open a recording; its process starts with the first."""
        self._path = path
        self._ready().say(OpenFile(path))

    def wish(self, frame: int) -> None:
        """Ask for a frame."""
        if self._worker is not None and self._path is not None:
            self._worker.say(Wish(self._path, frame))

    def close(self, then: Callable[[], object] | None = None) -> None:
        """Close the recording, and do something once its file can be moved."""
        self._path = None
        if self._worker is not None and self._worker.running:
            self._released += [then] if then else []
            self._worker.say(Shut())
        elif then:
            then()

    def shut_down(self) -> None:
        """Ask its process to end."""
        if self._worker is not None:
            self._worker.stop()

    def _ready(self) -> Worker:
        if self._worker is None or not self._worker.running:
            worker = self._studio.worker(show_frames, None)
            worker.told.connect(self._take)
            worker.ended.connect(lambda ended: self._end(worker, ended))
            worker.start()
            self._worker = worker
        return self._worker

    def _take(self, message: object) -> None:
        if isinstance(message, Closed):
            self._let_go()
        elif isinstance(message, Opened) and message.path == self._path:
            self.opened.emit(message)
        elif isinstance(message, Shown) and message.path == self._path:
            self.shown.emit(message)
        elif isinstance(message, Refused) and message.path == self._path:
            self.refused.emit(message.sentence)

    def _end(self, worker: Worker, ended: Ended) -> None:
        worker.deleteLater()
        if self._worker is worker:
            self._worker = None
        showed, self._path = self._path, None
        self._let_go()
        if ended.how in (How.DIED, How.FAILED) and showed is not None:
            self.died.emit(ended.sentence)

    def _let_go(self) -> None:
        waiting, self._released = self._released, []
        for then in waiting:
            then()
