import pytest

from gui.practice.seeds import SEEDS_APART, corrected_seed, tried_seed


@pytest.mark.parametrize("seed", [0, 1, 5, 89, SEEDS_APART - 1])
def test_no_round_learns_from_a_match_that_its_bots_are_tried_in(seed: int):
    first_tried = tried_seed(seed)
    for number in [*range(1, 200), 10_009, 29_800]:
        first = corrected_seed(number, seed)
        assert first + SEEDS_APART <= first_tried or first >= first_tried + SEEDS_APART


def test_usual_rounds_have_the_seeds_that_are_documented():
    assert tried_seed(0) == 800_000
    assert [corrected_seed(number, 3) for number in (1, 2, 9)] == [710_003, 720_003, 790_003]
