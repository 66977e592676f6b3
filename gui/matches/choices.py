"""Which match: who plays, against whom, for how long."""

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from gui.jobs.practice import COACH, PERSON
from gui.jobs.stock import Run
from gui.matches.telling import SKILLS
from gui.page import GAP, heading, row, words
from gui.preferences import Preferences
from gui.wording import capitalised

BOT = "bot"
PLAYERS = {
    PERSON: ("&I play", "with the keyboard; the keys are shown on the right"),
    COACH: ("The &coach plays", "a scripted player who shows how it is done"),
    BOT: ("A &bot plays", "one that was trained for the practice game"),
}
LENGTHS_S = {"1 minute": 60.0, "2 minutes": 120.0, "5 minutes": 300.0, "10 minutes": 600.0}
NO_BOT = "No bot of the practice game has been trained yet."


class Choices(QWidget):
    """Remembers what was chosen last."""

    changed = pyqtSignal()

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        self._runs: list[Run] = []
        self.skills: dict[str, QRadioButton] = {}
        self.players: dict[str, QRadioButton] = {}
        self.bot, self.length = QComboBox(), QComboBox()
        self._groups = (QButtonGroup(self), QButtonGroup(self))
        self.bot.setAccessibleName("Which bot")
        self.length.setAccessibleName("Length of the match")
        for told, seconds in LENGTHS_S.items():
            self.length.addItem(told, seconds)
        self._build()
        self._restore()
        for made in (*self.skills.values(), *self.players.values()):
            made.toggled.connect(lambda on: self._change() if on else None)
        self.length.currentIndexChanged.connect(lambda _: self._change())
        self.bot.currentIndexChanged.connect(lambda _: self._change())

    @property
    def difficulty(self) -> str:
        """Of the opponents."""
        return next(name for name, made in self.skills.items() if made.isChecked())

    @property
    def seconds(self) -> float:
        """Length of the match."""
        return float(self.length.currentData())

    @property
    def player(self) -> str | None:
        """Who plays, as in `MatchRequest`; None for a bot where there is none."""
        who = next(name for name, made in self.players.items() if made.isChecked())
        if who != BOT:
            return who
        found = self.bot.currentData()
        return None if found is None else str(found)

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Offer other bots; the one that was chosen stays so, if it is still there."""
        wanted = self.bot.currentData() or self._preferences.get("practice/bot", "")
        self.bot.blockSignals(True)
        self.bot.clear()
        for run in runs:
            self.bot.addItem(run.folder.name, str(run.folder))
        at = self.bot.findData(wanted)
        self.bot.setCurrentIndex(max(at, 0))
        self.bot.setEnabled(bool(runs))
        self.bot.setToolTip("" if runs else NO_BOT)
        self.bot.blockSignals(False)
        self.changed.emit()

    def choose_bot(self, folder: Path) -> None:
        """Choose a run, if it is offered."""
        at = self.bot.findData(str(folder))
        if at >= 0:
            self.players[BOT].setChecked(True)
            self.bot.setCurrentIndex(at)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Who plays"))
        layout.addLayout(self._grid(PLAYERS, self.players, self._groups[0], self.bot))
        layout.addWidget(heading("Against"))
        skills = {name: (capitalised(name), told) for name, told in SKILLS.items()}
        layout.addLayout(self._grid(skills, self.skills, self._groups[1]))
        layout.addWidget(row(heading("Length"), self.length, None))

    def _grid(
        self,
        offered: dict[str, tuple[str, str]],
        made: dict[str, QRadioButton],
        group: QButtonGroup,
        beside_last: QWidget | None = None,
    ) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("M" * 12))
        for number, (name, (text, told)) in enumerate(offered.items()):
            made[name] = QRadioButton(text)
            group.addButton(made[name])
            grid.addWidget(made[name], number, 0)
            grid.addWidget(words(told, quiet=True), number, 1)
        if beside_last is not None:
            grid.addWidget(beside_last, len(offered), 1)
        return grid

    def _restore(self) -> None:
        get = self._preferences.get
        player, skill = get("practice/player", PERSON), get("practice/difficulty", "beginner")
        self.players.get(player, self.players[PERSON]).setChecked(True)
        self.skills.get(skill, self.skills["beginner"]).setChecked(True)
        at = self.length.findData(get("practice/seconds", 120.0))
        self.length.setCurrentIndex(max(at, 0))

    def _change(self) -> None:
        who = next(name for name, made in self.players.items() if made.isChecked())
        self._preferences.set("practice/player", who)
        self._preferences.set("practice/difficulty", self.difficulty)
        self._preferences.set("practice/seconds", self.seconds)
        if self.bot.currentData() is not None:
            self._preferences.set("practice/bot", str(self.bot.currentData()))
        self.changed.emit()
