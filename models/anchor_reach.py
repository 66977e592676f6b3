"""Which labelled boxes anchors can reach at all: what no training can make up for."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import numpy as np

from data.errors import RecordingError
from data.reader import Recording
from models.anchors import (
    Floats,
    Shape,
    assign_levels,
    best_possible_recall,
    fit_anchors,
    place_anchors,
    placed_recall,
    shape_iou,
)
from models.detection_metrics import Truth
from models.detector_data import gather_boxes, read_frames
from models.ssd import STRIDES

_REACHED = 0.99
_THRESHOLD = 0.5
_MOST_PLACED = 1000  # boxes of a class that are compared with all placed anchors


@dataclass(frozen=True, slots=True)
class AnchorReach:
    """Fitted anchors, and the share of the labelled boxes that they meet at IoU 0.5."""

    anchors: tuple[Shape, ...]
    best_possible_recall: dict[str, float | None]
    """By class, with an anchor in the middle of each box; None where there is no box."""
    placed_recall: dict[str, float | None]
    """By class, with the anchors where the detector's grid puts them; of at most 1000 boxes."""
    boxes: dict[str, int]
    """How many there are, by class."""
    unreachable: tuple[str, ...]
    """What is not reached, in words; nothing when each class is reached well enough."""


def fit_recordings(paths: Sequence[Path], *, anchors: int, seed: int = 0) -> AnchorReach:
    """Fit anchors to all boxes of recordings as training does, each class alike.

    Raises:
        RecordingError: They hold no boxes, or differ in objects or picture size.
    """
    with Recording(paths[0]) as first:
        names, size = first.profile.object_names, first.profile.capture.size
    for path in paths[1:]:
        with Recording(path) as other:
            if other.profile.object_names != names or other.profile.capture.size != size:
                raise RecordingError(
                    f"{path}: its objects or its picture size are not those of {paths[0]}. "
                    "Anchors are fitted for one game at a time."
                )
    frames = read_frames(paths, names=names, stride=1)
    truth = gather_boxes(frames) if frames else None
    if truth is None or not len(truth.boxes):
        raise RecordingError(
            f"{paths[0]}: there are no boxes to fit anchors to. Label some frames, or see "
            "'understudy boxes --help'. Suggested boxes don't count."
        )
    return fit_reach(
        truth, names=names, size=(size.height_px, size.width_px), anchors=anchors, seed=seed
    )


def fit_reach(
    truth: Truth, *, names: Sequence[str], size: tuple[int, int], anchors: int, seed: int = 0
) -> AnchorReach:
    """Fit anchors to boxes, each class alike, and see which boxes they reach.

    Args:
        truth: All boxes.
        names: Of the classes.
        size: Height and width of the pictures.
        anchors: Shapes to fit.
        seed: Of the fit.
    """
    counts = np.bincount(truth.classes, minlength=len(names))
    weights = (1 / counts.clip(1)[truth.classes]).astype(np.float32)
    shapes = fit_anchors(truth.boxes, anchors, weights=weights, seed=seed)
    placed = place_anchors(assign_levels(shapes, STRIDES), STRIDES, size)
    of_class = {name: truth.boxes[truth.classes == kind] for kind, name in enumerate(names)}
    free = {name: best_possible_recall(boxes, shapes) for name, boxes in of_class.items()}
    fixed = {
        name: placed_recall(boxes[:: -(-len(boxes) // _MOST_PLACED) or 1], placed)
        for name, boxes in of_class.items()
    }
    said = [_told(name, boxes, shapes) for name, boxes in of_class.items()]
    return AnchorReach(
        anchors=shapes,
        best_possible_recall={name: _plain(value) for name, value in free.items()},
        placed_recall={name: _plain(value) for name, value in fixed.items()},
        boxes={name: len(boxes) for name, boxes in of_class.items()},
        unreachable=tuple(filter(None, [*said, _between(fixed)])),
    )


def _plain(value: float) -> float | None:
    return None if isnan(value) else value


def _told(name: str, boxes: Floats, shapes: Sequence[Shape]) -> str:
    if not len(boxes):
        return f"{name}: there is no box of it."
    sizes = boxes[:, 2:] - boxes[:, :2]
    apart = shape_iou(sizes, np.array(shapes, np.float32)).max(axis=1) < _THRESHOLD
    if not apart.any():
        return ""
    low, high = sizes[apart].min(axis=0), sizes[apart].max(axis=0)
    advice = (
        f"Fit more anchors (--anchors {len(shapes) + 3}), or look at those boxes."
        if apart.mean() > 1 - _REACHED
        else "So few cost next to nothing."
    )
    return (
        f"{name}: {int(apart.sum())} of {len(boxes)} boxes are like no anchor: {low[0]:.0f} to "
        f"{high[0]:.0f} pixels wide, {low[1]:.0f} to {high[1]:.0f} high. {advice}"
    )


def _between(placed: dict[str, float]) -> str:
    shares = [f"{name} {1 - share:.0%}" for name, share in placed.items() if share < _REACHED]
    if not shares:
        return ""
    return (
        f"between the places of the grid, the finest of which are {STRIDES[0]} pixels apart: "
        f"{', '.join(shares)} of the boxes. No anchor there meets them at IoU {_THRESHOLD}; their "
        "nearest ones learn them."
    )
