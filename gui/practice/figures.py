"""The people on the pitch, drawn once per pose and kept as sprites."""

import math
from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from gui.practice.kits import Look
from gui.practice.lettering import type_face
from gui.practice.state import ACTION_S, Action, PlayerState
from gui.practice.view import FOOT_PX, PLAYER_HEIGHT_PX, PLAYER_WIDTH_PX

Body = Literal["stand", "run", "kick", "slide", "dive", "fall", "cheer"]
PHASES = 8
OCTANTS = 8
RUNNING_M_S = 0.4  # slower than this the legs are together
_MARGIN = 14  # logical pixels round a sprite: who lies on the grass is wider than who stands
_BODIES: dict[Action, Body] = {
    Action.KICK: "kick",
    Action.TACKLE: "slide",
    Action.DIVE: "dive",
    Action.FALL: "fall",
    Action.CELEBRATE: "cheer",
}
_INK = QColor(16, 18, 24, 150)
_BOOT = QColor("#17181c")


@dataclass(frozen=True, slots=True)
class Pose:
    """How a figure stands: few enough values that every sprite is drawn once."""

    octant: int
    """Facing, 0 right, 2 towards us, 4 left, 6 away."""
    phase: int = 0
    """Step of the running cycle or of the action, 0 to `PHASES` - 1."""
    body: Body = "stand"


def pose_of(player: PlayerState) -> Pose:
    """Choose the pose that shows what a player does."""
    octant = round(player.facing / math.tau * OCTANTS) % OCTANTS
    if player.action is not Action.NONE:
        age = min(1.0, player.action_age_s / ACTION_S[player.action])
        phase = min(PHASES - 1, int(age * PHASES))
        body = _BODIES[player.action]
        if body == "cheer":
            phase = int(player.action_age_s * 12) % PHASES
        return Pose(octant, phase if body in ("kick", "cheer") else 0, body)
    if math.hypot(player.vx, player.vy) < RUNNING_M_S:
        return Pose(octant)
    return Pose(octant, int(player.run_phase / math.tau * PHASES) % PHASES, "run")


