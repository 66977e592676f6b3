"""What lies in which direction, and about how far, in numbers that are easy to learn from.

A direction told as an angle, or as two coordinates, has to be cut into the eight that keys can
take; told as a rose of overlapping directions (population coding, Georgopoulos et al. 1986), one
linear layer does it. Objects of one class add up, so it doesn't matter which of them is which.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

DIRECTIONS = 16
SHARPNESS = 8.0  # a direction fades to half within 24 degrees
REACHES = np.array([0.04, 0.11, 0.3], dtype=np.float32)  # of the picture's height
SPREAD = 0.55  # of a distance's logarithm
NUMBERS = DIRECTIONS * len(REACHES)

_ANGLES = np.arange(DIRECTIONS, dtype=np.float32) * np.float32(2 * np.pi / DIRECTIONS)
_EAST, _SOUTH = np.cos(_ANGLES), np.sin(_ANGLES)
NAMES = tuple(f"{reach}.{way}" for way in range(DIRECTIONS) for reach in ("near", "mid", "far"))


def bearings(away: Array, present: Array, *, height_px: int) -> Array:
    """Spread vectors over directions and distances.

    Args:
        away: Vectors in pixels, `(..., 2)`.
        present: 1 where there is something, 0 where not, `(...,)`.
        height_px: Of the picture.

    Returns:
        `(..., NUMBERS)`, 0 to 1, as `NAMES` says; all zeros where there is nothing. What is farther
        than the last distance counts as being there.
    """
    distance = np.sqrt((away * away).sum(axis=-1)) + 1e-3
    along = away[..., 0, None] * _EAST + away[..., 1, None] * _SOUTH
    rose = np.exp(SHARPNESS * (along / distance[..., None] - 1.0)) * present[..., None]
    share = distance / height_px
    off = np.log(share)[..., None] - np.log(REACHES)
    off[..., -1] = np.minimum(off[..., -1], 0.0)
    reach = np.exp(-0.5 * (off / SPREAD) ** 2)
    found: Array = (rose[..., :, None] * reach[..., None, :]).reshape(*present.shape, NUMBERS)
    return found
