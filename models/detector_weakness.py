"""What is weak in a trained detector, in words, and what to do about it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.anchors import Floats, Shape, iou_matrix, shape_iou, to_corners
from models.detection_metrics import Truth
from models.detections import Detections

_FEW = 50  # boxes of a class; sixty frames of one ball are about the least that teaches
_SIDES_PX = (8.0, 16.0, 32.0)  # limits between sizes; the side is the root of the area
_LEAST = 5  # boxes; of fewer nothing is said
_MISSED, _FALSE = 0.2, 0.2
_REACHED, _PLACED = 0.99, 0.9
_MATCH_IOU = 0.5
_MOST_PLACED = 200  # boxes of a class that are compared with all placed anchors


@dataclass(slots=True)
class _Seen:
    """What became of one class's held-out boxes."""

    sides: list[float]
    missed: list[bool]
    taken_for: Counter[int]
    """Classes that were seen where a box was missed."""
    detections: int = 0
    false: int = 0


def weaknesses(
    names: Sequence[str],
    *,
    train: Truth,
    validation: Sequence[Truth],
    found: Sequence[Detections],
    shapes: Sequence[Shape],
    placed: Floats,
) -> tuple[str, ...]:
    """Say what is weak, class by class; nothing when nothing is.

    Args:
        names: The classes' names.
        train: All boxes trained on.
        validation: The held-out boxes, frame by frame.
        found: The detections of those frames, at the threshold for use.
        shapes: The anchors' shapes.
        placed: The anchors on a whole frame, see `models.anchors.place_anchors`.
    """
    said: list[str] = []
    for kind, name in enumerate(names):
        boxes = train.boxes[train.classes == kind]
        said += [f"{name}: {text}" for text in _of_labels(boxes)]
        seen = _look(kind, validation, found)
        if validation:
            said += [f"{name}: {text}" for text in _of_sight(seen, names)]
        if len(boxes):
            said += [f"{name}: {text}" for text in _of_shapes(boxes, shapes)]
        if len(boxes) and seen.missed and np.mean(seen.missed) > _MISSED:
            said += [f"{name}: {text}" for text in _of_places(boxes, placed)]
    return tuple(said)


def _of_labels(boxes: Floats) -> list[str]:
    if not len(boxes):
        return ["no box to learn from, so it is never found. Label some."]
    if len(boxes) < _FEW:
        return [f"only {len(boxes)} boxes to learn from. Label more frames that show it."]
    return []


def _of_shapes(boxes: Floats, shapes: Sequence[Shape]) -> list[str]:
    sizes = boxes[:, 2:] - boxes[:, :2]
    apart = shape_iou(sizes, np.array(shapes, np.float32)).max(axis=1) < _MATCH_IOU
    if apart.mean() > 1 - _REACHED:
        return [
            f"{_share(apart)} of the boxes ({_size(sizes[apart])}) are like no anchor, at IoU "
            f"{_MATCH_IOU}. Fit more anchors (--anchors {len(shapes) + 3}), or look at those boxes."
        ]
    return []


def _of_places(boxes: Floats, placed: Floats) -> list[str]:
    """Say where the grid may be the reason for misses."""
    some = boxes[:: max(1, len(boxes) // _MOST_PLACED)]
    best = np.array([iou_matrix(box[None], to_corners(placed)).max() for box in some])
    between = best < _MATCH_IOU
    if between.mean() > 1 - _PLACED:
        return [
            f"{_share(between)} of the boxes ({_size((some[:, 2:] - some[:, :2])[between])}) lie "
            "between the anchors of the grid, and have only their best one to be found by. "
            "Larger stored frames (the profile's capture size) would help."
        ]
    return []


def _look(kind: int, validation: Sequence[Truth], found: Sequence[Detections]) -> _Seen:
    seen = _Seen([], [], Counter())
    for truth, detections in zip(validation, found, strict=True):
        boxes = truth.boxes[truth.classes == kind]
        alike = detections.classes == kind
        hit, wrong = _matched(boxes, detections.boxes[alike])
        seen.detections += int(alike.sum())
        seen.false += wrong
        seen.sides += np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1)).tolist()
        seen.missed += (~hit).tolist()
        overlap = iou_matrix(boxes[~hit], detections.boxes[~alike])
        others = detections.classes[~alike]
        for row in overlap if overlap.size else ():
            if row.max() >= _MATCH_IOU:
                seen.taken_for[int(others[row.argmax()])] += 1
    return seen


def _matched(boxes: Floats, detected: Floats) -> tuple[npt.NDArray[np.bool_], int]:
    """Say which boxes are found, and how many detections find none; best score first."""
    hit = np.zeros(len(boxes), np.bool_)
    wrong = 0
    overlap = iou_matrix(detected, boxes)
    for row in overlap:
        free = np.where(hit, 0.0, row)
        if free.size and free.max() >= _MATCH_IOU:
            hit[free.argmax()] = True
        else:
            wrong += 1
    return hit, wrong


def _of_sight(seen: _Seen, names: Sequence[str]) -> list[str]:
    sides, missed = np.array(seen.sides), np.array(seen.missed, np.bool_)
    if not len(sides):
        return ["no held-out frame shows it, so nobody knows how well it is found."]
    said = []
    limits = (0.0, *_SIDES_PX, np.inf)
    for low, high in pairwise(limits):
        within = missed[(sides >= low) & (sides < high)]
        if len(within) >= min(_LEAST, len(sides)) and len(within) and within.mean() > _MISSED:
            said.append(
                f"{int(within.sum())} of {len(within)} held-out boxes {_between(low, high)} "
                "are missed. Label more such frames, or train longer."
            )
    for other, count in seen.taken_for.most_common(1):
        if count >= min(_LEAST, len(sides)) and count > _MISSED / 2 * len(sides):
            said.append(f"{count} of {len(sides)} held-out boxes are taken for {names[other]}.")
    if seen.detections >= _LEAST and seen.false > _FALSE * seen.detections:
        said.append(
            f"{seen.false} of {seen.detections} detections are at no such object. "
            "Look whether all of them are labelled."
        )
    return said


def _between(low: float, high: float) -> str:
    if low == 0:
        return f"smaller than {high:g} px"
    return f"from {low:g} px on" if high == np.inf else f"of {low:g} to {high:g} px"


def _share(flags: npt.NDArray[np.bool_]) -> str:
    return f"{100 * flags.mean():.0f}%"


def _size(sizes: Floats) -> str:
    width, height = np.median(sizes, axis=0)
    return f"about {width:.0f}x{height:.0f} px"
