"""A picture that can be enlarged, and moved while it is."""

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QResizeEvent, QWheelEvent

from data.frames import FrameSize, Image
from gui.frame_view import FrameView

MOST_ZOOM = 24.0
_ZOOM_STEP = 1.25


class ZoomView(FrameView):
    """Shows a picture whole, or a part of it larger."""

    def __init__(self, empty: str) -> None:
        super().__init__(empty)
        self.zoom = 1.0
        self._size: FrameSize | None = None
        self._middle = QPointF()  # of the widget, as a point of the picture
        self._mouse: QPointF | None = None

    def show_frame(self, image: Image | None) -> None:
        """Show another picture, whole where it has another size."""
        size = None if image is None else FrameSize(image.shape[1], image.shape[0])
        changed = size != self._size
        self._size = size
        self.show_picture(image)
        if changed:
            self.fit()

    def sizeHint(self) -> QSize:
        """Ask for little: it takes all the room that the rest leaves."""
        return self.minimumSize()

    def fit(self) -> None:
        """Show the whole picture."""
        self.zoom = 1.0
        if self._size is not None:
            self._middle = QPointF(self._size.width_px / 2, self._size.height_px / 2)
        self.update()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge around a point of the widget, or else its middle."""
        if self._size is None:
            return
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        fixed = self.to_picture(point)
        self.zoom = min(MOST_ZOOM, max(1.0, self.zoom * factor))
        moved = self.to_picture(point)
        self._look_at(self._middle + fixed - moved)

    def zoom_in(self) -> None:
        """Enlarge a step, around the mouse where it is over the picture."""
        self.zoom_by(_ZOOM_STEP, self._mouse)

    def zoom_out(self) -> None:
        """Shrink a step."""
        self.zoom_by(1 / _ZOOM_STEP, self._mouse)

    def picture_rect(self) -> QRectF:
        """Return where the picture is in this widget, which it may reach out of."""
        whole = super().picture_rect()
        if self._size is None or whole.isEmpty() or self.zoom == 1.0:
            return whole
        scale = whole.width() / self._size.width_px * self.zoom
        left = self.width() / 2 - self._middle.x() * scale
        top = self.height() / 2 - self._middle.y() * scale
        return QRectF(left, top, self._size.width_px * scale, self._size.height_px * scale)

    @property
    def pixel_size(self) -> float:
        """How many pixels of the screen one of the picture takes."""
        if self._size is None:
            return 1.0
        return max(self.picture_rect().width() / self._size.width_px, 1e-6)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom with Ctrl; move the enlarged picture without."""
        if event is None:
            return
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            steps = (turned.y() or turned.x()) / 120
            self.zoom_by(_ZOOM_STEP**steps, event.position())
        elif self.zoom > 1.0:
            self._look_at(self._middle - QPointF(turned.x(), turned.y()) / (2 * self.pixel_size))
        else:
            event.ignore()
            return
        event.accept()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the picture in view."""
        super().resizeEvent(event)
        if self._size is not None:
            self._look_at(self._middle)

    def _look_at(self, middle: QPointF) -> None:
        """Move the picture, but never out of view."""
        if self._size is None:
            return
        width, height = float(self._size.width_px), float(self._size.height_px)
        half_x = min(width, self.width() / self.pixel_size) / 2
        half_y = min(height, self.height() / self.pixel_size) / 2
        x = min(max(middle.x(), half_x), width - half_x)
        y = min(max(middle.y(), half_y), height - half_y)
        self._middle = QPointF(x, y)
        self.update()
