"""What lies over the picture: score board, banner, key legend, shot power."""

import math
from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen

from gui.practice.kits import OURS, THEIRS
from gui.practice.lettering import type_face
from gui.practice.state import MatchState, Phase

TEAM_NAMES = ("REDS", "BLUES")
LEGEND = (
    ("arrows", "run"),
    ("E", "sprint"),
    ("S", "pass / switch"),
    ("W", "through ball"),
    ("A", "cross"),
    ("D", "shoot / tackle"),
    ("P", "pause"),
)
_LEGEND_WIDTH = 28.0 - 24.0 + sum(36.0 + 7.4 * len(key) + 6.6 * len(word) for key, word in LEGEND)
_MIDDLE = Qt.AlignmentFlag.AlignCenter
_KEPT_TEXTS = 64  # the clock makes a new one about every second


class Overlays:
    """Paints each text once and keeps it; sizes are logical pixels times the scale."""

    def __init__(self, scale_x: float, scale_y: float) -> None:
        self._scale = (scale_x, scale_y)
        self._kept: dict[tuple[object, ...], QImage] = {}

    def board(self, state: MatchState) -> QImage:
        """Return the score board."""
        minutes = state.clock_minutes
        clock = f"{int(minutes):02d}:{int(minutes % 1 * 60):02d}"
        half = {1: "1st half", 2: "2nd half"}.get(state.half, "")
        if state.phase is Phase.FULL_TIME:
            half = "full time"
        elif state.phase is Phase.HALF_TIME:
            half = "half-time"
        ours, theirs = state.score
        return self._text(
            ("board", clock, half, ours, theirs),
            size=(430.0, 34.0),
            paint=lambda painter: _paint_board(painter, clock, half, (ours, theirs)),
        )

    def legend(self) -> QImage:
        """Return the row of keys."""
        return self._text(("legend",), size=(_LEGEND_WIDTH, 20.0), paint=_paint_legend)

    def banner(self, text: str, colour: str) -> QImage:
        """Return a text that goes across the picture on a band of a colour."""
        return self._text(
            ("banner", text, colour),
            size=(1280.0, 84.0),
            paint=lambda painter: _paint_banner(painter, text, QColor(colour)),
        )

    def panel(self, title: str, lines: tuple[str, ...]) -> QImage:
        """Return a panel with a title and centred lines, for pauses and menus."""
        return self._text(
            ("panel", title, lines),
            size=(640.0, 120.0 + 34.0 * len(lines)),
            paint=lambda painter: _paint_panel(painter, title, lines),
        )

    def _text(
        self,
        key: tuple[object, ...],
        *,
        size: tuple[float, float],
        paint: Callable[[QPainter], None],
    ) -> QImage:
        image = self._kept.get(key)
        if image is not None:
            return image
        if len(self._kept) >= _KEPT_TEXTS:
            self._kept.clear()
        image = QImage(
            math.ceil(size[0] * self._scale[0]),
            math.ceil(size[1] * self._scale[1]),
            QImage.Format.Format_ARGB32_Premultiplied,
        )
        image.fill(Qt.GlobalColor.transparent)
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(*self._scale)
            paint(painter)
        self._kept[key] = image
        return image


def _paint_board(painter: QPainter, clock: str, half: str, score: tuple[int, int]) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(14, 18, 27, 225))
    painter.drawRoundedRect(QRectF(0, 0, 430, 34), 6, 6)
    painter.setBrush(QColor(255, 255, 255, 26))
    painter.drawRoundedRect(QRectF(0, 0, 74, 34), 6, 6)
    painter.setPen(QColor("#ffffff"))
    painter.setFont(type_face(17))
    painter.drawText(QRectF(0, 0, 74, 34), _MIDDLE, clock)
    painter.setFont(type_face(16))
    painter.drawText(QRectF(90, 0, 70, 34), _MIDDLE, TEAM_NAMES[0])
    painter.drawText(QRectF(248, 0, 70, 34), _MIDDLE, TEAM_NAMES[1])
    for x, kit in ((84.0, OURS[0]), (318.0, THEIRS[0])):
        painter.fillRect(QRectF(x, 8, 6, 18), QColor(kit.shirt))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#f4f6fa"))
    painter.drawRoundedRect(QRectF(168, 4, 76, 26), 4, 4)
    painter.setPen(QColor("#10141d"))
    painter.setFont(type_face(19))
    painter.drawText(QRectF(168, 4, 76, 26), _MIDDLE, f"{score[0]} - {score[1]}")
    painter.setPen(QColor(205, 213, 228))
    painter.setFont(type_face(12, bold=False))
    painter.drawText(QRectF(332, 0, 94, 34), _MIDDLE, half)


