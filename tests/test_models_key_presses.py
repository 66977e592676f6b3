import numpy as np
import pytest

from models.key_presses import holds, onsets, paired, wasserstein


def flags(text: str):
    return np.array([letter == "x" for letter in text], dtype=np.bool_)


def everywhere(text: str):
    return np.ones(len(text), dtype=np.bool_)


def test_a_key_goes_down_where_it_was_up_before():
    assert onsets(flags("x.xx.x"), everywhere("......")) == [2, 5]
    assert onsets(flags(".x.x"), flags("xx..")) == [1]
    assert onsets(flags(""), flags("")) == []


def test_only_holds_seen_whole_are_measured():
    assert holds(flags("xx..xxx.x..xx"), everywhere("." * 13)) == [3, 1]
    assert holds(flags("xxxx"), everywhere("....")) == []
    assert holds(flags(""), flags("")) == []


def test_a_hold_that_does_not_count_throughout_is_not_measured():
    assert holds(flags(".xx.xx."), flags("xx.xxxx")) == [2]


@pytest.mark.parametrize(
    ("wanted", "found", "pairs"),
    [
        ([], [], []),
        ([5], [7], [(5, 7)]),
        ([5], [8], []),
        ([1, 2], [2], [(1, 2)]),
        ([1, 9], [2, 8, 10], [(1, 2), (9, 8)]),
    ],
)
def test_presses_are_paired_one_to_one(wanted, found, pairs):
    assert paired(wanted, found, tolerance=2) == pairs


def test_the_distance_of_samples_is_how_far_they_must_be_moved():
    assert wasserstein([100.0], [150.0]) == pytest.approx(50.0)
    assert wasserstein([100.0, 200.0], [200.0, 100.0]) == pytest.approx(0.0)
    assert wasserstein([0.0, 0.0, 0.0, 100.0], [0.0]) == pytest.approx(25.0)
    assert wasserstein([50.0, 100.0], [100.0, 250.0]) == pytest.approx(100.0)


def test_without_holds_there_is_no_distance():
    assert wasserstein([], [100.0]) is None
    assert wasserstein([100.0], []) is None
