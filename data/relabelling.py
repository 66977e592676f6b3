"""Change the boxes of a recording; all else in it stays as it is, byte for byte."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from data import schema
from data.boxes import Box, FrameBoxes
from data.disk import reason
from data.errors import RecordingError
from data.opening import DAMAGE
from data.profile import GameProfile, ObjectClass
from data.reader import Recording
from data.same_game import with_objects


def replace_boxes(
    path: Path, boxes: Mapping[int, Sequence[Box]], *, further: Sequence[ObjectClass] = ()
) -> int:
    """Give frames of a recording other boxes, in a copy that then takes its place.

    Whenever this is cut short, the file is as it was, or as it is to be.

    Args:
        path: A finished recording.
        boxes: By frame, all that the frame has from now on; other frames keep theirs.
        further: Objects that the recording's profile may not name. Those that a box is of are
            named in it from now on, after its own.

    Returns:
        How many boxes the recording has now.

    Raises:
        RecordingError: It is no finished recording, has no such frame or object, or can't be
            written.
    """
    with Recording(path) as recording:
        profile = _named(recording, boxes, further)
        _check(recording, boxes, profile.object_names)
        kept = [one for one in recording.boxes() if one.frame not in boxes]
    changed = [FrameBoxes(frame, tuple(several)) for frame, several in boxes.items()]
    whole = sorted(kept + changed, key=lambda one: one.frame)
    part = path.with_name(path.name + ".boxes.part")  # NAME.h5.part may be a leftover
    try:
        shutil.copyfile(path, part)
        with h5py.File(part, "r+", libver="latest") as file:
            if profile is not recording.profile:
                file.attrs["profile"] = profile.to_json()
                file.attrs["object_names"] = list(profile.object_names)
            _write(file, whole, profile.object_names)
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        shutil.copymode(path, part)
        part.replace(path)
    except DAMAGE as error:
        raise RecordingError(
            f"{path}: its boxes can't be written: {reason(error)}. Make room, or see that its "
            "folder may be written, and try again."
        ) from error
    finally:
        if part.is_file():
            part.unlink()
    return sum(len(one.boxes) for one in whole)


def _named(
    recording: Recording, boxes: Mapping[int, Sequence[Box]], further: Sequence[ObjectClass]
) -> GameProfile:
    """Return the recording's profile, with the further objects that boxes are of."""
    drawn = {box.class_name for several in boxes.values() for box in several}
    new = [kind for kind in further if kind.name in drawn]
    return with_objects(recording.profile, new)


def _check(recording: Recording, boxes: Mapping[int, Sequence[Box]], names: Sequence[str]) -> None:
    path = recording.path
    if not recording.complete:
        raise RecordingError(f"{path}: it was left unfinished. Repair it first.")
    for frame, several in boxes.items():
        if not 0 <= frame < recording.frame_count:
            raise RecordingError(
                f"{path}: there is no frame {frame}; it has {recording.frame_count}, from 0."
            )
        for box in several:
            if box.class_name not in names:
                raise RecordingError(
                    f"{path}: it has no object {box.class_name!r}; its objects are "
                    f"{', '.join(names) or 'none'}."
                )


def _write(file: h5py.File, labelled: Sequence[FrameBoxes], names: Sequence[str]) -> None:
    rows = [(one.frame, box) for one in labelled for box in one.boxes]
    boxes = [box for _, box in rows]
    columns = {
        schema.BOX_FRAME: [frame for frame, _ in rows],
        schema.BOX_CLASS: [names.index(box.class_name) for box in boxes],
        schema.BOX_X1: [box.x1 for box in boxes],
        schema.BOX_Y1: [box.y1 for box in boxes],
        schema.BOX_X2: [box.x2 for box in boxes],
        schema.BOX_Y2: [box.y2 for box in boxes],
        schema.BOX_ORIGIN: [int(box.origin) for box in boxes],
    }
    for name, column in columns.items():
        dataset = file[name]
        dataset.resize(len(rows), axis=0)
        dataset[:] = np.array(column, dtype=dataset.dtype)
