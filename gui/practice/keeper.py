"""The two keepers: they close the angle, dive at shots and hand the ball out."""

import math

from gui.practice.kicks import best_mate, lane_is_free, pass_to
from gui.practice.situation import (
    Situation,
    direction,
    distance,
    forward,
    keeper_of,
    other,
    outfield,
)
from gui.practice.state import (
    AREA_DEPTH,
    AREA_WIDTH,
    GOAL_WIDTH,
    MIDDLE_Y,
    Action,
    Team,
)

HOLD_S = 0.8
"""A keeper hands the ball out after this long, to a free man, or after twice as long to anyone."""


def keep_goal(situation: Situation, team: Team) -> None:
    """Order a team's keeper to where he should be."""
    state, skill = situation.state, situation.skills[team]
    index = keeper_of(team)
    ball, keeper, order = state.ball, state.players[index], situation.orders[index]
    if ball.owner == index:
        order.x, order.y, order.speed = keeper.x, keeper.y, 0.0
        return
    out = direction(team)
    crossing = _crossing_y(situation, team)
    if crossing is not None:
        if situation.shot_age_s >= skill.keeper_reaction_s:
            order.x, order.y = forward(team, min(1.2, forward(team, keeper.x))), crossing
            order.speed = skill.keeper_speed * 1.3
            if abs(crossing - keeper.y) > 1.1 and keeper.action is Action.NONE:
                keeper.begin(Action.DIVE)
        return
    deep = forward(team, ball.x)
    loose = ball.owner is None and situation.receiver is None
    if loose and deep < AREA_DEPTH and abs(ball.y - MIDDLE_Y) < AREA_WIDTH / 2:
        rivals = outfield(other(team))
        nearest_m = min(distance(state.players[rival], ball.x, ball.y) for rival in rivals)
        if distance(keeper, ball.x, ball.y) < nearest_m + 1.0:
            order.x, order.y, order.speed = ball.x, ball.y, skill.keeper_speed
            return
    off = 0.9 + 1.8 * max(0.0, min(1.0, (24.0 - deep) / 14.0))
    angle = math.atan2(ball.y - MIDDLE_Y, max(1.0, deep))
    half = GOAL_WIDTH / 2 - 0.6
    order.x = forward(team, 0.0) + out * off
    order.y = MIDDLE_Y + min(max(math.sin(angle) * (off + 1.6), -half), half)
    order.speed = skill.keeper_speed * 0.8


def _crossing_y(situation: Situation, team: Team) -> float | None:
    """Return where a fast ball will cross a team's goal line near the goal; None if it won't."""
    ball = situation.state.ball
    towards = -ball.vx * direction(team)
    if ball.owner is not None or towards < 8.0:
        return None
    keeper = situation.state.players[keeper_of(team)]
    time_s = max(0.0, (forward(team, ball.x) - forward(team, keeper.x)) / towards)
    if time_s > 1.3:
        return None
    y = ball.y + ball.vy * time_s
    return y if abs(y - MIDDLE_Y) < GOAL_WIDTH / 2 + 1.0 else None


def hand_out(situation: Situation, index: int) -> None:
    """Pass the ball from a keeper's hands to a team mate."""
    if situation.possession_s < HOLD_S:
        return
    team = situation.team_of(index)
    players = situation.state.players
    free = [
        mate
        for mate in outfield(team)
        if distance(players[mate], players[index].x, players[index].y) < 32.0
        and lane_is_free(situation, index, players[mate].x, players[mate].y)
    ]
    if free:
        mate: int | None = max(free, key=lambda one: _space(situation, one))
    elif situation.possession_s < 2 * HOLD_S:
        return
    else:
        mate = best_mate(situation, index, towards=(direction(team), 0.0), farthest_m=60.0)
    if mate is not None:
        pass_to(situation, index, mate, error=0.03)


def _space(situation: Situation, index: int) -> float:
    players = situation.state.players
    team = situation.team_of(index)
    rivals = outfield(other(team))
    one = players[index]
    room = min(distance(players[rival], one.x, one.y) for rival in rivals)
    return min(room, 8.0) + 0.1 * forward(team, one.x)
