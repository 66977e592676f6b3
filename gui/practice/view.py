"""From pitch metres to picture pixels, and the boxes of what is drawn.

The picture is thought of as 1280 x 720 and scaled to any size. It is seen from the side without
perspective: x to the right, y downwards and compressed, height straight up. Drawing uses the same
functions, so that the boxes are those of the drawn figures.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gui.practice.state import (
    GOAL_BOTTOM,
    GOAL_DEPTH,
    GOAL_HEIGHT,
    GOAL_TOP,
    PITCH_LENGTH,
    PITCH_WIDTH,
    Action,
    BallState,
    MatchState,
    PlayerState,
    Team,
)

LOGICAL_WIDTH = 1280.0
LOGICAL_HEIGHT = 720.0
PX_PER_M_X = 26.0
PX_PER_M_Y = 14.5
PX_PER_M_Z = 23.0
PITCH_TOP_PX = 106.0
"""Where y = 0 lies; above it are boards and stand, with the score board in the topmost 40."""
PITCH_BOTTOM_PX = PITCH_TOP_PX + PITCH_WIDTH * PX_PER_M_Y
BEYOND_GOAL_LINE = 3.5
"""Metres seen behind a goal line when the camera stands at the end of its rail."""
VISIBLE_M = LOGICAL_WIDTH / PX_PER_M_X

PLAYER_WIDTH_PX = 22.0
PLAYER_HEIGHT_PX = 46.0
FOOT_PX = 3.0
"""How far the drawn feet reach below the player's place on the grass."""
LYING_WIDTH_PX = 46.0
LYING_HEIGHT_PX = 26.0
LYING = frozenset({Action.TACKLE, Action.DIVE, Action.FALL})
BALL_PX = 15.0
POST_PX = 4.0
MARKER_WIDTH_PX = 20.0
MARKER_HEIGHT_PX = 14.0
MARKER_GAP_PX = 6.0
LEAST_VISIBLE = 0.4
"""Of what the picture's edge cuts off, or other things cover, at least this share must be left to
count as seen."""


class PixelRect(NamedTuple):
    """A rectangle in picture pixels, edges as floats."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class SeenBox:
    """The box of something drawn, in picture pixels."""

    class_name: str
    x1: float
    y1: float
    x2: float
    y2: float
    visible: float = 1.0
    """Share of it inside the picture that nothing else covers, where that has been measured."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Maps the pitch to a picture of a given size."""

    focus_x: float
    """Where along the pitch the picture's middle is, already kept within the rail."""
    width_px: float = LOGICAL_WIDTH
    height_px: float = LOGICAL_HEIGHT

    @classmethod
    def of(cls, state: MatchState, size: tuple[int, int]) -> "Camera":
        """Return the camera of a moment for a picture of `size` (width, height)."""
        return cls(kept_on_rail(state.focus_x), float(size[0]), float(size[1]))

    @property
    def scale_x(self) -> float:
        """Picture pixels per logical pixel along the width."""
        return self.width_px / LOGICAL_WIDTH

    @property
    def scale_y(self) -> float:
        """Picture pixels per logical pixel along the height."""
        return self.height_px / LOGICAL_HEIGHT

    @property
    def left_m(self) -> float:
        """Pitch x at the picture's left edge."""
        return self.focus_x - VISIBLE_M / 2

    def point(self, x: float, y: float, z: float = 0.0) -> tuple[float, float]:
        """Map a place on the pitch to picture pixels."""
        return (
            (x - self.left_m) * PX_PER_M_X * self.scale_x,
            (PITCH_TOP_PX + y * PX_PER_M_Y - z * PX_PER_M_Z) * self.scale_y,
        )

    def rect(
        self, x: float, y: float, z: float, *, left: float, top: float, right: float, bottom: float
    ) -> PixelRect:
        """Return the rectangle that reaches so many logical pixels from a place."""
        px, py = self.point(x, y, z)
        return PixelRect(
            px - left * self.scale_x,
            py - top * self.scale_y,
            px + right * self.scale_x,
            py + bottom * self.scale_y,
        )


