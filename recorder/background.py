"""Writing beside the tick: a slow disk delays the file, never the next picture."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from data.closing import Closing
from data.frames import Image, encode_jpeg
from data.keys import KeyEvent
from data.profile import GameProfile
from data.schema import SpanKind
from data.writer import RecordingWriter

MOST_WAITING_BYTES = 64_000_000  # half a minute of 480x270 at 60 Hz


class BackgroundWriter(Closing):
    """Hands rows to a `RecordingWriter` on a thread of its own; nothing is ever left out.

    Rows are handed over on `flush_due`, which waits when too much waits for the disk: then the
    session misses ticks, and counts them. What goes wrong while writing is raised once, by a later
    `flush_due` or by `close`; rows after it are thrown away. Used by one thread.

    Args:
        writer: Used by nobody else until `close`; it stays open.
    """

    def __init__(self, writer: RecordingWriter) -> None:
        self._writer = writer
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording")
        self._rows: list[Callable[[], object]] = []
        self._rows_bytes = 0
        self._waiting: deque[tuple[int, Future[None]]] = deque()
        self._waiting_bytes = 0
        self._frames = writer.frame_count
        self._bytes = writer.byte_count
        self._failed = False

    @property
    def profile(self) -> GameProfile:
        """Of the game."""
        return self._writer.profile

    @property
    def frame_count(self) -> int:
        """Frames appended so far."""
        return self._frames

    @property
    def byte_count(self) -> int:
        """Bytes of compressed pictures so far."""
        return self._bytes

    def append_frame(self, image: Image, at_ns: int) -> int:
        """Append a picture that `fit()` made; return its index."""
        data = encode_jpeg(image, self.profile.capture.jpeg_quality)
        self._rows.append(lambda: self._writer.append_jpeg(data, at_ns))
        self._rows_bytes += len(data)
        self._frames += 1
        self._bytes += len(data)
        return self._frames - 1

    def append_keys(self, events: Iterable[KeyEvent]) -> None:
        """Append key events."""
        kept = tuple(events)
        if kept:
            self._rows.append(lambda: self._writer.append_keys(kept))

    def append_span(self, kind: SpanKind, start_ns: int, end_ns: int) -> None:
        """Append a stretch of time that is special."""
        self._rows.append(lambda: self._writer.append_span(kind, start_ns, end_ns))

    def set_counter(self, name: str, value: int) -> None:
        """Set a counter to its value up to now."""
        self._rows.append(lambda: self._writer.set_counter(name, value))

    def flush_due(self, now_ns: int) -> None:
        """Hand over what was appended, to be written when it is time.

        Raises:
            RecordingError: The disk is full or gone; what was written before stays readable.
        """
        self._rows.append(lambda: self._writer.flush_due(now_ns))
        self._hand_over()
        self._collect()

    def close(self) -> None:
        """Wait until all is handed over.

        Raises:
            RecordingError: The disk is full or gone, and nothing told so before.
        """
        self._hand_over()
        self._pool.shutdown()
        self._collect()

    def _hand_over(self) -> None:
        if self._rows:
            work = self._pool.submit(self._append, self._rows)
            self._waiting.append((self._rows_bytes, work))
            self._waiting_bytes += self._rows_bytes
            self._rows, self._rows_bytes = [], 0

    def _append(self, rows: list[Callable[[], object]]) -> None:
        if self._failed:
            return
        try:
            for append in rows:
                append()
        except BaseException:
            self._failed = True
            raise

    def _collect(self) -> None:
        """Look at what is done; wait for the oldest while too much is not."""
        while self._waiting and (
            self._waiting[0][1].done() or self._waiting_bytes > MOST_WAITING_BYTES
        ):
            size, work = self._waiting[0]
            try:
                work.result()
            finally:
                self._waiting.popleft()
                self._waiting_bytes -= size
