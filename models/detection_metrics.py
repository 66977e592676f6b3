"""Average precision of a detector, as COCO defines it (101 recall points, Lin et al. 2014)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.anchors import Floats, iou_matrix
from models.detections import Detections

# COCO's sizes: least and largest area of a box in square pixels, both included.
SIZES = {"small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
_ALL = (0.0, 1e10)
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
    def ap(self) -> npt.NDArray[np.float64]:
        """Mean over the thresholds by class, `(classes,)`: COCO's AP with `COCO_THRESHOLDS`."""
        found: npt.NDArray[np.float64] = self.average_precision.mean(axis=0)
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
    area: tuple[float, float] = _ALL,
) -> DetectionMetrics:
    """Score detections, frame by frame beside the truth.

    Args:
        detections: One per frame, best score first.
        truths: One per frame.
        classes: How many object classes there are.
        thresholds: Least IoUs at which a detection counts as right.
        most: Detections of a class that count in one frame.
        area: Only boxes of an area between these count, such as one of `SIZES`. A detection that
            takes another box, or that takes none and is of another area itself, is passed over.
    """
    shape = (len(thresholds), classes)
    precision, recall = np.full(shape, np.nan), np.full(shape, np.nan)
    for kind in range(classes):
        total = sum(int(_counted(truth, kind, area).sum()) for truth in truths)
        if not total:
            continue
        rows = [
            _match_frame(found, truth, kind, thresholds, most, area)
            for found, truth in zip(detections, truths, strict=True)
        ]
        scores = np.concatenate([row[0] for row in rows])
        hits = np.concatenate([row[1] for row in rows], axis=1)
        passed = np.concatenate([row[2] for row in rows], axis=1)
        order = np.argsort(-scores, kind="mergesort")
        for i in range(len(thresholds)):
            told = hits[i, order][~passed[i, order]]
            precision[i, kind], recall[i, kind] = _curve_area(told, total)
    return DetectionMetrics(tuple(thresholds), precision, recall)


def evaluate_sizes(
    detections: Sequence[Detections], truths: Sequence[Truth], *, classes: int
) -> dict[str, DetectionMetrics]:
    """Score detections as COCO does, all of them ("all") and by the size of the labelled box."""
    return {
        name: evaluate_detections(
            detections, truths, classes=classes, thresholds=COCO_THRESHOLDS, area=area
        )
        for name, area in {"all": _ALL, **SIZES}.items()
    }


def _within(boxes: Floats, area: tuple[float, float]) -> npt.NDArray[np.bool_]:
    corners = boxes.astype(np.float64)
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    found: npt.NDArray[np.bool_] = (areas >= area[0]) & (areas <= area[1])
    return found


def _counted(truth: Truth, kind: int, area: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Say which of a frame's boxes are of a class and an area."""
    found: npt.NDArray[np.bool_] = (truth.classes == kind) & _within(truth.boxes, area)
    return found


def _match_frame(
    found: Detections,
    truth: Truth,
    kind: int,
    thresholds: Sequence[float],
    most: int,
    area: tuple[float, float],
) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Match one class in one frame: scores `(n,)`, hits and passed over `(thresholds, n)`.

    Each detection, best first, takes the free labelled box that it overlaps most; one that doesn't
    count only where none that counts is near enough.
    """
    chosen = np.flatnonzero(found.classes == kind)
    chosen = chosen[np.argsort(-found.scores[chosen], kind="mergesort")][:most]
    boxes = truth.boxes[truth.classes == kind]
    counts = _within(boxes, area)
    overlap = iou_matrix(found.boxes[chosen], boxes)
    hits = np.zeros((len(thresholds), len(chosen)), dtype=np.bool_)
    passed = np.tile(~_within(found.boxes[chosen], area), (len(thresholds), 1))
    for i, threshold in enumerate(thresholds):
        free = overlap.copy()
        for row in range(len(chosen)):
            for wanted in (counts, ~counts):
                best = _nearest(np.where(wanted, free[row], -1), min(threshold, 1 - 1e-10))
                if best is not None:
                    hits[i, row], passed[i, row] = counts[best], not counts[best]
                    free[:, best] = -1
                    break
    return found.scores[chosen], hits, passed


def _nearest(overlap: Floats, least: float) -> int | None:
    """Return the box of the largest IoU, if it is large enough; a tie goes to the later box."""
    if not len(overlap):
        return None
    best = len(overlap) - 1 - int(overlap[::-1].argmax())
    return best if overlap[best] >= least else None


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
