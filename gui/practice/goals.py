"""The goals and the corner flags: frame, net, and which part lies before the players."""

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from gui.practice.state import (
    GOAL_BOTTOM,
    GOAL_DEPTH,
    GOAL_HEIGHT,
    GOAL_TOP,
    PITCH_LENGTH,
    PITCH_WIDTH,
    Team,
)
from gui.practice.view import POST_PX, Camera, goal_rect

_BACK_HEIGHT = GOAL_HEIGHT * 0.62  # the net's rear bar hangs lower
_MESH = QColor(240, 246, 255, 120)
_FRAME = QColor("#fafcff")
_MESH_X, _MESH_Y, _MESH_Z = 5, 12, 5  # net cells along the depth, the width and the height


class _Goal:
    """One goal's corners in the picture."""

    def __init__(self, camera: Camera, team: Team) -> None:
        self._camera = camera
        self._line = 0.0 if team is Team.HOME else PITCH_LENGTH
        self._back = -GOAL_DEPTH if team is Team.HOME else PITCH_LENGTH + GOAL_DEPTH

    def at(self, depth: float, across: float, up: float) -> QPointF:
        """Map shares 0 to 1 of depth, width and height to the picture."""
        x = self._line + (self._back - self._line) * depth
        height = GOAL_HEIGHT + (_BACK_HEIGHT - GOAL_HEIGHT) * depth
        y = GOAL_TOP + (GOAL_BOTTOM - GOAL_TOP) * across
        return QPointF(*self._camera.point(x, y, up * height))


def paint_goal_behind(painter: QPainter, camera: Camera, team: Team) -> None:
    """Paint what lies behind players: the ground inside, the back of the net and its far side."""
    goal = _Goal(camera, team)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 46))
    painter.drawPolygon(
        _quad(goal.at(0, 0, 0), goal.at(1, 0, 0), goal.at(1, 1, 0), goal.at(0, 1, 0))
    )
    painter.setBrush(QColor(10, 20, 30, 40))
    painter.drawPolygon(
        _quad(goal.at(1, 0, 0), goal.at(1, 0, 1), goal.at(1, 1, 1), goal.at(1, 1, 0))
    )
    painter.setPen(QPen(_MESH, max(0.6, 0.9 * camera.scale_x)))
    for k in range(_MESH_Y + 1):
        share = k / _MESH_Y
        painter.drawLine(goal.at(1, share, 0), goal.at(1, share, 1))
    for k in range(_MESH_Z + 1):
        share = k / _MESH_Z
        painter.drawLine(goal.at(1, 0, share), goal.at(1, 1, share))
        painter.drawLine(goal.at(0, 0, share), goal.at(1, 0, share))
    for k in range(_MESH_X + 1):
        painter.drawLine(goal.at(k / _MESH_X, 0, 0), goal.at(k / _MESH_X, 0, 1))


def _quad(*corners: QPointF) -> QPolygonF:
    return QPolygonF(list(corners))


def goal_before(*, scale_x: float, scale_y: float, team: Team) -> QImage:
    """Paint what lies before players inside the goal; the picture fills `goal_rect`."""
    middle = 0.0 if team is Team.HOME else PITCH_LENGTH
    camera = Camera(middle, 1280 * scale_x, 720 * scale_y)
    box = goal_rect(camera, team)
    image = QImage(
        round(box.x2 - box.x1) + 1,
        round(box.y2 - box.y1) + 1,
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-box.x1, -box.y1)
        goal = _Goal(camera, team)
        painter.setPen(QPen(_MESH, max(0.6, 0.9 * scale_x)))
        for k in range(_MESH_Y + 1):
            painter.drawLine(goal.at(0, k / _MESH_Y, 1), goal.at(1, k / _MESH_Y, 1))
        for k in range(_MESH_X + 1):
            share = k / _MESH_X
            painter.drawLine(goal.at(share, 0, 1), goal.at(share, 1, 1))
            painter.drawLine(goal.at(share, 1, 0), goal.at(share, 1, 1))
        for k in range(_MESH_Z + 1):
            share = k / _MESH_Z
            painter.drawLine(goal.at(0, 1, share), goal.at(1, 1, share))
        _paint_frame(painter, goal, scale_x)
    return image


def _paint_frame(painter: QPainter, goal: _Goal, scale: float) -> None:
    rear = QPen(QColor(225, 230, 238, 220), 2.0 * scale)
    painter.setPen(rear)
    painter.drawPolyline(_quad(goal.at(0, 1, 1), goal.at(1, 1, 1), goal.at(1, 1, 0)))
    painter.drawPolyline(_quad(goal.at(0, 0, 1), goal.at(1, 0, 1), goal.at(1, 1, 1)))
    for width, colour in ((POST_PX + 2.0, QColor(14, 18, 28, 235)), (POST_PX - 0.4, _FRAME)):
        pen = QPen(colour, width * scale)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(goal.at(0, 0, 1), goal.at(0, 1, 1))  # the bar
        painter.drawLine(goal.at(0, 1, 1), goal.at(0, 1, 0))  # the near post
    painter.setPen(QPen(QColor(190, 198, 210), 1.0 * scale))
    painter.drawLine(goal.at(0, 0, 0) + QPointF(1.2 * scale, 0), goal.at(0, 0, 1))


def paint_flag(painter: QPainter, camera: Camera, *, right: bool, near: bool) -> None:
    """Paint a corner flag."""
    place = camera.point(PITCH_LENGTH if right else 0.0, PITCH_WIDTH if near else 0.0)
    tall = 26.0 * camera.scale_y
    foot, top = QPointF(*place), QPointF(place[0], place[1] - tall)
    painter.setPen(QPen(QColor("#f5f5f0"), 1.8 * camera.scale_x))
    painter.drawLine(foot, top)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#ff8a1e"))
    way = -1.0 if right else 1.0
    tip = QPointF(top.x() + way * 12 * camera.scale_x, top.y() + 4 * camera.scale_y)
    painter.drawPolygon(_quad(top, tip, QPointF(top.x(), top.y() + 9 * camera.scale_y)))
    painter.setBrush(QColor(0, 0, 0, 50))
    painter.drawEllipse(QRectF(foot.x() - 3, foot.y() - 1, 8, 3))
