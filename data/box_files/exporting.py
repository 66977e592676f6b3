"""Labelled frames as a folder of pictures and boxes that other tools read.

    voc     OUT/JPEGImages/000000.jpg   OUT/Annotations/000000.xml
    coco    OUT/images/000000.jpg       OUT/annotations.json
    yolo    OUT/images/000000.jpg       OUT/labels/000000.txt       OUT/data.yaml

Each holds `classes.txt`, too. Pictures are the recorded JPEG bytes, called by the frame's number.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from data.box_files.coco import coco_json
from data.box_files.folder import BoxFormat
from data.box_files.voc import voc_text
from data.box_files.yolo import yolo_text
from data.boxes import FrameBoxes
from data.errors import RecordingError
from data.export.output import Exported, Ticker, size_of, whole_output
from data.reader import Recording

MARK = "classes.txt"
_PICTURES = {BoxFormat.VOC: "JPEGImages", BoxFormat.COCO: "images", BoxFormat.YOLO: "images"}


def export_boxes(
    path: Path,
    out: Path,
    *,
    kind: BoxFormat,
    force: bool = False,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Exported:
    """Write a recording's labelled frames and their boxes as a folder.

    Args:
        path: The recording.
        out: The folder.
        kind: How the boxes are written.
        force: Replace a folder that an earlier export made.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every frame.

    Raises:
        OutputExistsError: `out` exists and may not be replaced.
        RecordingError: No frame is labelled.
        UnderstudyError: It can't be written.
        ExportStopped: `stop` said so.
    """
    with Recording(path) as recording:
        labelled = recording.boxes()
        if not labelled:
            raise RecordingError(
                f"{path}: it holds no boxes. Label some frames, or import boxes first."
            )
        ticker = Ticker(len(labelled), on_progress, stop)
        with whole_output(out, force=force, mark=MARK) as part:
            pictures = part / _PICTURES[kind]
            pictures.mkdir(parents=True)
            for seen in labelled:
                ticker.tick()
                (pictures / _name(seen, ".jpg")).write_bytes(recording.jpeg(seen.frame).tobytes())
            _write_boxes(recording, labelled, part, kind)
            names = recording.profile.object_names
            (part / MARK).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        return Exported(out, 1, len(recording.segments()), len(labelled), size_of(out))


def _name(seen: FrameBoxes, suffix: str) -> str:
    return f"{seen.frame:06d}{suffix}"


def _write_boxes(
    recording: Recording, labelled: Sequence[FrameBoxes], part: Path, kind: BoxFormat
) -> None:
    size, names = recording.profile.capture.size, recording.profile.object_names
    if kind is BoxFormat.COCO:
        pictures = [(_name(seen, ".jpg"), seen) for seen in labelled]
        (part / "annotations.json").write_text(coco_json(pictures, size, names), encoding="utf-8")
        return
    folder, suffix = ("Annotations", ".xml") if kind is BoxFormat.VOC else ("labels", ".txt")
    (part / folder).mkdir()
    for seen in labelled:
        text = (
            voc_text(_name(seen, ".jpg"), size, seen.boxes)
            if kind is BoxFormat.VOC
            else yolo_text(size, seen.boxes, names)
        )
        (part / folder / _name(seen, suffix)).write_text(text, encoding="utf-8")
    if kind is BoxFormat.YOLO:
        table = "".join(f"  {index}: {name}\n" for index, name in enumerate(names))
        named = f"names:\n{table}" if names else f"names: {json.dumps([])}\n"
        # No `path`: without it Ultralytics begins at this file's folder, with `path: .` at its own.
        (part / "data.yaml").write_text(f"train: images\nval: images\n{named}", encoding="utf-8")
