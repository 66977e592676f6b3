"""The keys held at the tick before, told to a policy that asks for them.

A policy that is told what was held learns to hold it on: in a recording the keys of a tick are
nearly always those of the tick before, so copying is right nine times in ten and never when it
matters. De Haan et al., "Causal Confusion in Imitation Learning" (NeurIPS 2019), show policies that
drive worse for being told more. So this is off unless asked for, and then it is hidden at random.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.errors import UnderstudyError
from models.policy_store import Passage
from models.tokens import Array

Classes = Mapping[str, npt.NDArray[np.int64]]
"""For each head, class indices `(n,)`; `UNTOLD` where nothing is told."""

UNTOLD = -1


@dataclass(frozen=True, slots=True)
class PreviousKeySettings:
    """How much of the previous keys is hidden while training."""

    hide_stretch: float = 0.5
    """Share of stretches in which they are hidden from beginning to end."""
    hide_tick: float = 0.2
    """Share of the ticks of other stretches at which they are hidden."""

    def __post_init__(self) -> None:
        for name in ("hide_stretch", "hide_tick"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, got {getattr(self, name)}")


class PreviousKeys:
    """Turn the classes of the tick before into numbers that follow a tick's tokens."""

    def __init__(self, heads: Sequence[tuple[str, int]]) -> None:
        self._heads = tuple(heads)

    @property
    def length(self) -> int:
        """How many numbers there are for a tick: one for each class of each head."""
        return sum(size for _, size in self._heads)

    def untold(self, count: int) -> dict[str, npt.NDArray[np.int64]]:
        """Return what tells nothing of `count` ticks, `(count,)`, as at the beginning of play."""
        return {name: np.full(count, UNTOLD, dtype=np.int64) for name, _ in self._heads}

    def describe(self, held: Classes) -> Array:
        """Return one-hot numbers `(n, length)` of what was held before each of `n` ticks.

        What is not told is all zeros.

        Raises:
            UnderstudyError: A head is missing, or a class isn't one of its classes.
        """
        parts: list[Array] = []
        for name, size in self._heads:
            index = held.get(name)
            if index is None or (len(index) and not UNTOLD <= index.min() <= index.max() < size):
                raise UnderstudyError(
                    f"the keys held before, of head {name}: got {index}, expected a class from 0 "
                    f"to {size - 1}. Tell what was decided for every head."
                )
            one_hot = np.eye(size + 1, size, dtype=np.float32)  # UNTOLD picks the last row: zeros
            parts.append(one_hot[index])
        return np.concatenate(parts, axis=-1)

    def before(self, passage: Passage, start: int, stop: int) -> dict[str, npt.NDArray[np.int64]]:
        """Return what a person held before the ticks from `start` to `stop`: `(stop - start,)`.

        That is the label of the tick before: in play, what was decided on the frame before. Nothing
        is told before a passage's first tick, and where the person wasn't the one who played.
        """
        first = max(0, start - 1)
        known = passage.counts[first : stop - 1]
        missing = (stop - start) - len(known)
        return {
            name: np.pad(
                np.where(known, label, UNTOLD), (missing, 0), constant_values=UNTOLD
            ).astype(np.int64)
            for name, label in passage.labels(first, stop - 1).items()
        }


def hidden(numbers: Array, settings: PreviousKeySettings, rng: np.random.Generator) -> Array:
    """Put out the previous keys of some ticks `(n, length)`, as `describe` returns them."""
    shown = rng.random(len(numbers)) >= settings.hide_tick
    return numbers * shown[:, None].astype(np.float32)
