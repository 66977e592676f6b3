"""What a detector's training comes to: `report.md` and a picture with its boxes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import cv2

from data.frames import Image
from data.paths import written_whole
from models.anchors import best_possible_recall, placed_recall
from models.detection_drawing import draw_detections
from models.detection_metrics import evaluate_detections
from models.detections import DecodeSettings, Detections
from models.detector_data import LabelledFrame, gather_boxes
from models.detector_scoring import SCORING, detect_frames
from models.detector_weakness import weaknesses
from models.ssd import Detector

_FEW_IMAGES = 100


@dataclass(frozen=True, slots=True)
class DetectorReport:
    """How training went."""

    out: Path
    """The run folder."""
    ap50: dict[str, float | None]
    """Average precision at IoU 0.5 by class; None when validation never shows the class."""
    map50: float | None
    """Mean of `ap50`; None without validation recordings."""
    recall: dict[str, float | None]
    """Share of the labelled boxes found at any score."""
    anchor_recall: dict[str, float | None]
    """Share of the training boxes that an anchor's shape meets at IoU 0.5."""
    placed_recall: dict[str, float | None]
    """The same with the anchors where the grid puts them, on up to about 200 boxes a class."""
    images: int
    """Frames trained on."""
    validation_images: int
    steps: int
    seconds: float
    stopped: bool
    """The person stopped it early."""
    began_with: str = ""
    """What the weights began as, in words."""
    weak: tuple[str, ...] = ()
    """What is weak and what to do, in words."""


def by_class(values: Iterable[float], detector: Detector) -> dict[str, float | None]:
    """Name one value per class; NaN becomes None, which JSON can hold."""
    named = zip(detector.settings.class_names, values, strict=True)
    return {name: None if isnan(value) else float(value) for name, value in named}


def make_report(
    detector: Detector,
    train: Sequence[LabelledFrame],
    validation: Sequence[LabelledFrame],
    *,
    out: Path,
    frame_stride: int,
    steps: int,
    seconds: float,
    stopped: bool,
    began_with: str,
    remarks: Sequence[str] = (),
) -> DetectorReport:
    """Look at the held-out frames once more, with the detector that was kept.

    `remarks` are told with what is weak.
    """
    settings, placed = detector.settings, detector.anchors()
    learned, truths = gather_boxes(train), [frame.truth for frame in validation]
    kinds = range(len(settings.class_names))
    boxes = [learned.boxes[learned.classes == kind] for kind in kinds]
    found = detect_frames(detector, validation, settings=SCORING)
    scores = evaluate_detections(found, truths, classes=len(kinds))
    return DetectorReport(
        out=out,
        ap50=by_class(scores.ap50, detector),
        map50=None if isnan(scores.map50) else scores.map50,
        recall=by_class(scores.recall[0], detector),
        anchor_recall=by_class(
            [best_possible_recall(b, settings.anchors) for b in boxes], detector
        ),
        placed_recall=by_class(
            [placed_recall(b[:: max(1, len(b) // 200)], placed) for b in boxes], detector
        ),
        images=len(train),
        validation_images=len(validation),
        steps=steps,
        seconds=seconds,
        stopped=stopped,
        began_with=began_with,
        weak=(
            *remarks,
            *_skipped(len(train), frame_stride),
            *weaknesses(
                settings.class_names,
                train=learned,
                validation=truths,
                found=[_at_threshold(one) for one in found],
                shapes=settings.anchors,
                placed=placed,
            ),
        ),
    )


def _skipped(images: int, frame_stride: int) -> list[str]:
    if frame_stride == 1 or images >= _FEW_IMAGES:
        return []
    return [
        f"Only {images} frames were learned from: one in {frame_stride} of the labelled ones, "
        "because neighbours are near copies. If yours were chosen by hand, use --every 1."
    ]


def _at_threshold(found: Detections) -> Detections:
    """Keep what is sure enough for use."""
    sure = found.scores >= DecodeSettings().score_threshold
    return Detections(found.boxes[sure], found.classes[sure], found.scores[sure])


def write_report(
    report: DetectorReport, *, image: Image, detections: Detections, detector: Detector
) -> None:
    """Write `report.md` and `example.png` into the run folder."""
    drawn = draw_detections(image, detections, detector.settings.class_names)
    ok, png = cv2.imencode(".png", drawn)
    if ok:
        with written_whole(report.out / "example.png") as part:
            part.write_bytes(png.tobytes())
    with written_whole(report.out / "report.md") as part:
        part.write_text(_text(report, detector), encoding="utf-8")


def _text(report: DetectorReport, detector: Detector) -> str:
    ending = "stopped by hand" if report.stopped else "finished"
    shapes = ", ".join(f"{w:g}x{h:g}" for w, h in detector.settings.anchors)
    rows = [
        f"| {name} | {_figure(report.ap50[name])} | {_figure(report.recall[name])} "
        f"| {_figure(report.anchor_recall[name])} | {_figure(report.placed_recall[name])} |"
        for name in detector.settings.class_names
    ]
    missing = (
        ""
        if report.validation_images
        else (
            "\nNothing was held out: one recording is never split, and those without boxes don't "
            "count. Give two or more with boxes to be scored.\n"
        )
    )
    return "\n".join(
        [
            "# Detector",
            "",
            f"{report.images} frames to train on, {report.validation_images} held out; "
            f"{report.steps} steps in {report.seconds:.0f} s, {ending}.",
            f"Mean AP at IoU 0.5: {_figure(report.map50)}.",
            *([report.began_with] if report.began_with else []),
            missing,
            "| class | AP at IoU 0.5 | recall | anchors' shapes reach | anchors as placed reach |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"Anchors: {shapes} pixels. Every box also has its best anchor, whatever the IoU.",
            "",
            "## What is weak",
            "",
            *([f"- {text}" for text in report.weak] or ["Nothing stands out."]),
            "",
            "![Detections on a frame that was not trained on](example.png)"
            if report.validation_images
            else "![Detections on a training frame](example.png)",
            "",
        ]
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
