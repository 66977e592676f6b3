"""The question whether to take up boxes that a crash or a failed saving left behind."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout

from gui.page import button, words


class Offer(QFrame):
    """Asks, and stays until it is answered."""

    restored = pyqtSignal()
    """The boxes are wanted."""
    refused = pyqtSignal()
    """They are not."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._words = words()
        self.restore_button = button("&Bring them back", self._restore, main=True)
        self.refuse_button = button("Leave them out", self._refuse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(self._words, 1)
        layout.addWidget(self.restore_button)
        layout.addWidget(self.refuse_button)
        self.hide()

    @property
    def text(self) -> str:
        """The question; empty while there is none."""
        return "" if self.isHidden() else self._words.text()

    def make(self, frames: int) -> None:
        """Ask about boxes on so many frames."""
        several = f"{frames} frames" if frames > 1 else "one frame"
        self._words.setText(
            f"Last time, the boxes of {several} could not be saved before the program ended. "
            "Bring them back?"
        )
        self.show()
        self.restore_button.setFocus()

    def _restore(self) -> None:
        self.hide()
        self.restored.emit()

    def _refuse(self) -> None:
        self.hide()
        self.refused.emit()
