"""Where training reads: stretches full of play more often than those in which nobody does."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data.profile import GameProfile

IDLE_S = 1.0  # nothing held for longer than this is waiting, not timing
BLOCK = 16  # ticks that share one chance: then an hour takes 90 kB, and drawing is exact enough

Ranges = npt.NDArray[np.int64]


def idle_ticks(
    profile: GameProfile, classes: dict[str, npt.NDArray[np.int64]], *, seconds: float = IDLE_S
) -> npt.NDArray[np.bool_]:
    """Mark the ticks `(n,)` of spells in which every head is at `none` for longer than that."""
    still = np.ones(len(next(iter(classes.values()))), dtype=np.bool_)
    for head in profile.heads:
        still &= classes[head.name] == head.none_index
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        if stop - start <= seconds * profile.capture.rate_hz:
            still[start:stop] = False
    return still


class Starts:
    """Draw where streams begin to read.

    A stretch is drawn the less often the more of it is idle. Nothing is cut out of it: a policy
    must see the waiting to know when it ends, only less of it.
    """

    def __init__(
        self,
        idle: Sequence[npt.NDArray[np.bool_]],
        *,
        stretch: int,
        window: int,
        idle_share: float,
    ) -> None:
        """Lay out the chances.

        Args:
            idle: For each passage, which of its ticks are idle `(n,)`.
            stretch: Ticks that a stream reads on from where it starts.
            window: Ticks of a window; one starts at least half of it before a passage's end.
            idle_share: Chance of a stretch that is idle throughout, beside one without an idle
                tick; 1 treats all alike.

        Raises:
            ValueError: `idle_share` is no such chance.
        """
        if not 0 < idle_share <= 1:
            raise ValueError(f"idle_share is above 0 and at most 1, got {idle_share}")
        of_passages, firsts, sizes, chances = [], [], [], []
        for index, ticks in enumerate(idle):
            # Starting before the passage, as it were, gives its edges their share of the windows.
            starts = np.arange(-(stretch // 2), max(1, len(ticks) - window // 2), BLOCK)
            ends = np.append(starts[1:], max(1, len(ticks) - window // 2))
            share = _idle_within(ticks, starts, stretch)
            of_passages.append(np.full(len(starts), index))
            firsts.append(starts)
            sizes.append(ends - starts)
            chances.append((ends - starts) * (1.0 - (1.0 - idle_share) * share))
        self._passages: Ranges = np.concatenate(of_passages).astype(np.int32)
        self._firsts: Ranges = np.concatenate(firsts).astype(np.int32)
        self._sizes: Ranges = np.concatenate(sizes).astype(np.int32)
        self._sums = np.cumsum(np.concatenate(chances))

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Return the index of a passage, and the tick in it to start at."""
        at = float(rng.random()) * float(self._sums[-1])
        block = min(int(np.searchsorted(self._sums, at, side="right")), len(self._sums) - 1)
        start = int(self._firsts[block]) + int(rng.integers(self._sizes[block]))
        return int(self._passages[block]), max(0, start)


def _idle_within(
    ticks: npt.NDArray[np.bool_], starts: Ranges, stretch: int
) -> npt.NDArray[np.float64]:
    """Return which share of the stretch from each start is idle; what lies outside is left out."""
    before = np.concatenate([[0.0], np.cumsum(ticks, dtype=np.float64)])
    first = np.clip(starts, 0, len(ticks) - 1)
    last = np.clip(first + stretch, 1, len(ticks))
    share: npt.NDArray[np.float64] = (before[last] - before[first]) / (last - first)
    return share
