"""Record: screen and keys into a recording, at a steady rate."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from data.frames import Image, fit
from data.keys import By, KeyEvent
from data.schema import SpanKind
from data.writer import RecordingWriter
from recorder.keyboard import KeySource
from recorder.pacing import Clock, Pacer, Tick
from recorder.screen import Frame, ScreenSource
from recorder.window import GameWindow

STATUS_NS = 100_000_000  # a preview of ten pictures a second is smooth enough


class State(StrEnum):
    """What a recording session is doing."""

    RECORDING = "recording"
    PAUSED = "paused"
    FOCUS_LOST = "waiting for the game's window"


class Ending(StrEnum):
    """Why a recording session ended."""

    STOPPED = "stopped"
    TIME = "time is up"
    WINDOW_GONE = "the window was closed"


SPAN_OF = {State.PAUSED: SpanKind.PAUSED, State.FOCUS_LOST: SpanKind.FOCUS_LOST}


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
    late_ticks: int
    bytes: int
    """Of compressed pictures."""
    ending: Ending


class Controls:
    """Buttons of a recording session; any thread may press them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paused = False
        self._discard_s = 0.0

    @property
    def paused(self) -> bool:
        """Whether the session is to pause."""
        return self._paused

    def pause(self) -> None:
        """Store nothing until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Store again."""
        self._paused = False

    def discard_last(self, seconds: float) -> None:
        """Mark the last seconds as not to be learned from."""
        with self._lock:
            self._discard_s = max(self._discard_s, seconds)

    def take_discard(self) -> float:
        """Return the seconds to discard, and forget them."""
        with self._lock:
            seconds, self._discard_s = self._discard_s, 0.0
        return seconds


def record(
    *,
    screen: ScreenSource,
    keys: KeySource,
    window: GameWindow | None,
    writer: RecordingWriter,
    clock: Clock,
    rate_hz: float,
    seconds: float | None,
    stop: Callable[[], bool],
    on_status: Callable[[RecordStatus], None] | None = None,
    controls: Controls | None = None,
) -> RecordReport:
    """Record until stopped, until the time is up, or until the window is closed.

    Keys and pictures are stored only while the window has the focus. The writer stays open: close
    it, and the recording has its name. The devices and the simulated clock of the practice game
    serve as well as real ones.

    Args:
        screen: Where pictures come from.
        keys: Where key events come from.
        window: The game's window; None when pictures and keys can come from nowhere else.
        writer: Where it all goes.
        clock: Paces the session.
        rate_hz: Pictures a second.
        seconds: How long to record, pauses included; None for no end.
        stop: Asked on every tick.
        on_status: Told ten times a second.
        controls: Pause, resume and discard.

    Raises:
        DisplayError: The screen or the keyboard went away.
        RecordingError: The disk is full; what was written stays readable.
    """
    session = _Session(screen, keys, window, writer, clock, controls or Controls())
    pacer = Pacer(clock, rate_hz)
    limit_ns = None if seconds is None else round(seconds * 1e9)
    try:
        while True:
            tick = pacer.wait()
            if stop():
                ending = Ending.STOPPED
                break
            if limit_ns is not None and tick.due_ns - session.started_ns >= limit_ns:
                ending = Ending.TIME
                break
            if window is not None and window.gone():
                ending = Ending.WINDOW_GONE
                break
            session.step(tick)
            writer.flush_due(clock.now_ns())
            if on_status is not None and session.status_due():
                on_status(session.status())
        session.take_last_keys()
    finally:
        session.finish(late_ticks=pacer.late_ticks)
    return session.report(late_ticks=pacer.late_ticks, ending=ending)


