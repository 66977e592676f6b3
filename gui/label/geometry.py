"""Boxes under the mouse: where it takes hold of them, and what they become."""

from collections.abc import Sequence
from enum import Enum

from data.frames import FrameSize

Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2: edges, in pixels of the picture."""
LEAST_PX = 3.0  # of a side; what is smaller was a slip of the hand
_STEPS = 4  # to a pixel: exact in the file's 32 bits, and as fine as a hand is in a zoomed picture


class Handle(Enum):
    """Where a box is taken hold of: the edges that follow, x and y; 0 is none, 1 the further."""

    TOP_LEFT = (-1, -1)
    TOP = (0, -1)
    TOP_RIGHT = (1, -1)
    RIGHT = (1, 0)
    BOTTOM_RIGHT = (1, 1)
    BOTTOM = (0, 1)
    BOTTOM_LEFT = (-1, 1)
    LEFT = (-1, 0)


def snapped(corners: Corners) -> Corners:
    """Round to quarters of a pixel."""
    x1, y1, x2, y2 = (round(edge * _STEPS) / _STEPS for edge in corners)
    return x1, y1, x2, y2


def drawn(start: tuple[float, float], end: tuple[float, float], size: FrameSize) -> Corners | None:
    """Return the box between two points, cut at the picture; None for one that is too small."""
    xs = sorted(min(max(point[0], 0.0), float(size.width_px)) for point in (start, end))
    ys = sorted(min(max(point[1], 0.0), float(size.height_px)) for point in (start, end))
    x1, y1, x2, y2 = snapped((xs[0], ys[0], xs[1], ys[1]))
    return (x1, y1, x2, y2) if min(x2 - x1, y2 - y1) >= LEAST_PX else None


def moved(corners: Corners, dx: float, dy: float, size: FrameSize) -> Corners:
    """Move a box as far as the picture goes; one larger than the picture is cut."""
    x1, x2 = _slid(corners[0], corners[2], dx, float(size.width_px))
    y1, y2 = _slid(corners[1], corners[3], dy, float(size.height_px))
    return snapped((x1, y1, x2, y2))


def _slid(low: float, high: float, by: float, most: float) -> tuple[float, float]:
    side = min(high - low, most)
    start = min(max(low + by, 0.0), most - side)
    return start, start + side


def resized(corners: Corners, handle: Handle, to: tuple[float, float], size: FrameSize) -> Corners:
    """Draw the edges of a handle to a point; the box stays inside, and no side turns over."""
    across, down = handle.value
    x1, x2 = _drawn_edge(corners[0], corners[2], across, to[0], float(size.width_px))
    y1, y2 = _drawn_edge(corners[1], corners[3], down, to[1], float(size.height_px))
    return snapped((x1, y1, x2, y2))


def _drawn_edge(low: float, high: float, which: int, to: float, most: float) -> tuple[float, float]:
    if which < 0:
        return max(0.0, min(to, high - LEAST_PX)), high
    if which > 0:
        return low, min(most, max(to, low + LEAST_PX))
    return low, high


def handle_points(corners: Corners) -> dict[Handle, tuple[float, float]]:
    """Return where a box's handles are."""
    x1, y1, x2, y2 = corners
    xs, ys = {-1: x1, 0: (x1 + x2) / 2, 1: x2}, {-1: y1, 0: (y1 + y2) / 2, 1: y2}
    return {handle: (xs[handle.value[0]], ys[handle.value[1]]) for handle in Handle}


def handle_at(corners: Corners, point: tuple[float, float], reach: float) -> Handle | None:
    """Return the nearest handle within reach, both ways; None for none.

    Args:
        corners: Of the box.
        point: Of the picture.
        reach: In pixels of the picture, which are fewer where it is shown larger. Inside a small
            box it is less, so that there is a middle to move it by.
    """
    x1, y1, x2, y2 = corners
    best, least = None, reach
    inside = x1 < point[0] < x2 and y1 < point[1] < y2
    if inside:
        least = min(reach, min(x2 - x1, y2 - y1) / 4)
    for handle, (x, y) in handle_points(corners).items():
        away = max(abs(point[0] - x), abs(point[1] - y))
        if away <= least:
            best, least = handle, away
    return best


def box_at(boxes: Sequence[Corners], point: tuple[float, float], reach: float) -> int | None:
    """Return the smallest box at a point, or None; its border counts within reach."""

    def there(corners: Corners) -> bool:
        x1, y1, x2, y2 = corners
        return x1 - reach <= point[0] <= x2 + reach and y1 - reach <= point[1] <= y2 + reach

    found = [i for i, corners in enumerate(boxes) if there(corners)]
    return min(found, key=lambda i: _area(boxes[i]), default=None)


def iou(one: Corners, other: Corners) -> float:
    """Return what two boxes share, by what they cover together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (_area(one) + _area(other) - shared)


def _area(corners: Corners) -> float:
    return (corners[2] - corners[0]) * (corners[3] - corners[1])
