"""How to play: what a person chooses before, remembered from one day to the next."""

from dataclasses import dataclass
from typing import Any, cast

from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from gui.jobs.play import Engine
from gui.page import GAP
from gui.practice.difficulty import DIFFICULTIES
from gui.preferences import Preferences

ENGINES = {"auto": "The fastest there is", "onnx": "ONNX Runtime", "torch": "PyTorch"}
AS_IN_PROFILE_MS = -10.0
FIELD_PX = 28


@dataclass(frozen=True, slots=True)
class PlayChoices:
    """What a person has chosen."""

    log: bool
    dry_run: bool
    seconds: float | None
    engine: Engine
    temperature: float
    min_hold_ms: float | None
    difficulty: str
    match_s: float


class ChoicesForm(QWidget):
    """Asks how to play.

    Args:
        preferences: Where it is remembered, under `play/`.
    """

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        self.difficulty = _combo({name: name.title() for name in DIFFICULTIES})
        self.match_min = _number(0.1, 90, 0.5, " min", 1)
        self.log = QCheckBox("Write a &flight log")
        self.log.setToolTip("A recording of what it saw, thought and did; it can learn from it")
        self.dry_run = QCheckBox("Press &no keys (dry run)")
        self.dry_run.setToolTip("It looks and decides as always, and leaves the keyboard alone")
        self.limit_min = _number(0, 600, 1, " min", 1, lowest="until I stop it")
        self.engine = _combo(ENGINES)
        self.temperature = _number(0, 10, 0.1, "", 1, lowest="none: its first choice")
        self.hold_ms = _number(AS_IN_PROFILE_MS, 1000, 10, " ms", 0, lowest="as in the profile")
        self._more = QPushButton("M&ore")
        self._more.setObjectName("flat")
        self._more.setCheckable(True)
        self._more.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._practice = (self.difficulty, self.match_min)
        self._rest = (self.engine, self.temperature, self.hold_ms)
        self._form = self._made_form()
        self._explain()
        self._more.toggled.connect(self._unfold)
        self._unfold(False)
        self._restore()

    def show_practice(self, shown: bool) -> None:
        """Ask for a match of the practice game as well, or not."""
        for field in self._practice:
            self._form.setRowVisible(field, shown)

    @property
    def chosen(self) -> PlayChoices:
        """What is chosen now."""
        limit, hold = self.limit_min.value(), self.hold_ms.value()
        return PlayChoices(
            log=self.log.isChecked(),
            dry_run=self.dry_run.isChecked(),
            seconds=60 * limit if limit > 0 else None,
            engine=cast(Engine, self.engine.currentData()),
            temperature=round(self.temperature.value(), 3),
            min_hold_ms=hold if hold >= 0 else None,
            difficulty=str(self.difficulty.currentData()),
            match_s=60 * self.match_min.value(),
        )

    def remember(self) -> None:
        """Keep the choices for next time."""
        for name, value in self._values().items():
            self._preferences.set(f"play/{name}", value)

    def _values(self) -> dict[str, Any]:
        return {
            "log": self.log.isChecked(),
            "dry_run": self.dry_run.isChecked(),
            "limit_min": self.limit_min.value(),
            "engine": self.engine.currentData(),
            "temperature": self.temperature.value(),
            "hold_ms": self.hold_ms.value(),
            "difficulty": self.difficulty.currentData(),
            "match_min": self.match_min.value(),
            "more": self._more.isChecked(),
        }

    def _restore(self) -> None:
        get = self._preferences.get
        self.log.setChecked(get("play/log", True))
        self.dry_run.setChecked(get("play/dry_run", False))
        self.limit_min.setValue(get("play/limit_min", 0.0))
        self.temperature.setValue(get("play/temperature", 0.0))
        self.hold_ms.setValue(get("play/hold_ms", AS_IN_PROFILE_MS))
        self.match_min.setValue(get("play/match_min", 5.0))
        for combo, name in ((self.engine, "engine"), (self.difficulty, "difficulty")):
            combo.setCurrentIndex(max(0, combo.findData(get(f"play/{name}", ""))))
        self._more.setChecked(get("play/more", False))

    def _made_form(self) -> QFormLayout:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GAP)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("&Against", self.difficulty),
            ("&Match of", self.match_min),
            ("", self.log),
            ("", self.dry_run),
            ("Stop &after", self.limit_min),
            ("", self._more),
            ("&Engine", self.engine),
            ("&Randomness", self.temperature),
            ("&Keep keys for", self.hold_ms),
        )
        for text, field in rows:
            if text:
                label = QLabel(text)
                label.setBuddy(field)
                form.addRow(label, field)
            else:
                form.addRow(field)
        return form

    def _unfold(self, shown: bool) -> None:
        for field in self._rest:
            self._form.setRowVisible(field, shown)
        self._more.setText("&Less" if shown else "M&ore")

    def _explain(self) -> None:
        self.engine.setToolTip("What computes its decisions; change it only when one does not work")
        self.temperature.setToolTip(
            "Above 0 it draws among its likely choices: the more evenly, the higher it is"
        )
        self.hold_ms.setToolTip(
            "How long it holds what it decided at least: more is calmer, slower"
        )


def _combo(choices: dict[str, str]) -> QComboBox:
    made = QComboBox()
    made.setMinimumHeight(FIELD_PX)
    for data, text in choices.items():
        made.addItem(text, data)
    return made


def _number(
    least: float, most: float, step: float, unit: str, decimals: int, lowest: str = ""
) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    made.setMinimumHeight(FIELD_PX)
    made.setDecimals(decimals)
    made.setRange(least, most)
    made.setSingleStep(step)
    made.setSuffix(unit)
    made.setSpecialValueText(lowest)
    made.setStepType(QAbstractSpinBox.StepType.DefaultStepType)
    return made
