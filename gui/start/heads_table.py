"""The table in which a person says what the keys do."""

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.page import GAP, button, row
from gui.start.heads import Row

COLUMNS = ("Decision", "What it does", "Keys held together", "Keep for (ms)")
TIPS = (
    "Keys of one decision exclude each other: of run left and run right, only one can be.",
    "A short name, such as shoot",
    "Names with spaces between them, such as: up right",
    "How long a decision is kept at least; empty lets it change with every picture",
)


class HeadsTable(QWidget):
    """Shows rows, and lets them be changed, added and removed."""

    edited = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setAccessibleName("What the keys do")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        for column, tip in enumerate(TIPS):
            head = self.table.horizontalHeaderItem(column)
            if head is not None:
                head.setToolTip(tip)
        across, down = self.table.horizontalHeader(), self.table.verticalHeader()
        if across is not None and down is not None:
            across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            down.setVisible(False)
        self.table.setMinimumHeight(220)
        self.table.cellChanged.connect(lambda *_: self.edited.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.table, 1)
        layout.addWidget(
            row(button("&Add a row", self.add), button("&Remove the row", self.remove), None)
        )

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.table.blockSignals(True)
        self.table.setRowCount(0)
        for each in rows:
            self._append(each)
        self.table.blockSignals(False)
        self.edited.emit()

    def rows(self) -> tuple[Row, ...]:
        """Return the rows as they are written now; empty ones don't count."""
        found = [
            Row(*(self._text(number, column) for column in range(len(COLUMNS))))
            for number in range(self.table.rowCount())
        ]
        return tuple(each for each in found if each.does or each.keys)

    def add(self) -> None:
        """Add a row below the chosen one, of the same decision, and begin to write in it."""
        at = self.table.currentRow()
        head = self._text(at, 0) if at >= 0 else "action"
        number = at + 1 if at >= 0 else self.table.rowCount()
        self._append(Row(head, "", ""), at=number)
        self.table.setCurrentCell(number, 1)
        self.table.editItem(self.table.item(number, 1))
        self.edited.emit()

    def remove(self) -> None:
        """Remove the chosen row."""
        if self.table.currentRow() >= 0:
            self.table.removeRow(self.table.currentRow())
            self.edited.emit()

    def _append(self, each: Row, *, at: int | None = None) -> None:
        number = self.table.rowCount() if at is None else at
        blocked = self.table.blockSignals(True)
        self.table.insertRow(number)
        for column, text in enumerate((each.head, each.does, each.keys, each.hold_ms)):
            self.table.setItem(number, column, QTableWidgetItem(text))
        self.table.blockSignals(blocked)

    def _text(self, number: int, column: int) -> str:
        item = self.table.item(number, column)
        return item.text().strip() if item is not None else ""
