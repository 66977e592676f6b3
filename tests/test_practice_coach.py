import math
from itertools import pairwise

import pytest

from gui.practice.coach import ARROWS, Coach, Wish, decide
from gui.practice.match import Match
from gui.practice.scene import Place, Scene, understand
from gui.practice.view import VISIBLE_M, SeenBox, visible_objects

SIZE = (960, 540)
STILL = Place(0.0, 0.0)


def played(seed, *, seconds=60.0, difficulty="beginner", every=3):
    """Play a match and return it with the keys of every tick."""
    match, coach, held, log = Match(difficulty, seconds, seed), Coach(seed), frozenset(), []
    while not match.state.over:
        if match.state.step % every == 0:
            coach.observe(match.state.clock_s, visible_objects(match.state, SIZE), SIZE)
            held = coach.keys(match.state.clock_s)
            log.append(held)
        match.advance(held)
    return match, log


def scene(**changes):
    facts = {
        "me": Place(20.0, 20.0),
        "ball": Place(20.8, 20.0),
        "mates": (),
        "rivals": (Place(46.0, 20.0),),
        "goal_x": None,
    }
    return Scene(**(facts | changes))


def test_equal_seeds_give_equal_keys():
    assert played(1, seconds=10.0)[1] == played(1, seconds=10.0)[1]


def test_another_seed_errs_at_other_moments():
    assert played(1, seconds=10.0)[1] != played(2, seconds=10.0)[1]


def test_places_come_from_the_boxes_alone():
    state = Match("beginner", 60.0, 0).state
    found = understand(visible_objects(state, SIZE), SIZE)
    left = state.focus_x - VISIBLE_M / 2
    me = state.players[state.controlled]
    assert (found.me.x + left, found.me.y) == pytest.approx((me.x, me.y), abs=0.05)
    assert (found.ball.x + left, found.ball.y) == pytest.approx((32.0, 20.0), abs=0.05)
    assert len(found.mates) == 4
    assert len(found.rivals) == 5
    assert found.goal_x is None


def test_a_picture_without_marker_or_ball_is_not_understood():
    player = SeenBox("player", 10.0, 10.0, 20.0, 40.0)
    assert understand([player], SIZE) is None
    assert understand([], SIZE) is None


def test_nothing_is_pressed_before_the_first_picture_is_old_enough():
    state = Match("beginner", 60.0, 0).state
    coach = Coach(0, delay_s=0.15)
    coach.observe(0.0, visible_objects(state, SIZE), SIZE)
    assert coach.keys(0.0) == frozenset()
    assert coach.keys(0.1) == frozenset()
    assert coach.keys(0.16)


def test_he_runs_to_a_far_ball_and_sprints():
    wish = decide(scene(ball=Place(5.0, 20.0)), STILL, may_kick=True)
    assert abs(wish.turn) == pytest.approx(math.pi)
    assert wish.room_m > 10.0
    assert not wish.kick


def test_he_leads_a_moving_ball():
    wish = decide(scene(ball=Place(30.0, 20.0)), Place(0.0, 8.0), may_kick=True)
    assert 0.2 < wish.turn < math.pi / 2
    away = decide(scene(ball=Place(24.0, 26.0)), Place(8.0, 0.0), may_kick=True)
    still = decide(scene(ball=Place(24.0, 26.0)), STILL, may_kick=True)
    assert away.turn < still.turn - 0.1


@pytest.mark.parametrize(("keeper_y", "up"), [(20.6, True), (19.4, False)])
def test_near_the_goal_he_shoots_away_from_the_keeper(keeper_y, up):
    wish = decide(scene(goal_x=30.0, rivals=(Place(29.0, keeper_y),)), STILL, may_kick=True)
    assert wish.kick == "d"
    assert (wish.turn < 0.0) == up
    assert 0.15 <= wish.hold_s <= 0.35


def test_farther_shots_are_held_longer():
    near = decide(scene(goal_x=25.0), STILL, may_kick=True)
    far = decide(scene(goal_x=33.0), STILL, may_kick=True)
    assert near.hold_s < far.hold_s


def test_pressed_he_passes_to_a_free_mate_and_otherwise_runs_around():
    pressed = scene(rivals=(Place(22.5, 20.0),), mates=(Place(21.0, 30.0),))
    assert decide(pressed, STILL, may_kick=True).kick in ("s", "w")
    assert decide(pressed, STILL, may_kick=False).kick == ""
    alone = scene(rivals=(Place(22.2, 20.0),))
    wish = decide(alone, STILL, may_kick=True)
    assert wish.kick == ""
    assert 0.3 < abs(wish.turn) < 1.6


def test_from_the_wing_he_crosses_to_a_mate_before_goal():
    wing = scene(
        me=Place(20.0, 4.0), ball=Place(20.8, 4.0), goal_x=34.0, mates=(Place(27.0, 20.0),)
    )
    assert decide(wing, STILL, may_kick=True).kick == "a"


def test_his_fingers_are_human():
    _, log = played(5)
    changes = sum(len(a ^ b) for a, b in pairwise(log))
    assert 1.0 < changes / 60.0 < 6.0
    arrows = frozenset({"up", "down", "left", "right"})
    assert {keys & arrows for keys in log} <= {*ARROWS, frozenset()}
    for key in "dswa":
        run = 0
        for keys in [*log, frozenset()]:
            if key in keys:
                run += 1
            else:
                assert run == 0 or 2 <= run <= 8, f"{key} held for {run} ticks of 50 ms"
                run = 0


def test_all_kicks_occur_and_he_wins_clearly():
    goals, against, kinds = 0, 0, set()
    for seed in range(6):
        match, log = played(seed)
        goals += match.state.score[0]
        against += match.state.score[1]
        for before, keys in pairwise(log):
            kinds |= (keys - before) & frozenset("dswa")
    assert goals >= 12
    assert against <= 6
    assert {"d", "s", "w"} <= kinds


@pytest.mark.parametrize(("x", "y", "scored"), [(30, 30, True), (8, 30, False), (30, 2, False)])
def test_a_ball_in_a_goal_is_told_from_one_before_it(x, y, scored):
    seen = [
        SeenBox("player", 400.0, 200.0, 416.0, 240.0),
        SeenBox("marker", 402.0, 190.0, 414.0, 198.0),
        SeenBox("goal", 10.0, 10.0, 60.0, 110.0),
        SeenBox("ball", x, y, x + 6.0, y + 6.0),
    ]
    assert understand(seen, SIZE).scored is scored


@pytest.mark.parametrize("goal_x", [21.5, None])
def test_when_a_goal_is_scored_nothing_is_left_to_do(goal_x):
    assert decide(scene(goal_x=goal_x, scored=True), STILL, may_kick=True) == Wish(None)


def test_he_lets_go_of_all_keys_while_the_ball_lies_in_a_goal():
    match, coach, held, since = Match("beginner", 60.0, 3), Coach(3, errs=False), frozenset(), 0
    waited = 0
    while not match.state.over:
        if match.state.step % 3 == 0:
            seen = visible_objects(match.state, SIZE)
            coach.observe(match.state.clock_s, seen, SIZE)
            held = coach.keys(match.state.clock_s)
            found = understand(seen, SIZE)
            since = since + 1 if found is not None and found.scored else 0
            if since > 12:  # 0.6 s: he sees it late, and lets a kick that he began end
                waited += 1
                assert held == frozenset()
        match.advance(held)
    assert waited > 20
