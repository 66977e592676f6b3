"""Write a recording that survives the death of its writer."""

import os
import platform
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from data import schema
from data.boxes import Box
from data.closing import Closing
from data.disk import Room, close_unwritable, reason
from data.errors import OutputExistsError, RecordingError
from data.flight import DecisionRow
from data.frames import Image, encode_jpeg
from data.keys import KeyEvent
from data.leftovers import require_no_leftover
from data.paths import claim_output, part_path
from data.profile import GameProfile
from data.schema import CaptureFacts, SpanKind

FLUSH_NS = 250_000_000  # kill -9 then costs at most this much of the recording
# Kept free for what HDF5 adds to the rows: a new piece of each table, and the index of pieces.
ROOM_BYTES = 1 << 20
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
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Open the file; `head_probabilities` makes it a flight log.

        `attributes` are written besides the writer's own, and instead of those of the same name.

        Raises:
            OutputExistsError: It exists and `force` is off; or a recording of that name was cut
                short, whatever `force` says.
            RecordingError: The folder can't be written.
        """
        if path.is_dir():
            raise OutputExistsError(f"{path} is a folder. Give the name of a file in it.")
        require_no_leftover(path, force=force)
        self.path = claim_output(path, force=force)
        self.part = part_path(path)
        self.profile = profile
        self._size = profile.capture.size
        self._codes = {key: code for code, key in enumerate(profile.keys)}
        self._classes = {name: index for index, name in enumerate(profile.object_names)}
        self._frames = 0
        self._bytes = 0
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._ending: dict[str, int | str] = {}
        self._pending: dict[str, list[Any]] = {}
        self._next_flush_ns: int | None = None
        self._file: h5py.File | None = self._create()
        self._room = Room(self._file, self.part)
        self._failed = False
        try:
            self._room.take(ROOM_BYTES)
            self._begin(self._file, facts, attributes or {}, flight_log=head_probabilities)
        except (OSError, RuntimeError) as error:
            self.abandon()
            raise RecordingError(f"{self.part}: can't be written: {reason(error)}.") from error

    def _create(self) -> h5py.File:
        try:
            return schema.create_file(self.part)
        except OSError as error:
            raise RecordingError(f"{self.part}: can't be written: {reason(error)}.") from error

    def _begin(
        self,
        file: h5py.File,
        facts: CaptureFacts,
        attributes: Mapping[str, Any],
        *,
        flight_log: bool,
    ) -> None:
        known: dict[str, Any] = dict(facts.to_attributes())
        known["format"] = schema.FORMAT
        known["version"] = schema.VERSION
        known["profile"] = self.profile.to_json()
        known["key_names"] = list(self.profile.keys)
        known["object_names"] = list(self.profile.object_names) or [""]
        known["clock"] = "monotonic ns"
        known["started_at"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        known["platform"] = f"{platform.system()} {platform.release()}"
        known["python"] = sys.version.split()[0]
        known["complete"] = 0
        known |= dict.fromkeys(COUNTERS, 0)
        file.attrs.update(known | dict(attributes))
        heads = self.profile.heads if flight_log else ()
        schema.create_datasets(
            file,
            probabilities=sum(len(head.classes) for head in heads),
            decisions=(len(heads), len(self.profile.keys)) if flight_log else None,
        )
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
        return self.append_jpeg(encode_jpeg(image, self.profile.capture.jpeg_quality), at_ns)

    def append_jpeg(self, data: npt.NDArray[np.uint8], at_ns: int) -> int:
        """Append a picture of the stored size, JPEG bytes `(n,)` already; return its index."""
        self._bytes += len(data)
        self._add(schema.FRAME_BYTES, data)
        self._add(schema.FRAME_AT, at_ns)
        self._add(schema.FRAME_END, self._bytes)  # last: a row of it makes the others count
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

    def append_decision(self, row: DecisionRow) -> None:
        """Append to a flight log what one decision was made on, and what it was."""
        for name, values in row.columns(self.profile).items():
            self._add(name, values)

    def set_counter(self, name: str, value: int) -> None:
        """Set one of `COUNTERS`; it is written when the recording closes.

        Raises:
            KeyError: It is none of them.
        """
        if name not in self._counters:
            raise KeyError(name)
        self._counters[name] = value

    def set_ending(self, words: str) -> None:
        """Say why it ended; it is written when the recording closes."""
        self._ending["ended_by"] = words

    def flush_due(self, now_ns: int) -> None:
        """Write what is gathered when the last flush is a quarter second old."""
        if self._next_flush_ns is None or now_ns >= self._next_flush_ns:
            self.flush()
            self._next_flush_ns = now_ns + FLUSH_NS

    def flush(self) -> None:
        """Write what is gathered, pictures before the table that points at them.

        Raises:
            RecordingError: The disk is full or gone; what was written before stays readable, and
                nothing more can be written.
        """
        file = self._open_file()
        try:
            new = {name: _rows(name, rows) for name, rows in self._pending.items() if rows}
            self._room.take(sum(rows.nbytes for rows in new.values()) + ROOM_BYTES)
        except OSError as error:
            self._file, self._failed = None, True
            file.close()
            raise self._unwritable(error) from error
        try:
            for name, rows in new.items():
                dataset = file[name]
                start = dataset.shape[0]
                dataset.resize(start + len(rows), axis=0)
                dataset[start:] = rows
                self._pending[name].clear()
                dataset.flush()
        except BaseException as error:  # half a table is written: no second attempt is possible
            self._file, self._failed = None, True
            close_unwritable(file)
            if isinstance(error, OSError | RuntimeError):
                raise self._unwritable(error) from error
            raise

    def close(self) -> Path:
        """Write the rest and give the file its name; closing twice does nothing.

        After a failed write the leftover stays as it is.

        Returns:
            The recording; the leftover where a write failed.

        Raises:
            RecordingError: The disk is full or gone.
        """
        if self._file is None:
            return self.part if self._failed else self.path
        self.flush()
        try:
            self._file.close()
            self._file = None
            finish(self.part, self.path, {**self._counters, **self._ending})
        except (OSError, RuntimeError) as error:
            self._file, self._failed = None, True
            raise self._unwritable(error) from error
        return self.path

    def abandon(self) -> None:
        """Throw the unfinished file away, also after a failed write."""
        if self._file is not None:
            self._file.close()
        if self._file is not None or self._failed:
            self._file = None
            self.part.unlink(missing_ok=True)

    @property
    def failed(self) -> bool:
        """Whether a write failed, so that nothing more can be written."""
        return self._failed

    def _unwritable(self, error: BaseException) -> RecordingError:
        if not self.part.exists():
            return RecordingError(
                f"{self.part}: it was removed, or its folder was; nothing is left."
            )
        return RecordingError(
            f"{self.part}: can't be written any more: {reason(error)}. Make room; "
            f"'understudy repair {self.part}' keeps what was recorded."
        )

    def _open_file(self) -> h5py.File:
        if self._file is None:
            raise RecordingError(f"{self.path}: the recording is closed already.")
        return self._file

    def _add(self, name: str, row: object) -> None:
        self._pending.setdefault(name, []).append(row)


def _rows(name: str, rows: list[Any]) -> npt.NDArray[Any]:
    return np.concatenate(rows) if name in schema.JOINED else np.asarray(rows)


def finish(part: Path, target: Path, known: Mapping[str, int | str]) -> None:
    """Say in the file that it is complete, and give it its name."""
    with h5py.File(part, "r+", libver="latest") as file:
        for name, value in known.items():
            file.attrs.modify(name, value)
        file.attrs.modify("complete", 1)  # in place: HDF5 needs no room for it
    with part.open("rb+") as written:  # Windows syncs only what may be written
        os.fsync(written.fileno())  # or a power cut could leave the name without the rows
    part.replace(target)
