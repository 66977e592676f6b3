"""From the detector's numbers to boxes: decoding, score threshold, per-class NMS. NumPy only."""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from models.anchors import Floats, decode, iou_matrix

_CANDIDATES = 300  # per frame before NMS; a frame of football holds about 16 objects


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Which detections are kept."""

    score_threshold: float = 0.3
    """Least class probability."""
    nms_iou: float = 0.45
    """Two boxes of one class that overlap more are one object (SSD, section 2.2)."""
    most: int = 100
    """Detections kept of a frame, best first."""

    def __post_init__(self) -> None:
        if not 0 < self.score_threshold < 1 or not 0 < self.nms_iou <= 1 or self.most < 1:
            raise ValueError(f"thresholds lie between 0 and 1 and most is above 0, got {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What is seen in one frame, best score first."""

    boxes: Floats
    """`(n, 4)` corners x1 y1 x2 y2 in pixels of the frame."""
    classes: npt.NDArray[np.int64]
    """`(n,)` index into the detector's class names."""
    scores: Floats
    """`(n,)` class probabilities."""


def decode_frame(
    logits: Floats,
    deltas: Floats,
    anchors: Floats,
    *,
    size: tuple[int, int],
    settings: DecodeSettings,
) -> Detections:
    """Turn one frame's `(A, C + 1)` logits and `(A, 4)` deltas into detections.

    `size` is the frame's height and width; boxes are clipped to it.
    """
    # p(class) <= exp(its logit - the background's): most anchors drop out without a softmax.
    best = logits[:, 1].copy()
    for column in range(2, logits.shape[1]):
        np.maximum(best, logits[:, column], out=best)
    near = np.flatnonzero(best - logits[:, 0] > log(settings.score_threshold))
    few = logits[near]
    exponents = np.exp(few - few.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities = exponents[:, 1:] / exponents.sum(axis=1, keepdims=True)
    rows, classes = np.nonzero(probabilities > settings.score_threshold)
    scores = probabilities[rows, classes]
    order = np.argsort(-scores, kind="stable")[:_CANDIDATES]
    rows, classes, scores = near[rows[order]], classes[order], scores[order]
    boxes = decode(deltas[rows], anchors[rows])
    boxes[:, 0::2] = boxes[:, 0::2].clip(0, size[1])
    boxes[:, 1::2] = boxes[:, 1::2].clip(0, size[0])
    kept = nms(boxes, classes, iou=settings.nms_iou)[: settings.most]
    return Detections(boxes[kept], classes[kept].astype(np.int64), scores[kept])


def nms(boxes: Floats, classes: npt.NDArray[np.int64], *, iou: float) -> npt.NDArray[np.int64]:
    """Keep the best of each heap of overlapping boxes of one class.

    Args:
        boxes: `(n, 4)`, best score first.
        classes: `(n,)`; boxes of different classes never suppress each other.
        iou: Two boxes of one class that overlap more are one object.

    Returns:
        Indices of the boxes that stay, best first.
    """
    clash = (iou_matrix(boxes, boxes) > iou) & (classes[:, None] == classes[None])
    alive = np.ones(len(boxes), dtype=np.bool_)
    for i in np.flatnonzero(np.triu(clash, 1).any(axis=1)):
        if alive[i]:
            alive[i + 1 :] &= ~clash[i, i + 1 :]
    return np.flatnonzero(alive)
