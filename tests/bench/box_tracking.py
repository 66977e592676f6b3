"""How far boxes are carried: ours beside optical flow and OpenCV's own tracker.

    .venv/bin/python -m tests.bench.box_tracking match1.h5 match2.h5 [--mil]

The recordings hold a true box for each object on each frame, as those that `understudy practice
--headless --coach --record FILE` makes.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Protocol

import cv2
import numpy as np
import typer

from data.boxes import Box
from data.console import print_table
from data.frames import Image
from data.reader import Recording
from models.anchors import iou_matrix
from models.box_tracker import BoxTracker, Carried

AFTER = (1, 2, 5, 10, 20)
LOST_PX = 25.0  # further from where it was expected, the true box is another object's
BEGIN_EVERY = 40


class Tracker(Protocol):
    """Carries boxes from picture to picture."""

    def follow(self, image: Image) -> list[Carried]:
        """Find the boxes in the next picture."""
        ...


class Mil:
    """OpenCV's TrackerMIL, the only one that needs no model file."""

    def __init__(self, image: Image, boxes: Sequence[Box]) -> None:
        self._all = []
        for index, box in enumerate(boxes):
            tracker = cv2.TrackerMIL.create()
            width, height = max(1, round(box.x2 - box.x1)), max(1, round(box.y2 - box.y1))
            tracker.init(image, (round(box.x1), round(box.y1), width, height))
            self._all.append((index, box.class_name, tracker))

    def follow(self, image: Image) -> list[Carried]:
        """Find the boxes in the next picture."""
        found = []
        for index, name, tracker in self._all:
            ok, (x, y, width, height) = tracker.update(image)
            if ok and width > 0 and height > 0:
                found.append(Carried(index, Box(name, x, y, x + width, y + height), 1.0))
        return found


class Flow:
    """Median of pyramidal Lucas-Kanade, checked forward and backward (Kalal et al. 2010)."""

    def __init__(self, image: Image, boxes: Sequence[Box]) -> None:
        self._last = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        self._boxes = dict(enumerate(boxes))

    def follow(self, image: Image) -> list[Carried]:
        """Find the boxes in the next picture."""
        now, kept = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), {}
        for index, box in self._boxes.items():
            across = np.linspace(box.x1, box.x2, 7)[1:-1] - 0.5
            down = np.linspace(box.y1, box.y2, 7)[1:-1] - 0.5
            points = np.array([(x, y) for y in down for x in across], np.float32)[:, None]
            options = {"winSize": (9, 9), "maxLevel": 2}
            there, a, _ = cv2.calcOpticalFlowPyrLK(self._last, now, points, None, **options)
            back, b, _ = cv2.calcOpticalFlowPyrLK(now, self._last, there, None, **options)
            error = np.linalg.norm((back - points)[:, 0], axis=1)
            good = (a[:, 0] > 0) & (b[:, 0] > 0) & (error < 2)
            good &= error <= max(float(np.median(error)), 0.05)
            if good.sum() >= 3:
                dx, dy = (float(v) for v in np.median((there - points)[good, 0], axis=0))
                edges = box.x1 + dx, box.y1 + dy, box.x2 + dx, box.y2 + dy
                kept[index] = Box(box.class_name, *edges)
        self._last, self._boxes = now, kept
        return [Carried(index, box, 1.0) for index, box in kept.items()]


def middle(box: Box) -> np.ndarray:
    """Return a box's centre."""
    return np.array([(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2])


def true_path(box: Box, frames: Sequence[Sequence[Box]]) -> list[Box | None]:
    """Follow a true box by its place and motion: the truth has no names."""
    path: list[Box | None] = [box]
    at, motion = middle(box), np.zeros(2)
    for boxes in frames:
        alike = [other for other in boxes if other.class_name == box.class_name]
        expected = at + motion
        near = min(alike, key=lambda o: float(np.hypot(*(middle(o) - expected))), default=None)
        if near is None or path[-1] is None or np.hypot(*(middle(near) - expected)) > LOST_PX:
            path.append(None)
            continue
        motion, at = middle(near) - at, middle(near)
        path.append(near)
    return path


def same(a: Box, b: Box) -> bool:
    """Say whether two boxes meet at IoU 0.5."""
    corners = [np.array([[box.x1, box.y1, box.x2, box.y2]], np.float32) for box in (a, b)]
    return float(iou_matrix(*corners)[0, 0]) >= 0.5


def measure(
    make: Callable[[Image, tuple[Box, ...]], Tracker], files: Sequence[Path]
) -> tuple[dict[tuple[str, int], list[bool]], float]:
    """Return whether each box was right, by class and frames passed, and milliseconds a frame."""
    right: dict[tuple[str, int], list[bool]] = defaultdict(list)
    took_s, count = 0.0, 0
    for path in files:
        with Recording(path) as recording:
            labelled = {one.frame: one.boxes for one in recording.boxes()}
            for start in range(10, recording.frame_count - AFTER[-1] - 1, BEGIN_EVERY):
                later = [labelled.get(start + k, ()) for k in range(1, AFTER[-1] + 1)]
                paths = [true_path(box, later) for box in labelled[start]]
                images = [recording.frame(start + k) for k in range(AFTER[-1] + 1)]
                began_s = time.perf_counter()
                tracker = make(images[0], labelled[start])
                seen = [{one.index: one.box for one in tracker.follow(i)} for i in images[1:]]
                took_s, count = took_s + time.perf_counter() - began_s, count + len(seen)
                for index, track in enumerate(paths):
                    for k in AFTER:
                        if (true := track[k]) is not None:
                            box = seen[k - 1].get(index)
                            right[true.class_name, k].append(box is not None and same(box, true))
    return right, 1000 * took_s / count


def main(
    files: list[Path],
    *,
    mil: Annotated[bool, typer.Option("--mil", help="Also OpenCV's MIL: minutes.")] = False,
) -> None:
    """Measure and print."""
    ways = {"ours": BoxTracker, "flow": Flow} | ({"MIL": Mil} if mil else {})
    rows = []
    for name, make in ways.items():
        right, ms = measure(make, files)
        for kind in sorted({key[0] for key in right}):
            shares = [f"{np.mean(right[kind, k]):.2f}" for k in AFTER]
            rows.append((name, kind, *shares, len(right[kind, 1]), f"{ms:.0f}"))
    head = ["", "class", *(str(k) for k in AFTER), "boxes", "ms"]
    print_table("Still at IoU 0.5 after so many frames; ms for all boxes of a frame", head, rows)


if __name__ == "__main__":
    typer.run(main)
