"""How far two ways of deciding on the same ticks agree."""

from typing import Any

import numpy as np
import numpy.typing as npt

from agent.decision import Probabilities

CLOSE = 1e-2
"""Logits that differ by less are taken for the same."""
_SMALLEST = 1e-30  # of a probability: keeps its logarithm finite


class Agreement:
    """Gathers, tick by tick, how far two ways of deciding lie apart.

    Logits are compared up to what a softmax ignores: a number added to all classes of a head.
    """

    def __init__(self) -> None:
        self._apart: list[float] = []
        self.same = 0
        """Ticks on which every head's likeliest class is the same."""
        self.other: dict[str, int] = {}
        """For each head, the ticks with another likeliest class."""

    def add(self, ours: Probabilities, theirs: Probabilities) -> None:
        """Compare one tick."""
        apart, same = 0.0, True
        for name, of_head in ours.items():
            apart = max(apart, float(np.abs(_logits(of_head) - _logits(theirs[name])).max()))
            differs = int(of_head.argmax()) != int(theirs[name].argmax())
            self.other[name] = self.other.get(name, 0) + differs
            same &= not differs
        self._apart.append(apart)
        self.same += same

    @property
    def ticks(self) -> int:
        """Ticks that were compared."""
        return len(self._apart)

    @property
    def same_share(self) -> float:
        """Share of the ticks with the same decision; 1 where there are none."""
        return self.same / self.ticks if self.ticks else 1.0

    def apart(self, percentile: float) -> float:
        """Return a percentile, over the ticks, of the largest difference of a logit."""
        return float(np.percentile(self._apart, percentile)) if self._apart else 0.0

    @property
    def close_share(self) -> float:
        """Share of the ticks whose logits all differ by less than `CLOSE`; 1 without ticks."""
        return float(np.mean(np.array(self._apart) < CLOSE)) if self._apart else 1.0

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "ticks": self.ticks,
            "same_decision": self.same_share,
            "other_class": dict(self.other),
            "logits": {
                "p50": self.apart(50),
                "p99": self.apart(99),
                "p99.9": self.apart(99.9),
                "largest": self.apart(100),
                "within_0.01": self.close_share,
            },
        }


def _logits(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    logits: npt.NDArray[np.float64] = np.log(
        np.maximum(probabilities.astype(np.float64), _SMALLEST)
    )
    centred: npt.NDArray[np.float64] = logits - logits.mean()
    return centred
