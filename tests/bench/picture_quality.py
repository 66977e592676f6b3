"""What shrinking and compressing cost, in milliseconds, bytes, and objects that are still found.

    .venv/bin/python -m tests.bench.picture_quality

The shipped detector looks at pictures of matches that it was not trained on, in the size of the
practice game's window (1280x720) and in that of matches without one (960x540).
"""

import time
from collections.abc import Callable, Iterator
from typing import Annotated, TypeVar

import cv2
import numpy as np
import typer

from data.console import print_table, progress
from data.frames import Image, fit
from data.profile import load_profile
from gui.practice.devices import HeadlessGame, stored_boxes
from gui.practice.difficulty import DIFFICULTIES
from gui.practice.players import CoachPlayer
from models.detection_metrics import Truth, evaluate_detections
from models.detections import DecodeSettings, Detections
from models.perception import Perception, load_detector

T = TypeVar("T")
R = TypeVar("R")
SIZE = load_profile("practice").capture.size
WIDTHS = (1280, 960)
SEEDS = range(801, 811)
HOUR = 20 * 3600  # pictures at the default rate
SAMPLINGS = {
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
}
QUALITIES = {"4:2:0": (84, 86, 88, 90), "4:2:2": (80, 82, 84, 86, 88), "4:4:4": (78, 80, 84)}


def area(image: Image) -> Image:
    """Average areas in one step."""
    return cv2.resize(image, (SIZE.width_px, SIZE.height_px), interpolation=cv2.INTER_AREA)


def linear(image: Image) -> Image:
    """Interpolate between the nearest pixels."""
    return cv2.resize(image, (SIZE.width_px, SIZE.height_px), interpolation=cv2.INTER_LINEAR)


def ours(image: Image) -> Image:
    """Shrink as the recorder does."""
    return fit(image, SIZE)


class Judge:
    """Average precision of the shipped detector on pictures whose truth is known."""

    def __init__(self, truths: list[Truth]) -> None:
        detector = load_detector("practice")
        self.names = detector.settings.class_names
        self._eyes = Perception(detector, settings=DecodeSettings(score_threshold=0.02))
        self._truths = truths

    def score(self, images: list[Image]) -> tuple[float, float]:
        """Return the ball's average precision at IoU 0.5, and the mean of all classes."""
        sights = [self._eyes.see(image) for image in images]
        found = [Detections(sight.boxes, sight.classes, sight.scores) for sight in sights]
        metrics = evaluate_detections(found, self._truths, classes=len(self.names))
        return float(metrics.ap50[self.names.index("ball")]), metrics.map50


def main(pictures: Annotated[int, typer.Option("--pictures", help="Of a match.")] = 40) -> None:
    """Print one table for shrinking and one for compressing."""
    names = load_profile("practice").object_names
    wholes, truths = [], []
    for width_px in WIDTHS:
        for image, truth in _matches(width_px, pictures, names):
            wholes.append(image)
            truths.append(truth)
    judge = Judge(truths)
    with progress(quiet=False) as show:
        rows = []
        for index, way in enumerate((area, ours, linear)):
            images, cost_ms = _timed(way, wholes)
            exact = map(area, wholes)
            pairs = zip(images, exact, strict=True)
            apart = np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairs])
            rows.append((way.__name__, cost_ms, f"{apart:.2f}", *_told(judge.score(images))))
            show("shrink", (index + 1) / 3)
    print_table("Shrinking", ["", "CPU ms", "apart from area", "ball AP", "mAP"], rows)
    _compress([ours(whole) for whole in wholes], judge)


def _compress(images: list[Image], judge: Judge) -> None:
    plans = [(name, quality) for name in SAMPLINGS for quality in QUALITIES[name]]
    rows = [("none", "", "", "", *_told(judge.score(images)))]
    with progress(quiet=False) as show:
        for index, (name, quality) in enumerate(plans):
            settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
            settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[name]]
            data, encode_ms = _timed(lambda i, s=settings: cv2.imencode(".jpg", i, s)[1], images)
            back, decode_ms = _timed(lambda d: cv2.imdecode(d, cv2.IMREAD_COLOR), data)
            size = f"{np.mean([len(each) for each in data]) * HOUR / 1e9:.2f}"
            scores = _told(judge.score(back))
            rows.append((f"{name}, quality {quality}", size, encode_ms, decode_ms, *scores))
            show("compress", (index + 1) / len(plans))
    head = ["", "GB an hour at 20 Hz", "encode ms", "decode ms", "ball AP", "mAP"]
    print_table("Compressing", head, rows)


def _matches(width_px: int, pictures: int, names: tuple[str, ...]) -> Iterator[tuple[Image, Truth]]:
    size = (width_px, width_px * 9 // 16)
    for seed in SEEDS:
        level = list(DIFFICULTIES)[seed % len(DIFFICULTIES)]
        game = HeadlessGame(level, 60.0, seed, size=size, player=CoachPlayer(seed, size))
        for index in range(pictures):
            game.clock.sleep_until_ns(round((index + 1) * 55e9 / pictures))
            seen = stored_boxes(game, SIZE)
            boxes = [(box.x1, box.y1, box.x2, box.y2) for box in seen]
            classes = [names.index(box.class_name) for box in seen]
            truth = Truth(np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int64))
            yield game.screen.grab().image.copy(), truth


def _timed(way: Callable[[T], R], things: list[T]) -> tuple[list[R], str]:
    began_s = time.process_time()
    found = [way(thing) for thing in things]
    return found, f"{1e3 * (time.process_time() - began_s) / len(things):.2f}"


def _told(scores: tuple[float, float]) -> tuple[str, str]:
    return f"{scores[0]:.3f}", f"{scores[1]:.3f}"


if __name__ == "__main__":
    typer.run(main)
