"""Room for a key pad: one that is too wide scrolls, and doesn't widen the page."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QScrollArea

from gui.key_pad import KeyPad


class PadPlace(QScrollArea):
    """Holds a pad at its full height."""

    def __init__(self, pad: KeyPad) -> None:
        super().__init__()
        self._pad = pad
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(pad)
        self.fit()

    def fit(self) -> None:
        """Take the height of the pad's keys."""
        self._pad.resize(self._pad.sizeHint())
        bar = self.horizontalScrollBar()
        wide = self._pad.width() > max(self.width(), 1)
        extra = bar.sizeHint().height() if bar is not None and wide and self.isVisible() else 0
        self.setFixedHeight(self._pad.height() + extra)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Make room for the bar where it is needed."""
        super().resizeEvent(event)
        self.fit()
