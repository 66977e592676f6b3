import math
from itertools import pairwise

import pytest

from gui.practice.control import SWITCH_PAUSE_S, Keys, held_direction, switch
from gui.practice.state import GOAL_BOTTOM, GOAL_TOP, MIDDLE_Y, PITCH_LENGTH, STEP_S, Action
from tests.matches import NONE, alone, held, kicked_off, loose_ball, steps


def top_speed(keys):
    match = kicked_off()
    me = alone(match, x=20.0, y=10.0)
    loose_ball(match, x=22.0, y=34.0)
    steps(match, 0.6, keys)
    return math.hypot(me.vx, me.vy)


def test_a_diagonal_is_as_fast_as_straight_ahead():
    assert top_speed(held("right", "down")) == pytest.approx(top_speed(held("right")), rel=0.01)


def test_sprinting_is_faster_and_opposite_arrows_stand_still():
    assert top_speed(held("right", "e")) > 1.2 * top_speed(held("right"))
    assert top_speed(held("left", "right")) == 0.0
    assert held_direction(held("up")) == (0.0, -1.0)


def shot_speed(hold_s):
    match = kicked_off()
    alone(match, x=40.0, y=MIDDLE_Y)
    steps(match, hold_s, held("d"))
    assert match.state.power == pytest.approx(hold_s / 0.55, abs=0.05)
    assert match.state.ball.owner is not None
    match.advance(NONE)
    assert match.state.ball.owner is None
    assert match.state.power == 0.0
    return match.state.ball.vx


def test_a_longer_held_shot_is_harder_and_leaves_on_release():
    assert shot_speed(0.4) > shot_speed(0.1) + 4.0


@pytest.mark.parametrize(("arrow", "side"), [("up", -1.0), ("down", 1.0)])
def test_up_and_down_choose_the_corner_of_a_shot(arrow, side):
    aims = []
    for seed in range(8):
        match = kicked_off(seed)
        alone(match, x=52.0, y=MIDDLE_Y)
        steps(match, 0.2, held("d", arrow))
        match.advance(held(arrow))
        ball = match.state.ball
        aims.append(ball.y + ball.vy / ball.vx * (PITCH_LENGTH - ball.x) - MIDDLE_Y)
    mean = sum(aims) / len(aims)
    assert 1.5 < side * mean < (GOAL_BOTTOM - GOAL_TOP) / 2 + 0.3


@pytest.mark.parametrize("key", ["s", "w", "a"])
def test_a_pass_hands_the_keys_to_a_team_mate(key):
    match = kicked_off()
    passer = match.state.controlled
    steps(match, 0.2)
    match.advance(held(key, "left"))
    assert match.state.ball.owner is None
    assert match.state.controlled not in (0, passer)
    assert (match.state.ball.vz > 0.0) == (key == "a")


def test_the_keys_follow_a_home_player_who_gets_the_ball():
    match = kicked_off()
    alone(match, x=32.0, y=30.0)
    mate = match.state.players[2]
    mate.x, mate.y = 20.0, 10.0
    loose_ball(match, x=20.5, y=10.0)
    steps(match, 0.2)
    assert match.state.ball.owner == match.state.controlled == 2


def test_the_keys_do_not_flicker_between_two_players_as_near():
    match = kicked_off()
    alone(match, x=30.0, y=20.0)
    mate = match.state.players[2]
    mate.x, mate.y = 34.0, 20.0
    keys, chosen = Keys(), []
    for step in range(240):
        loose_ball(match, x=32.0 + (0.8 if step % 2 else -0.8), y=20.0)
        switch(match._situation, keys)
        chosen.append(match.state.controlled)
    assert set(chosen) == {5}
    changes = []
    for step in range(600):
        loose_ball(match, x=30.0 if step // 20 % 2 else 34.0, y=20.0)
        before = match.state.controlled
        switch(match._situation, keys)
        if match.state.controlled != before:
            changes.append(step * STEP_S)
    gaps = [b - a for a, b in pairwise(changes)]
    assert all(gap > SWITCH_PAUSE_S for gap in gaps)


def test_a_missed_tackle_leaves_its_player_on_the_grass():
    match = kicked_off()
    me = alone(match, x=30.0, y=20.0)
    rival = match.state.players[9]
    rival.x, rival.y = 36.0, 30.0
    match.state.ball.owner = 9
    match.advance(held("d"))
    assert me.action is Action.TACKLE
    steps(match, 0.5)
    assert me.action is Action.FALL
