"""Goals, the ball out of play, kick-offs, restarts, the two halves."""

import math

from gui.practice.physics import BODY_M, take
from gui.practice.situation import (
    Situation,
    direction,
    distance,
    forward,
    indices,
    keeper_of,
    nearest,
    other,
    outfield,
)
from gui.practice.state import (
    CENTRE_RADIUS,
    GOAL_BOTTOM,
    GOAL_DEPTH,
    GOAL_HEIGHT,
    GOAL_TOP,
    MIDDLE_X,
    MIDDLE_Y,
    PITCH_LENGTH,
    PITCH_WIDTH,
    STEP_S,
    TEAM_SIZE,
    Action,
    GoalEvent,
    MatchState,
    Phase,
    PlayerState,
    Team,
)

KICK_OFF_S = 0.8
GOAL_S = 2.0
HALF_TIME_S = 2.0
RESTART_S = 2.5
"""A restart that lasts longer is cut short: the taker is put at the ball."""
TAKER_SHIELD_S = 0.9
POST_M = 0.13
FORMATION = ((2.0, 20.0), (14.0, 13.0), (14.0, 27.0), (24.0, 9.0), (24.0, 31.0), (30.0, 20.0))
"""Metres from the own goal line and across, keeper first, as at the opponent's kick-off."""


def new_state(difficulty: str, length_s: float) -> MatchState:
    """Return a state with everybody in place."""
    players = [
        PlayerState(
            team,
            number + 1,
            forward(team, deep),
            y,
            facing=0.0 if team is Team.HOME else math.pi,
            is_keeper=number == 0,
        )
        for team in Team
        for number, (deep, y) in enumerate(FORMATION)
    ]
    return MatchState(difficulty, length_s, players)


def set_phase(situation: Situation, phase: Phase, banner: str = "") -> None:
    """Begin a part of the match."""
    state = situation.state
    state.phase, state.phase_age_s, state.banner = phase, 0.0, banner
    state.power = 0.0


def line_up(situation: Situation, team: Team) -> None:
    """Put everybody in place for a team's kick-off."""
    state = situation.state
    for one_team in Team:
        for index, (deep, y) in zip(indices(one_team), FORMATION, strict=True):
            one = state.players[index]
            one.x, one.y = forward(one_team, deep), y
            one.vx = one.vy = one.no_touch_s = 0.0
            one.facing = 0.0 if one_team is Team.HOME else math.pi
            one.begin(Action.NONE)
    striker = indices(other(team))[-1]
    state.players[striker].x = MIDDLE_X - direction(other(team)) * (CENTRE_RADIUS + 1.0)
    taker = indices(team)[-1]
    state.players[taker].x = MIDDLE_X - direction(team) * BODY_M
    place_ball(situation, MIDDLE_X, MIDDLE_Y)
    situation.taker = taker
    state.controlled = TEAM_SIZE - 1
    state.focus_x = MIDDLE_X
    set_phase(situation, Phase.KICK_OFF)


def place_ball(situation: Situation, x: float, y: float) -> None:
    """Lay the ball down, nobody's."""
    ball = situation.state.ball
    ball.x, ball.y, ball.z = x, y, 0.0
    ball.vx = ball.vy = ball.vz = 0.0
    ball.owner = situation.receiver = None


def pass_time(situation: Situation) -> None:
    """Advance the clock and whatever waits for it: half-time, full time, the next kick-off."""
    state = situation.state
    state.step += 1
    state.phase_age_s += STEP_S
    if state.clock_s >= state.length_s - 1e-9:
        set_phase(situation, Phase.FULL_TIME, "FULL TIME")
    elif state.half == 1 and state.clock_s >= state.length_s / 2 - 1e-9:
        state.half = 2
        set_phase(situation, Phase.HALF_TIME, "HALF-TIME")
    elif state.phase is Phase.HALF_TIME:
        if state.phase_age_s >= min(HALF_TIME_S, state.length_s * 0.1):
            line_up(situation, Team.AWAY)
    elif state.phase is Phase.GOAL:
        if state.phase_age_s >= GOAL_S:
            line_up(situation, situation.next_kick_off)
    elif state.phase is Phase.KICK_OFF:
        if state.phase_age_s >= KICK_OFF_S:
            _resume(situation)
    elif state.phase is Phase.RESTART:
        _await_taker(situation)


