"""The picture behind the play: grass, lines, boards and crowd, painted once and then only moved."""

import math
import random

import cv2
import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen

from gui.practice.lettering import type_face
from gui.practice.pixels import bgrx
from gui.practice.state import (
    AREA_DEPTH,
    AREA_WIDTH,
    CENTRE_RADIUS,
    MIDDLE_X,
    MIDDLE_Y,
    PENALTY_SPOT,
    PITCH_LENGTH,
    PITCH_WIDTH,
    SMALL_AREA_DEPTH,
    SMALL_AREA_WIDTH,
)
from gui.practice.view import (
    BEYOND_GOAL_LINE,
    LOGICAL_HEIGHT,
    PITCH_BOTTOM_PX,
    PITCH_TOP_PX,
    PX_PER_M_X,
    PX_PER_M_Y,
)

WORLD_WIDTH = (PITCH_LENGTH + 2 * BEYOND_GOAL_LINE) * PX_PER_M_X
_BOARD_TOP = 76.0
_BOARD_BOTTOM = 98.0
_STRIPES = 16
_LIGHT_GRASS, _DARK_GRASS = QColor("#56ab45"), QColor("#4a9c3b")
_LINE = QColor(244, 250, 240, 215)
_SLOGANS = (
    ("UNDERSTUDY", "#12324f", "#ffffff"),
    ("practice makes play", "#f2c230", "#2b2206"),
    ("WATCH · LEARN · PLAY", "#ffffff", "#1c3d8f"),
    ("twenty looks a second", "#0f7a5a", "#ffffff"),
    ("SECOND HALF", "#8c1d40", "#ffffff"),
    ("keys in, goals out", "#20242e", "#9fe06a"),
)
_SEATS = ("#e8e3da", "#d9403a", "#c92a2e", "#efe9df", "#2f66d0", "#254fae", "#f0c33c", "#3b3f4a")


def _x(metres: float) -> float:
    return (metres + BEYOND_GOAL_LINE) * PX_PER_M_X


def _y(metres: float) -> float:
    return PITCH_TOP_PX + metres * PX_PER_M_Y


def paint_pitch(*, scale_x: float, scale_y: float, seed: int) -> QImage:
    """Paint the whole ground; its left edge is `BEYOND_GOAL_LINE` metres left of the goal line."""
    image = QImage(
        math.ceil(WORLD_WIDTH * scale_x),
        math.ceil(LOGICAL_HEIGHT * scale_y),
        QImage.Format.Format_RGB32,
    )
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale_x, scale_y)
        _paint_grass(painter)
        painter.resetTransform()
        _roughen(image, seed=seed)
        painter.scale(scale_x, scale_y)
        _paint_lines(painter)
        _paint_stand(painter, random.Random(seed))
        _paint_boards(painter)
        _paint_near_side(painter)
    return image


def _paint_grass(painter: QPainter) -> None:
    painter.fillRect(QRectF(0, 0, WORLD_WIDTH, LOGICAL_HEIGHT), QColor("#418a35"))
    step = PITCH_LENGTH / _STRIPES
    top, height = _BOARD_BOTTOM, PITCH_BOTTOM_PX + 14 - _BOARD_BOTTOM
    for k in range(-1, _STRIPES + 1):
        colour = _LIGHT_GRASS if k % 2 else _DARK_GRASS
        painter.fillRect(QRectF(_x(k * step), top, step * PX_PER_M_X, height), colour)
    outside = QColor(10, 40, 10, 46)
    painter.fillRect(QRectF(0, top, WORLD_WIDTH, PITCH_TOP_PX - top), outside)
    painter.fillRect(QRectF(0, PITCH_BOTTOM_PX, WORLD_WIDTH, 40), outside)
    inside = PITCH_BOTTOM_PX - PITCH_TOP_PX
    painter.fillRect(QRectF(0, PITCH_TOP_PX, _x(0), inside), outside)
    painter.fillRect(QRectF(_x(PITCH_LENGTH), PITCH_TOP_PX, _x(0), inside), outside)
    light = QLinearGradient(0, _BOARD_BOTTOM, 0, LOGICAL_HEIGHT)
    light.setColorAt(0.0, QColor(0, 0, 0, 60))  # the stand's shadow on the grass
    light.setColorAt(0.10, QColor(0, 0, 0, 12))
    light.setColorAt(0.45, QColor(255, 255, 210, 20))
    light.setColorAt(1.0, QColor(0, 0, 0, 34))
    painter.fillRect(QRectF(0, _BOARD_BOTTOM, WORLD_WIDTH, LOGICAL_HEIGHT), light)


