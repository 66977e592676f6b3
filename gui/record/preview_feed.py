"""The live picture before a recording, from a process of its own."""

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs.line import Ended
from gui.jobs.preview import NotOpen, PreviewRequest, Seen, preview
from gui.studio import Game, Studio
from gui.worker import Worker

PATIENCE_S = 5.0


class PreviewFeed(QObject):
    """Looks at the game's window from `start` to `stop`."""

    seen = pyqtSignal(object)
    """A `Seen`, ten times a second while the window is open."""
    missing = pyqtSignal()
    """No such window is open; told again and again."""
    failed = pyqtSignal(str)
    """It has ended by itself, and why."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._studio = studio
        self._worker: Worker | None = None
        self._ending: list[Worker] = []

    @property
    def on(self) -> bool:
        """Whether it looks."""
        return self._worker is not None

    @property
    def running(self) -> bool:
        """Whether a process of it has not ended yet."""
        return self.on or bool(self._ending)

    @property
    def process_id(self) -> int | None:
        """Of the process that looks."""
        return None if self._worker is None else self._worker.process_id

    def start(self, game: Game) -> None:
        """Look for a game's window, and at it."""
        self.stop()
        request = PreviewRequest(game.title or game.profile.title, game.profile.capture.size)
        self._worker = worker = self._studio.worker(preview, request)
        worker.told.connect(lambda message: self._take(worker, message))
        worker.ended.connect(lambda ended: self._finish(worker, ended))
        worker.start()

    def stop(self) -> None:
        """Look no more."""
        if self._worker is not None:
            self._worker.stop(patience_s=PATIENCE_S)
            self._ending.append(self._worker)
            self._worker = None

    def _take(self, worker: Worker, message: object) -> None:
        if worker is not self._worker:
            return
        if isinstance(message, Seen):
            self.seen.emit(message)
        elif isinstance(message, NotOpen):
            self.missing.emit()

    def _finish(self, worker: Worker, ended: Ended) -> None:
        worker.deleteLater()
        if worker is self._worker:
            self._worker = None
            self.failed.emit(ended.sentence)
        else:
            self._ending.remove(worker)
