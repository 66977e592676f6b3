"""Goals over many matches."""

import time
from dataclasses import replace

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QProgressBar, QSpinBox, QVBoxLayout, QWidget

from gui.jobs.line import Ended, How, Progress
from gui.jobs.practice import COACH, IDLE, PERSON, Counted, CountRequest, count_goals
from gui.matches.crew import Crew
from gui.matches.telling import player_in_words, told_count
from gui.page import GAP, button, heading, row, words
from gui.practice.seeds import TRIAL_SEED
from gui.studio import Studio
from gui.time_left import TimeLeft, time_left
from gui.wording import capitalised

MATCHES = 12


class Counting(QWidget):
    """Plays many matches without a window, and says what they came to."""

    state_changed = pyqtSignal()
    """It has started or ended."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.crew = Crew(studio)
        self._request = CountRequest(COACH, "beginner", 60.0, MATCHES, TRIAL_SEED)
        self._left = TimeLeft()
        self._who = words(quiet=True)
        self.matches = QSpinBox()
        self.matches.setRange(1, 200)
        self.matches.setValue(MATCHES)
        self.matches.setSuffix(" matches")
        self.matches.setAccessibleName("How many matches")
        self.bar = QProgressBar()
        self.bar.hide()
        self.result = words()
        self.start = button("Count &goals", self._start)
        self.stop = button("Stop co&unting", self.crew.stop, danger=True)
        self.stop.hide()
        self.crew.told.connect(self._hear)
        self.crew.ended.connect(self._end)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Count goals over many matches"))
        for part in (self._who, row(self.matches, self.start, self.stop, None), self.bar):
            layout.addWidget(part)
        layout.addWidget(self.result)

    def choose(self, player: str | None, difficulty: str, seconds: float) -> None:
        """Say whose matches to count from now on."""
        if self.crew.running or player is None:
            return
        scripted = IDLE if player == PERSON else player
        self._request = CountRequest(
            scripted, difficulty, seconds, self.matches.value(), TRIAL_SEED
        )
        if player == PERSON:
            self._who.setText(
                f"Your team standing still against {difficulty}s: choose the coach or a bot above "
                "to count its goals."
            )
            return
        self._who.setText(
            f"{player_in_words(player)} against {difficulty}s, without a window and much faster "
            "than it would be played."
        )

    def _start(self) -> None:
        self._request = replace(self._request, matches=self.matches.value())
        self._left = TimeLeft()
        self._left.seconds("", 0.0, time.monotonic())
        self.bar.setRange(0, 0)
        self.bar.setFormat("")
        self.result.setText("Playing the first matches...")
        self.crew.start(count_goals, self._request, niceness=5)
        self._tell_state()

    def _hear(self, message: object) -> None:
        if isinstance(message, Progress):
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * message.share))
            self.bar.setFormat(message.what)
            left = time_left(self._left.seconds("", message.share, time.monotonic()))
            self.result.setText(f"{message.what}, {left}." if left else f"{message.what}.")

    def _end(self, ended: Ended) -> None:
        if ended.how is How.FAILED or ended.how is How.DIED:
            self.result.setText(capitalised(ended.sentence))
        else:
            counted = ended.result if isinstance(ended.result, Counted) else None
            self.result.setText(told_count(counted, self._request.player))
        self._tell_state()

    def _tell_state(self) -> None:
        running = self.crew.running
        self.bar.setVisible(running)
        self.stop.setVisible(running)
        self.start.setVisible(not running)
        self.matches.setEnabled(not running)
        self.state_changed.emit()