def _roughen(image: QImage, *, seed: int) -> None:
    """Give the grass a grain: fine enough to look like grass, faint enough to compress."""
    dice = np.random.default_rng(seed)
    height, width = image.height(), image.width()
    pixels = bgrx(image)
    grain = dice.normal(0.0, 1.6, (height, width // 2 + 1)).repeat(2, axis=1)[:, :width]
    patches = dice.normal(0.0, 3.0, (height // 24 + 1, width // 60 + 1))
    grain += cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
    coloured = pixels[..., :3].astype(np.float32) + grain[..., None]
    pixels[..., :3] = coloured.clip(0, 255).astype(np.uint8)


def _paint_lines(painter: QPainter) -> None:
    pen = QPen(_LINE, 3.0)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(_area(0, 0, PITCH_LENGTH, PITCH_WIDTH))
    painter.drawLine(QPointF(_x(MIDDLE_X), _y(0)), QPointF(_x(MIDDLE_X), _y(PITCH_WIDTH)))
    painter.drawEllipse(_circle(MIDDLE_X, MIDDLE_Y, CENTRE_RADIUS))
    for end in (0.0, PITCH_LENGTH):
        inward = 1.0 if end == 0 else -1.0
        for depth, width in ((AREA_DEPTH, AREA_WIDTH), (SMALL_AREA_DEPTH, SMALL_AREA_WIDTH)):
            painter.drawRect(_area(end, MIDDLE_Y - width / 2, inward * depth, width))
        spot = end + inward * PENALTY_SPOT
        half = math.degrees(math.acos((AREA_DEPTH - PENALTY_SPOT) / CENTRE_RADIUS))
        start = (0.0 if inward > 0 else 180.0) - half
        painter.drawArc(
            _circle(spot, MIDDLE_Y, CENTRE_RADIUS), round(start * 16), round(half * 2 * 16)
        )
        for corner in (0.0, PITCH_WIDTH):
            first = {(True, True): 270, (True, False): 0, (False, True): 180, (False, False): 90}
            turn = first[(inward > 0, corner == 0)]
            painter.drawArc(_circle(end, corner, 1.0), turn * 16, 90 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_LINE)
    for x in (PENALTY_SPOT, MIDDLE_X, PITCH_LENGTH - PENALTY_SPOT):
        painter.drawEllipse(QPointF(_x(x), _y(MIDDLE_Y)), 4.0, 3.0)


def _area(x: float, y: float, length: float, width: float) -> QRectF:
    return QRectF(_x(x), _y(y), length * PX_PER_M_X, width * PX_PER_M_Y).normalized()


def _circle(x: float, y: float, radius: float) -> QRectF:
    across, high = radius * PX_PER_M_X, radius * PX_PER_M_Y
    return QRectF(_x(x) - across, _y(y) - high, 2 * across, 2 * high)


def _paint_stand(painter: QPainter, dice: random.Random) -> None:
    back = QLinearGradient(0, 0, 0, _BOARD_TOP)
    back.setColorAt(0.0, QColor("#151a24"))
    back.setColorAt(1.0, QColor("#39414f"))
    painter.fillRect(QRectF(0, 0, WORLD_WIDTH, _BOARD_TOP), back)
    painter.setPen(Qt.PenStyle.NoPen)
    rows = 11
    for row in range(rows):
        y = 6.0 + row * (_BOARD_TOP - 8.0) / rows
        shade = 175 - row * 7  # the back rows sit in the roof's shadow
        painter.fillRect(QRectF(0, y + 4.6, WORLD_WIDTH, 1.3), QColor(12, 15, 22, 150))
        x = 2.0 + (row % 2) * 3.0
        while x < WORLD_WIDTH:
            block, inside = divmod(x, 236.0)
            if inside > 12 and dice.random() < 0.93:
                _paint_fan(painter, dice, QPointF(x, y), shade=shade, ours=block % 3 != 2)
            x += 6.4 + dice.random() * 1.1
    for k in range(int(WORLD_WIDTH // 236) + 1):
        painter.fillRect(QRectF(k * 236.0, 0, 9.0, _BOARD_TOP), QColor(150, 156, 168, 120))
    roof = QLinearGradient(0, 0, 0, 46)
    roof.setColorAt(0.0, QColor(5, 8, 14, 190))
    roof.setColorAt(1.0, QColor(5, 8, 14, 0))
    painter.fillRect(QRectF(0, 0, WORLD_WIDTH, 46), roof)


def _paint_fan(
    painter: QPainter, dice: random.Random, place: QPointF, *, shade: int, ours: bool
) -> None:
    """Paint one spectator; blocks wear mostly one side's colours."""
    own = _SEATS[:4] if ours else (*_SEATS[4:6], _SEATS[0], _SEATS[7])
    shirt = QColor(dice.choice(own if dice.random() < 0.7 else _SEATS))
    skin = QColor(dice.choice(("#f0c8a4", "#dba97c", "#a8703f", "#6d4426")))
    painter.setBrush(shirt.darker(shade))
    painter.drawRoundedRect(QRectF(place.x() - 2.9, place.y() + 1.2, 5.8, 5.4), 2.0, 2.0)
    if dice.random() < 0.12:  # arms up
        painter.drawRect(QRectF(place.x() - 3.4, place.y() - 2.6, 1.3, 5.0))
        painter.drawRect(QRectF(place.x() + 2.1, place.y() - 2.6, 1.3, 5.0))
    painter.setBrush(skin.darker(shade - 10))
    painter.drawEllipse(place, 2.0, 2.2)


def _paint_boards(painter: QPainter) -> None:
    painter.setFont(type_face(14))
    width, height = 231.0, _BOARD_BOTTOM - _BOARD_TOP
    for k in range(int(WORLD_WIDTH // width) + 1):
        text, back, ink = _SLOGANS[k % len(_SLOGANS)]
        area = QRectF(k * width, _BOARD_TOP, width, height)
        fill = QLinearGradient(area.topLeft(), area.bottomLeft())
        fill.setColorAt(0.0, QColor(back).lighter(112))
        fill.setColorAt(1.0, QColor(back).darker(112))
        painter.fillRect(area, fill)
        painter.setPen(QColor(ink))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        painter.fillRect(QRectF(area.left(), area.top(), 2, height), QColor(0, 0, 0, 90))
    painter.fillRect(QRectF(0, _BOARD_TOP, WORLD_WIDTH, 2), QColor(255, 255, 255, 120))
    foot = QLinearGradient(0, _BOARD_BOTTOM, 0, _BOARD_BOTTOM + 7)
    foot.setColorAt(0.0, QColor(0, 0, 0, 120))
    foot.setColorAt(1.0, QColor(0, 0, 0, 0))
    painter.fillRect(QRectF(0, _BOARD_BOTTOM, WORLD_WIDTH, 7), foot)


def _paint_near_side(painter: QPainter) -> None:
    top = PITCH_BOTTOM_PX + 14
    track = QLinearGradient(0, top, 0, LOGICAL_HEIGHT)
    track.setColorAt(0.0, QColor("#2b313c"))
    track.setColorAt(1.0, QColor("#171b23"))
    painter.fillRect(QRectF(0, top, WORLD_WIDTH, LOGICAL_HEIGHT - top), track)
    painter.fillRect(QRectF(0, top, WORLD_WIDTH, 1.5), QColor(255, 255, 255, 60))
