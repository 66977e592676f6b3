"""The left side of the library: search, filter, order, list."""

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from gui.library.shelf import Item, Kind, Order, chosen, sum_words
from gui.library.shelf_list import ShelfList
from gui.page import row, words


class ShelfView(QWidget):
    """Shows the items that a person wants to see."""

    asked_otherwise = pyqtSignal()
    """A person wants other items, or another order."""

    def __init__(self) -> None:
        super().__init__()
        self.list = ShelfList()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search names and notes")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search")
        self.kind = QComboBox()
        self.kind.addItems([kind.value for kind in Kind])
        self.kind.setAccessibleName("Which files are shown")
        self.order = QComboBox()
        self.order.addItems([order.value for order in Order])
        self.order.setAccessibleName("Order")
        self._sum = words(quiet=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(row(self.kind, self.order))
        layout.addWidget(self.list, 1)
        layout.addWidget(self._sum)
        self.search.textChanged.connect(lambda text: self.asked_otherwise.emit())
        for box in (self.kind, self.order):
            box.currentIndexChanged.connect(lambda index: self.asked_otherwise.emit())

    @property
    def text(self) -> str:
        """The words below the list."""
        return self._sum.text()

    def show_items(self, items: Sequence[Item], *, looking: bool) -> None:
        """Show those of the items that are wanted; `looking` while not all are known."""
        found = chosen(
            items,
            kind=Kind(self.kind.currentText()),
            text=self.search.text(),
            order=Order(self.order.currentText()),
        )
        self.list.show_items(found)
        self._sum.setText("Looking..." if looking and not found else sum_words(found))

    def show_all(self) -> None:
        """Drop search and filter, so that every file can be found."""
        self.search.clear()
        self.kind.setCurrentText(Kind.ALL.value)
