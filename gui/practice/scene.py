"""What the coach makes of a picture: places in metres, from nothing but the boxes in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gui.practice.state import MIDDLE_Y, PITCH_WIDTH
from gui.practice.view import (
    FOOT_PX,
    LOGICAL_HEIGHT,
    LOGICAL_WIDTH,
    MARKER_GAP_PX,
    PITCH_TOP_PX,
    POST_PX,
    PX_PER_M_X,
    PX_PER_M_Y,
    VISIBLE_M,
    SeenBox,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the grass: metres from the picture's left edge and from the upper touch line."""

    x: float
    y: float

    def to(self, other: "Place") -> float:
        """Return the metres to another place."""
        return math.hypot(other.x - self.x, other.y - self.y)

    def turn_to(self, other: "Place") -> float:
        """Return the angle of the way to another place."""
        return math.atan2(other.y - self.y, other.x - self.x)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is where in one picture."""

    me: Place
    ball: Place
    mates: tuple[Place, ...]
    rivals: tuple[Place, ...]
    goal_x: float | None
    """Of the line we attack; None while that goal is out of the picture."""
    scored: bool = False
    """The ball lies in a goal."""

    def nearest_rival_ahead(self) -> Place | None:
        """Return the nearest opponent who is not behind."""
        ahead = [rival for rival in self.rivals if rival.x > self.me.x - 0.7]
        return min(ahead, key=self.me.to) if ahead else None

    def lane_is_free(self, end: Place, width_m: float) -> bool:
        """Whether no opponent stands near the straight way from me to a place."""
        dx, dy = end.x - self.me.x, end.y - self.me.y
        length = max(0.1, math.hypot(dx, dy))
        for rival in self.rivals:
            along = ((rival.x - self.me.x) * dx + (rival.y - self.me.y) * dy) / length
            aside = abs((rival.x - self.me.x) * dy - (rival.y - self.me.y) * dx) / length
            if 0.0 < along < length + 0.5 and aside < width_m:
                return False
        return True


def understand(seen: Sequence[SeenBox], size: tuple[int, int]) -> Scene | None:
    """Find the players' places in a picture; None when marker or ball is not to be seen."""
    scale_x, scale_y = size[0] / LOGICAL_WIDTH, size[1] / LOGICAL_HEIGHT
    marker = next((box for box in seen if box.class_name == "marker"), None)
    ball = next((box for box in seen if box.class_name == "ball"), None)
    ours = [box for box in seen if box.class_name == "player"]
    if marker is None or ball is None or not ours:
        return None

    def place(box: SeenBox) -> Place:
        x = (box.x1 + box.x2) / 2 / scale_x / PX_PER_M_X
        y = (box.y2 / scale_y - FOOT_PX - PITCH_TOP_PX) / PX_PER_M_Y
        return Place(x, y)

    def under_marker(box: SeenBox) -> float:
        aside = (box.x1 + box.x2 - marker.x1 - marker.x2) / 2
        return math.hypot(aside, box.y1 - marker.y2 - MARKER_GAP_PX * scale_y)

    mine = min(ours, key=under_marker)
    goal_x, scored = None, False
    for box in seen:
        if box.class_name == "goal":
            scored = scored or _inside(ball, box)
            if box.x1 > size[0] / 2:
                goal_x = (box.x1 / scale_x + POST_PX / 2) / PX_PER_M_X
    return Scene(
        me=place(mine),
        ball=place(ball),
        mates=tuple(place(box) for box in ours if box is not mine),
        rivals=tuple(place(box) for box in seen if box.class_name == "opponent"),
        goal_x=goal_x,
        scored=scored,
    )


def _inside(ball: SeenBox, goal: SeenBox) -> bool:
    return goal.x1 < ball.x1 and ball.x2 < goal.x2 and goal.y1 < ball.y1 and ball.y2 < goal.y2


def goal_mouth(scene: Scene) -> Place:
    """Return the middle of the goal we attack; a little beyond the picture while unseen."""
    return Place(VISIBLE_M + 6.0 if scene.goal_x is None else scene.goal_x, MIDDLE_Y)


def kept_on_pitch(y: float) -> float:
    """Keep a place across the pitch clear of the touch lines."""
    return min(max(y, 1.5), PITCH_WIDTH - 1.5)
