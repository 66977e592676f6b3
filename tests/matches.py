"""Matches put where a test wants them."""

from gui.practice.match import Match
from gui.practice.state import STEP_S, Phase

NONE: frozenset[str] = frozenset()


def held(*keys):
    return frozenset(keys)


def steps(match, seconds, keys=NONE):
    for _ in range(round(seconds / STEP_S)):
        match.advance(keys)


def kicked_off(seed=0, difficulty="beginner", seconds=60.0):
    match = Match(difficulty, seconds, seed)
    while match.state.phase is not Phase.PLAY:
        match.advance(NONE)
    return match


def alone(match, *, x, y):
    """Put the controlled player somewhere with nobody near; the ball stays with him."""
    state = match.state
    for index, one in enumerate(state.players):
        one.x, one.y = (2.0 if index < 6 else 62.0), 2.0 + (index % 6) * 0.9
        match._situation.orders[index].speed = 0.0
    me = state.players[state.controlled]
    me.x, me.y, me.vx, me.vy, me.facing = x, y, 0.0, 0.0, 0.0
    state.ball.x, state.ball.y = x + 0.6, y
    return me


def loose_ball(match, *, x, y, vx=0.0, vy=0.0, vz=0.0, z=0.0):
    ball = match.state.ball
    ball.owner = None
    ball.x, ball.y, ball.z, ball.vx, ball.vy, ball.vz = x, y, z, vx, vy, vz
    return ball
