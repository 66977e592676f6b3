"""What the keys do: they run, shoot, pass and choose the home player whom they move."""

import math
from dataclasses import dataclass, field

from gui.practice.difficulty import (
    PASS_ERROR,
    RUN_SPEED,
    SHOT_ERROR_M,
    SPRINT_SPEED,
    WITH_BALL,
)
from gui.practice.kicks import best_mate, cross, cross_target, pass_to, shoot, through_to
from gui.practice.physics import run
from gui.practice.situation import Situation, distance, meeting_point, nearest
from gui.practice.state import PITCH_LENGTH, STEP_S, TEAM_SIZE, Action, Phase, Team
from gui.practice.view import VISIBLE_M

SHOOT, PASS, THROUGH, CROSS, SPRINT = "d", "s", "w", "a", "e"
FULL_POWER_S = 0.55
"""A shot charged for this long leaves by itself."""
SWITCH_GAIN_M = 2.0
"""Another player must be so much nearer to the ball to be chosen,"""
SWITCH_AFTER_S = 0.25
"""for so long,"""
SWITCH_PAUSE_S = 0.6
"""and so long after the last switch."""


@dataclass(slots=True)
class Keys:
    """What is remembered of the keys between steps."""

    before: frozenset[str] = field(default_factory=frozenset)
    charging: bool = False
    better_s: float = 0.0
    since_switch_s: float = 9.0
    since_kick_s: float = 9.0


def held_direction(held: frozenset[str]) -> tuple[float, float]:
    """Return the unit vector of the arrows held; zero when none or opposite ones are."""
    x = ("right" in held) - ("left" in held)
    y = ("down" in held) - ("up" in held)
    share = math.sqrt(0.5) if x and y else 1.0
    return x * share, y * share


def steer(situation: Situation, keys: Keys, held: frozenset[str]) -> None:
    """Run the controlled player for one step, and kick, tackle or switch as the keys say."""
    state = situation.state
    pressed = held - keys.before
    keys.since_kick_s += STEP_S
    if state.ball.owner == state.controlled:
        _with_ball(situation, keys, held, pressed)
    else:
        _without_ball(situation, keys, held, pressed)
    keys.before = held
    _run(situation, held)


def _run(situation: Situation, held: frozenset[str]) -> None:
    state = situation.state
    one = state.players[state.controlled]
    x, y = held_direction(held)
    speed = SPRINT_SPEED if SPRINT in held else RUN_SPEED
    if state.ball.owner == state.controlled:
        speed *= WITH_BALL
    if x == 0.0 and y == 0.0 and situation.receiver == state.controlled:
        # Nobody steers: the one for whom the pass is meant goes to meet it.
        to_x, to_y = meeting_point(situation, one, RUN_SPEED)
        away_m = max(0.1, distance(one, to_x, to_y))
        x, y = (to_x - one.x) / away_m, (to_y - one.y) / away_m
        speed = min(RUN_SPEED, away_m * 5.0)
    if one.action is Action.TACKLE:
        x, y, speed = math.cos(one.facing), math.sin(one.facing), SPRINT_SPEED
    elif one.action is Action.FALL:
        speed = 0.0
    run(one, x * speed, y * speed)


def _with_ball(
    situation: Situation, keys: Keys, held: frozenset[str], pressed: frozenset[str]
) -> None:
    state = situation.state
    index = state.controlled
    if keys.charging:
        state.power = min(1.0, state.power + STEP_S / FULL_POWER_S)
        if SHOOT not in held or state.power >= 1.0:
            corner = held_direction(held)[1]
            corner = 0.0 if corner == 0.0 else math.copysign(1.0, corner)
            shoot(situation, index, corner=corner, power=state.power, error_m=SHOT_ERROR_M)
            _kicked(situation, keys)
        return
    if SHOOT in pressed:
        keys.charging, state.power = True, STEP_S / FULL_POWER_S
        return
    kick = pressed & {PASS, THROUGH, CROSS}
    if kick and situation.possession_s > 0.05:
        _pass(situation, keys, min(kick), held)


def _pass(situation: Situation, keys: Keys, key: str, held: frozenset[str]) -> None:
    state = situation.state
    index = state.controlled
    x, y = held_direction(held)
    if x == 0.0 and y == 0.0:
        facing = state.players[index].facing
        x, y = math.cos(facing), math.sin(facing)
    mate: int | None
    if key == CROSS:
        mate = cross_target(situation, index)
    else:
        mate = best_mate(situation, index, towards=(x, y), forward_only=key == THROUGH)
    if mate is None:  # nobody is ahead or in reach: the ball goes to anybody
        mate = best_mate(situation, index, towards=(x, y), farthest_m=PITCH_LENGTH)
    if mate is None:
        return
    kick = {PASS: pass_to, THROUGH: through_to, CROSS: cross}[key]
    kick(situation, index, mate, error=PASS_ERROR)
    _kicked(situation, keys)


def _kicked(situation: Situation, keys: Keys) -> None:
    keys.charging = False
    keys.since_kick_s = 0.0
    situation.state.power = 0.0


def _without_ball(
    situation: Situation, keys: Keys, held: frozenset[str], pressed: frozenset[str]
) -> None:
    state = situation.state
    keys.charging, state.power = False, 0.0
    if keys.since_kick_s < 0.4 or state.phase is not Phase.PLAY:
        return
    one = state.players[state.controlled]
    owner = state.ball.owner
    if pressed & {PASS, CROSS}:
        ball = state.ball
        mate = nearest(situation, Team.HOME, ball.x, ball.y, skip=state.controlled)
        choose(situation, keys, mate)
    elif (
        SHOOT in pressed and owner is not None and owner >= TEAM_SIZE and one.action is Action.NONE
    ):
        one.begin(Action.TACKLE)


def choose(situation: Situation, keys: Keys, index: int) -> None:
    """Hand the keys to another home player."""
    if index != situation.state.controlled:
        situation.state.controlled = index
        keys.better_s = keys.since_switch_s = 0.0


def switch(situation: Situation, keys: Keys) -> None:
    """Hand the keys to the one with the ball, or to the one who is clearly nearer to it."""
    state = situation.state
    ball, players = state.ball, state.players
    keys.since_switch_s += STEP_S
    if ball.owner is not None and 0 < ball.owner < TEAM_SIZE:
        choose(situation, keys, ball.owner)
        return
    if situation.receiver is not None and situation.receiver < TEAM_SIZE:
        choose(situation, keys, situation.receiver)
        return
    x, y = ball.x + ball.vx * 0.35, ball.y + ball.vy * 0.35
    best = nearest(situation, Team.HOME, x, y)
    current = players[state.controlled]
    if abs(current.x - state.focus_x) > VISIBLE_M / 2 - 1.5:
        choose(situation, keys, best)
    elif distance(players[best], x, y) + SWITCH_GAIN_M < distance(current, x, y):
        keys.better_s += STEP_S
        if keys.better_s > SWITCH_AFTER_S and keys.since_switch_s > SWITCH_PAUSE_S:
            choose(situation, keys, best)
    else:
        keys.better_s = 0.0
