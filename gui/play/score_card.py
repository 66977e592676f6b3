"""Counts a bot's goals over many matches of the practice game, beside the coach's."""

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QProgressBar, QVBoxLayout

from gui.jobs.line import Ended, How, Progress
from gui.jobs.practice import COACH, Counted, CountRequest, count_goals
from gui.matches.crew import Crew
from gui.page import GAP, button, heading, row, words
from gui.play.kept_score import (
    MATCH_S,
    MATCHES,
    Score,
    keep_score,
    kept_score,
    part_words,
    score_words,
)
from gui.practice.seeds import TRIAL_SEED
from gui.studio import Studio

NICENESS = 10


class ScoreCard(QFrame):
    """Says how good a bot is at the practice game, and finds out when asked."""

    refused = pyqtSignal(str)
    """What went wrong, in a sentence."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("card")
        self.crew = Crew(studio)
        self._run: Path | None = None
        self._difficulty = ""
        self._asked: tuple[Path, str] | None = None
        self._bot: Counted | None = None
        self._stopped = False
        self._told = words()
        self._bar = QProgressBar()
        self.count = button(f"&Count goals over {MATCHES} matches", self._count)
        self.stop = button("Sto&p counting", self.end)
        self.crew.told.connect(self._hear)
        self.crew.ended.connect(self._ended)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(GAP)
        layout.addWidget(heading("How good is it?"))
        layout.addWidget(self._told)
        layout.addWidget(self._bar)
        layout.addStretch(1)
        layout.addWidget(row(self.count, self.stop, None))
        self._tell()

    @property
    def text(self) -> str:
        """What it says."""
        return self._told.text()

    @property
    def busy(self) -> bool:
        """Whether matches are being played."""
        return self.crew.running

    def show_run(self, run: Path | None, difficulty: str) -> None:
        """Say how good a run is at a difficulty, as far as that is known."""
        self._run, self._difficulty = run, difficulty
        self._tell()

    def end(self) -> None:
        """Stop counting; what is counted so far is told."""
        self._stopped = True  # between the two counts no job is left to hear it
        self.crew.stop()

    def _count(self) -> None:
        if self._run is not None and not self.busy:
            self._asked, self._bot = (self._run, self._difficulty), None
            self._stopped = False
            self._begin(str(self._run))

    def _begin(self, player: str) -> None:
        assert self._asked is not None
        request = CountRequest(player, self._asked[1], MATCH_S, MATCHES, TRIAL_SEED)
        self.crew.start(count_goals, request, niceness=NICENESS)
        self._tell()

    def _hear(self, message: object) -> None:
        if isinstance(message, Progress):
            done = message.share if self._bot is None else 1 + message.share
            self._bar.setValue(round(50 * done))
            self._told.setText(f"{self._player()} plays: {message.what} of a minute each.")

    def _ended(self, ended: Ended) -> None:
        found = ended.result
        halfway = self._stopped and self._bot is None
        if ended.how is How.DONE and isinstance(found, Counted) and not halfway:
            self._next(found)
            return
        self._tell()
        if ended.how in (How.FAILED, How.DIED):
            self.refused.emit(f"Goals could not be counted: {ended.sentence}")
        elif isinstance(found, Counted) and self._bot is None:
            self._told.setText(f"Stopped. {part_words(found)}")
        elif self._bot is not None:
            self._told.setText(f"Stopped. {part_words(self._bot)}")

    def _next(self, found: Counted) -> None:
        """Go on with the coach after the bot, and keep both."""
        assert self._asked is not None
        if self._bot is None:
            self._bot = found
            self._begin(COACH)
            return
        problem = keep_score(*self._asked, Score(self._bot, found))
        self._tell()
        if problem:
            self._told.setText(score_words(Score(self._bot, found)))
            self.refused.emit(problem)

    def _player(self) -> str:
        return "The bot" if self._bot is None else "The coach"

    def _tell(self) -> None:
        busy = self.busy
        self._bar.setVisible(busy)
        self.stop.setVisible(busy)
        self.count.setVisible(not busy)
        self.count.setEnabled(self._run is not None)
        self.count.setToolTip(
            "Played without a window, faster than they would last"
            if self._run is not None
            else "Choose a bot first"
        )
        if busy:
            if self._bot is None:
                self._bar.setValue(0)
            self._told.setText(f"{self._player()} plays {MATCHES} matches of a minute each.")
        else:
            known = None if self._run is None else kept_score(self._run, self._difficulty)
            self._told.setText(
                f"Nobody has counted its goals against {self._difficulty} players yet."
                if known is None
                else score_words(known)
            )
