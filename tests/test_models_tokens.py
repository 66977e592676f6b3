import numpy as np
import pytest

from models.tokens import Tokenizer
from tests.factories import altered_profile, practice_profile
from tests.toy_play import BALL, GOAL, OPPONENT, PLAYER, marked, sight


@pytest.fixture
def tokenizer() -> Tokenizer:
    profile = practice_profile()
    return Tokenizer(profile, profile.capture.size)


def value(tokenizer: Tokenizer, vector: np.ndarray, name: str) -> float:
    return float(vector[tokenizer.names.index(name)])


def test_objects_come_nearest_first_and_relative_to_the_player_under_the_marker(tokenizer):
    seen = sight(*marked(200, 150), (PLAYER, 300, 150), (PLAYER, 220, 150), (BALL, 190, 150))
    vector, _ = tokenizer.step(seen, None)
    assert value(tokenizer, vector, "own.x") == pytest.approx(2 * 200 / 480 - 1, abs=1e-5)
    assert value(tokenizer, vector, "player0.dx") == pytest.approx(20 * 2 / 270, abs=1e-5)
    assert value(tokenizer, vector, "player1.dx") == pytest.approx(100 * 2 / 270, abs=1e-5)
    assert value(tokenizer, vector, "player2.present") == 0  # himself is left out
    assert value(tokenizer, vector, "ball0.dx") == pytest.approx(-10 * 2 / 270, abs=1e-5)
    assert value(tokenizer, vector, "player0.to_ball0_dx") == pytest.approx(-30 * 2 / 270, abs=1e-5)


def test_the_marker_chooses_among_players_standing_close(tokenizer):
    seen = sight((PLAYER, 190, 150), (PLAYER, 206, 158), *marked(200, 150)[1:])
    vector, _ = tokenizer.step(seen, None)
    # the marker's foot is 2 px above the head of a player at (200, 150): (206, 158) is 6 lower
    assert value(tokenizer, vector, "own.x") == pytest.approx(2 * 206 / 480 - 1, abs=1e-5)


def test_every_number_is_of_about_unit_range(tokenizer):
    rng = np.random.default_rng(0)
    state = None
    for _ in range(20):
        objects = [
            (kind, *rng.uniform((10, 60), (470, 265))) for kind in (0,) * 5 + (1,) * 6 + (2,)
        ]
        vector, state = tokenizer.step(sight(*objects, *marked(240, 150)), state)
        assert vector.dtype == np.float32
        assert np.abs(vector).max() < 6


def test_a_missed_ball_rolls_on_and_is_forgotten_after_half_a_second(tokenizer):
    state = None
    for tick in range(6):
        _, state = tokenizer.step(sight(*marked(100, 150), (BALL, 150 + 5 * tick, 150)), state)
    places = []
    for _ in range(12):
        vector, state = tokenizer.step(sight(*marked(100, 150)), state)
        present = value(tokenizer, vector, "ball0.present")
        places.append(value(tokenizer, vector, "ball0.dx") * 135 + 100 if present else None)
    assert places[0] == pytest.approx(180, abs=1)
    assert places[1] == pytest.approx(184, abs=1.5)
    assert all(place is not None for place in places[:9])
    assert places[-1] is None


def test_a_tracked_object_says_that_it_is_not_seen(tokenizer):
    _, state = tokenizer.step(sight(*marked(100, 150), (BALL, 150, 150)), None)
    vector, state = tokenizer.step(sight(*marked(100, 150)), state)
    assert value(tokenizer, vector, "ball0.seen") == 0
    assert value(tokenizer, vector, "ball0.age") == pytest.approx(0.1)
    vector, _ = tokenizer.step(sight(*marked(100, 150), (BALL, 150, 150)), state)
    assert value(tokenizer, vector, "ball0.seen") == 1
    assert value(tokenizer, vector, "ball0.age") == 0


def test_motion_is_measured_within_a_class(tokenizer):
    state = None
    for tick in range(8):
        seen = sight(
            *marked(240, 150), (OPPONENT, 100 + 4 * tick, 100), (OPPONENT, 400, 200 - 3 * tick)
        )
        vector, state = tokenizer.step(seen, state)
    # nearest first: the one at (128, 100)
    assert value(tokenizer, vector, "opponent0.vx") == pytest.approx(80 * 2 / 270, rel=0.05)
    assert value(tokenizer, vector, "opponent1.vy") == pytest.approx(-60 * 2 / 270, rel=0.05)


