"""When a key goes down, and how long it is held: what a tick-by-tick score does not see."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[np.float64]


def onsets(held: Mask, counts: Mask) -> list[int]:
    """Return the ticks that count at which a key goes down, of `(n,)` ticks that follow on.

    What is held at the first tick went down before it.
    """
    pressed = held.copy()
    pressed[1:] &= ~held[:-1]
    if len(pressed):
        pressed[0] = False
    return [int(tick) for tick in np.flatnonzero(pressed & counts)]


def holds(held: Mask, counts: Mask) -> list[int]:
    """Return the lengths, in ticks, of the holds that are seen whole and count throughout."""
    edges = np.flatnonzero(np.diff(held.astype(np.int8))) + 1
    if len(held) and held[0]:
        edges = edges[1:]  # nobody knows when that hold began
    whole = edges[: len(edges) // 2 * 2].reshape(-1, 2).tolist()
    return [stop - start for start, stop in whole if counts[start:stop].all()]


def paired(wanted: Sequence[int], found: Sequence[int], *, tolerance: int) -> list[tuple[int, int]]:
    """Pair rising ticks that are at most `tolerance` apart, in order, each used once."""
    pairs = []
    i = j = 0
    while i < len(wanted) and j < len(found):
        if abs(wanted[i] - found[j]) <= tolerance:
            pairs.append((wanted[i], found[j]))
            i, j = i + 1, j + 1
        elif wanted[i] < found[j]:
            i += 1
        else:
            j += 1
    return pairs


def wasserstein(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Return the 1-Wasserstein distance of two samples, in their unit; None where one is empty.

    It is the area between the two cumulated distributions: how far, on average, a hold of one
    would have to be stretched or cut to make the other.
    """
    if not ours or not theirs:
        return None
    a, b = np.sort(np.array(ours, np.float64)), np.sort(np.array(theirs, np.float64))
    places = np.sort(np.concatenate([a, b]))
    apart = np.abs(_below(a, places[:-1]) - _below(b, places[:-1]))
    return float((apart * np.diff(places)).sum())


def _below(values: Array, places: Array) -> Array:
    return np.searchsorted(values, places, side="right") / len(values)