class _Figure:
    """Paints one pose in logical pixels with its feet at (0, 0), y downwards."""

    def __init__(self, painter: QPainter, look: Look, pose: Pose) -> None:
        angle = pose.octant * math.tau / OCTANTS
        self.p, self.look, self.kit, self.pose = painter, look, look.kit, pose
        self.side = math.cos(angle)  # 1 right, -1 left
        self.near = math.sin(angle)  # 1 towards us, -1 away
        self.turn = 1.0 if self.side >= -0.01 else -1.0
        cycle = pose.phase * math.tau / PHASES
        self.runs = pose.body == "run"
        self.cycle = cycle
        # Who stands has one foot before the other, as a person does on the ball of the foot.
        self.swing = math.sin(cycle) if self.runs else 0.45
        self.bob = abs(math.cos(cycle)) * 1.2 if pose.body in ("run", "cheer") else 0.0
        self.lean = self.side * (2.2 if self.runs else 0.0)

    def paint(self) -> None:
        """Paint from the far side to the near one."""
        if self.pose.body in ("slide", "dive", "fall"):
            self._lie_down()
        far, close = (-1.0, 1.0)
        hands_up = self.pose.body in ("cheer", "dive")
        self._arm(far, hands_up=hands_up)
        self._leg(far)
        self._leg(close)
        self._shorts()
        self._shirt()
        self._head()
        self._arm(close, hands_up=hands_up)

    def _lie_down(self) -> None:
        """Turn the standing figure into one that fills a lying player's box."""
        heading = -self.turn if self.pose.body == "slide" else self.turn  # where the head goes
        self.p.translate(-heading * 22.0, -6.5)
        self.p.rotate(heading * (81.0 if self.pose.body == "fall" else 77.0))
        self.p.scale(0.98, 0.98)

    def _stroke(self, points: list[QPointF], *, width: float, colour: QColor) -> None:
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        pen = QPen(_INK, width + 1.3)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        self.p.setPen(pen)
        self.p.drawPath(path)
        pen.setColor(colour)
        pen.setWidthF(width)
        self.p.setPen(pen)
        self.p.drawPath(path)

    def _foot(self, which: float) -> tuple[float, float]:
        """Return where a foot is, and how far up it is lifted."""
        spread = 3.0 * abs(self.near) + 1.2 + (0.0 if self.runs else 0.8)
        across = which * spread * (self.turn if abs(self.near) < 0.9 else 1.0)
        if self.pose.body == "kick":
            through = min(1.0, self.pose.phase / 3)
            reach = -7.0 + 15.5 * through if which > 0 else -2.5
            return across * 0.5 + self.side * reach, 5.0 if which > 0 else 0.0
        if self.pose.body == "slide":
            return across * 0.4 + self.turn * (3.0 if which > 0 else -3.0), 2.5 - 3.0 * which
        stride = which * self.swing
        lift = max(0.0, math.cos(self.cycle) * which) if self.runs else 0.0
        return across + self.side * stride * 6.6, lift * (3.4 + 2.4 * abs(self.near))

    def _leg(self, which: float) -> None:
        x, lift = self._foot(which)
        hip = QPointF(which * 2.3 * (0.35 + 0.65 * abs(self.near)), -17.0 - self.bob)
        foot = QPointF(x, -1.6 - lift)
        bend = self.side * (1.6 + lift * 0.7)
        knee = QPointF((hip.x() + foot.x()) / 2 + bend, (hip.y() + foot.y()) / 2 - lift * 0.25)
        shade = 100 if which > 0 else 118
        self._stroke([hip, knee], width=4.3, colour=QColor(self.look.skin).darker(shade))
        self._stroke([knee, foot], width=3.9, colour=QColor(self.kit.socks).darker(shade))
        toe = QPointF(foot.x() + self.side * 2.6, foot.y() + 0.2 + 0.8 * max(0.0, self.near))
        self._stroke([foot, toe], width=3.0, colour=_BOOT)

    def _half_width(self) -> float:
        return 4.7 + 1.5 * abs(self.near)

    def _shorts(self) -> None:
        half = self._half_width() - 0.2
        top, low = -20.5 - self.bob, -13.6 - self.bob
        sway = self.side * self.swing * 1.4
        shape = QPolygonF(
            [
                QPointF(-half, top),
                QPointF(half, top),
                QPointF(half + 0.9 + abs(sway), low),
                QPointF(0.6, low + 0.4),
                QPointF(0, low - 1.6),
                QPointF(-0.6, low + 0.4),
                QPointF(-half - 0.9 - abs(sway), low),
            ]
        )
        self.p.setPen(QPen(_INK, 0.9))
        self.p.setBrush(QColor(self.kit.shorts))
        self.p.drawPolygon(shape)

    def _shirt(self) -> None:
        half, top, low = self._half_width(), -35.4 - self.bob, -19.0 - self.bob
        path = QPainterPath()
        path.moveTo(-half + 0.4, low)
        path.lineTo(half - 0.4, low)
        path.lineTo(half + 0.5 + self.lean, top + 3.2)
        path.quadTo(half + self.lean, top, half * 0.45 + self.lean, top)
        path.lineTo(-half * 0.45 + self.lean, top)
        path.quadTo(-half + self.lean, top, -half - 0.5 + self.lean, top + 3.2)
        path.closeSubpath()
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(QColor(self.kit.shirt))
        self.p.drawPath(path)
        self.p.save()
        self.p.setClipPath(path, Qt.ClipOperation.IntersectClip)
        self._pattern(QRectF(-half - 3, top, 2 * half + 6, low - top))
        shade = QColor(0, 0, 0, 42)  # light comes from the upper left
        self.p.fillRect(QRectF(half * 0.35 + self.lean, top, half + 4, low - top), shade)
        self.p.restore()
        self.p.setPen(QPen(_INK, 0.9))
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        self.p.drawPath(path)
        if abs(self.near) > 0.6:
            self._number(top)

    def _pattern(self, area: QRectF) -> None:
        trim = QColor(self.kit.trim)
        if self.kit.pattern == "stripes":
            for k in range(-2, 3):
                x = area.center().x() + self.lean + k * 4.4 - 1.0
                self.p.fillRect(QRectF(x, area.top(), 2.0, area.height()), trim)
        elif self.kit.pattern == "hoops":
            for k in range(3):
                y = area.top() + 3.4 + k * 4.8
                self.p.fillRect(QRectF(area.left(), y, area.width(), 2.3), trim)
        elif self.kit.pattern == "sash":
            pen = QPen(trim, 3.4)
            self.p.setPen(pen)
            self.p.drawLine(area.topLeft() + QPointF(2, 0), area.bottomRight() - QPointF(2, 2))
            self.p.setPen(Qt.PenStyle.NoPen)

    def _number(self, top: float) -> None:
        self.p.setFont(type_face(8))
        self.p.setPen(QColor(self.kit.number))
        area = QRectF(-8 + self.lean, top + 3.6, 16, 9)
        self.p.drawText(area, Qt.AlignmentFlag.AlignCenter, str(self.look.number))

    def _arm(self, which: float, *, hands_up: bool) -> None:
        half = self._half_width()
        out = which * (half + 0.1) * (0.25 + 0.75 * abs(self.near))
        shoulder = QPointF(out + self.lean, -32.6 - self.bob)
        stride = -which * self.swing
        if hands_up:
            wide = which * (4.4 if self.pose.body == "cheer" else 2.2)
            elbow = QPointF(shoulder.x() + wide, shoulder.y() - 3.8)
            hand = QPointF(shoulder.x() + wide + which * 1.2, shoulder.y() - 9.0)
        else:
            away = which * (1.4 + 1.4 * abs(self.near))
            elbow = QPointF(shoulder.x() + away + self.side * stride * 3.6, shoulder.y() + 5.8)
            hand = QPointF(
                elbow.x() + self.side * (1.8 + stride * 3.2),
                elbow.y() + 3.6 - (2.0 * abs(stride) + stride * abs(self.near) * 1.5),
            )
        shade = 100 if which > 0 else 122
        sleeve = self.kit.trim if self.kit.pattern == "sleeves" else self.kit.shirt
        self._stroke([elbow, hand], width=2.9, colour=QColor(self.look.skin).darker(shade))
        self._stroke([shoulder, elbow], width=3.9, colour=QColor(sleeve).darker(shade))

    def _head(self) -> None:
        centre = QPointF(self.lean * 1.25 + self.side * 0.5, -40.6 - self.bob * 0.6)
        skin, hair = QColor(self.look.skin), QColor(self.look.hair)
        self._stroke(
            [QPointF(self.lean, -35.2 - self.bob), centre], width=3.0, colour=skin.darker(112)
        )
        ball = QRectF(centre.x() - 4.5, centre.y() - 5.0, 9.0, 10.0)
        self.p.setPen(QPen(_INK, 0.9))
        self.p.setBrush(QBrush(skin))
        self.p.drawEllipse(ball)
        if self.look.bald:
            return
        face = QPainterPath()
        outline = QPainterPath()
        outline.addEllipse(ball.adjusted(-0.5, -0.5, 0.5, 0.2))
        low = centre.y() + (-0.4 if self.near > 0.3 else 1.4)
        face.addEllipse(QPointF(centre.x() + self.side * 3.4, low + 2.6), 5.4, 5.6)
        cap = outline if self.near < -0.6 else outline.subtracted(face)
        self.p.setBrush(QBrush(hair))
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.drawPath(cap)