def kept_on_rail(focus_x: float) -> float:
    """Keep the camera's focus where the picture shows at most `BEYOND_GOAL_LINE` too much."""
    least = VISIBLE_M / 2 - BEYOND_GOAL_LINE
    return min(max(focus_x, least), PITCH_LENGTH - least)


def is_lying(player: PlayerState) -> bool:
    """Whether the player is drawn stretched out on the grass."""
    return player.action in LYING


def player_rect(camera: Camera, player: PlayerState) -> PixelRect:
    """Return the rectangle around the drawn player."""
    lying = is_lying(player)
    width = LYING_WIDTH_PX if lying else PLAYER_WIDTH_PX
    height = LYING_HEIGHT_PX if lying else PLAYER_HEIGHT_PX
    return camera.rect(
        player.x,
        player.y,
        0.0,
        left=width / 2,
        top=height - FOOT_PX,
        right=width / 2,
        bottom=FOOT_PX,
    )


def ball_rect(camera: Camera, ball: BallState) -> PixelRect:
    """Return the rectangle around the drawn ball."""
    half = BALL_PX / 2
    return camera.rect(
        ball.x, ball.y, ball.z, left=half, top=BALL_PX - FOOT_PX, right=half, bottom=FOOT_PX
    )


def goal_rect(camera: Camera, team: Team) -> PixelRect:
    """Return the rectangle around the goal that a team defends: posts, bar and net."""
    inner_x = 0.0 if team is Team.HOME else PITCH_LENGTH
    outer_x = -GOAL_DEPTH if team is Team.HOME else PITCH_LENGTH + GOAL_DEPTH
    half = POST_PX / 2
    left, top = camera.point(min(inner_x, outer_x), GOAL_TOP, GOAL_HEIGHT)
    right, bottom = camera.point(max(inner_x, outer_x), GOAL_BOTTOM)
    return PixelRect(
        left - half * camera.scale_x,
        top - half * camera.scale_y,
        right + half * camera.scale_x,
        bottom + half * camera.scale_y,
    )


def marker_rect(camera: Camera, player: PlayerState) -> PixelRect:
    """Return the rectangle around the triangle that hovers over a player; it points down."""
    bottom = PLAYER_HEIGHT_PX - FOOT_PX + MARKER_GAP_PX
    return camera.rect(
        player.x,
        player.y,
        0.0,
        left=MARKER_WIDTH_PX / 2,
        top=bottom + MARKER_HEIGHT_PX,
        right=MARKER_WIDTH_PX / 2,
        bottom=-bottom,
    )


def visible_objects(state: MatchState, size: tuple[int, int]) -> list[SeenBox]:
    """Return the boxes inside a picture of `size` (width, height), cut at its edges.

    They come from the geometry alone: what hides behind something else is among them.
    """
    camera = Camera.of(state, size)
    named = [("goal", goal_rect(camera, team)) for team in Team]
    named += [(class_of(player), player_rect(camera, player)) for player in state.players]
    named.append(("ball", ball_rect(camera, state.ball)))
    named.append(("marker", marker_rect(camera, state.players[state.controlled])))
    boxes = [SeenBox(class_name, *rect) for class_name, rect in named]
    return cut(boxes, PixelRect(0.0, 0.0, camera.width_px, camera.height_px))


def class_of(player: PlayerState) -> str:
    """Name the class of object that a player is."""
    return "player" if player.team is Team.HOME else "opponent"


def cut(boxes: Iterable[SeenBox], frame: PixelRect) -> list[SeenBox]:
    """Cut boxes at a frame's edges, in its pixels; drop those of which too little is left."""
    kept = []
    for box in boxes:
        x1, y1 = max(box.x1, frame.x1), max(box.y1, frame.y1)
        x2, y2 = min(box.x2, frame.x2), min(box.y2, frame.y2)
        area = (box.x2 - box.x1) * (box.y2 - box.y1)
        if x2 > x1 and y2 > y1 and (x2 - x1) * (y2 - y1) >= LEAST_VISIBLE * area:
            corners = x1 - frame.x1, y1 - frame.y1, x2 - frame.x1, y2 - frame.y1
            kept.append(SeenBox(box.class_name, *corners, box.visible))
    return kept
