"""The matches that were played."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.matches.telling import Past, from_text, player_in_words, to_text
from gui.page import words
from gui.preferences import Preferences
from gui.start.telling import told_length

COLUMNS = ("When", "Who", "Against", "Length", "Score")
KEPT = "practice/matches"


class History(QWidget):
    """Remembers matches from one day to the next."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        self.past = from_text(preferences.get(KEPT, ""))
        self._empty = words("No match has been played to its end yet.", quiet=True)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Past matches")
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumHeight(100)
        across, down = self.table.horizontalHeader(), self.table.verticalHeader()
        if across is not None and down is not None:
            across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            down.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._empty)
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        self._show()

    def add(self, match: Past) -> None:
        """Add the newest match, and remember it."""
        self.past.insert(0, match)
        self._preferences.set(KEPT, to_text(self.past))
        self._show()

    def _show(self) -> None:
        self._empty.setVisible(not self.past)
        self.table.setVisible(bool(self.past))
        self.table.setRowCount(len(self.past))
        for number, each in enumerate(self.past):
            texts = (
                each.day,
                player_in_words(each.player),
                each.difficulty,
                told_length(each.seconds),
                f"{each.ours} - {each.theirs}",
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
                self.table.setItem(number, column, item)
