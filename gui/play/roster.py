"""The runs that can play, and their corrections: looked for in another process."""

from collections.abc import Mapping
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs.corrections import Corrected, Places, PolicyRun, RunsFound, look_around
from gui.jobs.line import Ended, How
from gui.studio import Studio
from gui.worker import Worker

NICENESS = 5


class Roster(QObject):
    """Knows what was found last; looks again when asked."""

    found = pyqtSignal()
    """`runs` is new."""
    counted = pyqtSignal()
    """`corrected` is new."""
    refused = pyqtSignal(str)
    """It could not be looked at, in a sentence."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._worker: Worker | None = None
        self._again = False
        self._more: dict[Path, None] = {}
        self.runs: tuple[PolicyRun, ...] | None = None
        """The newest first; None before the first look."""
        self.problems: tuple[str, ...] = ()
        """What is wrong with run folders, in sentences."""
        self._corrected: Mapping[Path, Corrected] | None = None

    @property
    def running(self) -> bool:
        """Whether it is looking."""
        return self._worker is not None

    def corrected(self, run: Path) -> Corrected | None:
        """Return the corrections of a run; None while they are not known."""
        return None if self._corrected is None else self._corrected.get(run, Corrected())

    def look(self, more: Path | None = None) -> None:
        """Look at the folders, at `more` besides; a look that runs is followed by another."""
        if more is not None:
            self._more[more] = None
        if self._worker is not None:
            self._again = True
            return
        studio = self._studio
        places = Places(studio.runs, studio.flights, tuple(self._more))
        self._worker = studio.worker(look_around, places, niceness=NICENESS)
        self._worker.told.connect(self._hear)
        self._worker.ended.connect(self._ended)
        self._worker.start()

    def stop(self) -> None:
        """End a look."""
        self._again = False
        if self._worker is not None:
            self._worker.stop()

    def _hear(self, message: object) -> None:
        if isinstance(message, RunsFound):
            self.runs, self.problems = message.runs, message.refused
            self.found.emit()

    def _ended(self, ended: Ended) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.deleteLater()
        if ended.how is How.DONE:
            self._corrected = ended.result
            self.counted.emit()
        elif ended.how is not How.STOPPED:
            self.refused.emit(f"Your bots could not be looked at: {ended.sentence}")
        if self._again:
            self._again = False
            self.look()