def _resume(situation: Situation) -> None:
    assert situation.taker is not None
    set_phase(situation, Phase.PLAY)
    taker = situation.taker
    situation.taker = None
    take(situation, taker, shield_s=TAKER_SHIELD_S)


def _await_taker(situation: Situation) -> None:
    state = situation.state
    assert situation.taker is not None
    taker, ball = state.players[situation.taker], state.ball
    if state.phase_age_s >= RESTART_S:
        taker.x, taker.y = ball.x, ball.y
    if state.phase_age_s >= 0.5 and distance(taker, ball.x, ball.y) < 0.9:
        taker.facing = math.atan2(MIDDLE_Y - ball.y, MIDDLE_X - ball.x)
        _resume(situation)


def judge_ball(situation: Situation) -> None:
    """Count a goal, bounce off a post, or give the ball to who gets it when it is out."""
    ball = situation.state.ball
    if ball.x < 0.0 or ball.x > PITCH_LENGTH:
        defending = Team.HOME if ball.x < 0.0 else Team.AWAY
        in_frame = GOAL_TOP < ball.y < GOAL_BOTTOM and ball.z < GOAL_HEIGHT
        near_post = min(abs(ball.y - GOAL_TOP), abs(ball.y - GOAL_BOTTOM)) < POST_M
        if ball.owner is None and ball.z < GOAL_HEIGHT and near_post:
            ball.x = min(max(ball.x, 0.0), PITCH_LENGTH)
            ball.vx *= -0.6
            situation.receiver = None
        elif in_frame:
            _goal(situation, other(defending))
        else:
            _behind(situation, defending)
    elif ball.y < 0.0 or ball.y > PITCH_WIDTH:
        team = other(situation.team_of(ball.last_touch))
        y = 0.4 if ball.y < 0.0 else PITCH_WIDTH - 0.4
        _restart(situation, team, min(max(ball.x, 1.0), PITCH_LENGTH - 1.0), y, "")


def _goal(situation: Situation, team: Team) -> None:
    state = situation.state
    state.score[team] += 1
    state.events.append(GoalEvent(state.step, team))
    situation.next_kick_off = other(team)
    state.ball.owner = situation.receiver = None
    for index in outfield(team):
        state.players[index].begin(Action.CELEBRATE)
    set_phase(situation, Phase.GOAL, "GOAL!")


def settle_in_net(situation: Situation) -> None:
    """Keep a ball that is in a goal within its net."""
    ball = situation.state.ball
    inside = -GOAL_DEPTH + 0.4
    if ball.x < inside or ball.x > PITCH_LENGTH - inside:
        ball.x = min(max(ball.x, inside), PITCH_LENGTH - inside)
        ball.vx = ball.vy = 0.0
    if ball.x < 0.0 or ball.x > PITCH_LENGTH:
        ball.y = min(max(ball.y, GOAL_TOP + 0.3), GOAL_BOTTOM - 0.3)


def _behind(situation: Situation, defending: Team) -> None:
    """Give a goal kick, or a corner when a defender touched the ball last."""
    ball = situation.state.ball
    if situation.team_of(ball.last_touch) is defending:
        x = forward(defending, 0.6)
        y = 0.6 if ball.y < MIDDLE_Y else PITCH_WIDTH - 0.6
        _restart(situation, other(defending), x, y, "")
        return
    keeper = keeper_of(defending)
    place_ball(situation, forward(defending, 4.0), MIDDLE_Y)
    situation.taker = keeper
    set_phase(situation, Phase.RESTART)


def _restart(situation: Situation, team: Team, x: float, y: float, banner: str) -> None:
    place_ball(situation, x, y)
    situation.taker = nearest(situation, team, x, y)
    if team is Team.HOME:
        situation.state.controlled = situation.taker
    set_phase(situation, Phase.RESTART, banner)
