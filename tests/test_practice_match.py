from random import Random

import pytest

from gui.practice.match import Match
from gui.practice.rules import GOAL_S, HALF_TIME_S, KICK_OFF_S
from gui.practice.state import (
    MIDDLE_X,
    MIDDLE_Y,
    PITCH_LENGTH,
    PITCH_WIDTH,
    STEP_S,
    Phase,
    Team,
)
from gui.practice.view import visible_objects
from tests.matches import NONE, alone, held, kicked_off, loose_ball, steps

ALL_KEYS = ("up", "down", "left", "right", "d", "s", "w", "a", "e")


def random_match(seed, *, seconds=20.0, watch=lambda state: None):
    rng, match, keys = Random(seed), Match("beginner", seconds, seed), NONE
    while not match.state.over:
        if match.state.step % 12 == 0:
            keys = frozenset(key for key in ALL_KEYS if rng.random() < 0.25)
        match.advance(keys)
        watch(match.state)
    return match


def test_equal_seeds_and_keys_make_equal_matches():
    assert repr(random_match(3).state) == repr(random_match(3).state)


def test_another_seed_makes_another_match():
    one, other = Match("beginner", 20.0, 1), Match("beginner", 20.0, 2)
    steps(one, 15.0)
    steps(other, 15.0)
    assert one.state.players != other.state.players


@pytest.mark.parametrize("bad", ["easy", ""])
def test_an_unknown_difficulty_is_refused_with_the_known_ones(bad):
    with pytest.raises(ValueError, match="beginner, amateur, professional"):
        Match(bad, 60.0, 0)


def test_a_match_without_length_is_refused():
    with pytest.raises(ValueError, match="more than 0"):
        Match("beginner", 0.0, 0)


def test_home_kicks_off_first_with_the_controlled_player():
    match = Match("beginner", 60.0, 0)
    assert match.state.phase is Phase.KICK_OFF
    steps(match, KICK_OFF_S + STEP_S)
    assert match.state.phase is Phase.PLAY
    assert match.state.ball.owner == match.state.controlled == 5


def test_half_time_comes_in_the_middle_and_away_kicks_off_the_second_half():
    match = Match("beginner", 24.0, 0)
    steps(match, 12.0 - STEP_S)
    assert match.state.half == 1
    match.advance(NONE)
    assert match.state.phase is Phase.HALF_TIME
    assert match.state.half == 2
    assert match.state.banner
    steps(match, HALF_TIME_S + KICK_OFF_S + 2 * STEP_S)
    assert match.state.phase is Phase.PLAY
    assert match.state.ball.last_touch >= 6


def test_full_time_comes_after_exactly_the_given_seconds_and_nothing_moves_after_it():
    match = Match("beginner", 10.0, 0)
    steps(match, 10.0 - STEP_S)
    assert not match.state.over
    match.advance(NONE)
    assert match.state.over
    assert match.state.clock_minutes == 90.0
    before = repr(match.state)
    steps(match, 1.0, held("right"))
    assert repr(match.state) == before


@pytest.mark.parametrize(("x", "vx", "team"), [(62.0, 20.0, Team.HOME), (2.0, -20.0, Team.AWAY)])
def test_a_ball_between_the_posts_is_a_goal_and_the_other_team_kicks_off(x, vx, team):
    match = kicked_off()
    alone(match, x=32.0, y=30.0)
    for keeper in (0, 6):
        match.state.players[keeper].no_touch_s = 5.0
    loose_ball(match, x=x, y=MIDDLE_Y, vx=vx)
    steps(match, 0.3)
    assert match.state.score[team] == 1
    assert sum(match.state.score) == 1
    assert [event.team for event in match.state.events] == [team]
    assert match.state.phase is Phase.GOAL
    assert match.state.banner == "GOAL!"
    steps(match, GOAL_S)
    assert match.state.phase is Phase.KICK_OFF
    assert match.state.banner == ""
    assert (match.state.ball.x, match.state.ball.y) == (MIDDLE_X, MIDDLE_Y)
    steps(match, KICK_OFF_S)
    owner = match.state.ball.owner
    assert owner is not None
    assert match.state.players[owner].team is not team


