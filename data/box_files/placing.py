"""Where a stranger's box lies in the stored frame, if it is one at all."""

import math
from collections.abc import Sequence

import numpy as np

from data.box_files.folder import Corners
from data.frames import FrameSize, Placement

ROUNDING_PX = 0.01  # what the digits of a file can't say


def placed(
    corners: Corners,
    scale: tuple[float, float],
    size: FrameSize,
    where: Placement,
    stored: FrameSize,
) -> tuple[Corners | None, str | None]:
    """Return a box in pixels of the stored frame, as exact as a recording keeps it.

    Args:
        corners: As the file has them.
        scale: Pixels of the picture to one unit of them, across and down.
        size: The picture's size.
        where: Where the picture lies in the stored frame.
        stored: The stored frame's size.

    Returns:
        The corners, None where there is no box; and what is wrong with them, None if nothing is.
    """
    x1, y1, x2, y2 = (value * scale[i % 2] for i, value in enumerate(corners))
    if not all(map(math.isfinite, (x1, y1, x2, y2))):
        return None, "a corner is no number"
    if x2 <= x1 or y2 <= y1:
        return None, f"it is {x2 - x1:g} wide and {y2 - y1:g} high"
    inside = _clipped((x1, y1, x2, y2), size)
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return None, "it is outside the picture"
    beyond = max(abs(a - b) for a, b in zip(inside, (x1, y1, x2, y2), strict=True))
    offset = (where.left_px, where.top_px)
    moved = [value * where.scale + offset[i % 2] for i, value in enumerate(inside)]
    x1, y1, x2, y2 = (float(np.float32(value)) for value in _clipped(moved, stored))
    if x2 <= x1 or y2 <= y1:
        return None, "it is too small to be stored"
    told = f"it reaches {beyond:.4g} pixels out of the picture" if beyond > ROUNDING_PX else None
    return (x1, y1, x2, y2), told


def _clipped(corners: Sequence[float], size: FrameSize) -> Corners:
    x1, y1, x2, y2 = corners
    width, height = float(size.width_px), float(size.height_px)
    return (
        min(max(x1, 0.0), width), min(max(y1, 0.0), height),
        min(max(x2, 0.0), width), min(max(y2, 0.0), height),
    )  # fmt: skip
