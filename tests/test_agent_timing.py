import sys

import numpy as np
import pytest

from agent.timing import Histogram, StageTimes
from data.schema import TICK_STAGES

MS = 1_000_000


def filled(times_ns):
    histogram = Histogram()
    for time_ns in times_ns:
        histogram.add(int(time_ns))
    return histogram


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99])
def test_quantiles_are_right_to_a_bin(share):
    times = np.random.default_rng(0).lognormal(np.log(5 * MS), 1.0, 20_000)
    expected = np.quantile(times, share)
    assert filled(times).quantile_ns(share) == pytest.approx(expected, rel=0.03)


def test_equal_times_are_told_exactly():
    histogram = filled([8 * MS] * 10)
    assert histogram.quantile_ns(0.5) == histogram.quantile_ns(0.99) == 8 * MS


def test_no_times_are_nothing():
    assert Histogram().spread() == Histogram().spread()
    assert (Histogram().spread().p50, Histogram().longest_ns) == (0.0, 0)


@pytest.mark.parametrize("time_ns", [0, 1, 10**18])
def test_times_outside_the_bins_are_counted_and_told(time_ns):
    histogram = filled([time_ns])
    assert histogram.quantile_ns(0.5) == histogram.longest_ns == time_ns


def test_it_does_not_grow():
    histogram = filled([MS])
    before = sys.getsizeof(histogram._counts)
    for time_ns in range(1, 10**7, 997):
        histogram.add(time_ns)
    assert sys.getsizeof(histogram._counts) == before
    assert histogram.count == 10_032


def test_stages_are_kept_apart_and_summed():
    times = StageTimes()
    for _ in range(3):
        times.add([MS * (i + 1) for i in range(len(TICK_STAGES))])
    assert times.total.quantile_ns(0.5) == 15 * MS
    assert {name: spread.p50 for name, spread in times.spreads().items()} == {
        name: i + 1 for i, name in enumerate(TICK_STAGES)
    }
