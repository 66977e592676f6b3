"""The built-in players: where they run, and what the one with the ball does."""

import math

from gui.practice.difficulty import WITH_BALL
from gui.practice.keeper import hand_out, keep_goal
from gui.practice.kicks import best_mate, pass_to, shoot
from gui.practice.situation import (
    Order,
    Situation,
    direction,
    distance,
    forward,
    indices,
    keeper_of,
    meeting_point,
    nearest,
    other,
    outfield,
    pressure,
    shooting_distance,
)
from gui.practice.state import (
    MIDDLE_Y,
    PITCH_LENGTH,
    STEP_S,
    PlayerState,
    Team,
)

PLAN_STEPS = 8
"""A team plans anew every so many steps; the two teams in turn."""


def plan(situation: Situation) -> None:
    """Renew one team's orders when its turn has come, and let the ball's owner decide."""
    turn = situation.state.step % PLAN_STEPS
    if turn == 0:
        _plan_team(situation, Team.HOME)
    elif turn == PLAN_STEPS // 2:
        _plan_team(situation, Team.AWAY)
    owner = situation.state.ball.owner
    if owner is None:
        return
    if situation.state.players[owner].is_keeper:
        hand_out(situation, owner)
    elif owner != situation.state.controlled:
        _carry(situation, owner)


def _plan_team(situation: Situation, team: Team) -> None:
    keep_goal(situation, team)
    attacking = situation.attacking()
    if attacking is team:
        _support(situation, team)
    else:
        _defend(situation, team, pressing=attacking is not None)


def _set(situation: Situation, index: int, x: float, y: float, speed: float) -> None:
    order = situation.orders[index]
    order.x = min(max(x, 0.5), PITCH_LENGTH - 0.5)
    order.y = min(max(y, 0.5), 2 * MIDDLE_Y - 0.5)
    order.speed = speed


def _support(situation: Situation, team: Team) -> None:
    """Run into places where a pass can reach: behind, wide on both sides, and ahead."""
    state, skill = situation.state, situation.skills[team]
    ball, step = state.ball, state.step
    deep = forward(team, ball.x)
    sway = math.sin(step / 75.0)
    spots = [
        (max(8.0, deep - 15.0), 12.0 + 2.0 * sway),
        (max(8.0, deep - 11.0), 28.0 + 2.0 * sway),
        (min(deep + 5.0 + 2.0 * sway, 53.0), 8.0 + 3.0 * sway + max(0.0, deep - 44.0) * 0.35),
        (min(deep + 6.0 - 2.0 * sway, 53.0), 32.0 + 3.0 * sway - max(0.0, deep - 44.0) * 0.35),
        (min(deep + 12.0 + sway, 57.5), 20.0 + 5.0 * math.sin(step / 50.0)),
    ]
    for index, (spot, y) in zip(outfield(team), spots, strict=True):
        if index == situation.receiver:
            x, y = meeting_point(situation, state.players[index], skill.sprint_speed)
            _set(situation, index, x, y, skill.sprint_speed)
        elif index != ball.owner:
            _set(situation, index, forward(team, spot), y, skill.run_speed)


def _defend(situation: Situation, team: Team, *, pressing: bool) -> None:
    """Send one to the ball and a second near it; the others stand between ball and goal."""
    state, skill = situation.state, situation.skills[team]
    ball, players = state.ball, state.players
    chaser = _chaser(situation, team)
    second = nearest(situation, team, ball.x, ball.y, skip=chaser)
    deep = forward(team, ball.x)
    line = max(6.0, min(deep - 9.0, 34.0))
    spots = [
        (line, 15.0 + (ball.y - MIDDLE_Y) * 0.35),
        (line, 25.0 + (ball.y - MIDDLE_Y) * 0.35),
        (max(12.0, min(deep - 3.0, 44.0)), 10.0 + (ball.y - MIDDLE_Y) * 0.3),
        (max(12.0, min(deep - 3.0, 44.0)), 30.0 + (ball.y - MIDDLE_Y) * 0.3),
        (max(20.0, min(deep + 6.0, 46.0)), 20.0 + (ball.y - MIDDLE_Y) * 0.4),
    ]
    held = ball.owner is not None and players[ball.owner].is_keeper
    for index, (spot, y) in zip(outfield(team), spots, strict=True):
        if index == chaser and not held:
            x, y = meeting_point(situation, players[index], skill.sprint_speed)
            x = ball.x + (x - ball.x) * skill.anticipation
            y = ball.y + (y - ball.y) * skill.anticipation
            _set(situation, index, x, y, skill.sprint_speed)
        elif index == second and pressing and not held:
            x, y = goal_side(team, ball.x, ball.y, skill.pressing_m)
            _set(situation, index, x, y, skill.run_speed)
        else:
            _set(situation, index, forward(team, spot), y, skill.run_speed)