class FigureSprites:
    """Draws each pose of each player once, at the picture's own resolution."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._kept: dict[tuple[Look, Pose], QImage] = {}

    def sprite(self, look: Look, pose: Pose) -> QImage:
        """Return the picture of a pose, premultiplied; `corner()` says where it goes."""
        key = (look, pose)
        image = self._kept.get(key)
        if image is None:
            image = self._kept[key] = self._paint(look, pose)
        return image

    def corner(self, x_px: float, y_px: float) -> tuple[int, int]:
        """Return where a sprite's top left corner goes for a player whose place is (x, y)."""
        left, top = self._anchor()
        return round(x_px - left), round(y_px - top)

    def _anchor(self) -> tuple[float, float]:
        return (
            (PLAYER_WIDTH_PX / 2 + _MARGIN) * self._scale,
            (PLAYER_HEIGHT_PX - FOOT_PX + _MARGIN) * self._scale,
        )

    def _paint(self, look: Look, pose: Pose) -> QImage:
        width = math.ceil((PLAYER_WIDTH_PX + 2 * _MARGIN) * self._scale)
        height = math.ceil((PLAYER_HEIGHT_PX + 1.5 * _MARGIN) * self._scale)
        image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(*self._anchor())
            painter.scale(self._scale, self._scale)
            painter.translate(0.0, FOOT_PX - 0.6)
            _Figure(painter, look, pose).paint()
        return image
