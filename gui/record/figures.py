"""A running recording's figures as large numbers."""

from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from gui.page import heading, words
from gui.record.words import figures, kept_words
from recorder.status import RecordStatus

ACROSS = 2


class FiguresCard(QFrame):
    """Time, rate, missed pictures, size and what the disk has room for."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._title = heading("Recording")
        self._into = words(quiet=True)
        self._kept = words()
        self._kept.hide()
        self._numbers: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setVerticalSpacing(14)
        for index in range(ACROSS):
            grid.setColumnStretch(index, 1)
        for index, (name, value) in enumerate(figures(None).items()):
            grid.addWidget(self._figure(name, value), index // ACROSS, index % ACROSS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(12)
        for part in (self._title, self._into):
            layout.addWidget(part)
        layout.addLayout(grid)
        layout.addWidget(self._kept)

    def begin(self, name: str) -> None:
        """Show dashes for a new recording of that name."""
        self._into.setText(name)
        self._kept.hide()
        self.tell(None)

    def shown(self) -> dict[str, str]:
        """Return the figures that are shown, by their names."""
        return {name: label.text() for name, label in self._numbers.items()}

    def tell(self, status: RecordStatus | None) -> None:
        """Show how the recording is getting on."""
        for name, value in figures(status).items():
            if self._numbers[name].text() != value:
                self._numbers[name].setText(value)
        if status is not None and status.kept is not None:
            self._kept.setText(kept_words(status.kept))
            self._kept.show()

    def _figure(self, name: str, value: str) -> QWidget:
        number = QLabel(value)
        number.setStyleSheet("font-size: 22px; font-weight: 600;")
        number.setAccessibleName(name)
        self._numbers[name] = number
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(number)
        column.addWidget(words(name, quiet=True))
        return holder
