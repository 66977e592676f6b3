"""A scripted player who looks at the picture as a person does, and shows how to play.

He decides from the boxes of a short while ago, moves his fingers no faster than a person, and now
and then hesitates or errs for a moment, so that recordings show how to recover.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from gui.practice.scene import Place, Scene, goal_mouth, kept_on_pitch, understand
from gui.practice.state import MIDDLE_Y
from gui.practice.view import SeenBox

DELAY_S = 0.15
MOTION_S = 0.12
"""The ball's motion is judged over this time."""
LEAST_TURN_S = 0.2
"""Between two changes of direction."""
STICKY = math.radians(14)
"""A direction is kept until another is better by more than this."""
SHOT_RANGE_M = 14.0
SHOT_ASIDE_M = 9.0
CROSS_RANGE_M = 19.0
CROSS_ASIDE_M = 8.0
"""From so far aside he crosses when a team mate waits before the goal."""
CLOSE_M = 3.5
"""An opponent ahead nearer than this is a reason to pass."""
TAP_S = 0.15
"""How long a key is tapped, as people do."""
LAPSES_S = (6.0, 14.0)
"""From one lapse to the next. Who learns from him learns his lapses, too: every 3 to 8 s, they were
a tenth of all that he showed."""
MINE_M = 1.75
"""A ball nearer than this is at my feet."""
LANE_M = 2.2
SPRINT_ON_M, SPRINT_OFF_M = 3.2, 1.8
REST_S = 0.4
"""After a kick, before the next."""
ARROWS: tuple[frozenset[str], ...] = tuple(
    frozenset(chord.split())
    for chord in (
        "right",
        "down right",
        "down",
        "down left",
        "left",
        "up left",
        "up",
        "up right",
    )
)
EIGHTH = math.pi / 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What should be done now."""

    turn: float | None
    """Direction to run, radians; None to stand."""
    room_m: float = 0.0
    """Free metres ahead: many of them are a reason to sprint."""
    kick: str = ""
    """Key of a kick to begin."""
    hold_s: float = TAP_S
    """How long that key is held."""


class Coach:
    """Plays by the boxes that it is shown; equal seeds and pictures give equal keys."""

    def __init__(self, seed: int, *, delay_s: float = DELAY_S, errs: bool = True) -> None:
        """Prepare the coach.

        Args:
            seed: Of hesitations and errors.
            delay_s: How old the picture is that he acts on.
            errs: Whether there are any.
        """
        self._rng = Random(seed)
        self._delay_s = delay_s
        self._pictures: deque[tuple[float, Scene | None]] = deque()
        self._arrow: int | None = None
        self._turned_s = -1.0
        self._sprint = False
        self._kick = ""
        self._kick_end_s = -1.0
        self._lapse_end_s = 0.0
        self._lapse_shift: int | None = None
        self._next_lapse_s = self._rng.uniform(2.0, LAPSES_S[1]) if errs else math.inf

    def observe(self, at_s: float, seen: Sequence[SeenBox], size: tuple[int, int]) -> None:
        """Show a picture: its boxes, and its size (width, height).

        Args:
            at_s: When it was on the screen; rising.
            seen: What it shows.
            size: Width and height of the picture, pixels.
        """
        self._pictures.append((at_s, understand(seen, size)))
        oldest = at_s - self._delay_s - MOTION_S - 0.5
        while self._pictures[0][0] < oldest:
            self._pictures.popleft()

    def keys(self, at_s: float) -> frozenset[str]:
        """Return the keys held at a time, no earlier than the last picture."""
        scene, drift = self._recall(at_s - self._delay_s)
        if self._kick and at_s >= self._kick_end_s:
            self._kick = ""
        if scene is not None and not self._kick:
            rested = at_s - self._kick_end_s > REST_S
            running = None if self._arrow is None else self._arrow * EIGHTH
            wish = decide(scene, drift, may_kick=rested, running=running)
            self._move(at_s, wish)
            if wish.kick:
                self._kick = wish.kick
                self._kick_end_s = at_s + wish.hold_s
        held = ARROWS[self._arrow] if self._arrow is not None else frozenset()
        if self._sprint:
            held |= {"e"}
        return held | {self._kick} if self._kick else held

    def _recall(self, until_s: float) -> tuple[Scene | None, Place]:
        """Return the newest picture up to a time, and the ball's motion on it in m/s."""
        now: tuple[float, Scene] | None = None
        motion = Place(0.0, 0.0)
        for at_s, scene in reversed(self._pictures):
            if scene is None or at_s > until_s + 1e-6:
                continue
            if now is None:
                now = (at_s, scene)
            elif now[0] - at_s >= MOTION_S - 1e-6:
                span_s = now[0] - at_s
                if span_s < 0.3:
                    motion = Place(
                        (now[1].ball.x - scene.ball.x) / span_s,
                        (now[1].ball.y - scene.ball.y) / span_s,
                    )
                break
        return (now[1] if now else None), motion

    def _move(self, at_s: float, wish: Wish) -> None:
        """Turn and sprint as wished, at a person's pace and with a person's lapses."""
        if at_s >= self._next_lapse_s:
            self._lapse_end_s = at_s + 0.15 + 0.2 * self._rng.random()
            self._lapse_shift = self._rng.choice((None, -2, -1, 1, 2))
            self._next_lapse_s = at_s + self._rng.uniform(*LAPSES_S)
        arrow = self._nearest_arrow(wish.turn)
        sprint = wish.room_m > (SPRINT_OFF_M if self._sprint else SPRINT_ON_M)
        if at_s < self._lapse_end_s and not wish.kick:
            lapse = self._lapse_shift
            arrow = None if lapse is None or arrow is None else (arrow + lapse) % len(ARROWS)
        if arrow != self._arrow and (wish.kick or at_s - self._turned_s >= LEAST_TURN_S - 1e-6):
            self._arrow = arrow
            self._turned_s = at_s
            self._sprint = sprint
        elif sprint != self._sprint and at_s - self._turned_s >= LEAST_TURN_S - 1e-6:
            self._sprint = sprint
            self._turned_s = at_s

    def _nearest_arrow(self, turn: float | None) -> int | None:
        if turn is None:
            return None
        held = self._arrow
        if held is not None and abs(_between(turn, held * EIGHTH)) < EIGHTH / 2 + STICKY:
            return held
        return round(turn / EIGHTH) % len(ARROWS)


