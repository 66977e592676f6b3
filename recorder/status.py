"""What a recording session says of itself: its state, how it is getting on, what it did."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from data.frames import Image
from data.schema import SpanKind

RATE_WINDOW_NS = 2_000_000_000
DISK_CHECK_NS = 1_000_000_000
DISK_WARN_BYTES = 1_000_000_000
DISK_STOP_BYTES = 200_000_000  # 20 s of a stalled disk at 60 Hz, and what other programs need


class State(StrEnum):
    """What a recording session is doing."""

    RECORDING = "recording"
    PAUSED = "paused"
    FOCUS_LOST = "waiting for the game's window"
    COVERED = "the game's window is covered"


class Ending(StrEnum):
    """Why a recording session ended."""

    STOPPED = "stopped"
    TIME = "time is up"
    WINDOW_GONE = "the window was closed"
    DISPLAY_GONE = "the display is gone"
    DISK_LOW = "the disk is nearly full"


SPAN_OF = {
    State.PAUSED: SpanKind.PAUSED,
    State.FOCUS_LOST: SpanKind.FOCUS_LOST,
    State.COVERED: SpanKind.COVERED,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a session that keeps only the last stretch holds in memory."""

    seconds: float
    bytes: int
    saved: tuple[Path, ...]
    """Recordings saved so far, the unfinished one included."""


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """How a recording session is getting on."""

    state: State
    seconds: float
    """Since it began, pauses included."""
    frames: int
    dropped: int
    held: frozenset[str]
    """Keys held now, as recorded."""
    image: Image | None
    """The newest stored picture, BGR."""
    rate_hz: float
    """Of the last two seconds."""
    bytes: int
    """Of compressed pictures."""
    bytes_per_s: float
    """Of play, on average; 0 in its first second."""
    disk_free_bytes: int | None
    """None when nobody watches the disk."""
    kept: Kept | None = None
    """None when everything is written at once."""

    @property
    def disk_left_s(self) -> float | None:
        """Seconds until the recording has to stop for want of space; None while unknown."""
        if self.disk_free_bytes is None or not self.bytes_per_s:
            return None
        return max(0, self.disk_free_bytes - DISK_STOP_BYTES) / self.bytes_per_s

    @property
    def disk_is_short(self) -> bool:
        """Whether somebody should be warned."""
        return self.disk_free_bytes is not None and self.disk_free_bytes < DISK_WARN_BYTES


@dataclass(frozen=True, slots=True)
class Wait:
    """How often and how long a session stored nothing for one reason."""

    why: State
    times: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordReport:
    """What a recording session did."""

    frames: int
    seconds: float
    """Of play: pauses are left out."""
    rate_hz: float
    """Frames to a second of play."""
    dropped: int
    """Frames that should have been taken during play, but were not."""
    torn: int
    """Of the dropped: thrown away, since the window moved while the picture was taken."""
    late_ticks: int
    bytes: int
    """Of compressed pictures."""
    waits: tuple[Wait, ...]
    """Why nothing was stored meanwhile; only reasons that occurred."""
    ending: Ending


class Meter:
    """The rate of the last seconds, and what is left of the disk; as large after hours as at first.

    Args:
        free_bytes: Asks how much space is left where the recording goes; None: nobody watches it.
    """

    def __init__(self, free_bytes: Callable[[], int] | None) -> None:
        self._ask = free_bytes
        self._recent_ns: deque[int] = deque()
        self._next_ask_ns: int | None = None
        self.free_bytes: int | None = None
        """What was left when it was last asked, at most a second ago."""

    def count_frame(self, at_ns: int) -> None:
        """Take note of a stored frame."""
        self._recent_ns.append(at_ns)
        self._forget(at_ns)

    def rate_hz(self, now_ns: int) -> float:
        """Return the frames a second of the last two seconds; 0 while there are not two."""
        self._forget(now_ns)
        recent = self._recent_ns
        return (len(recent) - 1) / ((now_ns - recent[0]) / 1e9) if len(recent) > 1 else 0.0

    def disk_is_low(self, now_ns: int) -> bool:
        """Say whether to stop before the disk is full."""
        if self._ask is None:
            return False
        if self._next_ask_ns is None or now_ns >= self._next_ask_ns:
            self.free_bytes = self._ask()
            self._next_ask_ns = now_ns + DISK_CHECK_NS
        return self.free_bytes is not None and self.free_bytes < DISK_STOP_BYTES

    def _forget(self, now_ns: int) -> None:
        while self._recent_ns and self._recent_ns[0] <= now_ns - RATE_WINDOW_NS:
            self._recent_ns.popleft()