def test_a_ball_over_the_bar_is_no_goal():
    match = kicked_off()
    alone(match, x=32.0, y=30.0)
    loose_ball(match, x=63.5, y=MIDDLE_Y, vx=20.0, z=3.5)
    steps(match, 0.1)
    assert match.state.score == [0, 0]
    assert match.state.phase is Phase.RESTART


@pytest.mark.parametrize(("last_touch", "expected"), [(5, Team.AWAY), (8, Team.HOME)])
def test_a_ball_over_the_touch_line_goes_to_the_other_team(last_touch, expected):
    match = kicked_off()
    alone(match, x=32.0, y=30.0)
    loose_ball(match, x=30.0, y=39.9, vy=8.0).last_touch = last_touch
    steps(match, 0.1)
    assert match.state.phase is Phase.RESTART
    while match.state.phase is Phase.RESTART:
        match.advance(NONE)
    owner = match.state.ball.owner
    assert owner is not None
    assert match.state.players[owner].team is expected


@pytest.mark.parametrize(("last_touch", "keeper_takes"), [(5, True), (8, False)])
def test_behind_the_goal_line_it_is_a_goal_kick_or_a_corner(last_touch, keeper_takes):
    match = kicked_off()
    alone(match, x=32.0, y=30.0)
    loose_ball(match, x=63.9, y=36.0, vx=8.0).last_touch = last_touch
    steps(match, 0.1)
    while match.state.phase is Phase.RESTART:
        match.advance(NONE)
    assert (match.state.ball.owner == 6) == keeper_takes
    if not keeper_takes:
        assert match.state.ball.owner == match.state.controlled
        assert match.state.ball.y > PITCH_WIDTH - 3.0


def test_ball_and_players_stay_on_the_pitch_and_the_marker_stays_in_the_picture():
    def check(state):
        if state.phase in (Phase.PLAY, Phase.RESTART):
            assert -0.01 <= state.ball.x <= PITCH_LENGTH + 0.01
            assert -0.01 <= state.ball.y <= PITCH_WIDTH + 0.01
        for one in state.players:
            assert -1.0 <= one.x <= PITCH_LENGTH + 1.0
            assert -1.0 <= one.y <= PITCH_WIDTH + 1.0
        if state.step % 6 == 0:
            names = [box.class_name for box in visible_objects(state, (960, 540))]
            assert "marker" in names

    for seed in range(3):
        random_match(seed, seconds=40.0, watch=check)


def test_nobody_runs_off_the_grass():
    match = kicked_off()
    me = alone(match, x=20.0, y=2.0)
    loose_ball(match, x=22.0, y=34.0)
    steps(match, 1.0, held("up", "e"))
    assert -0.5 < me.y < 0.0


def test_an_opponent_at_the_ball_takes_it_from_an_idle_owner():
    match = kicked_off()
    alone(match, x=32.0, y=20.0)
    rival = match.state.players[9]
    lost = False
    for _ in range(300):
        rival.x, rival.y = 33.2, 20.0
        match.advance(NONE)
        lost = lost or match.state.ball.owner == 9
    assert lost


def test_keepers_stop_most_shots_at_the_middle_from_afar():
    goals = 0
    for seed in range(12):
        match = kicked_off(seed)
        alone(match, x=44.0, y=MIDDLE_Y)
        keeper = match.state.players[6]
        keeper.x, keeper.y = 62.8, MIDDLE_Y
        steps(match, 0.25, held("d"))
        steps(match, 1.5)
        goals += match.state.score[0]
    assert goals <= 4


def test_the_camera_follows_the_ball_smoothly():
    match = kicked_off()
    alone(match, x=32.0, y=20.0)
    before = match.state.focus_x
    loose_ball(match, x=60.0, y=5.0)
    match.advance(NONE)
    assert 0.0 < match.state.focus_x - before < 2.0
    for _ in range(120):
        loose_ball(match, x=60.0, y=5.0)
        match.advance(NONE)
    assert match.state.focus_x > 42.0


def test_who_presses_no_key_loses():
    difference = 0
    for seed in range(8):
        match = Match("beginner", 60.0, seed)
        steps(match, 60.0)
        difference += match.state.score[0] - match.state.score[1]
    assert difference <= -8
