"""Carry drawn boxes through the frames that follow, until they are lost.

Each box is looked for near where its motion leads, by the normalised correlation of two pictures
of it: as it was drawn, which keeps it from drifting, and as it was last seen, which follows a
figure that runs. On the practice game at 20 Hz, boxes that still meet the true one at IoU 0.5 after
1, 5 and 20 frames: balls 0.90, 0.84, 0.63, players 1.00, 0.99, 0.93. Optical flow, checked forward
and backward: 0.82, 0.60, 0.18 and 1.00, 0.98, 0.87. OpenCV's MIL: balls 0.00, players 0.44 after 1
frame, at 20 ms a box.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from data.boxes import Box, BoxOrigin
from data.frames import Image
from models.anchors import Floats

_GROWN_PX = 20.0  # smaller things are enlarged to this: six pixels alone correlate with anything
_MOST_GROWN = 4.0
_MARGIN = 0.15  # of the box's sides, seen around it: an edge against the ground tells most
_PATIENT_GAIN = 0.5  # of a new velocity measurement


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How boxes are carried."""

    reach: float = 0.035
    """How far an object may leave its expected place in one frame, as a share of the width."""
    least_score: float = 0.5
    """Least correlation; below it the object is lost."""
    drawn_share: float = 0.6
    """What the picture as drawn counts, beside the picture as last seen."""
    distance_cost: float = 0.15
    """Taken off the correlation at the end of the reach."""

    def __post_init__(self) -> None:
        if not 0 < self.reach < 1 or not 0 <= self.drawn_share <= 1 or not 0 < self.least_score < 1:
            raise ValueError(f"shares lie between 0 and 1, got {self}")


@dataclass(frozen=True, slots=True)
class Carried:
    """A box that was found again."""

    index: int
    """Which of the boxes that were drawn."""
    box: Box
    score: float
    """Correlation with what was drawn and last seen, at most 1."""


@dataclass(frozen=True, slots=True, eq=False)
class _Object:
    index: int
    drawn: Box
    first: Image
    last: Image
    centre: npt.NDArray[np.float64]
    motion: npt.NDArray[np.float64]
    """Pixels a frame."""
    seen: int


class BoxTracker:
    """Follows the boxes drawn in one picture through the pictures after it."""

    def __init__(
        self, image: Image, boxes: tuple[Box, ...], settings: TrackerSettings | None = None
    ) -> None:
        self._settings = settings or TrackerSettings()
        self._objects = []
        for index, box in enumerate(boxes):
            centre = np.array([(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2])
            patch = _cut(image, centre, _window(box), _scale(box))
            self._objects.append(_Object(index, box, patch, patch, centre, np.zeros(2), 1))

    def follow(self, image: Image) -> list[Carried]:
        """Find the boxes in the next picture; those that are lost are not looked for again."""
        moved = [(thing, *self._find(thing, image)) for thing in self._objects]
        found, kept = [], []
        for thing, centre, score in moved:
            box = _placed(thing.drawn, centre, image)
            if box is None or score < self._settings.least_score:
                continue
            found.append(Carried(thing.index, box, score))
            gain = _PATIENT_GAIN if thing.seen > 1 else 1.0
            kept.append(
                replace(
                    thing,
                    last=_cut(image, centre, _window(thing.drawn), _scale(thing.drawn)),
                    centre=centre,
                    motion=thing.motion + gain * (centre - thing.centre - thing.motion),
                    seen=thing.seen + 1,
                )
            )
        self._objects = kept
        return found

    def _find(self, thing: _Object, image: Image) -> tuple[npt.NDArray[np.float64], float]:
        """Return where an object is most likely, and how well it correlates there."""
        scale, window = _scale(thing.drawn), _window(thing.drawn)
        expected = thing.centre + thing.motion
        reach = max(4.0, self._settings.reach * image.shape[1])
        area = _cut(image, expected, window + 2 * reach, scale)
        share = self._settings.drawn_share
        likeness = share * cv2.matchTemplate(area, thing.first, cv2.TM_CCOEFF_NORMED)
        likeness += (1 - share) * cv2.matchTemplate(area, thing.last, cv2.TM_CCOEFF_NORMED)
        rows, columns = np.indices(likeness.shape, dtype=np.float32)
        middle = (np.array(likeness.shape) - 1) / 2
        away = np.hypot(rows - middle[0], columns - middle[1]) / (reach * scale)
        cost = self._settings.distance_cost * away**2
        row, column = np.unravel_index(int((likeness - cost).argmax()), likeness.shape)
        exact = _peak(likeness, int(row), int(column))
        centre = expected + (exact - middle[::-1]) / scale
        return centre, float(likeness[row, column])


def _scale(box: Box) -> float:
    return float(np.clip(_GROWN_PX / min(box.x2 - box.x1, box.y2 - box.y1), 1.0, _MOST_GROWN))


def _window(box: Box) -> npt.NDArray[np.float64]:
    return np.array([box.x2 - box.x1, box.y2 - box.y1]) * (1 + 2 * _MARGIN)


def _cut(
    image: Image, centre: npt.NDArray[np.float64], size: npt.NDArray[np.float64], scale: float
) -> Image:
    """Cut a piece around a point, enlarged; beyond the border the edge goes on."""
    width, height = (max(3, round(float(side) * scale)) for side in size)
    # Box edges are between pixels, OpenCV's coordinates at their middle: half a pixel apart.
    left, top = centre - 0.5 - (np.array([width, height]) - 1) / (2 * scale)
    warp = np.array([[1 / scale, 0, left], [0, 1 / scale, top]])
    piece = cv2.warpAffine(
        image,
        warp,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return piece.astype(np.uint8, copy=False)


def _peak(likeness: Floats, row: int, column: int) -> npt.NDArray[np.float64]:
    """Refine a maximum by a parabola through its neighbours: x, y."""
    exact = [float(column), float(row)]
    for axis, (line, at) in enumerate(((likeness[row], column), (likeness[:, column], row))):
        if 0 < at < len(line) - 1:
            before, peak, after = (float(value) for value in line[at - 1 : at + 2])
            curve = before - 2 * peak + after
            if curve < 0:
                exact[axis] += float(np.clip(0.5 * (before - after) / curve, -0.5, 0.5))
    return np.array(exact)


def _placed(drawn: Box, centre: npt.NDArray[np.float64], image: Image) -> Box | None:
    """Move a box, clipped to the picture; None where less than half of it is left."""
    half = np.array([drawn.x2 - drawn.x1, drawn.y2 - drawn.y1]) / 2
    low = np.clip(centre - half, 0, image.shape[1::-1])
    high = np.clip(centre + half, 0, image.shape[1::-1])
    if ((high - low) / (2 * half)).prod() < 0.5:
        return None
    x1, y1, x2, y2 = (float(edge) for edge in (*low, *high))
    return Box(drawn.class_name, x1, y1, x2, y2, BoxOrigin.SUGGESTED)
