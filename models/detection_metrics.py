"""Average precision of a detector, as COCO defines it (101 recall points, Lin et al. 2014)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.anchors import Floats, iou_matrix
from models.detections import Detections

COCO_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
_RECALLS = np.linspace(0, 1, 101)
_TINY = float(np.spacing(1))


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The labelled boxes of one frame."""

    boxes: Floats
    """`(n, 4)` corners."""
    classes: npt.NDArray[np.int64]
    """`(n,)`."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectionMetrics:
    """Average precision; NaN for a class that the truth never shows."""

    thresholds: tuple[float, ...]
    average_precision: npt.NDArray[np.float64]
    """`(thresholds, classes)`."""
    recall: npt.NDArray[np.float64]
    """`(thresholds, classes)`, with every detection counted."""

    @property
    def ap50(self) -> npt.NDArray[np.float64]:
        """Average precision by class at IoU 0.5, `(classes,)`."""
        found: npt.NDArray[np.float64] = self.average_precision[self.thresholds.index(0.5)]
        return found

    @property
    def map50(self) -> float:
        """Mean of `ap50` over the classes that the truth shows; NaN when it shows none."""
        known = self.ap50[~np.isnan(self.ap50)]
        return float(known.mean()) if len(known) else float("nan")


def evaluate_detections(
    detections: Sequence[Detections],
    truths: Sequence[Truth],
    *,
    classes: int,
    thresholds: Sequence[float] = (0.5,),
    most: int = 100,
) -> DetectionMetrics:
    """Score detections, frame by frame beside the truth.

    Args:
        detections: One per frame, best score first.
        truths: One per frame.
        classes: How many object classes there are.
        thresholds: Least IoUs at which a detection counts as right.
        most: Detections of a class that count in one frame.
    """
    shape = (len(thresholds), classes)
    precision, recall = np.full(shape, np.nan), np.full(shape, np.nan)
    for kind in range(classes):
        total = sum(int((truth.classes == kind).sum()) for truth in truths)
        if not total:
            continue
        rows = [
            _match_frame(found, truth, kind, thresholds, most)
            for found, truth in zip(detections, truths, strict=True)
        ]
        scores = np.concatenate([row[0] for row in rows])
        hits = np.concatenate([row[1] for row in rows], axis=1)
        order = np.argsort(-scores, kind="mergesort")
        for i in range(len(thresholds)):
            precision[i, kind], recall[i, kind] = _curve_area(hits[i, order], total)
    return DetectionMetrics(tuple(thresholds), precision, recall)


def _match_frame(
    found: Detections, truth: Truth, kind: int, thresholds: Sequence[float], most: int
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Match one class in one frame: scores `(n,)` and hits `(thresholds, n)`.

    Each detection, best first, takes the free labelled box that it overlaps most.
    """
    chosen = np.flatnonzero(found.classes == kind)
    chosen = chosen[np.argsort(-found.scores[chosen], kind="mergesort")][:most]
    overlap = iou_matrix(found.boxes[chosen], truth.boxes[truth.classes == kind])
    hits = np.zeros((len(thresholds), len(chosen)), dtype=np.bool_)
    for i, threshold in enumerate(thresholds):
        free = overlap.copy()
        for row in range(len(chosen) if free.shape[1] else 0):
            best = free.shape[1] - 1 - int(free[row, ::-1].argmax())  # a tie goes to the later box
            if free[row, best] >= min(threshold, 1 - 1e-10):
                hits[i, row] = True
                free[:, best] = -1
    return found.scores[chosen], hits


def _curve_area(hits: npt.NDArray[np.bool_], total: int) -> tuple[float, float]:
    """Area under the interpolated precision-recall curve, and the last recall."""
    if not len(hits):
        return 0.0, 0.0
    right = np.cumsum(hits)
    recall = right / total
    precision = right / (np.arange(1, len(hits) + 1) + _TINY)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    where = np.searchsorted(recall, _RECALLS, side="left")
    points = np.where(where < len(precision), precision[np.minimum(where, len(hits) - 1)], 0.0)
    return float(points.mean()), float(recall[-1])
