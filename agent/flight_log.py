"""The flight log: live play as a recording, written beside the tick and never in its way."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

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
    """

    def __init__(self, writer: RecordingWriter | None, *, inline: bool) -> None:
        self._writer = writer
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
        at_ns: int,
        *,
        probabilities: npt.NDArray[np.float32],
        latency_ns: tuple[int, ...],
    ) -> None:
        """Log a fitted frame and what was decided on it; see `TickRow`."""

        def write(writer: RecordingWriter) -> None:
            index = writer.append_frame(image, at_ns)
            writer.append_tick(TickRow(at_ns, index, probabilities, latency_ns))

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
        writer = self._writer
        if writer is None:
            return
        if self._pool is None:
            write(writer)
            return
        self._collect()
        self._waiting.append(self._pool.submit(_run, write, writer))

    def _collect(self) -> None:
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft().result()


def _run(write: Callable[[RecordingWriter], object], writer: RecordingWriter) -> None:
    write(writer)
