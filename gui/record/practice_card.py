"""Opening the practice game from the page Record."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QFrame, QSizePolicy, QSpinBox

from gui.matches.practice_game import Match
from gui.page import button, heading
from gui.practice.difficulty import DIFFICULTIES
from gui.record.options import FIELD_PX, ROW_GAP, labelled
from gui.studio import Studio


class PracticeCard(QFrame):
    """Opens the practice game, or records a match of its coach."""

    open_pressed = pyqtSignal(object)
    """The `Match` to open."""
    close_pressed = pyqtSignal()
    coach_match_pressed = pyqtSignal(object)
    """The `Match` to open and to record."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("card")
        self._preferences = studio.preferences
        self._open = False
        self.difficulty = QComboBox()
        self.difficulty.addItems([name.capitalize() for name in DIFFICULTIES])
        self.minutes = QSpinBox()
        self.minutes.setRange(1, 60)
        self.minutes.setSuffix(" min")
        self.coach = QCheckBox("&Let the coach play")
        self.coach.setToolTip("A built-in player presses the keys: good to try things out")
        self.open_button = button("&Open the practice game", self._toggle)
        self.coach_match = button(
            "Record a &match of the coach",
            lambda: self.coach_match_pressed.emit(self._match(coach=True)),
        )
        self._lay_out()
        self._recall()
        self.show_open(ours=False, seen=False)

    def show_open(self, *, ours: bool, seen: bool) -> None:
        """Say what the buttons do, now that the game was opened here, is seen, or neither."""
        self._open = ours
        self.open_button.setText("Cl&ose the practice game" if ours else "&Open the practice game")
        self.open_button.setEnabled(ours or not seen)
        self.open_button.setToolTip("" if ours or not seen else "It is open already")
        self.coach_match.setEnabled(not ours and not seen)
        self.coach_match.setToolTip(
            "Close the practice game first: the coach plays in a window of his own"
            if ours or seen
            else "Opens the game, has the coach play, and records it until full time"
        )

    def _toggle(self) -> None:
        if self._open:
            self.close_pressed.emit()
        else:
            self.open_pressed.emit(self._match(coach=self.coach.isChecked()))

    def _match(self, *, coach: bool) -> Match:
        difficulty = list(DIFFICULTIES)[self.difficulty.currentIndex()]
        self._preferences.set("record/practice/difficulty", difficulty)
        self._preferences.set("record/practice/minutes", self.minutes.value())
        self._preferences.set("record/practice/coach", self.coach.isChecked())
        return Match(coach, difficulty, 60.0 * self.minutes.value())

    def _recall(self) -> None:
        names = list(DIFFICULTIES)
        found = self._preferences.get("record/practice/difficulty", names[0])
        self.difficulty.setCurrentIndex(names.index(found) if found in names else 0)
        self.minutes.setValue(self._preferences.get("record/practice/minutes", 3))
        self.coach.setChecked(self._preferences.get("record/practice/coach", False))

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(16, 14, 16, 14)
        form.setVerticalSpacing(ROW_GAP)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        wide = QSizePolicy.Policy.Expanding
        for field in (self.difficulty, self.minutes):
            field.setMinimumHeight(FIELD_PX)
            field.setSizePolicy(wide, QSizePolicy.Policy.Fixed)
        for each in (self.open_button, self.coach_match):
            each.setSizePolicy(wide, QSizePolicy.Policy.Fixed)
        form.addRow(heading("Practice game"))
        labelled(form, "&Difficulty", self.difficulty)
        labelled(form, "Match leng&th", self.minutes)
        form.addRow(self.coach)
        form.addRow(self.open_button)
        form.addRow(self.coach_match)
