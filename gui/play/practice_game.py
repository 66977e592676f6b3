"""The practice game's window, opened for one match that a bot plays."""

import json
import logging
import random
import sys
from pathlib import Path

from PyQt6.QtCore import QObject, QProcess, QTemporaryDir, QTimer, pyqtSignal

CLOSE_MS = 3000  # for the window to close; then its process is ended
log = logging.getLogger(__name__)


class PracticeGame(QObject):
    """Opens the window in a process of its own, which never outlives this."""

    failed = pyqtSignal(str)
    """It ended by itself before it could be played; the sentence says so."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = QTemporaryDir()
        self._result = Path(self._folder.path()) / "result.json"
        self._process = QProcess(self)
        self._process.finished.connect(self._ended)
        self._process.errorOccurred.connect(lambda _: self._broken())
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._process.kill)
        self._closing = False
        self.opened = False
        """Whether it was opened since it was last closed."""

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def start(self, *, difficulty: str, seconds: float) -> None:
        """Open the window, for one match."""
        self._closing, self.opened = False, True
        self._result.unlink(missing_ok=True)
        words = ["-m", "gui.practice.launch", "--exit-at-full-time", "--force"]
        words += ["--difficulty", difficulty, "--seconds", f"{seconds:g}"]
        words += ["--seed", str(random.randrange(1_000_000)), "--result", str(self._result)]
        self._process.start(sys.executable, words)

    def close(self) -> None:
        """Close the window."""
        self._closing, self.opened = True, False
        if self.running:
            self._process.terminate()
            self._patience.start(CLOSE_MS)

    def score(self) -> tuple[int, int] | None:
        """Return the goals for and against; None for a match that was not played to its end."""
        try:
            found = json.loads(self._result.read_text(encoding="utf-8"))
            return int(found["goals_for"]), int(found["goals_against"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _broken(self) -> None:
        if self._process.error() is QProcess.ProcessError.FailedToStart:
            self.failed.emit(f"The game can't be opened: {self._process.errorString()}.")

    def _ended(self, code: int, how: QProcess.ExitStatus) -> None:
        self._patience.stop()
        if self._closing or self._result.is_file():
            return
        said = self._process.readAllStandardError().data().decode(errors="replace").strip()
        if said:
            log.warning("the practice game: %s", said)
        if code or how is QProcess.ExitStatus.CrashExit:
            last = said.splitlines()[-1].removeprefix("understudy: ") if said else "no reason given"
            self.failed.emit(f"The game has ended unexpectedly: {last.rstrip('.')}. Try again.")
