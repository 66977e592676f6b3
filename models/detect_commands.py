"""`understudy detect`."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.console import AsJson, Force, err, out, print_json, progress, stoppable

if TYPE_CHECKING:
    from data.frames import Image
    from models.detections import Detections
    from models.picture_detection import PictureDetector

# What people are shown unless they say otherwise: the preset's own threshold keeps 300 boxes of any
# picture, which a program that scores them wants.
SHOWN_SCORE = 0.3


class Preset(StrEnum):
    """Detectors of others."""

    TORCHVISION = "torchvision"


def detect(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|WEIGHTS",
            help="A detector's run folder, or `practice`; of a preset its weights: `coco`, a file.",
            show_default=False,
        ),
    ],
    images: Annotated[list[Path], typer.Argument(help="Pictures of any size.", show_default=False)],
    preset: Annotated[
        Preset | None,
        typer.Option(help="torchvision's SSDLite320, with its thresholds and input size."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="A folder for the pictures with their boxes drawn.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.999,
            help="Least score.",
            show_default="the detector's own; for people 0.3",
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Look for objects in pictures."""
    from models.picture_detection import open_run, open_torchvision

    targets = _targets(images, folder, force=force)
    with stoppable() as stop, progress(quiet=as_json) as show:
        if preset is None:
            detector = open_run(source, threshold=threshold)
        else:
            detector = open_torchvision(source, threshold=threshold)
        found, problems = [], []
        for number, path in enumerate(images):
            if stop():
                break
            show("look at pictures", number / len(images))
            told, problem = _look(detector, path, targets.get(number), threshold)
            found += [told] if told is not None else []
            problems += [{"file": str(path), "problem": problem}] if problem is not None else []
        show("look at pictures", 1.0)
    for one in problems:
        err.print(f"understudy: {one['file']}: {one['problem']}", highlight=False, markup=False)
    if as_json:
        print_json({"images": found, "problems": problems})
    else:
        _print(found, threshold or SHOWN_SCORE)
    if problems:
        raise typer.Exit(1)


def _targets(images: list[Path], folder: Path | None, *, force: bool) -> dict[int, Path]:
    """Name a drawing for each picture; pictures of the same name get numbers."""
    from data.paths import claim_output

    targets: dict[int, Path] = {}
    if folder is not None:
        taken: set[str] = set()
        for number, path in enumerate(images):
            name, again = f"{path.stem}.png", 1
            while name.casefold() in taken:  # some file systems don't tell A from a
                again += 1
                name = f"{path.stem}-{again}.png"
            taken.add(name.casefold())
            targets[number] = claim_output(folder / name, force=force)
    return targets


def _look(
    detector: "PictureDetector", path: Path, target: Path | None, threshold: float | None
) -> tuple[dict[str, Any] | None, str | None]:
    """Return what is seen in a picture, or what is wrong with it."""
    from data.box_files.folder import Unreadable
    from data.box_files.pictures import read_picture

    try:
        image = read_picture(path).image
        found = detector.detect(image)
    except Unreadable as error:
        return None, f"{error}."
    if target is not None:
        _draw(target, image, found, detector.names, threshold or SHOWN_SCORE)
    told = {
        "file": str(path),
        "boxes": found.boxes.tolist(),
        "labels": [detector.names[kind] for kind in found.classes],
        "scores": found.scores.tolist(),
    }
    return told, None


def _draw(
    target: Path, image: "Image", found: "Detections", names: tuple[str, ...], threshold: float
) -> None:
    import cv2

    from data.paths import written_whole
    from models.detection_drawing import draw_detections
    from models.detections import Detections

    sure = found.scores >= threshold
    shown = Detections(found.boxes[sure], found.classes[sure], found.scores[sure])
    _, png = cv2.imencode(".png", draw_detections(image, shown, names))
    with written_whole(target) as part:
        part.write_bytes(png.tobytes())


def _print(found: list[dict[str, Any]], threshold: float) -> None:
    for one in found:
        rows = zip(one["scores"], one["labels"], one["boxes"], strict=True)
        shown = [row for row in rows if row[0] >= threshold]
        counts = Counter(label for _, label, _ in shown)
        counted = ", ".join(f"{count} {label}" for label, count in counts.items())
        out.print(f"{one['file']}: {counted or 'nothing'}", highlight=False, markup=False)
        for score, label, box in shown:
            corners = " ".join(f"{value:.1f}" for value in box)
            out.print(f"  {score:.3f} {label} {corners}", highlight=False, markup=False)
