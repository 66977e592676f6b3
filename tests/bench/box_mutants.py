"""Files of boxes and pictures to damage: each is imported as a folder of its own."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from data.box_files.coco import coco_json
from data.box_files.folder import BoxFormat
from data.box_files.importing import import_boxes
from data.box_files.voc import voc_text
from data.box_files.yolo import yolo_text
from data.boxes import Box, FrameBoxes
from data.frames import FrameSize
from data.profile import load_profile
from tests.bench.mutants import Seed

SIZE = FrameSize(320, 180)
NAMES = ("player", "ball")
BOXES = tuple(Box(NAMES[i % 5 == 0], 9.5 * i, 4 * i, 9.5 * i + 12, 4 * i + 24) for i in range(30))


def box_seeds() -> list[Seed]:
    """Return a sound file of every kind that an import reads."""
    voc = voc_text("a.jpg", SIZE, BOXES)
    coco = coco_json([("a.jpg", FrameBoxes(0, BOXES))], SIZE, NAMES)
    yolo = yolo_text(SIZE, BOXES, NAMES)
    names = "path: .\ntrain: images\nnames:\n  0: player\n  1: 'ball'\n"
    jpeg = _picture("JPEG")
    seeds = [
        Seed("boxes voc", ".xml", voc.encode(), _reader(BoxFormat.VOC, "a.xml", jpeg)),
        Seed("boxes coco", ".json", coco.encode(), _reader(BoxFormat.COCO, "a.json", jpeg)),
        Seed("boxes yolo", ".txt", yolo.encode(), _reader(BoxFormat.YOLO, "a.txt", jpeg)),
        Seed("boxes names", ".yaml", names.encode(), _reader(BoxFormat.YOLO, "data.yaml", jpeg)),
    ]
    for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "progressive"):
        picture = _picture(kind)
        hot = ((0, min(len(picture), 700)),)
        read = _reader(BoxFormat.VOC, "a.jpg", picture, voc)
        seeds.append(Seed("picture", f".{kind.lower()}", picture, read, hot))
    return seeds


def _picture(kind: str) -> bytes:
    """Make a picture; the GIF has a palette and one transparent colour."""
    image = Image.radial_gradient("L").resize((SIZE.width_px, SIZE.height_px)).convert("RGB")
    file = io.BytesIO()
    if kind == "GIF":
        image.quantize(64).save(file, "GIF", transparency=3)
    elif kind == "progressive":
        image.save(file, "JPEG", progressive=True)
    else:
        image.save(file, kind)
    return file.getvalue()


def _reader(
    kind: BoxFormat, name: str, picture: bytes, annotation: str | None = None
) -> Callable[[Path], None]:
    """Return what imports a folder in which the given file is one, with and without a profile."""

    def read(path: Path) -> None:
        folder = path.with_name(path.name + ".folder")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "a.jpg").write_bytes(picture)
        if name == "data.yaml":
            (folder / "a.txt").write_text(yolo_text(SIZE, BOXES, NAMES))
        if annotation is not None:
            (folder / "a.xml").write_text(annotation)
        shutil.copy(path, folder / name)
        out = path.with_name(path.name + ".imported.h5")
        for profile in (None, load_profile("practice")):
            import_boxes(folder, out, kind=kind, profile=profile, force=True)

    return read
