"""A slider that goes where it is clicked."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QSlider, QStyle


class ScrubBar(QSlider):
    """A place in a recording, frame by frame."""

    sought = pyqtSignal(int)
    """The frame that a person wants."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName("Place in the recording")
        self.setRange(0, 0)
        self.valueChanged.connect(self.sought)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go there."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go along."""
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self.setSliderDown(False)

    def _go_to(self, x: float) -> None:
        value = QStyle.sliderValueFromPosition(
            self.minimum(), self.maximum(), round(x), max(1, self.width())
        )
        self.setValue(value)
