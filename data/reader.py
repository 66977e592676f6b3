"""Read a recording lazily."""

from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

import h5py
import numpy as np
import numpy.typing as npt

from data import schema
from data.boxes import Box, BoxOrigin, FrameBoxes
from data.closing import Closing
from data.errors import ProfileError, RecordingError
from data.frames import Image, decode_jpeg
from data.keys import By, KeyEvent, labels_at
from data.paths import require_input
from data.profile import GameProfile
from data.schema import BREAKS, CaptureFacts, Span, SpanKind
from data.writer import COUNTERS

GAP_FRAMES = 3.5  # a hole longer than this many frame times ends a segment


class Recording(Closing):
    """A recording, finished or left behind; the file opens on first use and closes at exit.

    Handles don't travel between processes: pass the path and open it there.
    """

    def __init__(self, path: Path) -> None:
        """Open lazily.

        Raises:
            UnderstudyError: There is no such file.
        """
        self.path = require_input(path)
        self._file: h5py.File | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def close(self) -> None:
        """Close the file; what was read into memory stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @cached_property
    def profile(self) -> GameProfile:
        """The profile it was recorded with."""
        try:
            return GameProfile.from_json(str(self._open().attrs["profile"]), source=str(self.path))
        except ProfileError as error:
            raise RecordingError(str(error)) from error

    @cached_property
    def facts(self) -> CaptureFacts:
        """Where its pictures came from."""
        try:
            return CaptureFacts.from_attributes(dict(self._open().attrs))
        except (KeyError, ValueError) as error:
            raise RecordingError(
                f"{self.path}: its capture facts are damaged ({error})."
            ) from error

    @cached_property
    def counters(self) -> dict[str, int]:
        """What went wrong while recording, counted."""
        attributes = self._open().attrs
        return {name: int(attributes.get(name, 0)) for name in COUNTERS}

    @property
    def complete(self) -> bool:
        """False for the leftover of a recorder that died."""
        return bool(self._open().attrs.get("complete", 0))

    @cached_property
    def times_ns(self) -> npt.NDArray[np.int64]:
        """Monotonic time of each frame's grab, `(frames,)`."""
        times: npt.NDArray[np.int64] = self._open()[schema.FRAME_AT][: self.frame_count]
        return times

    @cached_property
    def frame_count(self) -> int:
        """Frames that can be read."""
        file = self._open()
        rows = min(file[schema.FRAME_END].shape[0], file[schema.FRAME_AT].shape[0])
        stored = file[schema.FRAME_BYTES].shape[0]
        return int(np.searchsorted(file[schema.FRAME_END][:rows], stored, side="right"))

    @cached_property
    def _ends(self) -> npt.NDArray[np.int64]:
        ends: npt.NDArray[np.int64] = self._open()[schema.FRAME_END][: self.frame_count]
        if len(ends) and (ends[0] < 0 or bool(np.any(np.diff(ends) < 0))):
            raise RecordingError(f"{self.path}: its frame table is damaged.")
        return ends

    @property
    def byte_count(self) -> int:
        """Bytes of compressed pictures."""
        return int(self._ends[-1]) if self.frame_count else 0

    def jpeg(self, index: int) -> npt.NDArray[np.uint8]:
        """Return a frame's compressed bytes."""
        if not 0 <= index < self.frame_count:
            raise IndexError(f"{self.path}: frame {index} of {self.frame_count}")
        start = int(self._ends[index - 1]) if index else 0
        data: npt.NDArray[np.uint8] = self._open()[schema.FRAME_BYTES][start : self._ends[index]]
        return data

    def frame(self, index: int) -> Image:
        """Return a frame in BGR.

        Raises:
            RecordingError: Its bytes are damaged.
        """
        data = self.jpeg(index)
        image = decode_jpeg(data) if len(data) else None
        if image is None:
            raise RecordingError(f"{self.path}: frame {index} is damaged.")
        return image

    def key_events(self) -> list[KeyEvent]:
        """Return the key events in order of time."""
        file, names = self._open(), self.profile.keys
        columns = [file[name] for name in schema.TABLES[1]]
        rows = min(column.shape[0] for column in columns)
        at, code, down, by = (column[:rows] for column in columns)
        if rows and int(code.max()) >= len(names):
            raise RecordingError(f"{self.path}: a key event names no key of its profile.")
        order = np.argsort(at, kind="stable")
        return [
            KeyEvent(int(at[i]), names[int(code[i])], bool(down[i]), By(int(by[i]))) for i in order
        ]

    def labels(self, *, shift_ns: int = 0) -> dict[str, npt.NDArray[np.int64]]:
        """Return each head's class per frame; see `data.keys.labels_at`."""
        return labels_at(self.profile, self.key_events(), self.times_ns, shift_ns=shift_ns)

    def spans(self) -> list[Span]:
        """Return the special stretches of time."""
        file = self._open()
        columns = [file[name] for name in schema.TABLES[2]]
        rows = min(column.shape[0] for column in columns)
        kind, start, end = (column[:rows] for column in columns)
        return [Span(SpanKind(int(kind[i])), int(start[i]), int(end[i])) for i in range(rows)]

    def boxes(self) -> list[FrameBoxes]:
        """Return the labelled frames in order, each with its boxes."""
        file, names = self._open(), self.profile.object_names
        columns = [file[name] for name in schema.TABLES[3]]
        rows = min(column.shape[0] for column in columns)
        frame, kind, left, top, right, bottom, origin = (column[:rows] for column in columns)
        if rows and int(kind.max()) >= len(names):
            raise RecordingError(f"{self.path}: a box names no object of its profile.")
        by_frame: dict[int, list[Box]] = {}
        for i in range(rows):
            x1, y1, x2, y2 = float(left[i]), float(top[i]), float(right[i]), float(bottom[i])
            if x2 > x1 and y2 > y1:
                box = Box(names[int(kind[i])], x1, y1, x2, y2, BoxOrigin(int(origin[i])))
                by_frame.setdefault(int(frame[i]), []).append(box)
        return [
            FrameBoxes(index, tuple(by_frame[index]))
            for index in sorted(by_frame)
            if 0 <= index < self.frame_count
        ]

    def segments(self) -> list[tuple[int, int]]:
        """Return frame ranges `(start, stop)` that no pause, discard or hole interrupts.

        Frames inside such a span belong to no segment.
        """
        times = self.times_ns
        if not len(times):
            return []
        cut = np.diff(times) > GAP_FRAMES * 1e9 / self.facts.rate_hz  # between i and i + 1
        kept = np.ones(len(times), dtype=np.bool_)
        for span in self.spans():
            if span.kind in BREAKS:
                kept &= (times < span.start_ns) | (times > span.end_ns)
                cut |= (times[:-1] <= span.start_ns) & (times[1:] >= span.end_ns)
        cut |= kept[:-1] != kept[1:]
        edges = [0, *(int(i) + 1 for i in np.flatnonzero(cut)), len(times)]
        return [(a, b) for a, b in pairwise(edges) if kept[a]]

    @property
    def is_flight_log(self) -> bool:
        """Whether it holds the decisions of live play."""
        return schema.TICK_PROBABILITIES in self._open()

    def _ticks(self, name: str) -> npt.NDArray[np.generic]:
        if not self.is_flight_log:
            raise RecordingError(f"{self.path}: not a flight log; it holds no decisions.")
        rows: npt.NDArray[np.generic] = self._open()[name][:]
        return rows

    def tick_frames(self) -> npt.NDArray[np.int64]:
        """Return the frame index of each decision, `(ticks,)`."""
        return self._ticks(schema.TICK_FRAME).astype(np.int64)

    def probabilities(self) -> npt.NDArray[np.float32]:
        """Return the heads' probabilities of each decision, `(ticks, classes of all heads)`."""
        return self._ticks(schema.TICK_PROBABILITIES).astype(np.float32)

    def latencies(self) -> npt.NDArray[np.int64]:
        """Return nanoseconds by decision and stage, `(ticks, len(TICK_STAGES))`."""
        return self._ticks(schema.TICK_LATENCY).astype(np.int64)

    def _open(self) -> h5py.File:
        if self._file is not None:
            return self._file
        try:
            file = h5py.File(self.path, "r", libver="latest", swmr=True, locking=False)
        except OSError as error:
            raise RecordingError(
                f"{self.path}: not a recording (HDF5 can't open it). Record one with "
                "'understudy record'."
            ) from error
        found = schema.problems(file)
        if found:
            file.close()
            raise RecordingError(f"{self.path}: {found[0]}.")
        self._file = file
        return file
