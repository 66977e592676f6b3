"""Live curves."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from gui.theme import colours

MOST_POINTS = 2000


class LivePlot(QWidget):
    """Curves that grow to the right; the oldest points are dropped.

    Args:
        title: Above it.
        unit: Of the upright axis.
        names: One curve each.
        across: What runs to the right.
        most: How many points of a curve are kept.
    """

    def __init__(
        self,
        title: str,
        *,
        unit: str = "",
        names: Sequence[str] = ("",),
        across: str = "s",
        most: int = MOST_POINTS,
    ) -> None:
        super().__init__()
        self._plot: Any = pg.PlotWidget()
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self._unit, self._across, self._title = unit, across, title
        self._points: dict[str, deque[tuple[float, float]]] = {
            name: deque(maxlen=most) for name in names
        }
        if len(names) > 1:
            self._plot.addLegend(offset=(-8, 4), labelTextSize="9pt")
        self._curves: dict[str, Any] = {
            name: self._plot.plot([], [], name=name or None) for name in names
        }
        self.setMinimumHeight(110)
        self.dress()

    def sizeHint(self) -> QSize:
        """Return a modest size."""
        return QSize(320, 150)

    def dress(self) -> None:
        """Take on the colours in use."""
        colour = colours()
        self._plot.setBackground(QColor(colour.card))
        self._plot.setTitle(self._title, color=colour.text, size="10pt")
        for side, text in (("left", self._unit), ("bottom", self._across)):
            axis = self._plot.getAxis(side)
            axis.setPen(colour.border)
            axis.setTextPen(colour.quiet)
            axis.setLabel(text, color=colour.quiet)
        for curve, shade in zip(self._curves.values(), colour.series, strict=False):
            curve.setPen(pg.mkPen(shade, width=2))

    def add(self, x: float, y: float, name: str = "") -> None:
        """Append a point to a curve."""
        points = self._points[name]
        points.append((x, y))
        self._curves[name].setData([p[0] for p in points], [p[1] for p in points])

    def points(self, name: str = "") -> list[tuple[float, float]]:
        """Return a curve's points, oldest first."""
        return list(self._points[name])

    def clear_points(self) -> None:
        """Begin anew."""
        for name, points in self._points.items():
            points.clear()
            self._curves[name].setData([], [])
