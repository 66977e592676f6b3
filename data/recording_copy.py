"""Copy parts of recordings into a new one: pictures as they are, all else moved along."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from data.boxes import Box
from data.disk import reason
from data.errors import RecordingError
from data.export.output import Ticker
from data.keys import By, KeyEvent, held_by
from data.reader import Recording
from data.schema import Span, SpanKind
from data.writer import RecordingWriter, TickRow

_FLUSH_FRAMES = 256  # so many pictures wait in memory, however long the recording is


@dataclass(frozen=True, slots=True)
class Part:
    """What is copied of a recording."""

    frames: npt.NDArray[np.int64]
    """Indices, rising; at least one."""
    opens: bool
    """Whether what was before is left out: held keys are then pressed at the first frame."""
    end_ns: int | None
    """What follows is left out, and held keys are released here; None for the recording's end."""


class Copier:
    """Appends parts to a writer, and numbers what points at frames anew."""

    def __init__(self, writer: RecordingWriter, ticker: Ticker) -> None:
        self._writer = writer
        self._ticker = ticker
        self._takeovers = 0
        self._source: Recording | None = None
        self._boxes: dict[int, tuple[Box, ...]] = {}

    def add(self, recording: Recording, part: Part, *, shift_ns: int) -> None:
        """Append one part, its times moved by `shift_ns`.

        Raises:
            ExportStopped: Someone wanted it to stop.
        """
        writer = self._writer
        writer.append_keys(
            replace(event, at_ns=event.at_ns + shift_ns) for event in keys_of(recording, part)
        )
        for span in spans_of(recording, part):
            writer.append_span(span.kind, span.start_ns + shift_ns, span.end_ns + shift_ns)
            self._takeovers += span.kind is SpanKind.TAKEOVER
        if self._source is not recording:
            self._source = recording
            self._boxes = {labelled.frame: labelled.boxes for labelled in recording.boxes()}
        copies = np.full(recording.frame_count, -1, dtype=np.int64)
        for index in part.frames:
            self._ticker.tick()
            at_ns = int(recording.times_ns[index]) + shift_ns
            copies[index] = writer.append_jpeg(recording.jpeg(int(index)), at_ns)
            writer.append_boxes(int(copies[index]), self._boxes.get(int(index), ()))
            if copies[index] % _FLUSH_FRAMES == 0:
                writer.flush()
        if recording.is_flight_log:
            self._add_ticks(recording, copies, shift_ns)

    def finish(self, *, dropped: int, late_ticks: int) -> None:
        """Set the counters of the copy."""
        self._writer.set_counter("takeovers", self._takeovers)
        self._writer.set_counter("dropped", dropped)
        self._writer.set_counter("late_ticks", late_ticks)

    def _add_ticks(
        self, recording: Recording, copies: npt.NDArray[np.int64], shift_ns: int
    ) -> None:
        rows = zip(
            recording.tick_times_ns(),
            recording.tick_frames(),
            recording.probabilities(),
            recording.latencies(),
            strict=False,  # a leftover's columns may differ in length
        )
        for at_ns, frame, probabilities, latency in rows:
            if 0 <= frame < len(copies) and copies[frame] >= 0:
                times = tuple(int(stage) for stage in latency)
                self._writer.append_tick(
                    TickRow(int(at_ns) + shift_ns, int(copies[frame]), probabilities, times)
                )


def keys_of(recording: Recording, part: Part) -> list[KeyEvent]:
    """Return a part's key events, which label its frames as they are labelled in the recording."""
    events, keys = recording.key_events(), recording.profile.keys
    opening: list[KeyEvent] = []
    down: dict[str, By] = {}
    first_ns = int(recording.times_ns[part.frames[0]])
    if part.opens:
        for event in events:
            if event.at_ns <= first_ns:
                _follow(down, event)
        # A tap that ended before the first frame counts there, too; see `data.keys.held_at`.
        near_ns = recording.times_ns[max(0, part.frames[0] - 1) : part.frames[0] + 1]
        by = held_by(events, keys, near_ns)[-1]
        for key, who in zip(keys, by, strict=True):
            if who:
                opening.append(KeyEvent(first_ns, key, True, By(int(who) - 1)))
        opening += [
            KeyEvent(first_ns + 1, event.key, False, event.by)
            for event in opening
            if event.key not in down
        ]
        events = [event for event in events if event.at_ns > first_ns]
    if part.end_ns is None:
        return opening + events
    last_ns = int(recording.times_ns[part.frames[-1]])
    inside = []
    for event in events:
        # A press after the last frame would count as a tap at the frame that follows the cut.
        wanted = event.at_ns <= last_ns or (not event.down and event.key in down)
        if wanted and event.at_ns < part.end_ns:
            inside.append(event)
            _follow(down, event)
    return opening + inside + [KeyEvent(part.end_ns, k, False, by) for k, by in down.items()]


def spans_of(recording: Recording, part: Part) -> list[Span]:
    """Return a part's spans, those that reach over its ends cut there."""
    found = []
    for span in recording.spans():
        start_ns, end_ns = span.start_ns, span.end_ns
        if part.opens:
            start_ns = max(start_ns, int(recording.times_ns[part.frames[0]]))
        if part.end_ns is not None:
            end_ns = min(end_ns, part.end_ns)
        if start_ns < end_ns or (start_ns, end_ns) == (span.start_ns, span.end_ns):
            found.append(Span(span.kind, start_ns, end_ns))
    return found


def _follow(down: dict[str, By], event: KeyEvent) -> None:
    if event.down:
        down[event.key] = event.by
    else:
        down.pop(event.key, None)


@contextmanager
def whole(writer: RecordingWriter) -> Iterator[None]:
    """Give the file its name when the block ends well; throw it away otherwise.

    Raises:
        RecordingError: It can't be written.
    """
    try:
        yield
        writer.close()
    except BaseException as error:
        failed = writer.failed
        writer.abandon()
        if failed:  # half a copy is worth nothing; the sources are still there
            why = reason(error.__cause__ or error)
            raise RecordingError(
                f"{writer.path}: can't be written: {why}. Make room, and try again."
            ) from error
        raise