def _paint_legend(painter: QPainter) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 14, 22, 120))
    painter.drawRoundedRect(QRectF(0, 0, _LEGEND_WIDTH, 20), 6, 6)
    x = 14.0
    for key, meaning in LEGEND:
        width = 12.0 + 7.4 * len(key)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(240, 243, 248, 205))
        painter.drawRoundedRect(QRectF(x, 2.5, width, 15), 3, 3)
        painter.setPen(QColor("#171c27"))
        painter.setFont(type_face(11))
        painter.drawText(QRectF(x, 2.5, width, 15), _MIDDLE, key)
        painter.setPen(QColor(236, 240, 247, 225))
        painter.setFont(type_face(12, bold=False))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(x + width + 6, 0, 130, 20), left, meaning)
        x += width + 24 + 6.6 * len(meaning)


def _paint_banner(painter: QPainter, text: str, core: QColor) -> None:
    band = QLinearGradient(0, 0, 1280, 0)
    for at, alpha in ((0.0, 0), (0.22, 165), (0.5, 190), (0.78, 165), (1.0, 0)):
        core.setAlpha(alpha)
        band.setColorAt(at, core)
    painter.fillRect(QRectF(0, 8, 1280, 68), band)
    edge = QLinearGradient(0, 0, 1280, 0)
    for at, alpha in ((0.15, 0), (0.5, 210), (0.85, 0)):
        edge.setColorAt(at, QColor(255, 255, 255, alpha))
    painter.fillRect(QRectF(0, 8, 1280, 2), edge)
    painter.fillRect(QRectF(0, 74, 1280, 2), edge)
    painter.setFont(type_face(50 if len(text) < 16 else 34))
    area = QRectF(0, 8, 1280, 68)
    painter.setPen(QColor(0, 0, 0, 150))
    painter.drawText(area.translated(2, 3), _MIDDLE, text)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(area, _MIDDLE, text)


def _paint_panel(painter: QPainter, title: str, lines: tuple[str, ...]) -> None:
    height = 120.0 + 34.0 * len(lines)
    painter.setPen(QPen(QColor(255, 255, 255, 60), 1.5))
    painter.setBrush(QColor(12, 17, 27, 226))
    painter.drawRoundedRect(QRectF(1, 1, 638, height - 2), 16, 16)
    painter.fillRect(QRectF(270, 86, 100, 4), QColor(OURS[0].shirt))
    painter.setPen(QColor("#ffffff"))
    painter.setFont(type_face(38))
    painter.drawText(QRectF(0, 22, 640, 60), _MIDDLE, title)
    for k, line in enumerate(lines):
        chosen = line.startswith("> ")
        painter.setFont(type_face(19, bold=chosen))
        painter.setPen(QColor("#ffd24a") if chosen else QColor(222, 228, 238))
        painter.drawText(QRectF(0, 100 + 34 * k, 640, 30), _MIDDLE, line.removeprefix("> "))


def paint_power(painter: QPainter, middle: QPointF, power: float, scale: float) -> None:
    """Paint the charge of a shot as a bar centred on a point."""
    frame = QRectF(middle.x() - 20 * scale, middle.y() - 3.5 * scale, 40 * scale, 7 * scale)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(12, 14, 20, 200))
    painter.drawRoundedRect(frame, 2 * scale, 2 * scale)
    inner = frame.adjusted(1.2 * scale, 1.2 * scale, -1.2 * scale, -1.2 * scale)
    inner.setWidth(inner.width() * min(1.0, power))
    hue = 0.33 * (1.0 - min(1.0, power))
    painter.fillRect(inner, QColor.fromHsvF(hue, 0.92, 0.98))
