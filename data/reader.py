"""Read a recording lazily."""

import json
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data import schema
from data.boxes import Box, BoxOrigin, FrameBoxes
from data.closing import Closing
from data.errors import ProfileError, RecordingError
from data.flight import Decisions, FlightFacts
from data.frames import Image, decode_jpeg
from data.keys import By, KeyEvent, labels_at
from data.opening import RecordingFile, refusing_damage
from data.paths import require_input
from data.profile import GameProfile
from data.schema import BREAKS, CaptureFacts, Span, SpanKind
from data.writer import COUNTERS

GAP_FRAMES = 3.5  # a hole longer than this many frame times ends a segment
AHEAD_BYTES = 1 << 20  # read ahead of frames taken in turn: one visit to HDF5 costs 0.1 ms
MOST_RATE_HZ = 1000.0
MOST_PX = 1 << 20  # no desktop is larger
MOST_NS = 1 << 62  # no difference of two times overflows


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
        self._file: RecordingFile | None = None
        self._ahead: tuple[int, npt.NDArray[np.uint8]] = (0, np.zeros(0, dtype=np.uint8))
        self._next = 0

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
        """The profile it was recorded with.

        Raises:
            RecordingError: It is damaged.
        """
        try:
            return GameProfile.from_json(str(self.attributes["profile"]), source=str(self.path))
        except ProfileError as error:
            raise RecordingError(str(error)) from error

    @cached_property
    def facts(self) -> CaptureFacts:
        """Where its pictures came from.

        Raises:
            RecordingError: What it says can't be.
        """
        with refusing_damage(self.path):
            facts = CaptureFacts.from_attributes(self.attributes)
        if not 0 < facts.rate_hz <= MOST_RATE_HZ:
            raise RecordingError(f"{self.path}: its rate is {facts.rate_hz} Hz; it is damaged.")
        place = (facts.left_px, facts.top_px, facts.width_px, facts.height_px)
        if max(map(abs, place)) > MOST_PX:
            raise RecordingError(f"{self.path}: its window is at {place}; it is damaged.")
        return facts

    @cached_property
    def counters(self) -> dict[str, int]:
        """What went wrong while recording, counted."""
        with refusing_damage(self.path):
            return {name: int(self.attributes.get(name, 0)) for name in COUNTERS}

    @property
    def attributes(self) -> dict[str, Any]:
        """Every attribute of the file, as HDF5 gives it."""
        return self._open().attributes

    @property
    def history(self) -> list[dict[str, Any]]:
        """What was trimmed and merged, oldest first; nothing where that can't be read."""
        try:
            found = json.loads(str(self.attributes.get("edited", "[]")))
        except (ValueError, RecursionError):
            return []
        return [step for step in found if isinstance(step, dict)] if isinstance(found, list) else []

    @property
    def complete(self) -> bool:
        """False for the leftover of a recorder that died."""
        with refusing_damage(self.path):
            return bool(self.attributes.get("complete", 0))

    @cached_property
    def times_ns(self) -> npt.NDArray[np.int64]:
        """Monotonic time of each frame's grab, `(frames,)`."""
        return self._believed(self._open().read(schema.FRAME_AT, 0, self.frame_count))

    @property
    def frame_count(self) -> int:
        """Frames that can be read."""
        return len(self._ends)

    @cached_property
    def _ends(self) -> npt.NDArray[np.int64]:
        file = self._open()
        ends = file.sound_ends()
        after = file.read(schema.FRAME_END, len(ends), len(ends) + 1)
        if self.complete and len(after) and after[0] < (ends[-1] if len(ends) else 0):
            raise RecordingError(f"{self.path}: its frame table is damaged.")
        return ends

    @property
    def byte_count(self) -> int:
        """Bytes of compressed pictures."""
        return int(self._ends[-1]) if self.frame_count else 0

    @property
    def lost_frames(self) -> int:
        """Frames whose picture or time never reached the disk, though part of them did."""
        return max(map(self._open().rows, schema.TABLES[0])) - self.frame_count

    def jpeg_sizes(self) -> npt.NDArray[np.int64]:
        """Return the bytes of each compressed picture, `(frames,)`."""
        return np.diff(self._ends, prepend=0)

    def jpeg(self, index: int) -> npt.NDArray[np.uint8]:
        """Return a frame's compressed bytes, flat and read-only.

        Taken in turn, frames come from a block that is read ahead.

        Raises:
            IndexError: There is no such frame.
            RecordingError: The frame is damaged.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(f"{self.path}: frame {index} of {self.frame_count}")
        start, end = (int(self._ends[index - 1]) if index else 0), int(self._ends[index])
        first, block = self._ahead
        if not first <= start <= end <= first + len(block):
            length = max(end - start, AHEAD_BYTES) if index == self._next else end - start
            if length > self._most_bytes:
                raise RecordingError(f"{self.path}: frame {index} is too large; it is damaged.")
            block = self._open().read(schema.FRAME_BYTES, start, start + length)
            block.flags.writeable = False
            first, self._ahead = start, (start, block)
        self._next = index + 1
        return block[start - first : end - first]

    @cached_property
    def _most_bytes(self) -> int:
        size = self.profile.capture.size  # compressing never doubles what three colours take
        return max(AHEAD_BYTES, 6 * size.width_px * size.height_px)

    def frame(self, index: int) -> Image:
        """Return a frame in BGR.

        Raises:
            RecordingError: Its bytes are damaged.
        """
        image = decode_jpeg(self.jpeg(index), self.profile.capture.size)
        if image is None:
            raise RecordingError(f"{self.path}: frame {index} is damaged.")
        return image

    def key_events(self) -> list[KeyEvent]:
        """Return the key events in order of time.

        Raises:
            RecordingError: They are damaged.
        """
        names = self.profile.keys
        at, code, down, by = self._open().table(schema.TABLES[1])
        if len(code) and int(code.max()) >= len(names):
            raise RecordingError(f"{self.path}: a key event names no key of its profile.")
        order = np.argsort(self._believed(at), kind="stable")
        with refusing_damage(self.path):
            return [
                KeyEvent(int(at[i]), names[int(code[i])], bool(down[i]), By(int(by[i])))
                for i in order
            ]

    def labels(self, *, shift_ns: int = 0) -> dict[str, npt.NDArray[np.int64]]:
        """Return each head's class per frame `(frames,)`; see `data.keys.labels_at`."""
        return labels_at(self.profile, self.key_events(), self.times_ns, shift_ns=shift_ns)

    def spans(self) -> list[Span]:
        """Return the special stretches of time."""
        kind, start, end = self._open().table(schema.TABLES[2])
        self._believed(start)
        self._believed(end)
        with refusing_damage(self.path):
            return [
                Span(SpanKind(int(kind[i])), int(start[i]), int(end[i])) for i in range(len(kind))
            ]

    def boxes(self) -> list[FrameBoxes]:
        """Return the labelled frames in order, each with its boxes.

        A frame without a box is labelled only where the whole recording is.
        """
        names = self.profile.object_names
        frame, kind, left, top, right, bottom, origin = self._sound_boxes()
        by_frame: dict[int, list[Box]] = {}
        with refusing_damage(self.path):
            for i, name in enumerate(kind):
                x1, y1, x2, y2 = float(left[i]), float(top[i]), float(right[i]), float(bottom[i])
                box = Box(names[int(name)], x1, y1, x2, y2, BoxOrigin(int(origin[i])))
                by_frame.setdefault(int(frame[i]), []).append(box)
        labelled = range(self.frame_count) if self.all_labelled else sorted(by_frame)
        return [FrameBoxes(index, tuple(by_frame.get(index, ()))) for index in labelled]

    @property
    def all_labelled(self) -> bool:
        """Whether a frame without a box is known to show no object."""
        return str(self.attributes.get(schema.ALL_LABELLED, 0)) == "1"

    def box_counts(self) -> dict[str, int]:
        """Return how many boxes of each object class there are."""
        names = self.profile.object_names
        counts = np.bincount(self._sound_boxes()[1], minlength=len(names))
        return {name: int(count) for name, count in zip(names, counts, strict=True)}

    def _sound_boxes(self) -> list[npt.NDArray[Any]]:
        """Return the columns of the boxes that have an area and a frame."""
        columns = self._open().table(schema.TABLES[3])
        frame, kind, *corners, _ = columns
        if len(kind) and int(kind.max()) >= len(self.profile.object_names):
            raise RecordingError(f"{self.path}: a box names no object of its profile.")
        left, top, right, bottom = corners
        sound = np.isfinite(corners).all(axis=0) & (right > left) & (bottom > top)
        sound &= (frame >= 0) & (frame < self.frame_count)
        return [column[sound] for column in columns]

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

    def _ticks(self, name: str) -> npt.NDArray[Any]:
        if not self.is_flight_log:
            raise RecordingError(f"{self.path}: not a flight log; it holds no decisions.")
        file, columns = self._open(), sum(len(head.classes) for head in self.profile.heads)
        if file.width(schema.TICK_PROBABILITIES) != columns:
            raise RecordingError(f"{self.path}: its decisions don't fit its profile.")
        return file.table(schema.TABLES[4])[schema.TABLES[4].index(name)]

    def tick_times_ns(self) -> npt.NDArray[np.int64]:
        """Return the time of each decision, `(ticks,)`."""
        return self._ticks(schema.TICK_AT).astype(np.int64)

    def tick_frames(self) -> npt.NDArray[np.int64]:
        """Return the frame index of each decision, `(ticks,)`."""
        return self._ticks(schema.TICK_FRAME).astype(np.int64)

    def probabilities(self) -> npt.NDArray[np.float32]:
        """Return the heads' probabilities of each decision, `(ticks, classes of all heads)`."""
        return self._ticks(schema.TICK_PROBABILITIES).astype(np.float32)

    def latencies(self) -> npt.NDArray[np.int64]:
        """Return nanoseconds by decision and stage, `(ticks, len(TICK_STAGES))`."""
        return self._ticks(schema.TICK_LATENCY).astype(np.int64)

    @property
    def keeps_decisions(self) -> bool:
        """Whether it is a flight log that says what was seen and chosen on every decision."""
        return schema.DECISION_AT in self._open()

    def decisions(self) -> Decisions:
        """Return what live play decided, and on what; to be used while this is open.

        Raises:
            RecordingError: It is no flight log, or one of old, or it is damaged.
        """
        return Decisions(self._open(), self.profile)

    @cached_property
    def flight_facts(self) -> FlightFacts | None:
        """Who played; None where the file doesn't say."""
        with refusing_damage(self.path):
            return FlightFacts.from_attributes(self.attributes)

    def _believed(self, times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        if len(times_ns) and not -MOST_NS < int(times_ns.min()) <= int(times_ns.max()) < MOST_NS:
            raise RecordingError(f"{self.path}: its times are damaged.")
        return times_ns

    def _open(self) -> RecordingFile:
        if self._file is None:
            self._file = RecordingFile(self.path)
        return self._file
