"""Shots, passes, through balls and crosses: who gets the ball and how it leaves the foot."""

import math

from gui.practice.physics import GRAVITY
from gui.practice.situation import (
    Situation,
    direction,
    distance,
    forward,
    indices,
    nearest,
    other,
    outfield,
    pressure,
)
from gui.practice.state import (
    GOAL_WIDTH,
    MIDDLE_Y,
    PITCH_LENGTH,
    PITCH_WIDTH,
    Action,
    Team,
)

CORNER = GOAL_WIDTH / 2 - 0.65
"""Where, off the goal's middle, a shot at a corner is aimed."""
LANE_M = 1.5
"""An opponent nearer than this to a pass's line blocks it."""


def strike(
    situation: Situation, index: int, *, vx: float, vy: float, vz: float, receiver: int | None
) -> None:
    """Send the ball off a player's foot."""
    state = situation.state
    player, ball = state.players[index], state.ball
    ball.vx, ball.vy, ball.vz = vx, vy, vz
    ball.owner, ball.last_touch = None, index
    player.no_touch_s = 0.35
    player.facing = math.atan2(vy, vx)
    player.begin(Action.KICK)
    situation.receiver, situation.receiver_s = receiver, 0.0


def shoot(situation: Situation, index: int, *, corner: float, power: float, error_m: float) -> None:
    """Shoot at goal.

    Args:
        situation: The match.
        index: Who shoots.
        corner: -1 for the upper corner in the picture, 1 for the lower, 0 for the middle.
        power: 0 to 1; a harder shot is higher and less exact.
        error_m: Standard deviation on the goal line, from 10 m.
    """
    ball = situation.state.ball
    team = situation.team_of(index)
    goal_x = PITCH_LENGTH if team is Team.HOME else 0.0
    reach = max(1.0, abs(goal_x - ball.x))
    away_m = math.hypot(reach, ball.y - MIDDLE_Y)
    spread = error_m * (0.3 + 0.7 * (away_m / 10.0) ** 1.6) * (0.8 + 0.5 * power)
    aim_y = MIDDLE_Y + corner * CORNER + situation.rng.gauss(0.0, spread)
    dx, dy = goal_x - ball.x, aim_y - ball.y
    length = math.hypot(dx, dy)
    speed = 14.0 + 14.0 * power
    lift = max(0.3, 1.0 + 4.5 * power + situation.rng.gauss(0.0, 0.5))
    situation.shot_age_s = 0.0
    strike(
        situation,
        index,
        vx=dx / length * speed,
        vy=dy / length * speed,
        vz=lift,
        receiver=None,
    )


def ground_pass(
    situation: Situation, index: int, *, x: float, y: float, receiver: int, error: float
) -> None:
    """Roll the ball to a place, so that it arrives there at an easy pace."""
    ball = situation.state.ball
    dx, dy = x - ball.x, y - ball.y
    length = max(0.5, math.hypot(dx, dy))
    turn = math.atan2(dy, dx) + situation.rng.gauss(0.0, error)
    speed = min(21.0, 8.0 + 0.6 * length)
    strike(
        situation,
        index,
        vx=math.cos(turn) * speed,
        vy=math.sin(turn) * speed,
        vz=0.0,
        receiver=receiver,
    )


def pass_to(situation: Situation, index: int, receiver: int, *, error: float) -> None:
    """Pass to a team mate's feet."""
    mate = situation.state.players[receiver]
    ahead = 0.025 * distance(mate, situation.state.ball.x, situation.state.ball.y)
    ground_pass(
        situation,
        index,
        x=mate.x + mate.vx * ahead,
        y=mate.y + mate.vy * ahead,
        receiver=receiver,
        error=error,
    )


def through_to(situation: Situation, index: int, receiver: int, *, error: float) -> None:
    """Play the ball into the space ahead of a team mate."""
    team = situation.team_of(index)
    mate = situation.state.players[receiver]
    deep = min(forward(team, mate.x) + 5.0, PITCH_LENGTH - 5.0)
    y = mate.y + (MIDDLE_Y - mate.y) * 0.2
    ground_pass(situation, index, x=forward(team, deep), y=y, receiver=receiver, error=error)


def cross(situation: Situation, index: int, receiver: int, *, error: float) -> None:
    """Lift the ball over the defenders to a team mate."""
    ball = situation.state.ball
    mate = situation.state.players[receiver]
    dx, dy = mate.x + mate.vx * 0.4 - ball.x, mate.y + mate.vy * 0.4 - ball.y
    flight_s = min(1.4, max(0.85, math.hypot(dx, dy) / 16.0))
    turn = situation.rng.gauss(0.0, error)
    cos, sin = math.cos(turn), math.sin(turn)
    strike(
        situation,
        index,
        vx=(dx * cos - dy * sin) / flight_s,
        vy=(dx * sin + dy * cos) / flight_s,
        vz=GRAVITY * flight_s / 2,
        receiver=receiver,
    )


def lane_is_free(situation: Situation, index: int, x: float, y: float) -> bool:
    """Whether no opponent stands near the line from the ball to a place."""
    state = situation.state
    bx, by = state.ball.x, state.ball.y
    dx, dy = x - bx, y - by
    length_sq = max(0.01, dx * dx + dy * dy)
    for rival in indices(other(situation.team_of(index))):
        one = state.players[rival]
        along = ((one.x - bx) * dx + (one.y - by) * dy) / length_sq
        if 0.05 < along < 1.05:
            off = abs((one.x - bx) * dy - (one.y - by) * dx) / math.sqrt(length_sq)
            if off < LANE_M:
                return False
    return True


def best_mate(
    situation: Situation,
    index: int,
    *,
    towards: tuple[float, float],
    farthest_m: float = 24.0,
    forward_only: bool = False,
) -> int | None:
    """Return the team mate to pass to, judged by direction, distance and a free lane.

    Args:
        situation: The match.
        index: Who passes.
        towards: Wanted direction, a unit vector.
        farthest_m: Nobody beyond this is chosen.
        forward_only: Only mates nearer to the goal.
    """
    team = situation.team_of(index)
    players = situation.state.players
    one = players[index]
    best, best_score = None, -1e9
    for mate_index in outfield(team):
        if mate_index == index:
            continue
        mate = players[mate_index]
        dx, dy = mate.x - one.x, mate.y - one.y
        length = math.hypot(dx, dy)
        ahead = dx * direction(team)
        if not 3.0 < length < farthest_m or (forward_only and ahead < -1.0):
            continue
        cos = (dx * towards[0] + dy * towards[1]) / length
        score = 3.0 * cos - 0.05 * length + 0.03 * ahead
        score -= 0.0 if lane_is_free(situation, index, mate.x, mate.y) else 1.5
        score += 0.3 * min(4.0, pressure(situation, mate_index))
        if score > best_score:
            best, best_score = mate_index, score
    return best


def cross_target(situation: Situation, index: int) -> int:
    """Return the team mate nearest to the place in front of goal where crosses go."""
    team = situation.team_of(index)
    x = forward(team, PITCH_LENGTH - 7.0)
    above = situation.state.players[index].y < MIDDLE_Y
    y = MIDDLE_Y + (PITCH_WIDTH * 0.05 if above else -PITCH_WIDTH * 0.05)
    return nearest(situation, team, x, y, skip=index)