class _Session:
    """One recording session: what is held, since when it pauses, what was missed."""

    def __init__(
        self,
        screen: ScreenSource,
        keys: KeySource,
        window: GameWindow | None,
        writer: RecordingWriter,
        clock: Clock,
        controls: Controls,
    ) -> None:
        self._screen = screen
        self._keys = keys
        self._window = window
        self._writer = writer
        self._clock = clock
        self._controls = controls
        self._size = writer.profile.capture.size
        self._physical: dict[str, By] = {}
        self._stored: dict[str, By] = {}
        self._dropped = 0
        self._first_frame = writer.frame_count
        self._first_byte = writer.byte_count
        self._idle_ns = 0
        self._shape: tuple[int, ...] | None = None
        self._last_frame_ns = 0
        self._image: Image | None = None
        self._next_status_ns = 0
        self.started_ns = clock.now_ns()
        self._changed_ns = self.started_ns
        self._state = self._look()
        self._follow(keys.drain())  # from before the session: only what is still held counts
        if self._state is State.RECORDING:
            self._press_physical(self.started_ns)

    def step(self, tick: Tick) -> None:
        """Take one tick's picture and keys.

        They are kept only when the window had the focus before the picture was taken and still has
        it afterwards, so that nothing of another window is ever stored.
        """
        was = self._state
        frame = self._screen.grab() if was is State.RECORDING else None
        events = self._keys.drain()
        now = self._look()
        if now is not was:
            self._change(now, events)
            return
        self._follow(events)
        if frame is None:
            return
        self._dropped += tick.skipped
        self._store_keys(events)
        self._store_frame(frame)
        self._discard()

    def take_last_keys(self) -> None:
        """Keep what was pressed since the last tick."""
        events = self._keys.drain()
        if self._state is State.RECORDING and self._look() is State.RECORDING:
            self._store_keys(events)

    def finish(self, *, late_ticks: int) -> None:
        """Release what is held, end an open pause and write the counters."""
        now_ns = self._clock.now_ns()
        if self._state is State.RECORDING:
            self._release_stored(now_ns)
        else:
            self._writer.append_span(SPAN_OF[self._state], self._changed_ns, now_ns)
            self._idle_ns += now_ns - self._changed_ns
        self._changed_ns = now_ns
        self._writer.set_counter("dropped", self._dropped)
        self._writer.set_counter("late_ticks", late_ticks)

    def status_due(self) -> bool:
        """Say whether somebody should be told again."""
        now_ns = self._clock.now_ns()
        if now_ns < self._next_status_ns:
            return False
        self._next_status_ns = now_ns + STATUS_NS
        return True

    def status(self) -> RecordStatus:
        """Say how it is getting on."""
        return RecordStatus(
            state=self._state,
            seconds=(self._clock.now_ns() - self.started_ns) / 1e9,
            frames=self._frames,
            dropped=self._dropped,
            held=frozenset(self._stored),
            image=self._image,
        )

    def report(self, *, late_ticks: int, ending: Ending) -> RecordReport:
        """Say what was done; after `finish`."""
        seconds = (self._changed_ns - self.started_ns - self._idle_ns) / 1e9
        return RecordReport(
            frames=self._frames,
            seconds=seconds,
            rate_hz=self._frames / seconds if seconds > 0 else 0.0,
            dropped=self._dropped,
            late_ticks=late_ticks,
            bytes=self._writer.byte_count - self._first_byte,
            ending=ending,
        )

    @property
    def _frames(self) -> int:
        return self._writer.frame_count - self._first_frame

    def _look(self) -> State:
        if self._controls.paused:
            return State.PAUSED
        window = self._window
        if window is not None and (window.rect() is None or not window.focused()):
            return State.FOCUS_LOST
        return State.RECORDING

    def _change(self, to: State, events: list[KeyEvent]) -> None:
        """Go over to another state; events of the tick in between belong to neither side."""
        now_ns = self._clock.now_ns()
        self._follow(events)
        if self._state is State.RECORDING:
            self._release_stored(now_ns)
        else:
            self._writer.append_span(SPAN_OF[self._state], self._changed_ns, now_ns)
            self._idle_ns += now_ns - self._changed_ns
        if to is State.RECORDING:
            self._press_physical(now_ns)
        self._state, self._changed_ns = to, now_ns

    def _follow(self, events: list[KeyEvent]) -> None:
        _hold(self._physical, events)

    def _store_keys(self, events: list[KeyEvent]) -> None:
        self._writer.append_keys(events)
        _hold(self._stored, events)

    def _press_physical(self, now_ns: int) -> None:
        self._store_keys([KeyEvent(now_ns, k, True, by) for k, by in self._physical.items()])

    def _release_stored(self, now_ns: int) -> None:
        self._store_keys([KeyEvent(now_ns, k, False, by) for k, by in self._stored.items()])

    def _store_frame(self, frame: Frame) -> None:
        if self._shape is not None and frame.image.shape != self._shape:
            self._writer.append_span(SpanKind.RESIZED, self._last_frame_ns, frame.at_ns)
        self._shape, self._last_frame_ns = frame.image.shape, frame.at_ns
        self._image = fit(frame.image, self._size)
        self._writer.append_frame(self._image, frame.at_ns)

    def _discard(self) -> None:
        seconds = self._controls.take_discard()
        if seconds > 0:
            now_ns = self._clock.now_ns()
            start_ns = max(self.started_ns, now_ns - round(seconds * 1e9))
            self._writer.append_span(SpanKind.DISCARDED, start_ns, now_ns)


def _hold(held: dict[str, By], events: list[KeyEvent]) -> None:
    for event in events:
        if event.down:
            held[event.key] = event.by
        else:
            held.pop(event.key, None)
