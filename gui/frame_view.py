"""A picture that fills its place, with boxes and words drawn over it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from data.frames import Image
from gui.theme import colours


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box over the picture, in the picture's pixels."""

    x1: float
    y1: float
    x2: float
    y2: float
    label: str = ""
    colour: str = ""
    """`#rrggbb`; empty for one that follows from the label."""
    dashed: bool = False


def colour_of(label: str, labels: Sequence[str]) -> str:
    """Return the colour of a class among its fellows: the same class, the same colour."""
    series = colours().series
    index = labels.index(label) if label in labels else len(labels)
    return series[index % len(series)]


class FrameView(QWidget):
    """Shows the newest picture, as large as there is room, without distorting it."""

    def __init__(self, empty: str = "No picture yet") -> None:
        """Show these words while there is no picture."""
        super().__init__()
        self._image: QImage | None = None
        self._pixels = b""  # what the image's bytes belong to
        self._boxes: Sequence[DrawnBox] = ()
        self._empty = empty
        self._banner = ""
        self.setMinimumSize(240, 135)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        """Return what looks right in an empty window."""
        return QSize(640, 360)

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture."""
        return self._image is not None

    @property
    def boxes(self) -> Sequence[DrawnBox]:
        """What is drawn over it."""
        return self._boxes

    @property
    def banner(self) -> str:
        """The words over the picture."""
        return self._banner

    def show_picture(self, image: Image | None, boxes: Sequence[DrawnBox] = ()) -> None:
        """Show a picture, `(height, width, 3)` uint8 BGR, and boxes over it; None for nothing."""
        self._boxes = boxes
        if image is None:
            self._image, self._pixels = None, b""
        else:
            height, width = image.shape[:2]
            form = QImage.Format.Format_BGR888
            pixels = image.tobytes()
            self._image = QImage(pixels, width, height, 3 * width, form)
            self._pixels = pixels
        self.update()

    def show_banner(self, text: str) -> None:
        """Show a few large words over the picture; empty for none."""
        if text != self._banner:
            self._banner = text
            self.update()

    def show_empty(self, text: str) -> None:
        """Show words instead of a picture."""
        self._empty = text
        self.show_picture(None)

    def picture_rect(self) -> QRectF:
        """Return where the picture is in this widget; empty without one."""
        if self._image is None:
            return QRectF()
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(left, top, size.width(), size.height())

    def to_picture(self, point: QPointF) -> QPointF:
        """Map a point of the widget to pixels of the picture, which it may lie outside of."""
        rect, image = self.picture_rect(), self._image
        if image is None or rect.isEmpty():
            return QPointF()
        return QPointF(
            (point.x() - rect.left()) * image.width() / rect.width(),
            (point.y() - rect.top()) * image.height() / rect.height(),
        )

    def to_widget(self, point: QPointF) -> QPointF:
        """Map pixels of the picture to a point of the widget."""
        rect, image = self.picture_rect(), self._image
        if image is None or rect.isEmpty():
            return QPointF()
        return QPointF(
            rect.left() + point.x() * rect.width() / image.width(),
            rect.top() + point.y() * rect.height() / image.height(),
        )

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw picture, boxes and words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#101215"))
        if self._image is None:
            painter.setPen(QColor("#a3acb8"))
            room = self.rect().adjusted(16, 16, -16, -16)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, wrapped, self._empty)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.picture_rect(), self._image)
            for box in self._boxes:
                self._draw_box(painter, box)
        if self._banner:
            self._draw_banner(painter)

    def _draw_box(self, painter: QPainter, box: DrawnBox) -> None:
        corner = self.to_widget(QPointF(box.x1, box.y1))
        rect = QRectF(corner, self.to_widget(QPointF(box.x2, box.y2)))
        pen = QPen(QColor(box.colour or colours().series[0]), 2)
        if box.dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        if box.label and painter.fontMetrics().horizontalAdvance(box.label) <= 2 * rect.width():
            painter.drawText(corner + QPointF(0, -4), box.label)

    def _draw_banner(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPointSize(max(14, self.height() // 16))
        font.setBold(True)
        painter.setFont(font)
        room = max(1, self.width() - 32)
        wide = painter.fontMetrics().horizontalAdvance(self._banner)
        if wide > room:  # a long sentence is shown whole, in smaller letters
            font.setPointSizeF(max(8.0, font.pointSizeF() * room / wide))
            painter.setFont(font)
        height = painter.fontMetrics().height() + 16
        band = QRectF(0, (self.height() - height) / 2, self.width(), height)
        painter.fillRect(band, QColor(0, 0, 0, 170))
        painter.setPen(QColor("#ffffff"))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, self._banner)
