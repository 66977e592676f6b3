import contextlib
import io
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from models.detection_metrics import (
    COCO_THRESHOLDS,
    SIZES,
    Truth,
    evaluate_detections,
    evaluate_sizes,
)
from models.detections import Detections
from models.detector_data import read_frames
from models.detector_scoring import SCORING, detect_frames
from models.perception import load_detector
from tests.conftest import Run
from tests.factories import practice_profile


def seen(*rows: tuple[float, float, float, float, int, float]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    table = table[np.argsort(-table[:, 5], kind="stable")]
    return Detections(table[:, :4], table[:, 4].astype(np.int64), table[:, 5])


def truth(*rows: tuple[float, float, float, float, int]) -> Truth:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Truth(table[:, :4], table[:, 4].astype(np.int64))


def test_perfect_detections_score_one() -> None:
    metrics = evaluate_detections([seen((0, 0, 9, 9, 0, 0.9))], [truth((0, 0, 9, 9, 0))], classes=2)
    assert metrics.ap50[0] == pytest.approx(1)
    assert np.isnan(metrics.ap50[1])  # never shown, so not counted
    assert metrics.map50 == pytest.approx(1)


def test_a_second_detection_of_one_box_is_wrong() -> None:
    found = seen((0, 0, 9, 9, 0, 0.9), (0, 0, 9, 9, 0, 0.8), (20, 0, 29, 9, 0, 0.7))
    metrics = evaluate_detections([found], [truth((0, 0, 9, 9, 0), (20, 0, 29, 9, 0))], classes=1)
    assert metrics.ap50[0] == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_what_is_missed_costs_recall() -> None:
    metrics = evaluate_detections(
        [seen((0, 0, 9, 9, 0, 0.9)), seen()],
        [truth((0, 0, 9, 9, 0)), truth((0, 0, 9, 9, 0))],
        classes=1,
    )
    assert metrics.recall[0, 0] == 0.5
    assert metrics.ap50[0] == pytest.approx(51 / 101)


def test_a_class_never_detected_scores_zero() -> None:
    metrics = evaluate_detections([seen()], [truth((0, 0, 9, 9, 0))], classes=1)
    assert metrics.ap50[0] == 0


def test_no_truth_at_all_has_no_score() -> None:
    assert np.isnan(evaluate_detections([seen()], [truth()], classes=2).map50)


def _random_frames(
    frames: int, sides: tuple[float, float] = (20, 40)
) -> tuple[list[Detections], list[Truth]]:
    random = np.random.default_rng(3)
    detections, truths = [], []
    for _ in range(frames):
        n = int(random.integers(0, 9))
        corner, size = random.uniform(0, 200, (n, 2)), random.uniform(*sides, (n, 2))
        boxes = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
        classes = random.integers(0, 3, n)
        truths.append(Truth(boxes, classes.astype(np.int64)))
        extra = random.uniform(0, 200, (4, 2))
        noisy = boxes + random.normal(0, 2, boxes.shape)
        twice = boxes[: n // 2] + random.uniform(-8, 8, (n // 2, 4))
        found = np.concatenate([noisy, twice, np.concatenate([extra, extra + 20], axis=1)])
        kinds = np.concatenate([classes, classes[: n // 2], random.integers(0, 3, 4)])
        scores = random.permutation(1000)[: len(found)] / 1000 + random.uniform(0, 1e-4)
        order = np.argsort(-scores)
        detections.append(
            Detections(
                found[order].astype(np.float32),
                kinds[order].astype(np.int64),
                scores[order].astype(np.float32),
            )
        )
    return detections, truths


def _by_pycocotools(
    detections: list[Detections], truths: list[Truth], *, classes: int = 3
) -> np.ndarray:
    """Average precision `(thresholds, classes, sizes)`; COCO's sizes are all and three."""
    ids = count(1)
    annotations = [
        {
            "id": next(ids),
            "image_id": image,
            "category_id": int(kind),
            "bbox": [float(b[0]), float(b[1]), float(b[2] - b[0]), float(b[3] - b[1])],
            "area": float((b[2] - b[0]) * (b[3] - b[1])),
            "iscrowd": 0,
        }
        for image, frame in enumerate(truths)
        for b, kind in zip(frame.boxes, frame.classes, strict=True)
    ]
    results = [
        {
            "image_id": image,
            "category_id": int(kind),
            "bbox": [float(b[0]), float(b[1]), float(b[2] - b[0]), float(b[3] - b[1])],
            "score": float(score),
        }
        for image, frame in enumerate(detections)
        for b, kind, score in zip(frame.boxes, frame.classes, frame.scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": i} for i in range(len(truths))],
            "categories": [{"id": i, "name": str(i)} for i in range(classes)],
            "annotations": annotations,
            "info": {},
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, :, :, 2].mean(axis=1)


def test_average_precision_equals_pycocotools() -> None:
    detections, truths = _random_frames(40)
    ours = evaluate_detections(detections, truths, classes=3, thresholds=COCO_THRESHOLDS)
    expected = _by_pycocotools(detections, truths)[:, :, 0]
    assert 0.1 < expected.mean() < 0.9
    np.testing.assert_allclose(ours.average_precision, expected, atol=1e-6)


def assert_sizes_equal(detections: list[Detections], truths: list[Truth], classes: int) -> None:
    ours = evaluate_sizes(detections, truths, classes=classes)
    expected = _by_pycocotools(detections, truths, classes=classes)
    for index, name in enumerate(("all", *SIZES)):
        theirs = np.where(expected[:, :, index] < 0, np.nan, expected[:, :, index])
        np.testing.assert_allclose(ours[name].average_precision, theirs, atol=1e-6, err_msg=name)


def test_average_precision_by_size_equals_pycocotools() -> None:
    detections, truths = _random_frames(60, sides=(10, 140))
    found = evaluate_sizes(detections, truths, classes=3)
    assert all(0.05 < metrics.average_precision.mean() < 0.95 for metrics in found.values())
    assert_sizes_equal(detections, truths, classes=3)


def test_practice_detections_score_as_pycocotools_says(run: Run, tmp_path: Path) -> None:
    options = ("--headless", "--coach", "--seconds", "12", "--seed", "5", "--record", "match.h5")
    assert run("practice", *options)[0] == 0
    names = practice_profile().object_names
    frames = read_frames([tmp_path / "match.h5"], names=names, stride=24)
    detections = detect_frames(load_detector(), frames, settings=SCORING)
    truths = [frame.truth for frame in frames]
    assert evaluate_sizes(detections, truths, classes=len(names))["small"].map50 > 0.5
    assert_sizes_equal(detections, truths, classes=len(names))


def test_more_than_a_hundred_detections_of_a_class_do_not_count() -> None:
    wrong = [(300.0 + i, 0.0, 305.0 + i, 5.0, 0, 0.9 - i / 1000) for i in range(100)]
    found = [seen(*wrong, (0, 0, 9, 9, 0, 0.1))]
    assert evaluate_detections(found, [truth((0, 0, 9, 9, 0))], classes=1).ap50[0] == 0
    assert_sizes_equal(found, [truth((0, 0, 9, 9, 0))], classes=1)


def test_a_detection_of_another_size_is_neither_right_nor_wrong() -> None:
    found = seen((0, 0, 9, 9, 0, 0.5), (50, 0, 150, 150, 0, 0.9))
    labelled = truth((0, 0, 9, 9, 0), (50, 0, 150, 150, 0))
    sizes = evaluate_sizes([found], [labelled], classes=1)
    assert sizes["small"].ap[0] == pytest.approx(1)
    assert sizes["large"].ap[0] == pytest.approx(1)
    assert np.isnan(sizes["medium"].ap[0])
