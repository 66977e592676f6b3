"""What to record, and how: chosen before a recording, remembered for the next one."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFormLayout, QFrame, QLabel, QLineEdit, QSizePolicy, QSpinBox, QWidget

from gui.page import heading, words
from gui.record.words import name_problem, proposed_name, recording_path
from gui.studio import Game, Studio
from gui.theme import colours

COUNTDOWN_S = 3
FIELD_PX = 28
ROW_GAP = 7


@dataclass(frozen=True, slots=True)
class Chosen:
    """How to record."""

    path: Path
    rate_hz: float
    countdown_s: float
    seconds: float | None
    """How long; None for no end."""
    keep_last_s: float | None
    """Keep only the last stretch; None keeps everything."""


class OptionsCard(QFrame):
    """Name, rate, countdown, length, and how much is kept."""

    name_checked = pyqtSignal()
    """After every change of the name: see `problem`."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("card")
        self._studio = studio
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the recording")
        self.rate = _number(1, 120, tip="20 are enough for most games. More makes larger files.")
        self.countdown = _number(
            0,
            60,
            special="none",
            suffix=" s",
            tip="Recording begins so long after you have clicked into the game.",
        )
        self.minutes = _number(
            0, 600, special="when I stop it", suffix=" min", tip="How long to record at most."
        )
        self.keep = _number(
            0,
            600,
            special="everything",
            suffix=" s, the last ones",
            tip="Keep only what has just happened: a key saves it when it was worth keeping.",
        )
        self._problem = words()
        self._lay_out()
        self.name.textChanged.connect(self._check)
        self._recall(studio.game)
        studio.game_changed.connect(self._recall)
        studio.recordings_changed.connect(self._check)

    @property
    def problem(self) -> str:
        """What is wrong with the name; empty when nothing is."""
        return name_problem(self._studio.recordings, self.name.text())

    def chosen(self) -> Chosen:
        """Return what is chosen, and remember it."""
        preferences, game = self._studio.preferences, self._studio.game
        preferences.set(f"record/rate/{game.profile.name}", self.rate.value())
        preferences.set("record/countdown", self.countdown.value())
        preferences.set("record/minutes", self.minutes.value())
        preferences.set("record/keep", self.keep.value())
        return Chosen(
            path=recording_path(self._studio.recordings, self.name.text()),
            rate_hz=float(self.rate.value()),
            countdown_s=float(self.countdown.value()),
            seconds=60.0 * self.minutes.value() or None,
            keep_last_s=float(self.keep.value()) or None,
        )

    def propose(self) -> None:
        """Propose a name that is free."""
        name, folder = self._studio.game.profile.name, self._studio.recordings
        self.name.setText(proposed_name(name, folder, date.today()))

    def _recall(self, game: Game) -> None:
        preferences, profile = self._studio.preferences, game.profile
        usual_hz = round(profile.capture.rate_hz)
        self.rate.setValue(preferences.get(f"record/rate/{profile.name}", usual_hz))
        self.countdown.setValue(preferences.get("record/countdown", COUNTDOWN_S))
        self.minutes.setValue(preferences.get("record/minutes", 0))
        self.keep.setValue(preferences.get("record/keep", 0))
        self.propose()

    def _check(self) -> None:
        problem = self.problem
        self._problem.setText(problem)
        self._problem.setStyleSheet(f"color: {colours().danger};")
        self._problem.setVisible(bool(problem))
        self.name_checked.emit()

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(16, 14, 16, 14)
        form.setVerticalSpacing(ROW_GAP)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(heading("New recording"))
        fields: tuple[tuple[str, QWidget], ...] = (
            ("&Name", self.name),
            ("P&ictures a second", self.rate),
            ("&Countdown", self.countdown),
            ("&End", self.minutes),
            ("&Keep", self.keep),
        )
        for label, field in fields:
            labelled(form, label, field)
            if field is self.name:
                form.addRow(self._problem)


def labelled(form: QFormLayout, text: str, field: QWidget) -> None:
    """Add a row whose words stand at the height of the field's."""
    label = QLabel(text)
    label.setBuddy(field)
    label.setMinimumHeight(FIELD_PX)
    form.addRow(label, field)


def _number(least: int, most: int, *, special: str = "", suffix: str = "", tip: str) -> QSpinBox:
    made = QSpinBox()
    made.setRange(least, most)
    made.setSpecialValueText(special)
    made.setSuffix(suffix)
    made.setToolTip(tip)
    made.setMinimumHeight(FIELD_PX)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made