def test_the_player_is_followed_while_his_marker_is_missed(tokenizer):
    state = None
    for tick in range(5):
        seen = sight(*marked(100 + 4 * tick, 150), (PLAYER, 300, 150))
        _, state = tokenizer.step(seen, state)
    for tick in range(5, 30):
        seen = sight((PLAYER, 100 + 4 * tick, 150), (PLAYER, 300, 150))
        vector, state = tokenizer.step(seen, state)
    assert value(tokenizer, vector, "own.x") == pytest.approx(2 * 216 / 480 - 1, abs=1e-4)
    assert value(tokenizer, vector, "player1.present") == 0


def test_nothing_ever_seen_is_told_from_the_middle(tokenizer):
    vector, _ = tokenizer.step(sight(), None)
    assert value(tokenizer, vector, "own.present") == 0
    assert value(tokenizer, vector, "own.x") == 0
    assert value(tokenizer, vector, "own.y") == 0


def test_the_state_is_a_value(tokenizer):
    _, state = tokenizer.step(sight(*marked(100, 150), (BALL, 150, 150)), None)
    later = sight(*marked(104, 150), (BALL, 158, 150))
    first, _ = tokenizer.step(later, state)
    tokenizer.step(sight(*marked(300, 150)), state)
    again, _ = tokenizer.step(later, state)
    np.testing.assert_array_equal(first, again)


def test_a_sequence_is_its_steps_one_after_another(tokenizer):
    sights = [sight(*marked(100 + 3 * i, 150), (BALL, 200 - 4 * i, 100)) for i in range(10)]
    whole = tokenizer.describe(tokenizer.rows(sights))
    state = None
    for row, seen in zip(whole, sights, strict=True):
        vector, state = tokenizer.step(seen, state)
        np.testing.assert_allclose(vector, row, atol=1e-6)


def test_mirroring_turns_up_into_down_and_keeps_a_goal_in_its_place(tokenizer):
    rng = np.random.default_rng(1)
    rows = tokenizer.rows(
        sight(*marked(200, y), (BALL, 220, y - 30), (GOAL, 460, 180))
        for y in rng.uniform(100, 240, 50)
    )
    axes = tokenizer.mirror_axes([rows])
    before = tokenizer.describe(rows)[0]
    after = tokenizer.describe(tokenizer.mirrored(rows, axes))[0]
    assert value(tokenizer, after, "ball0.dy") == -value(tokenizer, before, "ball0.dy") > 0
    assert value(tokenizer, after, "ball0.dx") == value(tokenizer, before, "ball0.dx")
    assert value(tokenizer, after, "goal0.y") == pytest.approx(
        value(tokenizer, before, "goal0.y"), abs=1e-4
    )
    twice = tokenizer.mirrored(tokenizer.mirrored(rows, axes), axes)
    np.testing.assert_allclose(twice, rows, atol=1e-3)


def test_where_nobody_is_controlled_a_mirrored_picture_is_told_from_the_same_middle():
    profile = altered_profile(reference=None)
    tokenizer = Tokenizer(profile, profile.capture.size)
    rows = tokenizer.rows(sight((BALL, 220, y)) for y in range(60, 200, 10))
    axes = tokenizer.mirror_axes([rows])
    flipped = tokenizer.rows(sight((BALL, 220, 2 * float(axes[0]) - y)) for y in range(60, 200, 10))
    np.testing.assert_allclose(tokenizer.mirrored(rows, axes)[0], flipped[0], atol=1e-4)
    shown = tokenizer.describe(tokenizer.mirrored(rows, axes))[0]
    np.testing.assert_allclose(shown, tokenizer.describe(flipped)[0], atol=1e-4)


def test_a_player_out_of_sight_for_minutes_drowns_nothing(tokenizer):
    _, state = tokenizer.step(sight(*marked(100, 150)), None)
    for _ in range(3000):
        vector, state = tokenizer.step(sight((BALL, 150, 150)), state)
    assert value(tokenizer, vector, "own.seen") == 0
    assert np.abs(vector).max() < 6


def test_a_profile_without_a_mirror_rule_can_not_be_mirrored():
    profile = practice_profile().model_copy(update={"mirror": None})
    tokenizer = Tokenizer(profile, profile.capture.size)
    rows = tokenizer.rows([sight(*marked(100, 150))])
    with pytest.raises(ValueError, match="no mirror rule"):
        tokenizer.mirror_axes([rows])
