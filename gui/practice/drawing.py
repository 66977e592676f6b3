"""Draw a moment of a match: the same picture for the window and for the headless devices."""

import math

from PyQt6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QRadialGradient

from gui.practice.figures import FigureSprites, pose_of
from gui.practice.goals import goal_before, paint_flag, paint_goal_behind
from gui.practice.hud import Overlays, paint_power
from gui.practice.kits import OURS, THEIRS, Look, look_of
from gui.practice.pitch import paint_pitch
from gui.practice.state import (
    GOAL_BOTTOM,
    MIDDLE_X,
    BallState,
    MatchState,
    Phase,
    PlayerState,
    Team,
)
from gui.practice.view import (
    BALL_PX,
    BEYOND_GOAL_LINE,
    LOGICAL_HEIGHT,
    LOGICAL_WIDTH,
    PX_PER_M_X,
    Camera,
    PixelRect,
    SeenBox,
    ball_rect,
    class_of,
    cut,
    goal_rect,
    kept_on_rail,
    marker_rect,
    player_rect,
)
from gui.practice.visibility import Layer, visible_share

_Thing = PlayerState | BallState | Team
_MARKER = QColor("#ffe600")
_BALL_TURNS = 8
_BANNER_TOP = 118.0
_LEGEND_TOP = 699.0


