import numpy as np
import pytest

from models.bearings import DIRECTIONS, NAMES, NUMBERS, REACHES, bearings
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import BALL, OPPONENT, marked, sight

HEIGHT_PX = 270


def told(dx: float, dy: float) -> dict[str, float]:
    """The numbers by name of one thing so many pixels away."""
    found = bearings(np.array([dx, dy], np.float32), np.float32(1), height_px=HEIGHT_PX)
    assert found.shape == (NUMBERS,)
    return dict(zip(NAMES, found.tolist(), strict=True))


def along(way: float, share: float) -> dict[str, float]:
    """The same, in one of the directions, at a share of the picture's height."""
    angle = way * 2 * np.pi / DIRECTIONS
    return told(np.cos(angle) * share * HEIGHT_PX, np.sin(angle) * share * HEIGHT_PX)


@pytest.mark.parametrize("way", range(DIRECTIONS))
@pytest.mark.parametrize(
    ("reach", "share"), list(zip(("near", "mid", "far"), REACHES, strict=True))
)
def test_each_number_is_greatest_in_its_own_direction_and_distance(way, reach, share):
    found = along(way, share)
    assert max(found, key=found.__getitem__) == f"{reach}.{way}"
    assert found[f"{reach}.{way}"] == pytest.approx(1.0, abs=0.01)


def test_right_is_the_first_direction_and_below_a_quarter_on():
    far = 0.3 * HEIGHT_PX
    assert told(far, 0)["far.0"] == pytest.approx(1.0, abs=0.01)
    assert told(0, far)[f"far.{DIRECTIONS // 4}"] == pytest.approx(1.0, abs=0.01)


def test_a_direction_fades_to_half_within_24_degrees():
    found = along(24 / 360 * DIRECTIONS, REACHES[1])
    assert found["mid.0"] == pytest.approx(0.5, abs=0.02)


def test_a_direction_between_two_is_shared_by_them():
    found = along(2.5, REACHES[1])
    assert found["mid.2"] == pytest.approx(found["mid.3"], abs=1e-3)
    assert 0.5 < found["mid.2"] < 1.0


def test_what_is_farther_than_the_last_distance_counts_as_there():
    assert along(5, 2.0)["far.5"] == pytest.approx(1.0, abs=0.01)
    assert along(5, 2.0)["mid.5"] < 0.01


def test_there_is_no_number_of_what_is_not_there():
    away = np.array([[30, 0], [30, 0]], np.float32)
    found = bearings(away, np.array([1, 0], np.float32), height_px=HEIGHT_PX)
    assert found[0].max() > 0.5
    assert not found[1].any()


def test_numbers_stay_between_nothing_and_one_even_on_the_spot():
    rng = np.random.default_rng(0)
    away = np.concatenate([np.zeros((1, 2)), rng.normal(scale=200, size=(500, 2))])
    found = bearings(away.astype(np.float32), np.ones(501, np.float32), height_px=HEIGHT_PX)
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_objects_of_a_class_add_up_whichever_of_them_is_which():
    profile = practice_profile()
    tokenizer = Tokenizer(profile, profile.capture.size)
    seen = sight(*marked(240, 140), (OPPONENT, 300, 140), (OPPONENT, 240, 220), (BALL, 250, 150))
    (rows,) = tokenizer.rows([seen])
    slots = [i for i, name in enumerate(tokenizer.names) if name.startswith("opponent.")]
    one, both = tokenizer.names.index("opponent0.dx"), tokenizer.describe(rows[None])[0]
    swapped = rows.copy()
    first = next(  # the rows of the two opponents, nearest first
        i for i, one in enumerate(tokenizer.tracked(rows)) if one.kind == "opponent"
    )
    opponents = np.flatnonzero(rows[:, 0] > 0)[first : first + 2]
    swapped[opponents] = rows[opponents[::-1]]
    other = tokenizer.describe(swapped[None])[0]
    assert other[one] != both[one]
    assert len(slots) == NUMBERS
    np.testing.assert_allclose(other[slots], both[slots], atol=1e-6)
    assert both[slots].max() > 0.9
