"""Choose frames to label that are as different as a recording has them."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

SIDE = (24, 14)
"""Width and height of the thumbnails that are compared."""
_SPREAD = 3  # one frame in so many is taken from a stretch of time that has none


def chosen_frames(
    thumbnails: npt.NDArray[np.uint8], count: int, *, taken: Collection[int] = ()
) -> list[int]:
    """Choose pictures that differ from each other, from all parts of the recording.

    Farthest-point sampling (Gonzalez 1985): each next one is the picture least like those chosen.
    Of every three, one is chosen among the pictures furthest in time from the others, so that a
    wild minute does not take them all.

    Args:
        thumbnails: Grey, `(pictures, height, width)`, in order of time.
        count: How many more to choose; fewer where there are no more.
        taken: Which are chosen already.

    Returns:
        Their places, rising.
    """
    total = len(thumbnails)
    looks = thumbnails.reshape(total, -1).astype(np.float32)
    chosen = list(taken)
    unlike = np.full(total, np.inf)
    away = np.full(total, np.inf)
    places = np.arange(total, dtype=np.float64)

    def note(index: int) -> None:
        np.minimum(unlike, np.sqrt(((looks - looks[index]) ** 2).mean(axis=1)), out=unlike)
        np.minimum(away, np.abs(places - index), out=away)
        unlike[index] = away[index] = -1.0  # never twice, even where all look the same

    for index in chosen:
        note(index)
    found: list[int] = []
    while len(found) < min(count, total - len(set(taken))):
        if not chosen:
            index = total // 2
        elif len(found) % _SPREAD == 0:
            index = _farthest(away, unlike, near=0.5 * float(away.max()))
        else:
            index = int(np.lexsort((-away, -unlike))[0])
        chosen.append(index)
        found.append(index)
        note(index)
    return sorted(found)


def _farthest(
    away: npt.NDArray[np.float64], unlike: npt.NDArray[np.float64], *, near: float
) -> int:
    """Return what looks most different among what lies far away in time."""
    far = np.where(away >= max(near, 0.0), unlike, -2.0)
    return int(np.lexsort((-away, -far))[0])