class Artist:
    """Draws matches at one size; what doesn't change between pictures is painted once."""

    def __init__(self, size: tuple[int, int], *, seed: int = 0, kits: int | None = None) -> None:
        """Prepare for pictures of `size` (width, height); the seed dresses teams and crowd.

        `kits` dresses the teams otherwise; see `look_of`.
        """
        self.size = size
        self._sx, self._sy = size[0] / LOGICAL_WIDTH, size[1] / LOGICAL_HEIGHT
        self._seed, self._kits = seed, kits
        self._looks: dict[tuple[Team, int, bool], Look] = {}
        self._figures = FigureSprites((self._sx + self._sy) / 2)
        self._overlays = Overlays(self._sx, self._sy)
        self._pitch = paint_pitch(scale_x=self._sx, scale_y=self._sy, seed=seed)
        self._furnish()
        self._goals = {
            team: goal_before(scale_x=self._sx, scale_y=self._sy, team=team) for team in Team
        }
        self._shadow = _shadow_sprite(self._sx, self._sy)
        self._balls = [
            _ball_sprite(self._sx, self._sy, k / _BALL_TURNS) for k in range(_BALL_TURNS)
        ]

    def new_image(self) -> QImage:
        """Return an empty picture of the right size and format."""
        return QImage(*self.size, QImage.Format.Format_RGB32)

    def draw(
        self,
        painter: QPainter,
        state: MatchState,
        *,
        banner: str | None = None,
        legend: bool = True,
    ) -> None:
        """Draw a moment with its top left corner at the painter's origin.

        Args:
            painter: Paints on a device of at least `size`.
            state: The moment.
            banner: A text across the picture in place of the match's own.
            legend: Whether the keys are told at the lower edge.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        camera = self._camera(state)
        offset = round((camera.left_m + BEYOND_GOAL_LINE) * PX_PER_M_X * self._sx)
        painter.drawImage(QPoint(0, 0), self._pitch, QRect(offset, 0, *self.size))
        self._draw_shadows(painter, camera, state)
        self._draw_bodies(painter, camera, state)
        self._draw_marker(painter, camera, state)
        for corner, image in self._signs(state, banner=banner, legend=legend):
            painter.drawImage(corner, image)

    def seen(
        self,
        state: MatchState,
        *,
        banner: str | None = None,
        panel: tuple[str, tuple[str, ...]] | None = None,
    ) -> list[SeenBox]:
        """Return the boxes of what `draw` shows, with the share of each that can be seen.

        `panel` is the title and the lines of a panel over the picture, if there is one.
        """
        camera = self._camera(state)
        named: list[tuple[str, PixelRect]] = []
        layers = []
        for thing, layer in self._bodies(camera, state):
            layers.append(layer)
            named.append(_named_rect(camera, thing, layer))
        controlled = state.players[state.controlled]
        named.append(("marker", marker_rect(camera, controlled)))
        layers.append(self._marker_layer(named[-1][1]))
        layers += self._signs(state, banner=banner, legend=True)
        if panel is not None:
            layers.append(self._panel(*panel))
        boxes = [
            SeenBox(name, *rect, visible_share(layers, index))
            for index, (name, rect) in enumerate(named)
        ]
        return cut(boxes, PixelRect(0.0, 0.0, *map(float, self.size)))

    def draw_panel(self, painter: QPainter, title: str, lines: tuple[str, ...]) -> None:
        """Dim the picture and put a panel over its middle."""
        painter.fillRect(QRect(0, 0, *self.size), QColor(6, 10, 18, 120))
        painter.drawImage(*self._panel(title, lines))

    def _panel(self, title: str, lines: tuple[str, ...]) -> Layer:
        panel = self._overlays.panel(title, lines)
        corner = QPoint((self.size[0] - panel.width()) // 2, (self.size[1] - panel.height()) // 2)
        return Layer(corner, panel)

    def _signs(self, state: MatchState, *, banner: str | None, legend: bool) -> list[Layer]:
        """Return what lies over the picture, in drawing order."""
        signs = [Layer(self._at(22, 3), self._overlays.board(state))]
        if legend:
            keys = self._overlays.legend()
            place = QPoint((self.size[0] - keys.width()) // 2, self._at(0, _LEGEND_TOP).y())
            signs.append(Layer(place, keys))
        text = state.banner if banner is None else banner
        if text:
            band = self._overlays.banner(text, _band(state))
            signs.append(Layer(self._at(0, _BANNER_TOP), band))
        return signs

    def _at(self, x: float, y: float) -> QPoint:
        return QPoint(round(x * self._sx), round(y * self._sy))

    def _camera(self, state: MatchState) -> Camera:
        """Move the camera to a whole pixel, so that grass and players never shiver apart."""
        pixel = 1.0 / (PX_PER_M_X * self._sx)
        camera = Camera.of(state, self.size)
        left = round((camera.left_m + BEYOND_GOAL_LINE) / pixel) * pixel - BEYOND_GOAL_LINE
        return Camera(camera.focus_x + left - camera.left_m, camera.width_px, camera.height_px)

    def _furnish(self) -> None:
        """Paint what stands behind all play onto the pitch."""
        with QPainter(self._pitch) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            at_left = Camera(kept_on_rail(-MIDDLE_X), *map(float, self.size))
            paint_goal_behind(painter, at_left, Team.HOME)
            paint_goal_behind(painter, at_left, Team.AWAY)
            for right in (False, True):
                for near in (False, True):
                    paint_flag(painter, at_left, right=right, near=near)

    def _look(self, player: PlayerState) -> Look:
        key = (player.team, player.number, player.is_keeper)
        look = self._looks.get(key)
        if look is None:
            look = self._looks[key] = look_of(
                seed=self._seed,
                ours=player.team is Team.HOME,
                keeper=player.is_keeper,
                number=player.number,
                kits=self._kits,
            )
        return look

    def _draw_shadows(self, painter: QPainter, camera: Camera, state: MatchState) -> None:
        half_width, half_height = self._shadow.width() / 2, self._shadow.height() / 2
        for player in state.players:
            x, y = camera.point(player.x, player.y)
            place = QPoint(round(x - half_width + 3 * self._sx), round(y - half_height))
            painter.drawImage(place, self._shadow)
        x, y = camera.point(state.ball.x, state.ball.y)
        wide = BALL_PX * 0.46 * self._sx * (1.0 + 0.12 * min(4.0, state.ball.z))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 20, 0, round(120 / (1.0 + 0.25 * state.ball.z))))
        painter.drawEllipse(QPointF(x + 2 * self._sx, y + 1.5 * self._sy), wide, wide * 0.5)

    def _draw_bodies(self, painter: QPainter, camera: Camera, state: MatchState) -> None:
        for _, (corner, sprite) in self._bodies(camera, state):
            painter.drawImage(corner, sprite)

    def _bodies(self, camera: Camera, state: MatchState) -> list[tuple[_Thing, Layer]]:
        """Return players, ball and the near sides of the goals, the farthest first."""
        things: list[tuple[float, _Thing]] = [(player.y, player) for player in state.players]
        things.append((state.ball.y + 0.05, state.ball))
        things += [(GOAL_BOTTOM, team) for team in Team]
        ordered = sorted(things, key=lambda pair: pair[0])
        return [(thing, self._layer(camera, thing)) for _, thing in ordered]

    def _layer(self, camera: Camera, thing: _Thing) -> Layer:
        if isinstance(thing, PlayerState):
            corner = self._figures.corner(*camera.point(thing.x, thing.y))
            return Layer(QPoint(*corner), self._figures.sprite(self._look(thing), pose_of(thing)))
        if isinstance(thing, BallState):
            box = ball_rect(camera, thing)
            turn = int(thing.roll / math.tau * _BALL_TURNS) % _BALL_TURNS
            return Layer(QPoint(round(box.x1), round(box.y1)), self._balls[turn])
        goal = goal_rect(camera, thing)
        return Layer(QPoint(round(goal.x1), round(goal.y1)), self._goals[thing])

    def _draw_marker(self, painter: QPainter, camera: Camera, state: MatchState) -> None:
        controlled = state.players[state.controlled]
        self._paint_marker(painter, marker_rect(camera, controlled))
        if state.power > 0:
            x, y = camera.point(controlled.x, controlled.y)
            paint_power(painter, QPointF(x, y + 13 * self._sy), state.power, self._sx)

    def _paint_marker(self, painter: QPainter, box: PixelRect) -> None:
        tip = QPointF((box.x1 + box.x2) / 2, box.y2)
        triangle = QPolygonF([QPointF(box.x1, box.y1), QPointF(box.x2, box.y1), tip])
        painter.setPen(QPen(QColor(30, 26, 0, 220), 1.4 * self._sx))
        painter.setBrush(_MARKER)
        painter.drawPolygon(triangle)

    def _marker_layer(self, box: PixelRect) -> Layer:
        """Return the marker as a sprite; `draw` paints it between the pixels."""
        corner = QPoint(math.floor(box.x1), math.floor(box.y1))
        size = math.ceil(box.x2) - corner.x(), math.ceil(box.y2) - corner.y()
        sprite = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
        sprite.fill(Qt.GlobalColor.transparent)
        with QPainter(sprite) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(-corner.x(), -corner.y())
            self._paint_marker(painter, box)
        return Layer(corner, sprite)


def _named_rect(camera: Camera, thing: _Thing, layer: Layer) -> tuple[str, PixelRect]:
    """Return what a body is called, and its box; the ball's is where its sprite came to lie."""
    if isinstance(thing, PlayerState):
        return class_of(thing), player_rect(camera, thing)
    if isinstance(thing, BallState):
        x, y = layer.corner.x(), layer.corner.y()
        width, height = BALL_PX * camera.scale_x, BALL_PX * camera.scale_y
        return "ball", PixelRect(x, y, x + width, y + height)
    return "goal", goal_rect(camera, thing)


