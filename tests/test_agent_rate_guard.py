import pytest

from agent.rate_guard import RateGuard


def after(*stretches, rate_hz=20.0):
    """Beat `(deadlines, one in so many)` one after another."""
    guard, index = RateGuard(rate_hz), 0
    for deadlines, one_in in stretches:
        for due in range(index, index + deadlines):
            if due % one_in == 0:
                guard.see(due)
        index += deadlines
    return guard


def test_a_machine_that_keeps_up_is_fine():
    guard = after((600, 1))
    assert (guard.lost, guard.strained, guard.rate_hz) == (False, False, 20.0)


def test_a_rate_lost_for_three_seconds_is_lost():
    assert not after((600, 1), (20, 2)).lost
    assert after((600, 1), (60, 2)).lost


def test_the_beginning_is_not_judged_before_three_seconds():
    assert not after((56, 2)).lost
    assert after((62, 2)).lost


def test_it_is_held_again_only_when_it_is_held_for_three_seconds():
    lost = (60, 2)
    assert after((600, 1), lost, (40, 1)).lost
    assert not after((600, 1), lost, (60, 1)).lost


def test_a_strained_machine_is_told_before_the_rate_is_lost():
    guard = after((600, 1), (12, 2))
    assert (guard.strained, guard.lost) == (True, False)
    assert guard.rate_hz == pytest.approx(18.0, abs=0.5)


@pytest.mark.parametrize("rate_hz", [5.0, 20.0, 60.0])
def test_it_does_not_grow(rate_hz):
    guard = after((100_000, 1), rate_hz=rate_hz)
    assert len(guard._beaten) == 3 * rate_hz
