"""Close what a recorder that died has left behind."""

from pathlib import Path

import h5py

from data import schema
from data.disk import Room, is_being_written, reason
from data.errors import RecordingError
from data.opening import RecordingFile
from data.paths import claim_output
from data.writer import ROOM_BYTES, finish


def repair(part: Path, *, force: bool = False) -> Path:
    """Close the leftover of a recorder that died; return the recording's path.

    Tables are cut to the rows that all their columns have. The leftover stays until the repaired
    copy is complete.

    Raises:
        RecordingError: It is not the leftover of a recording, or one that is still recorded.
        OutputExistsError: The recording exists and `force` is off.
    """
    renamed = part.suffix != ".part"  # someone gave a leftover the recording's name
    target = part if renamed else claim_output(part.with_suffix(""), force=force)
    if is_being_written(part):
        raise RecordingError(f"{part}: it is being recorded. End that first; nothing was done.")
    copy = part.with_name(part.name + ".repaired")
    try:
        with RecordingFile(part) as old:
            if renamed and old.attributes.get("complete", 0):
                raise RecordingError(f"{part}: it is complete; there is nothing to repair.")
            with schema.create_file(copy) as new:
                Room(new, copy).take(part.stat().st_size + ROOM_BYTES)
                _copy_sound_rows(old, new)
        finish(copy, target, {})
    except (OSError, RuntimeError) as error:
        copy.unlink(missing_ok=True)
        raise RecordingError(f"{copy}: can't be written: {reason(error)}.") from error
    except RecordingError:
        copy.unlink(missing_ok=True)
        raise
    if not renamed:
        part.unlink()
    return target


def _copy_sound_rows(old: RecordingFile, new: h5py.File) -> None:
    new.attrs.update(old.attributes | {"complete": 0, "repaired": 1})
    decided = schema.DECISION_AT in old
    schema.create_datasets(
        new,
        probabilities=_width(old, schema.TICK_PROBABILITIES),
        decisions=(_width(old, schema.DECISION_CLASSES), _width(old, schema.DECISION_HELD))
        if decided
        else None,
    )
    ends = old.sound_ends()
    sizes = {schema.FRAME_BYTES: int(ends[-1]) if len(ends) else 0}
    if decided:
        sizes[schema.SEEN_FEATURES] = old.rows(schema.SEEN_FEATURES)
    for name, size in sizes.items():
        new[name].resize(size, axis=0)
        for start in range(0, size, 1 << 24):
            stop = min(size, start + (1 << 24))
            new[name][start:stop] = old.read(name, start, stop)
    for names in schema.TABLES:
        if names[0] not in old:
            continue
        columns = old.table(names)
        for name, column in zip(names, columns, strict=True):
            rows = column[: len(ends)] if names == schema.TABLES[0] else column
            new[name].resize(len(rows), axis=0)
            new[name][:] = rows


def _width(file: RecordingFile, name: str) -> int:
    return file.width(name) if name in file else 0
