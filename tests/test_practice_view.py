import pytest

from gui.practice.match import Match
from gui.practice.state import MIDDLE_Y, PITCH_LENGTH, PITCH_WIDTH, Action, Team
from gui.practice.view import (
    LOGICAL_HEIGHT,
    Camera,
    ball_rect,
    goal_rect,
    kept_on_rail,
    marker_rect,
    player_rect,
    visible_objects,
)

FULL = (1280, 720)
SCORE_BOARD_PX = 40.0


def state_at(focus_x=32.0):
    state = Match("beginner", 60.0, 0).state
    state.focus_x = focus_x
    return state


def of_class(boxes, name):
    return [box for box in boxes if box.class_name == name]


def test_everything_on_a_kick_off_is_seen_once():
    boxes = visible_objects(state_at(), FULL)
    counts = {name: len(of_class(boxes, name)) for name in ("player", "opponent", "ball", "marker")}
    assert counts == {"player": 5, "opponent": 5, "ball": 1, "marker": 1}  # keepers are outside


def test_boxes_scale_with_the_picture():
    large, small = visible_objects(state_at(), FULL), visible_objects(state_at(), (480, 270))
    assert len(large) == len(small)
    for one, other in zip(large, small, strict=True):
        for edge in ("x1", "y1", "x2", "y2"):
            assert getattr(other, edge) == pytest.approx(getattr(one, edge) * 0.375)


@pytest.mark.parametrize(
    ("focus_x", "team", "right"), [(64.0, Team.AWAY, True), (0.0, Team.HOME, False)]
)
def test_at_an_end_exactly_that_goal_is_seen_whole(focus_x, team, right):
    state = state_at(focus_x)
    (goal,) = of_class(visible_objects(state, FULL), "goal")
    assert (goal.x1 > 640) == right
    whole = goal_rect(Camera.of(state, FULL), team)
    assert (goal.x1, goal.y1, goal.x2, goal.y2) == pytest.approx(tuple(whole))


def test_what_is_mostly_beyond_the_edge_is_not_reported_and_the_rest_is_cut():
    state = state_at()
    edge_m = Camera.of(state, FULL).left_m
    for index, one in enumerate(state.players):
        one.x, one.y = 32.0, 2.0 + 3.0 * index
    state.players[1].x = edge_m - 0.05
    boxes = of_class(visible_objects(state, FULL), "player")
    assert len(boxes) == 6
    assert min(box.x1 for box in boxes) == 0.0  # cut, not dropped
    state.players[1].x = edge_m - 0.20
    assert len(of_class(visible_objects(state, FULL), "player")) == 5


def test_the_marker_hovers_over_the_controlled_player():
    state = state_at()
    camera = Camera.of(state, FULL)
    me = state.players[state.controlled]
    marker, figure = marker_rect(camera, me), player_rect(camera, me)
    assert marker.y2 < figure.y1 < marker.y2 + 10
    assert (marker.x1 + marker.x2) / 2 == pytest.approx((figure.x1 + figure.x2) / 2)


def test_a_ball_in_the_air_is_drawn_higher():
    state = state_at()
    camera = Camera.of(state, FULL)
    low = ball_rect(camera, state.ball)
    state.ball.z = 2.0
    high = ball_rect(camera, state.ball)
    assert high.y1 == pytest.approx(low.y1 - 46.0)
    assert high.x1 == low.x1


def test_a_stretched_out_player_is_wider_than_high():
    state = state_at()
    camera = Camera.of(state, FULL)
    state.players[3].begin(Action.DIVE)
    lying = player_rect(camera, state.players[3])
    assert lying.x2 - lying.x1 > lying.y2 - lying.y1


@pytest.mark.parametrize("focus_x", [-50.0, 0.0, 32.0, 64.0, 200.0])
def test_the_camera_stays_on_its_rail(focus_x):
    camera = Camera(kept_on_rail(focus_x))
    assert camera.point(PITCH_LENGTH + 3.6, 0.0)[0] > 1280 or focus_x >= 32.0
    assert camera.left_m >= -3.6
    assert camera.point(PITCH_LENGTH, 0.0)[0] >= 1280 - 3.6 * 26


def test_the_whole_width_of_the_pitch_is_in_the_picture_below_the_score_board():
    state = state_at()
    camera = Camera.of(state, FULL)
    me = state.players[state.controlled]
    me.y = 0.0
    assert marker_rect(camera, me).y1 >= SCORE_BOARD_PX
    me.y = PITCH_WIDTH
    assert player_rect(camera, me).y2 <= LOGICAL_HEIGHT
    assert camera.point(0.0, MIDDLE_Y)[1] < camera.point(0.0, PITCH_WIDTH)[1]
