"""The practice game's window, opened for one match from another page."""

from dataclasses import dataclass
from random import randrange

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs.line import Ended, How
from gui.jobs.practice import COACH, PERSON, Crashed, Goals, MatchRequest, play_match
from gui.matches.crew import Crew
from gui.studio import Studio

MOST_SEED = 1_000_000
CLOSE_S = 10.0  # for the window to close; then its process is ended


@dataclass(frozen=True, slots=True)
class Match:
    """Which match is to be opened."""

    coach: bool
    """The coach presses the keys; otherwise they are left to whoever plays."""
    difficulty: str
    seconds: float


class PracticeGame(QObject):
    """Opens the window for one match at a time; it never outlives the program."""

    opened = pyqtSignal()
    closed = pyqtSignal(object)
    """The `Goals` of a match that was played to its end, or None."""
    failed = pyqtSignal(str)
    """Before `closed`, where nobody closed it: a sentence that says why it did."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.crew = Crew(studio)
        self.crew.told.connect(self._hear)
        self.crew.ended.connect(self._finish)
        self.coached = False
        """Whether the coach plays, or played last."""

    @property
    def running(self) -> bool:
        """Whether it is open, opening or closing."""
        return self.crew.running

    def open(self, match: Match) -> None:
        """Open it, unless it is open."""
        if self.running:
            return
        self.coached = match.coach
        player = COACH if match.coach else PERSON
        request = MatchRequest(player, match.difficulty, match.seconds, randrange(MOST_SEED))
        self.crew.start(play_match, request)
        self.opened.emit()

    def close(self) -> None:
        """Close it, if it is open; `closed` tells."""
        self.crew.stop(patience_s=CLOSE_S)

    def _hear(self, message: object) -> None:
        if isinstance(message, Crashed):
            self.failed.emit(message.sentence)

    def _finish(self, ended: Ended) -> None:
        if ended.how is How.FAILED:
            self.failed.emit(ended.sentence)
        elif ended.how is How.DIED:
            self.failed.emit(f"The practice game has closed: {ended.sentence}")
        self.closed.emit(ended.result if isinstance(ended.result, Goals) else None)
