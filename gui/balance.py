"""How often each class of a head occurs, as bars."""

from collections.abc import Mapping

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.theme import colours

ROW_PX = 20
BAR_PX = 9.0
GAP_PX = 8


def shares_of(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the share of each class, 0 to 1; all 0 where nothing was counted."""
    total = sum(counts.values())
    return {name: count / total if total else 0.0 for name, count in counts.items()}


def percent(share: float) -> str:
    """Write a share; what is there is never written as 0%."""
    return "<1%" if 0 < share < 0.005 else f"{100 * share:.0f}%"


class BalanceBars(QWidget):
    """One row for each class: its name, a bar, its share in percent."""

    def __init__(self, title: str = "", counts: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self._title = title
        self._shares: dict[str, float] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_counts(counts or {})

    @property
    def shares(self) -> Mapping[str, float]:
        """The share of each class, 0 to 1."""
        return self._shares

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how often each class was counted."""
        self._shares = shares_of(counts)
        told = ", ".join(f"{name} {percent(share)}" for name, share in self._shares.items())
        self.setAccessibleName(f"{self._title}: {told}" if self._title else told)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room for all rows."""
        rows = len(self._shares) + bool(self._title)
        return QSize(240, rows * self._row_px())

    def minimumSizeHint(self) -> QSize:
        """Return a narrow one of the same height."""
        return QSize(150, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the rows."""
        painter, colour = QPainter(self), colours()
        row_px, top = self._row_px(), 0
        if self._title:
            font = painter.font()
            bold = painter.font()
            bold.setBold(True)
            painter.setFont(bold)
            painter.setPen(QColor(colour.text))
            painter.drawText(0, 0, self.width(), row_px, _LEFT, self._title)
            painter.setFont(font)
            top = row_px
        name_px = self._name_px()
        percent_px = self.fontMetrics().horizontalAdvance("100%")
        room = max(10.0, self.width() - name_px - percent_px - 2 * GAP_PX)
        for name, share in self._shares.items():
            painter.setPen(QColor(colour.text))
            shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, name_px)
            painter.drawText(0, top, name_px, row_px, _LEFT, shown)
            bar = QRectF(name_px + GAP_PX, top + (row_px - BAR_PX) / 2, room, BAR_PX)
            painter.fillRect(bar, QColor(colour.border))
            bar.setWidth(room * share)
            painter.fillRect(bar, QColor(colour.series[0]))
            painter.setPen(QColor(colour.quiet))
            left = self.width() - percent_px
            painter.drawText(left, top, percent_px, row_px, _RIGHT, percent(share))
            top += row_px

    def _row_px(self) -> int:
        return max(ROW_PX, self.fontMetrics().height() + 2)

    def _name_px(self) -> int:
        widest = max(
            (self.fontMetrics().horizontalAdvance(name) for name in self._shares), default=0
        )
        return min(widest + 2, max(60, self.width() // 2))


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
