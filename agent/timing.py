"""Times gathered for as long as play lasts: histograms that never grow."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.schema import TICK_STAGES

SHORTEST_NS = 1_000
OCTAVES = 27  # from 1 microsecond to 134 s
PER_OCTAVE = 32  # bins 2.2% wide: finer than two runs of the same program differ


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of times in ms; 0 when there are none."""

    p50: float
    p99: float

    @classmethod
    def of(cls, times_ns: npt.NDArray[np.int64]) -> "Spread":
        """Take the median and the 99th percentile."""
        if not len(times_ns):
            return cls(0.0, 0.0)
        p50, p99 = np.percentile(times_ns / 1e6, (50, 99))
        return cls(float(p50), float(p99))


class Histogram:
    """Counts of times in bins of equal ratio; as large after days as at first."""

    def __init__(self) -> None:
        self._counts = np.zeros(OCTAVES * PER_OCTAVE, dtype=np.int64)
        self._shortest_ns = 0
        self._longest_ns = 0
        self.count = 0
        """How many times were added."""

    def add(self, time_ns: int) -> None:
        """Count one time."""
        where = math.log2(max(time_ns, SHORTEST_NS) / SHORTEST_NS) * PER_OCTAVE
        self._counts[min(int(where), len(self._counts) - 1)] += 1
        self._shortest_ns = min(time_ns, self._shortest_ns) if self.count else time_ns
        self._longest_ns = max(time_ns, self._longest_ns)
        self.count += 1

    @property
    def longest_ns(self) -> int:
        """The longest time; 0 when there is none."""
        return self._longest_ns

    def quantile_ns(self, share: float) -> float:
        """Return the time that `share` of all times don't exceed, to 1.1%; 0 when there is none."""
        if not self.count:
            return 0.0
        reached = np.cumsum(self._counts)
        index = int(np.searchsorted(reached, max(1.0, share * self.count)))
        middle_ns = SHORTEST_NS * 2 ** ((index + 0.5) / PER_OCTAVE)
        return float(min(max(middle_ns, self._shortest_ns), self._longest_ns))

    def spread(self) -> Spread:
        """Return the median and the 99th percentile."""
        return Spread(self.quantile_ns(0.5) / 1e6, self.quantile_ns(0.99) / 1e6)


class StageTimes:
    """How long each stage of a tick took, and all of them together."""

    def __init__(self) -> None:
        self.total = Histogram()
        """From just before the grab to the keys."""
        self.stages = {name: Histogram() for name in TICK_STAGES}

    def add(self, stages_ns: Sequence[int]) -> None:
        """Count one tick; the times are those of `data.schema.TICK_STAGES`."""
        self.total.add(sum(stages_ns))
        for histogram, time_ns in zip(self.stages.values(), stages_ns, strict=True):
            histogram.add(time_ns)

    def spreads(self) -> Mapping[str, Spread]:
        """Return the spread of each stage."""
        return {name: histogram.spread() for name, histogram in self.stages.items()}
