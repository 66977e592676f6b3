"""The line between a job in a process of its own and the window that started it.

A job is a function `job(request, line)` at the top level of a module. What it tells is an object of
a small class both sides know; what it returns is its result. Nothing here imports Qt.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from data.errors import UnderstudyError
from data.faults import told_fault

TALKATIVE = ("onnx_ir", "onnxscript")  # 200 lines for each training
PARENT_GONE_S = 10.0  # how long a job may take to end in good order when its window has died

Job = Callable[[Any, "Line"], Any]


class How(StrEnum):
    """How a job ended."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended, for the window."""

    how: How
    sentence: str = ""
    """What to tell a person; empty when it is done."""
    result: Any = None
    """What the job returned; None unless it is done, or was stopped in good order."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come."""

    what: str
    """In a few words."""
    share: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Asks a job to end in good order."""


class Line:
    """The job's end of the line; any of its threads may use it."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._heard: SimpleQueue[Any] = SimpleQueue()
        self._stop = threading.Event()
        threading.Thread(target=self._listen, name="line", daemon=True).start()

    def tell(self, message: object) -> None:
        """Tell the window something; lost when the window has gone."""
        try:
            with self._sending:
                self._connection.send(message)
        except OSError:
            self._stop.set()

    def progress(self, what: str, share: float) -> None:
        """Tell how far it has come."""
        self.tell(Progress(what, share))

    def stop_asked(self) -> bool:
        """Say whether to end in good order."""
        return self._stop.is_set()

    def heard(self, *, wait_s: float = 0.0) -> list[Any]:
        """Return what the window said since the last call, in order.

        Args:
            wait_s: How long to wait for something when there is nothing yet; being asked to stop
                ends the wait.
        """
        found = []
        with suppress(Empty):
            if wait_s > 0:
                found.append(self._heard.get(timeout=wait_s))
            while True:
                found.append(self._heard.get_nowait())
        return [message for message in found if not isinstance(message, Stop)]

    def _listen(self) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                self._stop.set()
                self._heard.put(Stop())
                threading.Timer(PARENT_GONE_S, os._exit, (1,)).start()
                return
            if isinstance(message, Stop):
                self._stop.set()
            self._heard.put(message)  # a stop, too: it ends a wait


def run_job(
    job: Job, request: object, connection: "Connection[Any, Any]", log: Path, niceness: int
) -> None:
    """Do a job in this process, and tell how it ended: the process's first function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the window is told, and tells its jobs
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    log_to(log)
    line = Line(connection)
    try:
        result = job(request, line)
        line.tell(Ended(How.STOPPED if line.stop_asked() else How.DONE, result=result))
    except UnderstudyError as error:
        logging.getLogger(__name__).info("%s: %s", job.__name__, error)
        how = How.STOPPED if line.stop_asked() else How.FAILED
        line.tell(Ended(how, f"{error}"))
    except Exception as error:  # the border of the process: told in a line, logged in full
        logging.getLogger(__name__).exception("%s failed", job.__name__)
        line.tell(Ended(How.FAILED, told_fault(error)))


def log_to(log: Path) -> None:
    """Write what is logged, warnings included, at the end of a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, encoding="utf-8", delay=True)
    form = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    handler.setFormatter(logging.Formatter(form))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, logging.FileHandler):
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
