"""Per class, how well it is told, beside what policies that know little reach."""

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from gui.theme import Colours, colours
from gui.train.runs import Bar, BarGroup

ROW_PX, GROUP_PX, BAR_PX = 24, 30, 12
NUMBER_PX = 44
RIVALS = {
    "majority": "always the commonest",
    "neighbours": "the most similar moment",
    "repeat": "your last keys again",
}


class ScoreBars(QWidget):
    """A bar from 0 to 1 for each class, with a mark for each baseline."""

    def __init__(self, empty: str = "Nothing was scored yet.") -> None:
        """Show these words while there are no bars."""
        super().__init__()
        self._groups: Sequence[BarGroup] = ()
        self._empty = empty
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(300)
        self.setAccessibleName("Scores by class")

    @property
    def groups(self) -> Sequence[BarGroup]:
        """What is shown."""
        return self._groups

    def show_groups(self, groups: Sequence[BarGroup]) -> None:
        """Show other scores."""
        self._groups = groups
        told = (f"{g.name} {b.name} {_told(b.value)}" for g in groups for b in g.bars)
        self.setAccessibleDescription("; ".join(told))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room that all rows take."""
        rows = sum(GROUP_PX + ROW_PX * len(group.bars) for group in self._groups)
        return QSize(360, rows + self._legend_px() if self._groups else 48)

    def minimumSizeHint(self) -> QSize:
        """Return the same height: rows are never squashed."""
        return QSize(300, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the legend, then the rows."""
        painter, colour = QPainter(self), colours()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._groups:
            painter.setPen(QColor(colour.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._empty)
            return
        metrics = self.fontMetrics()
        names = [bar.name for group in self._groups for bar in group.bars]
        label_px = min(160, 12 + max(map(metrics.horizontalAdvance, names)))
        y = self._draw_legend(painter, colour)
        for group in self._groups:
            painter.setPen(QColor(colour.text))
            _bold(painter, on=True)
            painter.drawText(QRectF(0, y, self.width(), GROUP_PX - 4), _MIDDLE, group.name)
            _bold(painter, on=False)
            y += GROUP_PX
            for bar in group.bars:
                self._draw_bar(painter, colour, bar, y, label_px)
                y += ROW_PX

    def _draw_bar(
        self, painter: QPainter, colour: Colours, bar: Bar, y: float, label_px: int
    ) -> None:
        painter.setPen(QColor(colour.text))
        painter.drawText(QRectF(4, y, label_px, ROW_PX), _MIDDLE, bar.name)
        wide = self.width() - label_px - NUMBER_PX - 8
        track = QRectF(label_px + 4, y + (ROW_PX - BAR_PX) / 2, wide, BAR_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour.border))
        painter.drawRoundedRect(track, 3, 3)
        if bar.value is not None:
            painter.setBrush(QColor(colour.accent))
            filled = QRectF(track)
            filled.setWidth(max(2.0, wide * min(1.0, bar.value)))
            painter.drawRoundedRect(filled, 3, 3)
        for rival, value in bar.rivals.items():
            self._draw_mark(painter, colour, rival, track.left() + wide * value, y)
        painter.setPen(QColor(colour.text))
        place = QRectF(track.right() + 4, y, NUMBER_PX, ROW_PX)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | _MIDDLE, _told(bar.value))

    def _draw_mark(
        self, painter: QPainter, colour: Colours, rival: str, x: float, y: float
    ) -> None:
        for shade, width in ((colour.card, 5), (_shade(colour, rival), 3)):
            painter.setPen(QPen(QColor(shade), width))
            painter.drawLine(QPointF(x, y + 3), QPointF(x, y + ROW_PX - 3))

    def _draw_legend(self, painter: QPainter, colour: Colours) -> float:
        """Say what the marks stand for; return where the rows begin."""
        x, y = 4.0, 0.0
        rivals = self._rivals()
        for rival in rivals:
            said = RIVALS.get(rival, rival)
            wide = self.fontMetrics().horizontalAdvance(said) + 28
            if x > 4 and x + wide > self.width():
                x, y = 4.0, y + ROW_PX
            self._draw_mark(painter, colour, rival, x + 4, y)
            painter.setPen(QColor(colour.quiet))
            painter.drawText(QRectF(x + 14, y, wide, ROW_PX), _MIDDLE, said)
            x += wide
        return y + ROW_PX + 8 if rivals else 0.0

    def _legend_px(self) -> int:
        return 8 + ROW_PX * len(self._rivals())  # at most one to a line

    def _rivals(self) -> list[str]:
        found = {rival for group in self._groups for bar in group.bars for rival in bar.rivals}
        return [rival for rival in RIVALS if rival in found]


def scrolled(inner: QWidget) -> QScrollArea:
    """Give a part bars to scroll with, and no frame."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(inner)
    return area


_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def _bold(painter: QPainter, *, on: bool) -> None:
    font = painter.font()
    font.setBold(on)
    painter.setFont(font)


def _shade(colour: Colours, rival: str) -> str:
    order = list(RIVALS)
    return colour.series[order.index(rival) if rival in order else len(order)]


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