def decide(scene: Scene, drift: Place, *, may_kick: bool, running: float | None = None) -> Wish:
    """Decide what a picture calls for.

    Args:
        scene: The picture.
        drift: The ball's motion in it, m/s.
        may_kick: Whether a kick may begin now.
        running: The direction that the keys hold, radians; None while he stands.
    """
    if scene.scored:
        return Wish(None)
    if scene.me.to(scene.ball) > MINE_M:
        return _go_for_ball(scene, drift)
    goal = goal_mouth(scene)
    ahead_m, aside_m = goal.x - scene.me.x, abs(scene.me.y - goal.y)
    if scene.goal_x is not None and ahead_m < SHOT_RANGE_M and aside_m < SHOT_ASIDE_M:
        return _shot(scene, goal, may_kick=may_kick)
    rival = scene.nearest_rival_ahead()
    rival_m = scene.me.to(rival) if rival else math.inf
    if (
        may_kick
        and scene.goal_x is not None
        and ahead_m < CROSS_RANGE_M
        and aside_m > CROSS_ASIDE_M
    ):
        box = Place(goal.x - 8.0, goal.y)
        if ahead_m < SHOT_RANGE_M or any(box.to(mate) < 6.0 for mate in scene.mates):
            return Wish(scene.me.turn_to(goal), kick="a")
    if may_kick and rival_m < CLOSE_M:
        mate = _free_mate(scene)
        if mate is not None:
            kick = "w" if _has_space(scene, mate) else "s"
            return Wish(scene.me.turn_to(mate), kick=kick)
    return Wish(_around(scene, goal, running), room_m=rival_m)


def _go_for_ball(scene: Scene, drift: Place) -> Wish:
    """Run to where the ball will be."""
    away_m = scene.me.to(scene.ball)
    lead_s = min(0.7, away_m / 10.0)
    target = Place(scene.ball.x + drift.x * lead_s, kept_on_pitch(scene.ball.y + drift.y * lead_s))
    away_m = scene.me.to(target)
    return Wish(scene.me.turn_to(target) if away_m > 0.4 else None, room_m=away_m)


def _shot(scene: Scene, goal: Place, *, may_kick: bool) -> Wish:
    """Shoot at the corner away from the keeper, harder from farther."""
    keeper = min(scene.rivals, key=goal.to, default=goal)
    up = keeper.y > MIDDLE_Y if abs(keeper.y - MIDDLE_Y) > 0.15 else scene.me.y > MIDDLE_Y
    turn = -EIGHTH if up else EIGHTH
    if not may_kick:
        return Wish(turn)
    share = min(1.0, (goal.x - scene.me.x) / SHOT_RANGE_M)
    return Wish(turn, kick="d", hold_s=0.15 + 0.18 * share)


def _free_mate(scene: Scene) -> Place | None:
    """Return the free team mate farthest ahead within reach of a pass."""
    free = [
        mate
        for mate in scene.mates
        if 4.0 < scene.me.to(mate) < 18.0
        and mate.x > scene.me.x - 2.0
        and scene.lane_is_free(mate, LANE_M)
        and min(map(mate.to, scene.rivals), default=9.0) > 3.0
    ]
    return max(free, key=lambda mate: mate.x - 0.3 * scene.me.to(mate)) if free else None


def _has_space(scene: Scene, mate: Place) -> bool:
    """Whether a team mate could run on to a ball played ahead of him."""
    return mate.x > scene.me.x + 3.0 and not any(
        0.0 < rival.x - mate.x < 8.0 and abs(rival.y - mate.y) < 4.0 for rival in scene.rivals
    )


def _around(scene: Scene, goal: Place, running: float | None) -> float:
    """Return the direction towards goal in which no opponent is soon met.

    A way once chosen is kept unless another is clearly better: who dithers loses the ball.
    """
    to_goal = scene.me.turn_to(goal)
    near = [rival for rival in scene.rivals if scene.me.to(rival) < 7.0]
    best, best_cost = to_goal, math.inf
    for share in (0, 1, -1, 2, -2, 3, -3):
        turn = to_goal + share * EIGHTH * 0.6
        cost = 0.8 * abs(share) + (
            0.0 if running is None else abs(_between(turn, running)) / EIGHTH
        )
        for reach_m in (1.5, 3.5):
            y = scene.me.y + math.sin(turn) * reach_m
            soon = Place(scene.me.x + math.cos(turn) * reach_m, y)
            cost += sum(max(0.0, 3.0 - soon.to(rival)) for rival in near)
            cost += max(0.0, 1.5 - y, y - 2 * MIDDLE_Y + 1.5)
        if cost < best_cost - 1e-9:
            best, best_cost = turn, cost
    return best


def _between(turn: float, other: float) -> float:
    return (turn - other + math.pi) % (2 * math.pi) - math.pi
