"""Keeping only what just happened: the last stretch of play in memory, saved when asked."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.closing import Closing
from data.frames import Image, encode_jpeg
from data.keys import By, KeyEvent, hold
from data.profile import GameProfile
from data.schema import CaptureFacts, Span, SpanKind
from data.writer import RecordingWriter
from recorder.pacing import Clock
from recorder.parts import Part
from recorder.status import Kept

MOST_BYTES = 1_000_000_000  # however long the stretch that was asked for


@dataclass(frozen=True, slots=True)
class _Picture:
    at_ns: int
    data: npt.NDArray[np.uint8]
    counters: dict[str, int]
    """The session's, when it was taken."""


@dataclass(slots=True)
class _Stretch:
    """Some play: whole once its first picture is the earliest thing in it."""

    pictures: deque[_Picture] = field(default_factory=deque)
    bytes: int = 0
    keys: deque[KeyEvent] = field(default_factory=deque)
    spans: deque[Span] = field(default_factory=deque)
    held: dict[str, By] = field(default_factory=dict)
    """Keys down at the first picture."""

    def forget_until(self, at_ns: int) -> None:
        """Drop keys and spans from before a time, but keep in mind what is held then."""
        while self.keys and self.keys[0].at_ns <= at_ns:
            hold(self.held, [self.keys.popleft()])
        while self.spans and self.spans[0].end_ns <= at_ns:
            self.spans.popleft()

    def write(self, writer: RecordingWriter) -> None:
        """Write it; keys held at its beginning are pressed there, and released at its end."""
        start_ns, end_ns = self.pictures[0].at_ns, self.pictures[-1].at_ns
        held = dict(self.held)
        hold(held, self.keys)
        end_ns = max(end_ns, self.keys[-1].at_ns) if self.keys else end_ns
        writer.append_keys(KeyEvent(start_ns, key, True, by) for key, by in self.held.items())
        writer.append_keys(self.keys)
        writer.append_keys(KeyEvent(end_ns, key, False, by) for key, by in held.items())
        for span in self.spans:
            if span.end_ns > start_ns:
                writer.append_span(span.kind, max(span.start_ns, start_ns), span.end_ns)
        for picture in self.pictures:
            writer.append_jpeg(picture.data, picture.at_ns)
            writer.flush_due(picture.at_ns)


class Ring(Closing):
    """Takes what a session records and keeps the last stretch of play; pauses don't count.

    What is saved leaves the ring, so that no moment of play is in two recordings. Saving runs on a
    thread of its own, one at a time. What goes wrong there is raised by a later `flush_due`, `save`
    or `close`. Used by one thread.

    Args:
        profile: Of the game.
        facts: Where the pictures come from.
        clock: The session's.
        seconds: How much play to keep, at the rate in `facts`; never more than 1 GB.
        next_part: Names the next file.
    """

    def __init__(
        self,
        *,
        profile: GameProfile,
        facts: CaptureFacts,
        clock: Clock,
        seconds: float,
        next_part: Callable[[], Part],
    ) -> None:
        self.profile = profile
        self._facts = facts
        self._clock = clock
        self._most = max(1, round(seconds * facts.rate_hz))
        self._next_part = next_part
        self._stretch = _Stretch()
        self._counters: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="saving")
        self._saving: Future[None] | None = None
        self._saved: list[Path] = []
        self.frame_count = 0
        """Frames appended so far, those forgotten included."""
        self.byte_count = 0
        """Bytes of compressed pictures so far, those forgotten included."""

    def append_frame(self, image: Image, at_ns: int) -> int:
        """Append a picture that `fit()` made; return its index."""
        data = encode_jpeg(image, self.profile.capture.jpeg_quality)
        kept = self._stretch
        kept.pictures.append(_Picture(at_ns, data, dict(self._counters)))
        kept.bytes += len(data)
        while len(kept.pictures) > self._most or kept.bytes > MOST_BYTES:
            kept.bytes -= len(kept.pictures.popleft().data)
        kept.forget_until(kept.pictures[0].at_ns)
        self.frame_count += 1
        self.byte_count += len(data)
        return self.frame_count - 1

    def append_keys(self, events: Iterable[KeyEvent]) -> None:
        """Append key events."""
        self._stretch.keys.extend(events)

    def append_span(self, kind: SpanKind, start_ns: int, end_ns: int) -> None:
        """Append a stretch of time that is special."""
        self._stretch.spans.append(Span(kind, start_ns, end_ns))

    def set_counter(self, name: str, value: int) -> None:
        """Set a counter to its value up to now."""
        self._counters[name] = value

    def flush_due(self, now_ns: int) -> None:
        """Tell of a recording that could not be saved.

        Raises:
            RecordingError: The disk is full or gone.
        """
        if self._saving is not None and self._saving.done():
            self._wait()

    def kept(self) -> Kept:
        """Say what is in memory, and what has been saved."""
        pictures = self._stretch.pictures
        seconds = (pictures[-1].at_ns - pictures[0].at_ns) / 1e9 if pictures else 0.0
        return Kept(seconds, self._stretch.bytes, tuple(self._saved))

    def save(self) -> None:
        """Begin to write what is in memory to the next file; the ring is empty afterwards.

        Raises:
            OutputExistsError: The file has appeared meanwhile.
            RecordingError: An earlier one could not be saved.
        """
        stretch = self._stretch
        if not stretch.pictures:
            return
        self._wait()
        part = self._next_part()
        held = dict(stretch.held)
        hold(held, stretch.keys)
        self._stretch = _Stretch(held=held)
        self._saved.append(part.path)
        self._saving = self._pool.submit(self._write, stretch, part, dict(self._counters))

    def close(self) -> None:
        """Save the rest, and wait for it.

        Raises:
            RecordingError: It could not be saved.
        """
        try:
            self._wait()
        finally:
            self.save()  # even when an earlier one failed
            self._pool.shutdown()
        self._wait()

    def _wait(self) -> None:
        saving, self._saving = self._saving, None
        if saving is not None:
            saving.result()

    def _write(self, stretch: _Stretch, part: Part, counters: dict[str, int]) -> None:
        first = stretch.pictures[0]
        began_s = time.time() - (self._clock.now_ns() - first.at_ns) / 1e9
        began = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(began_s))
        with RecordingWriter(
            part.path,
            profile=self.profile,
            facts=self._facts,
            force=part.force,
            attributes=part.attributes | {"started_at": began},
        ) as writer:
            stretch.write(writer)
            for name, value in counters.items():
                writer.set_counter(name, value - first.counters.get(name, 0))
