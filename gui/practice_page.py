"""The built-in football game: by hand, by the coach, or by a bot."""

import time
from datetime import datetime
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QFrame, QGridLayout, QProgressBar, QVBoxLayout

from data.profile import load_profile
from gui.jobs.line import Ended, How
from gui.jobs.practice import Crashed, Goals, MatchRequest, Stage, play_match
from gui.jobs.stock import find_runs
from gui.key_pad import KeyPad
from gui.matches.choices import NO_BOT, Choices
from gui.matches.counting import Counting
from gui.matches.crew import Crew
from gui.matches.history import History
from gui.matches.telling import GAME_KEYS, Past, told_end, told_stage
from gui.page import GAP, Notice, Page, button, card, flow, heading, row, words
from gui.runs_on_disk import POLICY
from gui.studio import PRACTICE, Studio
from gui.time_left import time_left

LOOK_MS = 200


class PracticePage(Page):
    """Starts the game's window, and follows the match in it."""

    name = "practice"
    title = "Practice"
    hint = "The built-in football game: by hand, by the coach, or by a bot."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.crew = Crew(studio)
        self.choices = Choices(studio.preferences)
        self.history = History(studio.preferences)
        self.counting = Counting(studio)
        self.notice = Notice()
        self.state = words("No match is being played.")
        self.bar = QProgressBar()
        self._request = MatchRequest("person", "beginner", 120.0, 0)
        self._stage: Stage | None = None
        self._playing_since_s = 0.0
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._look)
        self.start = button("&Start the match", self._start, main=True)
        self.stop = button("St&op the match", self.crew.stop, danger=True)
        self.record = button(
            "R&ecord a match...",
            self._record,
            tip="Goes to the page Record, with the practice game chosen",
        )
        self._build()
        self.crew.told.connect(self._hear)
        self.crew.ended.connect(self._end)
        self.choices.changed.connect(self._show_state)
        studio.runs_changed.connect(self._list_bots)
        self._list_bots()

    def entered(self) -> None:
        """Look which bots there are."""
        self._list_bots()

    def open(self, what: object) -> None:
        """Choose a bot; takes the path of its run folder."""
        self._list_bots()
        self.choices.choose_bot(Path(str(what)))

    def at_work(self) -> str | None:
        """Say what would be cut short."""
        running = ["a practice match is being played"] if self.crew.running else []
        running += ["goals are being counted"] if self.counting.crew.running else []
        return "; ".join(running) or None

    def shut_down(self) -> None:
        """Close the game's window, and end the count."""
        self.crew.stop()
        self.counting.crew.stop()

    def still_running(self) -> bool:
        """Say whether something has not ended yet."""
        return self.crew.running or self.counting.crew.running

    def _build(self) -> None:
        self.bar.hide()
        left = card(
            self.choices, row(self.start, self.stop, self.record, None), self.state, self.bar, None
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.notice)
        grid = QGridLayout()
        grid.setSpacing(GAP)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setRowStretch(1, 1)
        grid.addWidget(left, 0, 0)
        grid.addWidget(self._keys(), 0, 1)
        grid.addWidget(card(heading("Past matches"), self.history), 1, 0)
        grid.addWidget(card(self.counting, None), 1, 1)
        layout.addLayout(grid, 1)
        flow(self)

    def _keys(self) -> QFrame:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for number, (key, told) in enumerate(GAME_KEYS):
            grid.addWidget(words(f"<b>{key}</b>", html=True), number, 0)
            grid.addWidget(words(told), number, 1)
        made = card(heading("The keys"), KeyPad(load_profile(PRACTICE)))
        layout = made.layout()
        if isinstance(layout, QVBoxLayout):
            layout.addLayout(grid)
            layout.addWidget(words("Your team plays in red, and attacks to the right.", quiet=True))
            layout.addStretch(1)
        return made

    def _list_bots(self) -> None:
        runs = find_runs(self.studio.runs)
        self.choices.show_runs([r for r in runs if r.kind == POLICY and r.game == PRACTICE])
        self._show_state()

    def _start(self) -> None:
        player = self.choices.player
        if player is None or self.crew.running:
            return
        self.notice.clear()
        seed = self.studio.preferences.get("practice/seed", 0)
        self.studio.preferences.set("practice/seed", seed + 1)
        self._request = MatchRequest(player, self.choices.difficulty, self.choices.seconds, seed)
        self.crew.start(play_match, self._request)
        self._enter(Stage.OPENING)
        self._clock.start(LOOK_MS)
        self._show_state()

    def _hear(self, message: object) -> None:
        if isinstance(message, Stage):
            self._enter(message)
        elif isinstance(message, Crashed):
            self.notice.tell(message.sentence, error=True)

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        self._playing_since_s = time.monotonic()
        self.state.setText(told_stage(stage, self._request.player))
        self.bar.setRange(0, 0)
        self._look()

    def _look(self) -> None:
        if self._stage is not Stage.PLAYING:
            return
        spent_s = time.monotonic() - self._playing_since_s
        whole_s = self._request.seconds
        self.bar.setRange(0, round(whole_s))
        self.bar.setValue(round(min(spent_s, whole_s)))
        self.bar.setFormat(time_left(max(0.0, whole_s - spent_s)))

    def _end(self, ended: Ended) -> None:
        self._clock.stop()
        self._stage = None
        goals = ended.result if isinstance(ended.result, Goals) else None
        if ended.how in (How.FAILED, How.DIED):
            self.notice.tell(ended.sentence, error=True)
            self.state.setText("The match could not be played to its end.")
        else:
            self.state.setText(told_end(goals))
        if goals is not None:
            asked = self._request
            day = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
            self.history.add(
                Past(day, asked.player, asked.difficulty, asked.seconds, goals.ours, goals.theirs)
            )
        self._show_state()

    def _show_state(self) -> None:
        running, player = self.crew.running, self.choices.player
        self.choices.setEnabled(not running)
        self.start.setVisible(not running)
        self.stop.setVisible(running)
        self.bar.setVisible(running)
        self.start.setEnabled(player is not None)
        self.start.setToolTip("" if player is not None else NO_BOT)
        self.counting.start.setEnabled(player is not None)
        self.counting.start.setToolTip("" if player is not None else NO_BOT)
        self.counting.choose(player, self.choices.difficulty, self.choices.seconds)

    def _record(self) -> None:
        self.studio.choose_game(PRACTICE)
        self.studio.go_to("record")
