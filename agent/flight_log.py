"""The flight log: live play as a recording, written beside the tick and never in its way."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from data.flight import DecisionRow
from data.frames import Image
from data.keys import By, KeyEvent
from data.schema import SpanKind
from data.writer import RecordingWriter, TickRow

MOST_WAITING = 64  # at most as many frames of 480x270 wait for a slow disk: 25 MB


class FlightLog:
    """Hands rows to a `RecordingWriter` on a thread of its own. Used by one thread.

    A frame that finds too many others waiting is left out and counted; keys and spans never are.
    What goes wrong while writing is raised by a later call.

    Args:
        writer: Made with `head_probabilities`; None throws everything away. It stays open.
        inline: Write at once, on the caller's thread: for a simulated clock, where nothing is slow.
        next_writer: Closes the writer in use and opens the next, for a log in several files.
        part_s: How long each file gets; None for one file.
    """

    def __init__(
        self,
        writer: RecordingWriter | None,
        *,
        inline: bool,
        next_writer: Callable[[], RecordingWriter] | None = None,
        part_s: float | None = None,
    ) -> None:
        self._writer = writer
        self._next_writer = next_writer if writer is not None else None
        self._part_ns = None if part_s is None else round(part_s * 1e9)
        self._part_since_ns: int | None = None
        self._pool = None
        if writer is not None and not inline:
            self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="flight-log")
        self._waiting: deque[Future[None]] = deque()
        self._human: set[str] = set()
        self.dropped = 0
        """Frames left out because the disk was too slow."""

    def frame(self, image: Image, at_ns: int) -> None:
        """Log a fitted frame that nothing was decided on."""
        self._add_frame(lambda writer: writer.append_frame(image, at_ns))

    def decision(
        self,
        image: Image,
        row: DecisionRow,
        *,
        probabilities: npt.NDArray[np.float32],
        latency_ns: tuple[int, ...],
    ) -> None:
        """Log a fitted frame and what was decided on it; see `TickRow`.

        What was seen is kept even of a frame that is left out: later decisions depend on it.

        Args:
            image: The frame.
            row: What was seen and decided.
            probabilities: Of all heads, one after another, `(sum of classes,)`.
            latency_ns: What each stage took, in the order of `data.schema.TICK_STAGES`.
        """
        self._do(lambda writer: writer.append_decision(row))

        def write(writer: RecordingWriter) -> None:
            index = writer.append_frame(image, row.at_ns)
            writer.append_tick(TickRow(row.at_ns, index, probabilities, latency_ns))

        self._add_frame(write)

    def keys(self, events: Sequence[KeyEvent]) -> None:
        """Log key events."""
        if not events:
            return
        for event in events:
            if event.by is By.HUMAN:
                (self._human.add if event.down else self._human.discard)(event.key)
        self._do(lambda writer: writer.append_keys(events))

    def release_human(self, at_ns: int) -> None:
        """Log a release of what a person holds, before looking away."""
        self.keys([KeyEvent(at_ns, key, False, By.HUMAN) for key in sorted(self._human)])

    def span(self, kind: SpanKind, start_ns: int, end_ns: int) -> None:
        """Log a stretch of time."""
        self._do(lambda writer: writer.append_span(kind, start_ns, end_ns))

    def counter(self, name: str, value: int) -> None:
        """Set a counter."""
        self._do(lambda writer: writer.set_counter(name, value))

    def ended_by(self, words: str) -> None:
        """Say why play ended."""
        self._do(lambda writer: writer.set_ending(words))

    def part_is_full(self, now_ns: int) -> bool:
        """Say whether it is time for another file."""
        if self._next_writer is None or self._part_ns is None:
            return False
        if self._part_since_ns is None:
            self._part_since_ns = now_ns
        return now_ns - self._part_since_ns >= self._part_ns

    def begin_part(self, now_ns: int) -> None:
        """Go on in another file."""
        self._part_since_ns = now_ns
        self.ended_by("continued in another file")
        self._do(lambda _: self._turn_over())

    def flush_due(self, now_ns: int) -> None:
        """Write what is gathered when it is time."""
        self._do(lambda writer: writer.flush_due(now_ns))

    def close(self) -> None:
        """Wait until all is handed over."""
        if self._pool is not None:
            self._pool.shutdown()
        while self._waiting:
            self._waiting.popleft().result()

    def _add_frame(self, write: Callable[[RecordingWriter], object]) -> None:
        self._collect()
        if len(self._waiting) > MOST_WAITING:
            self.dropped += 1
        else:
            self._do(write)

    def _do(self, write: Callable[[RecordingWriter], object]) -> None:
        if self._writer is None:
            return
        if self._pool is None:
            self._run(write)
            return
        self._collect()
        self._waiting.append(self._pool.submit(self._run, write))

    def _run(self, write: Callable[[RecordingWriter], object]) -> None:
        """Write into the file that is open when it is this one's turn."""
        assert self._writer is not None
        write(self._writer)

    def _turn_over(self) -> None:
        assert self._next_writer is not None
        self._writer = self._next_writer()

    def _collect(self) -> None:
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft().result()
