"""Folders of pictures and boxes, as people have them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from data.box_files.folder import BoxFormat, Problem
from data.box_files.importing import Imported, import_boxes
from data.frames import Image
from data.profile import GameProfile
from data.reader import Recording

Corners = tuple[float, float, float, float]


def pitch(index: int = 0, *, width: int = 480, height: int = 270) -> Image:
    """A picture with some texture, different for each index."""
    noise = np.random.default_rng(index).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def save(path: Path, image: Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def xml(
    objects: Sequence[tuple[str, Sequence[object]]],
    *,
    size: tuple[object, object] | None = (480, 270),
    filename: str = "",
    more: str = "",
) -> str:
    told = (
        "" if size is None else (f"<size><width>{size[0]}</width><height>{size[1]}</height></size>")
    )
    things = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax>"
        f"<ymax>{d}</ymax></bndbox></object>"
        for name, (a, b, c, d) in objects
    )
    named = f"<filename>{filename}</filename>" if filename else ""
    return f"<annotation>{named}{told}{more}{things}</annotation>"


def coco(
    images: Sequence[Mapping[str, object]],
    annotations: Sequence[Mapping[str, object]],
    names: Sequence[str] = ("player", "ball"),
) -> str:
    categories = [{"id": index, "name": name} for index, name in enumerate(names, start=1)]
    return json.dumps(
        {"images": list(images), "annotations": list(annotations), "categories": categories}
    )


def taken(
    root: Path,
    kind: str,
    out: Path,
    *,
    profile: GameProfile | None = None,
    mapping: Mapping[str, str] | None = None,
    labelled_only: bool = False,
) -> Imported:
    return import_boxes(
        root,
        out,
        kind=BoxFormat(kind),
        profile=profile,
        mapping=mapping,
        labelled_only=labelled_only,
        force=True,
    )


def stored(out: Path) -> list[list[tuple[str, Corners]]]:
    """What is labelled on each frame."""
    with Recording(out) as recording:
        return [
            [(box.class_name, (box.x1, box.y1, box.x2, box.y2)) for box in seen.boxes]
            for seen in recording.boxes()
        ]


def told(imported: Imported, word: str) -> list[Problem]:
    """The problems that say this."""
    return [one for one in imported.problems if word in f"{one.problem}: {one.done}"]
