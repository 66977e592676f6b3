"""Work in other processes, as the window sees it: it never waits, and outlives their deaths."""

import logging
import threading
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from gui.jobs.line import Ended, How, Job, Stop, run_job

PATIENCE_S = 20.0  # for a job to end in good order; then it is ended by force
log = logging.getLogger(__name__)


class Worker(QObject):
    """One job in a process of its own.

    Of messages whose class has a true attribute `newest_only`, such as live pictures, only the
    newest is told when the window is busy; all others are told in order.
    """

    told = pyqtSignal(object)
    """A message of the job, on the window's thread."""
    ended = pyqtSignal(object)
    """An `Ended`, once, when the process has gone."""
    _arrived = pyqtSignal()

    def __init__(
        self,
        job: Job,
        request: object,
        *,
        log_file: Path,
        niceness: int = 0,
        parent: QObject | None = None,
    ) -> None:
        """Prepare a job.

        Args:
            job: A function at the top level of a module: `job(request, line)`.
            request: What it is to do; travels to the other process.
            log_file: Where its process logs.
            niceness: How much it gives way to other programs, 0 to 19.
            parent: As of every QObject.
        """
        super().__init__(parent)
        self._name = job.__name__
        context = get_context("spawn")
        self._connection: Connection[Any, Any]
        self._connection, theirs = context.Pipe()
        self._theirs: Connection[Any, Any] | None = theirs
        self._process = context.Process(
            target=run_job, args=(job, request, theirs, log_file, niceness), name=self._name
        )
        self._lock = threading.Lock()
        self._waiting: list[object] = []
        self._announced = False
        self._ended: Ended | None = None
        self._stopping = False
        self._over = False
        self._arrived.connect(self._take)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self.kill)

    def start(self) -> None:
        """Start the process."""
        self._process.start()
        if self._theirs is not None:
            self._theirs.close()  # so that its death is an end of file
            self._theirs = None
        threading.Thread(target=self._listen, name=f"{self._name} line", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether `ended` is still to come."""
        return self._process.pid is not None and not self._over

    @property
    def process_id(self) -> int | None:
        """Of the process; None before it has started."""
        return self._process.pid

    def say(self, message: object) -> None:
        """Say something to the job."""
        with suppress(OSError):  # it has gone: `ended` tells
            self._connection.send(message)

    def stop(self, *, patience_s: float = PATIENCE_S) -> None:
        """Ask it to end in good order, and end it by force when it takes longer than that."""
        if self.running:
            self._stopping = True
            self.say(Stop())
            self._patience.start(round(1000 * patience_s))

    def kill(self) -> None:
        """End the process at once."""
        if self.running:
            self._process.kill()

    def _listen(self) -> None:
        """Gather what the job tells, on a thread of its own."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                break
            except Exception:
                log.exception("%s: a message could not be read", self._name)
                break
            self._hand_over(message)
        self._process.join()
        self._hand_over(None)

    def _hand_over(self, message: object) -> None:
        with self._lock:
            if getattr(message, "newest_only", False):
                kind = type(message)
                self._waiting = [each for each in self._waiting if type(each) is not kind]
            self._waiting.append(message)
            if self._announced:
                return
            self._announced = True
        with suppress(RuntimeError):  # the window has gone
            self._arrived.emit()

    @pyqtSlot()
    def _take(self) -> None:
        with self._lock:
            messages, self._waiting = self._waiting, []
            self._announced = False
        for message in messages:
            if isinstance(message, Ended):
                self._ended = message
            elif message is None:
                self._finish()
            else:
                self.told.emit(message)

    def _finish(self) -> None:
        self._over = True
        self._patience.stop()
        code = self._process.exitcode
        found = self._ended
        if found is None:
            how = How.STOPPED if self._stopping else How.DIED
            words = "it had to be ended by force" if self._stopping else _death(code)
            found = Ended(how, f"{words}. What was written until then is kept.")
            log.warning("%s: %s", self._name, found.sentence)
        self._connection.close()
        self.ended.emit(found)


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"the process behind it was killed (signal {-code})"
    return f"the process behind it ended unexpectedly (status {code})"
