"""What a detector's training comes to: `report.md` and a picture with its boxes."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import cv2
import numpy as np

from data.frames import Image
from data.paths import part_path
from models.detections import Detections
from models.ssd import Detector

_SCALE = 2  # the picture is enlarged so that a box around six pixels can be seen
_COLOURS = ((66, 135, 245), (60, 60, 230), (40, 220, 250), (200, 200, 200), (230, 80, 230))


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


def by_class(values: Iterable[float], detector: Detector) -> dict[str, float | None]:
    """Name one value per class; NaN becomes None, which JSON can hold."""
    named = zip(detector.settings.class_names, values, strict=True)
    return {name: None if isnan(value) else float(value) for name, value in named}


def draw_detections(image: Image, detections: Detections, names: tuple[str, ...]) -> Image:
    """Draw boxes, class names and scores on an enlarged copy of a BGR picture."""
    drawn = cv2.resize(image, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_LINEAR)
    rows = zip(detections.boxes, detections.classes, detections.scores, strict=True)
    for box, kind, score in rows:
        x1, y1, x2, y2 = (round(float(value) * _SCALE) for value in box)
        colour = _COLOURS[int(kind) % len(_COLOURS)]
        cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, 1)
        text = f"{names[int(kind)]} {score:.2f}"
        cv2.putText(drawn, text, (x1, max(8, y1 - 2)), cv2.FONT_HERSHEY_SIMPLEX, 0.3, colour, 1)
    return drawn.astype(np.uint8, copy=False)


def write_report(
    report: DetectorReport, *, image: Image, detections: Detections, detector: Detector
) -> None:
    """Write `report.md` and `example.png` into the run folder."""
    drawn = draw_detections(image, detections, detector.settings.class_names)
    ok, png = cv2.imencode(".png", drawn)
    if ok:
        part = part_path(report.out / "example.png")
        part.write_bytes(png.tobytes())
        part.replace(report.out / "example.png")
    part = part_path(report.out / "report.md")
    part.write_text(_text(report, detector), encoding="utf-8")
    part.replace(report.out / "report.md")


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
            "\nNothing was held out: one recording is never split. Give two or more to be scored.\n"
        )
    )
    return "\n".join(
        [
            "# Detector",
            "",
            f"{report.images} frames to train on, {report.validation_images} held out; "
            f"{report.steps} steps in {report.seconds:.0f} s, {ending}.",
            f"Mean AP at IoU 0.5: {_figure(report.map50)}.",
            missing,
            "| class | AP at IoU 0.5 | recall | anchors' shapes reach | anchors as placed reach |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"Anchors: {shapes} pixels. Every box also has its best anchor, whatever the IoU.",
            "",
            "![Detections on a frame that was not trained on](example.png)"
            if report.validation_images
            else "![Detections on a training frame](example.png)",
            "",
        ]
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
