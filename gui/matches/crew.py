"""A job, and the processes that must not outlive it."""

import os
import signal
from contextlib import suppress

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs.line import Ended, How, Job
from gui.jobs.practice import Begun
from gui.studio import Studio
from gui.worker import PATIENCE_S, Worker


class Crew(QObject):
    """Runs one job at a time; what it began ends with it, even where it was killed."""

    told = pyqtSignal(object)
    ended = pyqtSignal(object)
    """An `Ended`."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._studio = studio
        self._worker: Worker | None = None
        self._begun: set[int] = set()

    @property
    def running(self) -> bool:
        """Whether a job runs."""
        return self._worker is not None

    @property
    def process_id(self) -> int | None:
        """Of the job's process."""
        return self._worker.process_id if self._worker is not None else None

    @property
    def begun(self) -> frozenset[int]:
        """Processes that the job has begun."""
        return frozenset(self._begun)

    def start(self, job: Job, request: object, *, niceness: int = 0) -> None:
        """Start a job; there must be none."""
        self._begun.clear()
        self._worker = self._studio.worker(job, request, niceness=niceness)
        self._worker.told.connect(self._hear)
        self._worker.ended.connect(self._end)
        self._worker.start()

    def stop(self, *, patience_s: float = PATIENCE_S) -> None:
        """Ask it to end in good order, and end it by force when it takes longer than that."""
        if self._worker is not None:
            self._worker.stop(patience_s=patience_s)

    def _hear(self, message: object) -> None:
        if isinstance(message, Begun):
            self._begun |= set(message.process_ids)
        else:
            self.told.emit(message)

    def _end(self, ended: Ended) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.deleteLater()
        if ended.how is How.DIED or (ended.how is How.STOPPED and ended.sentence):
            for each in self._begun:
                with suppress(OSError):  # it has ended by itself
                    os.kill(each, signal.SIGTERM)
        self.ended.emit(ended)