def goal_side(team: Team, x: float, y: float, metres: float) -> tuple[float, float]:
    """Return the place so many metres from another on the way to the team's own goal."""
    dx, dy = forward(team, 0.0) - x, MIDDLE_Y - y
    length = max(1.0, math.hypot(dx, dy))
    share = min(1.0, metres / length)
    return x + dx * share, y + dy * share


def _chaser(situation: Situation, team: Team) -> int:
    ball = situation.state.ball
    players = situation.state.players
    ahead_x, ahead_y = ball.x + ball.vx * 0.3, ball.y + ball.vy * 0.3
    best = nearest(situation, team, ahead_x, ahead_y)
    # Who stands between the ball and his goal has the shorter way, even from a little farther.
    for index in outfield(team):
        one = players[index]
        behind = forward(team, one.x) < forward(team, ball.x)
        gain = 1.5 if behind else 0.0
        if distance(one, ahead_x, ahead_y) - gain < distance(players[best], ahead_x, ahead_y) - 1.5:
            best = index
    return best


def _carry(situation: Situation, index: int) -> None:
    """Dribble, pass or shoot, as the one who has the ball."""
    state, team = situation.state, situation.team_of(index)
    skill, one = situation.skills[team], state.players[index]
    situation.think_s -= STEP_S
    if situation.think_s <= 0.0:
        situation.think_s = skill.think_s * (0.7 + 0.6 * situation.rng.random())
        if _decide(situation, index):
            return
        rival = _rival_ahead(situation, index)
        heading = _heading(team, one, rival)
        free = pressure(situation, index) > 3.0
        speed = (skill.sprint_speed if free else skill.run_speed) * WITH_BALL
        x, y = one.x + heading[0] * 8.0, one.y + heading[1] * 8.0
        _set(situation, index, x, y, speed)


def _decide(situation: Situation, index: int) -> bool:
    """Shoot or pass when it is the moment; say whether the ball has left."""
    state, team = situation.state, situation.team_of(index)
    skill, one, rng = situation.skills[team], state.players[index], situation.rng
    away_m = shooting_distance(team, one.x, one.y)
    if away_m < skill.shot_range_m and (
        rng.random() < skill.shot_eagerness or away_m < skill.shot_range_m * 0.55
    ):
        keeper = state.players[keeper_of(other(team))]
        corner = 1.0 if keeper.y < MIDDLE_Y else -1.0
        corner *= 1.0 if rng.random() < 0.7 else -1.0
        power = min(1.0, 0.25 + away_m / 28.0)
        shoot(situation, index, corner=corner, power=power, error_m=skill.shot_error_m)
        return True
    if pressure(situation, index) < skill.pass_pressure_m and rng.random() < skill.pass_sense:
        mate = best_mate(situation, index, towards=(direction(team), 0.0))
        if mate is not None:
            pass_to(situation, index, mate, error=skill.pass_error)
            return True
    return False


def _rival_ahead(situation: Situation, index: int) -> PlayerState | None:
    """Return the nearest opponent in the way to goal, within a few metres."""
    team = situation.team_of(index)
    one = situation.state.players[index]
    found, found_m = None, 5.0
    for rival_index in indices(other(team)):
        rival = situation.state.players[rival_index]
        away_m = distance(rival, one.x, one.y)
        if away_m < found_m and (rival.x - one.x) * direction(team) > -0.5:
            found, found_m = rival, away_m
    return found


def _heading(team: Team, one: PlayerState, rival: PlayerState | None) -> tuple[float, float]:
    """Return the direction to goal, bent around an opponent who stands there."""
    dx, dy = forward(team, PITCH_LENGTH) - one.x, MIDDLE_Y - one.y
    turn = math.atan2(dy, dx)
    if rival is not None:
        to_rival = math.atan2(rival.y - one.y, rival.x - one.x)
        off = (to_rival - turn + math.pi) % (2 * math.pi) - math.pi
        if abs(off) < 1.2:
            turn += -0.9 if off > 0.0 else 0.9
    return math.cos(turn), math.sin(turn)


def start_orders(situation: Situation) -> None:
    """Order every player to where he stands."""
    situation.orders = [Order(one.x, one.y, 0.0) for one in situation.state.players]
