"""Write a recording that survives the death of its writer."""

import os
import platform
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from data import schema
from data.boxes import Box
from data.closing import Closing
from data.errors import RecordingError
from data.frames import Image, encode_jpeg
from data.keys import KeyEvent
from data.paths import claim_output, part_path
from data.profile import GameProfile
from data.schema import CaptureFacts, SpanKind

FLUSH_NS = 250_000_000  # kill -9 then costs at most this much of the recording
COUNTERS = ("dropped", "late_ticks", "takeovers")


@dataclass(frozen=True, slots=True)
class TickRow:
    """One decision of live play."""

    at_ns: int
    frame: int
    """Index of the frame it was taken on."""
    probabilities: npt.NDArray[np.float32]
    """The heads' class probabilities one after another, in the profile's order."""
    latency_ns: tuple[int, ...]
    """Nanoseconds spent in each of `schema.TICK_STAGES`."""


class RecordingWriter(Closing):
    """Append frames, keys and the rest to `PATH.part`; `close()` gives it its name.

    HDF5's single-writer/multiple-reader mode keeps the file readable at every moment, whatever
    kills the process. Rows are gathered in memory and appended together on each flush.
    Not thread-safe: one thread writes.
    """

    def __init__(
        self,
        path: Path,
        *,
        profile: GameProfile,
        facts: CaptureFacts,
        force: bool = False,
        head_probabilities: bool = False,
    ) -> None:
        """Open the file; `head_probabilities` makes it a flight log.

        Raises:
            OutputExistsError: It exists and `force` is off.
            RecordingError: The folder can't be written.
        """
        self.path = claim_output(path, force=force)
        self.part = claim_output(part_path(path), force=force)
        self.profile = profile
        self._size = profile.capture.size
        self._codes = {key: code for code, key in enumerate(profile.keys)}
        self._classes = {name: index for index, name in enumerate(profile.object_names)}
        self._frames = 0
        self._bytes = 0
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._pending: dict[str, list[Any]] = {}
        self._next_flush_ns: int | None = None
        columns = sum(len(head.classes) for head in profile.heads) if head_probabilities else 0
        try:
            file = h5py.File(self.part, "w", libver="latest")
        except OSError as error:
            raise RecordingError(f"{self.part}: can't be written: {error}.") from error
        self._file: h5py.File | None = file
        file.attrs.update(facts.to_attributes())
        file.attrs["format"] = schema.FORMAT
        file.attrs["version"] = schema.VERSION
        file.attrs["profile"] = profile.to_json()
        file.attrs["key_names"] = list(profile.keys)
        file.attrs["object_names"] = list(profile.object_names) or [""]
        file.attrs["clock"] = "monotonic ns"
        file.attrs["started_at"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        file.attrs["platform"] = f"{platform.system()} {platform.release()}"
        file.attrs["python"] = sys.version.split()[0]
        file.attrs["complete"] = 0
        for name in COUNTERS:
            file.attrs[name] = 0
        schema.create_datasets(file, probabilities=columns)
        file.swmr_mode = True

    @property
    def frame_count(self) -> int:
        """Frames appended so far."""
        return self._frames

    @property
    def byte_count(self) -> int:
        """Bytes of compressed pictures so far."""
        return self._bytes

    def append_frame(self, image: Image, at_ns: int) -> int:
        """Append a picture that `fit()` made; return its index.

        Raises:
            ValueError: Its size is not the profile's.
        """
        expected = (self._size.height_px, self._size.width_px, 3)
        if image.shape != expected:
            raise ValueError(f"a stored frame is {expected}, got {image.shape}")
        data = encode_jpeg(image, self.profile.capture.jpeg_quality)
        self._bytes += len(data)
        self._add(schema.FRAME_BYTES, data)
        self._add(schema.FRAME_END, self._bytes)
        self._add(schema.FRAME_AT, at_ns)
        self._frames += 1
        return self._frames - 1

    def append_keys(self, events: Iterable[KeyEvent]) -> None:
        """Append key events; keys that the profile doesn't name are never stored."""
        for event in events:
            code = self._codes.get(event.key)
            if code is None:
                continue
            self._add(schema.KEY_AT, event.at_ns)
            self._add(schema.KEY_CODE, code)
            self._add(schema.KEY_DOWN, int(event.down))
            self._add(schema.KEY_BY, int(event.by))

    def append_span(self, kind: SpanKind, start_ns: int, end_ns: int) -> None:
        """Append a stretch of time that is special."""
        self._add(schema.SPAN_KIND, int(kind))
        self._add(schema.SPAN_START, start_ns)
        self._add(schema.SPAN_END, end_ns)

    def append_boxes(self, frame: int, boxes: Iterable[Box]) -> None:
        """Append labels of one frame.

        Raises:
            KeyError: A class is none of the profile's objects.
        """
        for box in boxes:
            self._add(schema.BOX_FRAME, frame)
            self._add(schema.BOX_CLASS, self._classes[box.class_name])
            self._add(schema.BOX_X1, box.x1)
            self._add(schema.BOX_Y1, box.y1)
            self._add(schema.BOX_X2, box.x2)
            self._add(schema.BOX_Y2, box.y2)
            self._add(schema.BOX_ORIGIN, int(box.origin))

    def append_tick(self, row: TickRow) -> None:
        """Append one decision of live play to a flight log."""
        self._add(schema.TICK_AT, row.at_ns)
        self._add(schema.TICK_FRAME, row.frame)
        self._add(schema.TICK_PROBABILITIES, row.probabilities)
        self._add(schema.TICK_LATENCY, row.latency_ns)

    def set_counter(self, name: str, value: int) -> None:
        """Set one of `COUNTERS`; it is written when the recording closes."""
        if name not in self._counters:
            raise KeyError(name)
        self._counters[name] = value

    def flush_due(self, now_ns: int) -> None:
        """Write what is gathered when the last flush is a quarter second old."""
        if self._next_flush_ns is None or now_ns >= self._next_flush_ns:
            self.flush()
            self._next_flush_ns = now_ns + FLUSH_NS

    def flush(self) -> None:
        """Write what is gathered, pictures before the table that points at them.

        Raises:
            RecordingError: The disk is full or gone; what was written before stays readable.
        """
        file = self._open_file()
        try:
            for name, rows in self._pending.items():
                if not rows:
                    continue
                dataset = file[name]
                new = np.concatenate(rows) if name == schema.FRAME_BYTES else np.asarray(rows)
                start = dataset.shape[0]
                dataset.resize(start + len(new), axis=0)
                dataset[start:] = new
                rows.clear()
                dataset.flush()
        except OSError as error:
            raise RecordingError(
                f"{self.part}: can't be written any more ({error}). Free some disk space; "
                f"'understudy repair {self.part}' keeps what was recorded."
            ) from error

    def close(self) -> Path:
        """Write the rest and give the file its name; closing twice does nothing."""
        if self._file is None:
            return self.path
        self.flush()
        self._file.close()
        self._file = None
        with h5py.File(self.part, "r+", libver="latest") as file:
            for name, value in self._counters.items():
                file.attrs[name] = value
            file.attrs["complete"] = 1
        self.part.replace(self.path)
        return self.path

    def abandon(self) -> None:
        """Throw the unfinished file away."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self.part.unlink(missing_ok=True)

    def _open_file(self) -> h5py.File:
        if self._file is None:
            raise RecordingError(f"{self.path}: the recording is closed already.")
        return self._file

    def _add(self, name: str, row: object) -> None:
        self._pending.setdefault(name, []).append(row)


def repair(part: Path, *, force: bool = False) -> Path:
    """Close the leftover of a recorder that died; return the recording's path.

    Tables are cut to the rows that all their columns have. The leftover stays until the repaired
    copy is complete.

    Raises:
        RecordingError: It is not the leftover of a recording.
        OutputExistsError: The recording exists and `force` is off.
    """
    if part.suffix != ".part":
        raise RecordingError(f"{part}: not a leftover; it doesn't end in .part.")
    target = claim_output(part.with_suffix(""), force=force)
    copy = part.with_name(part.name + ".repaired")
    try:
        with (
            h5py.File(part, "r", libver="latest", swmr=True, locking=False) as old,
            h5py.File(copy, "w", libver="latest") as new,
        ):
            found = schema.problems(old)
            if found:
                raise RecordingError(f"{part}: {found[0]}.")
            _copy_sound_rows(old, new)
    except OSError as error:
        copy.unlink(missing_ok=True)
        raise RecordingError(f"{part}: can't be read as a recording ({error}).") from error
    except RecordingError:
        copy.unlink(missing_ok=True)
        raise
    os.replace(copy, target)  # noqa: PTH105 - both names in one call, atomic
    part.unlink()
    return target


def _copy_sound_rows(old: h5py.File, new: h5py.File) -> None:
    for name, value in old.attrs.items():
        new.attrs[name] = value
    new.attrs["complete"] = 1
    new.attrs["repaired"] = 1
    ticks = old[schema.TICK_PROBABILITIES].shape[1] if schema.TICK_PROBABILITIES in old else 0
    schema.create_datasets(new, probabilities=ticks)
    for table in schema.TABLES:
        columns = [name for name in table if name in old]
        if not columns:
            continue
        rows = min(old[name].shape[0] for name in columns)
        if table[0] == schema.FRAME_END:
            ends = old[schema.FRAME_END][:rows]
            rows = int(np.searchsorted(ends, old[schema.FRAME_BYTES].shape[0], side="right"))
            size = int(ends[rows - 1]) if rows else 0
            new[schema.FRAME_BYTES].resize(size, axis=0)
            for start in range(0, size, 1 << 24):
                stop = min(size, start + (1 << 24))
                new[schema.FRAME_BYTES][start:stop] = old[schema.FRAME_BYTES][start:stop]
        for name in columns:
            new[name].resize(rows, axis=0)
            new[name][:] = old[name][:rows]
