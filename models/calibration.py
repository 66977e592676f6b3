"""Whether probabilities are worth what they say (Guo et al. 2017, On Calibration)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Chances = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

BINS = 15  # as in Guo et al.
_LEAST_CHANCE = 1e-6  # a certain and wrong answer costs 14 nats, not infinitely many


@dataclass(frozen=True, slots=True)
class Bin:
    """The ticks whose likeliest class had a probability within a certain range."""

    ticks: int
    sure: float
    """Mean probability of the likeliest class."""
    right: float
    """Share of the ticks at which it was what the person held."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How good probabilities are."""

    nll: float
    """Mean of -ln p of the person's class (nats)."""
    ece: float
    """Mean distance between how sure it was and how often it was right, over `BINS` bins."""
    sureness: float
    """Mean of sure minus right, 0 to 1 in size: above 0 it is surer than it should be."""
    bins: tuple[Bin, ...]
    """Those that hold ticks, rising."""

    def to_json(self) -> dict[str, float]:
        """Return what `understudy evaluate --json` prints."""
        return {"nll": self.nll, "ece": self.ece}


def calibration(chances: Sequence[Chances], truth: Sequence[Labels]) -> Calibration | None:
    """Judge probabilities `(n, classes)` by the classes `(n,)` that the person held.

    Several stretches are judged as one; None where they are empty.
    """
    joined = np.concatenate(list(chances)) if len(chances) else np.zeros((0, 1), np.float32)
    wanted = np.concatenate(list(truth)) if len(truth) else np.zeros(0, np.int64)
    if not len(joined):
        return None
    of_truth = joined[np.arange(len(wanted)), wanted].astype(np.float64)
    sure, right = joined.max(axis=1).astype(np.float64), joined.argmax(axis=1) == wanted
    bins = tuple(_bins(sure, right))
    return Calibration(
        nll=float(-np.log(np.maximum(of_truth, _LEAST_CHANCE)).mean()),
        ece=sum(one.ticks * abs(one.sure - one.right) for one in bins) / len(wanted),
        sureness=float(sure.mean() - right.mean()),
        bins=bins,
    )


def _bins(sure: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> list[Bin]:
    # Each bin is open below and closed above, as in the paper.
    of_tick = np.clip(np.ceil(sure * BINS).astype(np.int64) - 1, 0, BINS - 1)
    found = []
    for index in range(BINS):
        inside = of_tick == index
        if inside.any():
            found.append(
                Bin(int(inside.sum()), float(sure[inside].mean()), float(right[inside].mean()))
            )
    return found