def _band(state: MatchState) -> str:
    """Return the colour of the band behind a banner: the scorer's after a goal."""
    if state.phase is not Phase.GOAL or not state.events:
        return "#0e1420"
    return (OURS if state.events[-1].team is Team.HOME else THEIRS)[0].shirt


def _shadow_sprite(scale_x: float, scale_y: float) -> QImage:
    width, height = 34.0, 13.0
    image = QImage(
        math.ceil(width * scale_x),
        math.ceil(height * scale_y),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        painter.scale(width * scale_x / 2, height * scale_y / 2)
        painter.translate(1.0, 1.0)
        soft = QRadialGradient(0.0, 0.0, 1.0)
        soft.setColorAt(0.0, QColor(0, 18, 0, 130))
        soft.setColorAt(0.55, QColor(0, 18, 0, 90))
        soft.setColorAt(1.0, QColor(0, 18, 0, 0))
        painter.fillRect(QRectF(-1, -1, 2, 2), soft)
    return image


def _ball_sprite(scale_x: float, scale_y: float, turn: float) -> QImage:
    image = QImage(
        math.ceil(BALL_PX * scale_x),
        math.ceil(BALL_PX * scale_y),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale_x, scale_y)
        half = BALL_PX / 2
        painter.translate(half, half)
        fill = QRadialGradient(QPointF(-2.2, -2.6), half * 1.5)
        fill.setColorAt(0.0, QColor("#ffffff"))
        fill.setColorAt(0.7, QColor("#eceef2"))
        fill.setColorAt(1.0, QColor("#a9afbb"))
        painter.setPen(QPen(QColor(24, 26, 34, 230), 1.2))
        painter.setBrush(fill)
        radius = half - 0.7
        painter.drawEllipse(QPointF(0, 0), radius, radius)
        painter.rotate(turn * 360)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#22252e"))
        painter.drawEllipse(QPointF(0, 0), 1.9, 1.9)
        for k in range(5):
            angle = k * math.tau / 5
            spot = QPointF(math.cos(angle) * 5.2, math.sin(angle) * 5.2)
            painter.drawEllipse(spot, 1.35, 1.35)
    return image
