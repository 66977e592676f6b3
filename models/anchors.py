"""Anchors (default boxes): fitted to labelled boxes, placed on the grid, matched, coded.

Boxes are `(n, 4)` float32 corners x1 y1 x2 y2 in pixels; anchors `(n, 4)` centre and size.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Shape = tuple[float, float]
"""Width and height in pixels."""

BACKGROUND, IGNORED = -1, -2
# SSD's code (Liu et al. 2016, section 2.2; the reference implementation's variances 0.1 and 0.2).
_CODE = np.array([10.0, 10.0, 5.0, 5.0], dtype=np.float32)
_LARGEST_LOG = 4.0  # exp(4) is 55 times an anchor: wilder numbers are noise and would overflow


def shape_iou(sizes: Floats, shapes: Floats) -> Floats:
    """IoU of boxes `(n, 2)` and `(k, 2)`, width and height, that share a centre: `(n, k)`."""
    smaller = np.minimum(sizes[:, None], shapes[None])
    inner = smaller[..., 0] * smaller[..., 1]
    union = (sizes[:, 0] * sizes[:, 1])[:, None] + (shapes[:, 0] * shapes[:, 1])[None] - inner
    found: Floats = (inner / union).astype(np.float32)
    return found


def fit_anchors(
    boxes: Floats, k: int, *, weights: Floats | None = None, seed: int = 0
) -> tuple[Shape, ...]:
    """Fit `k` anchor shapes by k-means on 1 - IoU (Redmon and Farhadi 2017, section 2).

    Args:
        boxes: `(n, 4)` corners; at least one.
        k: How many shapes; fewer come back when there are fewer different boxes.
        weights: `(n,)` each box's weight, so that a rare class counts like a common one.
        seed: Of the first choice of centres (k-means++).

    Returns:
        Shapes from small to large.

    Raises:
        ValueError: There are no boxes.
    """
    if not len(boxes):
        raise ValueError("no boxes to fit anchors to")
    sizes = np.round(boxes[:, 2:] - boxes[:, :2], 2).astype(np.float32)
    weight = np.ones(len(sizes), np.float32) if weights is None else weights
    sizes, where = np.unique(sizes, axis=0, return_inverse=True)
    weight = np.bincount(where.reshape(-1), weight).astype(np.float32)
    random = np.random.default_rng(seed)
    shapes = sizes[[random.choice(len(sizes), p=weight / weight.sum())]]
    while len(shapes) < min(k, len(sizes)):
        distance = (1 - shape_iou(sizes, shapes).max(axis=1)).clip(0) ** 2 * weight
        if distance.sum() <= 0:
            break
        chosen = random.choice(len(sizes), p=distance / distance.sum())
        shapes = np.concatenate([shapes, sizes[[chosen]]])
    for _ in range(100):
        nearest = shape_iou(sizes, shapes).argmax(axis=1)
        moved = np.stack(
            [_centre(sizes, weight, nearest == i, shapes[i]) for i in range(len(shapes))]
        )
        if np.allclose(moved, shapes, atol=0.01):
            break
        shapes = moved
    order = np.argsort(shapes[:, 0] * shapes[:, 1], kind="stable")
    return tuple((round(float(w), 2), round(float(h), 2)) for w, h in shapes[order])


def _centre(sizes: Floats, weight: Floats, members: npt.NDArray[np.bool_], old: Floats) -> Floats:
    if not members.any():
        return old
    centre: Floats = np.average(sizes[members], axis=0, weights=weight[members])
    return centre.astype(np.float32)


def best_possible_recall(
    boxes: Floats, anchors: Sequence[Shape], *, threshold: float = 0.5
) -> float:
    """Share of boxes that some anchor's shape meets at the IoU threshold; NaN without boxes.

    The shapes share the box's centre here; `placed_recall` has them where the grid puts them.
    """
    if not len(boxes):
        return float("nan")
    best = shape_iou(boxes[:, 2:] - boxes[:, :2], np.array(anchors, np.float32)).max(axis=1)
    return float((best >= threshold).mean())


def placed_recall(boxes: Floats, placed: Floats, *, threshold: float = 0.5) -> float:
    """Share of boxes that some placed anchor meets at the IoU threshold; NaN without boxes."""
    if not len(boxes):
        return float("nan")
    best = [iou_matrix(box[None], to_corners(placed)).max() for box in boxes]
    return float((np.array(best) >= threshold).mean())


def assign_levels(shapes: Sequence[Shape], strides: Sequence[int]) -> tuple[tuple[Shape, ...], ...]:
    """Give each shape the finest level whose square of 2 x 2 cells is not smaller, or the last."""
    levels: list[list[Shape]] = [[] for _ in strides]
    for width, height in shapes:
        size = (width * height) ** 0.5
        fitting = [i for i, stride in enumerate(strides) if size <= 2 * stride]
        levels[fitting[0] if fitting else -1].append((width, height))
    return tuple(tuple(level) for level in levels)


@lru_cache(maxsize=64)
def place_anchors(
    levels: tuple[tuple[Shape, ...], ...], strides: tuple[int, ...], size: tuple[int, int]
) -> Floats:
    """Place every level's anchors on a picture of `size` (height, width): `(A, 4)`, read-only.

    Their order is the detector's: level, row, column, anchor of the cell.
    """
    placed = []
    for shapes, stride in zip(levels, strides, strict=True):
        rows, columns = ceil(size[0] / stride), ceil(size[1] / stride)
        cell = np.array([(stride / 2, stride / 2, w, h) for w, h in shapes], np.float32)
        cell = cell.reshape(-1, 4)
        grid = np.zeros((rows, columns, len(cell), 4), np.float32)
        grid += cell
        grid[..., 0] += stride * np.arange(columns, dtype=np.float32)[None, :, None]
        grid[..., 1] += stride * np.arange(rows, dtype=np.float32)[:, None, None]
        placed.append(grid.reshape(-1, 4))
    found = np.concatenate(placed)
    found.flags.writeable = False
    return found


def to_corners(anchors: Floats) -> Floats:
    """Turn centre and size into corners."""
    half = anchors[:, 2:] / 2
    return np.concatenate([anchors[:, :2] - half, anchors[:, :2] + half], axis=1)


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """IoU of every pair of boxes, `(len(a), len(b))`."""
    left = np.maximum(a[:, None, 0], b[None, :, 0])
    top = np.maximum(a[:, None, 1], b[None, :, 1])
    right = np.minimum(a[:, None, 2], b[None, :, 2])
    bottom = np.minimum(a[:, None, 3], b[None, :, 3])
    inner = (right - left).clip(0) * (bottom - top).clip(0)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    found: Floats = inner / np.maximum(area_a[:, None] + area_b[None] - inner, 1e-9)
    return found


def match(
    corners: Floats,
    boxes: Floats,
    *,
    positive_iou: float = 0.5,
    negative_iou: float = 0.4,
    positive_share: float = 0.7,
    negative_share: float = 0.4,
) -> npt.NDArray[np.int64]:
    """Match anchors to boxes (SSD, section 2.2): each box's best anchor is forced.

    The forced pairs are chosen best first, and no anchor twice, so that no box goes without. A
    ball of six pixels may lie between four anchors that are all as good as one another; so that
    three of them aren't called background, IoU also counts as a share of the box's best one
    (after the scale-compensated matching of Zhang et al. 2017, S3FD, section 3.2).

    Args:
        corners: `(A, 4)` the anchors' corners.
        boxes: `(n, 4)`.
        positive_iou: From this IoU on an anchor belongs to its best box.
        negative_iou: Below it an anchor is background; between the two it is ignored.
        positive_share: Likewise, as a share of the box's best IoU.
        negative_share: Likewise.

    Returns:
        `(A,)` each anchor's box, or `BACKGROUND`, or `IGNORED`.
    """
    found = np.full(len(corners), BACKGROUND, np.int64)
    if not len(boxes):
        return found
    overlap = iou_matrix(boxes, corners)
    share = overlap / np.maximum(overlap.max(axis=1, keepdims=True), 1e-9)
    best_box = overlap.argmax(axis=0)
    every = np.arange(len(corners))
    best, shared = overlap[best_box, every], share[best_box, every]
    found[(best >= negative_iou) | (shared >= negative_share)] = IGNORED
    positive = (best >= positive_iou) | (shared >= positive_share)
    found[positive] = best_box[positive]
    for _ in range(min(len(boxes), len(corners))):
        peaks = overlap.argmax(axis=1)
        values = overlap[np.arange(len(boxes)), peaks]
        box = int(values.argmax())
        if values[box] <= 0:
            break
        found[peaks[box]] = box
        overlap[box] = -1
        overlap[:, peaks[box]] = np.where(overlap[:, peaks[box]] < 0, -1, 0)
    return found


def encode(boxes: Floats, anchors: Floats) -> Floats:
    """Code boxes relative to their anchors, row by row: `(n, 4)` deltas."""
    size = boxes[:, 2:] - boxes[:, :2]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    moved = (centre - anchors[:, :2]) / anchors[:, 2:]
    scaled = np.log(np.maximum(size, 1e-3) / anchors[:, 2:])
    found: Floats = (np.concatenate([moved, scaled], axis=1) * _CODE).astype(np.float32)
    return found


def decode(deltas: Floats, anchors: Floats) -> Floats:
    """Undo `encode`: corners, `(n, 4)`."""
    plain = deltas / _CODE
    centre = plain[:, :2] * anchors[:, 2:] + anchors[:, :2]
    half = np.exp(np.minimum(plain[:, 2:], _LARGEST_LOG)) * anchors[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32, copy=False)
