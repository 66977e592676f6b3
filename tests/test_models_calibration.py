import numpy as np
import pytest

from models.calibration import calibration


def rows(*chances):
    return np.array(chances, dtype=np.float32)


def test_the_loss_is_the_mean_surprise_of_what_the_person_held():
    found = calibration([rows([0.5, 0.5], [0.9, 0.1])], [np.array([0, 1])])
    assert found.nll == pytest.approx(-(np.log(0.5) + np.log(0.1)) / 2)


def test_who_is_right_as_often_as_sure_has_no_error():
    chances = rows(*[[0.75, 0.25]] * 4)
    found = calibration([chances], [np.array([0, 0, 0, 1])])
    assert found.ece == pytest.approx(0.0)
    assert found.sureness == pytest.approx(0.0)


def test_the_error_is_the_mean_distance_weighed_by_ticks():
    # three ticks 0.95 sure, one of them right; one tick 0.55 sure and right: two bins
    chances = rows([0.95, 0.05], [0.95, 0.05], [0.95, 0.05], [0.55, 0.45])
    found = calibration([chances], [np.array([0, 1, 1, 0])])
    assert [one.ticks for one in found.bins] == [1, 3]
    assert found.ece == pytest.approx((1 * 0.45 + 3 * (0.95 - 1 / 3)) / 4, abs=1e-6)
    assert found.sureness == pytest.approx((3 * 0.95 + 0.55) / 4 - 0.5, abs=1e-6)


def test_errors_of_opposite_sign_in_two_bins_do_not_cancel():
    chances = rows([0.6, 0.4], [0.9, 0.1])
    found = calibration([chances], [np.array([0, 1])])
    assert found.ece == pytest.approx((0.4 + 0.9) / 2, abs=1e-6)


def test_the_bins_are_fifteen_and_closed_above():
    # 2/3 = 10/15 is the upper end of the tenth bin; just above it begins the next
    third = rows([2 / 3 - 1e-4, 1 / 3 + 1e-4], [2 / 3 + 1e-4, 1 / 3 - 1e-4])
    assert len(calibration([third], [np.array([0, 0])]).bins) == 2


def test_a_certain_mistake_costs_much_but_not_infinitely():
    found = calibration([rows([1.0, 0.0])], [np.array([1])])
    assert 10 < found.nll < 20


def test_stretches_are_judged_as_one_and_nothing_is_undefined():
    one, two = rows([0.9, 0.1]), rows([0.2, 0.8], [0.6, 0.4])
    parts = calibration([one, two], [np.array([0]), np.array([1, 1])])
    joined = calibration([np.concatenate([one, two])], [np.array([0, 1, 1])])
    assert parts == joined
    assert calibration([], []) is None
    assert calibration([one[:0]], [np.zeros(0, np.int64)]) is None
