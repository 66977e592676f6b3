"""Record: screen and keys into a recording, at a steady rate."""

from collections.abc import Callable, Iterable
from typing import Protocol

from data.frames import Image, fit
from data.keys import By, KeyEvent, hold
from data.profile import GameProfile
from data.schema import SpanKind
from recorder.controls import Controls
from recorder.keyboard import KeySource
from recorder.pacing import Clock, Pacer, Tick
from recorder.screen import Frame, ScreenSource
from recorder.status import (
    SPAN_OF,
    Ending,
    Meter,
    RecordReport,
    RecordStatus,
    State,
    Wait,
)
from recorder.watch import Look, Moves, look
from recorder.window import GameWindow

STATUS_NS = 100_000_000  # a preview of ten pictures a second is smooth enough


class RecordingSink(Protocol):
    """Takes what a session records; a `RecordingWriter` is one."""

    @property
    def profile(self) -> GameProfile:
        """Of the game."""
        ...

    @property
    def frame_count(self) -> int:
        """Frames appended so far."""
        ...

    @property
    def byte_count(self) -> int:
        """Bytes of compressed pictures so far."""
        ...

    def append_frame(self, image: Image, at_ns: int) -> int:
        """Append a picture that `fit()` made; return its index."""
        ...

    def append_keys(self, events: Iterable[KeyEvent]) -> None:
        """Append key events."""
        ...

    def append_span(self, kind: SpanKind, start_ns: int, end_ns: int) -> None:
        """Append a stretch of time that is special."""
        ...

    def set_counter(self, name: str, value: int) -> None:
        """Set a counter to its value up to now."""
        ...

    def flush_due(self, now_ns: int) -> None:
        """Write what is gathered when it is time."""
        ...


def record(
    *,
    screen: ScreenSource,
    keys: KeySource,
    window: GameWindow | None,
    writer: RecordingSink,
    clock: Clock,
    rate_hz: float,
    seconds: float | None,
    stop: Callable[[], bool],
    on_status: Callable[[RecordStatus], None] | None = None,
    controls: Controls | None = None,
    on_save: Callable[[], None] | None = None,
    free_bytes: Callable[[], int] | None = None,
) -> RecordReport:
    """Record until stopped, until the time is up, or until the window is closed.

    Keys and pictures are stored only while the window has the focus and nothing covers it. The
    writer stays open: close it, and the recording has its name. The devices and the simulated clock
    of the practice game serve as well as real ones.

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
        controls: Pause, resume, discard, save and stop.
        on_save: Called when `controls` ask to save what just happened.
        free_bytes: Says how much space is left for the recording, which ends in good order before
            the disk is full; None when nobody watches it.

    Raises:
        DisplayError: The screen or the keyboard went away.
        RecordingError: The disk is full; what was written stays readable.
    """
    session = _Session(screen, keys, window, writer, clock, controls or Controls(), free_bytes)
    pacer = Pacer(clock, rate_hz)
    limit_ns = None if seconds is None else session.started_ns + round(seconds * 1e9)
    try:
        while True:
            tick = pacer.wait()
            ending = session.ending(tick, limit_ns, stop) or session.step(tick)
            if ending is not None:
                break
            session.take_wishes(on_save)
            session.count(late_ticks=pacer.late_ticks)
            writer.flush_due(clock.now_ns())
            if on_status is not None and session.status_due():
                on_status(session.status())
        session.take_last_keys()
        session.take_wishes(None)  # of the last tick; what is to be saved is saved at the end
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
        writer: RecordingSink,
        clock: Clock,
        controls: Controls,
        free_bytes: Callable[[], int] | None,
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
        self._dropped = self._torn = 0
        self._first_frame = writer.frame_count
        self._first_byte = writer.byte_count
        self._waits: dict[State, tuple[int, int]] = {}
        self._moves = Moves()
        self._meter = Meter(free_bytes)
        self._image: Image | None = None
        self._next_status_ns = 0
        self.started_ns = clock.now_ns()
        self._changed_ns = self.started_ns
        begun = self._look()
        self._state, self._absences = begun.state, begun.absences
        self._follow(keys.drain())  # from before the session: only what is still held counts
        if self._state is State.RECORDING:
            self._press_physical(self.started_ns)

    def ending(self, tick: Tick, limit_ns: int | None, stop: Callable[[], bool]) -> Ending | None:
        """Say why to end before this tick's picture; None to go on."""
        self._controls.poll()
        if stop() or self._controls.stopped:
            return Ending.STOPPED
        if limit_ns is not None and tick.due_ns >= limit_ns:
            return Ending.TIME
        if self._meter.disk_is_low(tick.due_ns):
            return Ending.DISK_LOW
        return None

    def step(self, tick: Tick) -> Ending | None:
        """Take one tick's picture and keys; return why to end, or None.

        They are kept only when the window had the focus before the picture was taken and still has
        it afterwards, at the same place, so that nothing of another window is ever stored. Nor are
        keys where the focus went and came back in between, which may take long on a busy machine.
        """
        was = self._state
        frame = self._screen.grab() if was is State.RECORDING else None
        asked_ns = self._clock.now_ns()
        events = self._keys.drain()
        now = self._look()
        if now.gone:
            return Ending.WINDOW_GONE
        state = State.FOCUS_LOST if self._was_away(now) else now.state
        if state is not was:
            self._change(state, events, asked_ns)
            return None
        self._follow(events)
        if frame is None:
            return None
        self._dropped += tick.skipped
        self._store_keys(events)
        if now.shows(frame):
            self._store_frame(frame)
        else:
            self._dropped += 1
            self._torn += 1
        return None

    def take_wishes(self, on_save: Callable[[], None] | None) -> None:
        """Do what the buttons ask for: discard what was, and save it."""
        seconds = self._controls.take_discard()
        if seconds > 0:
            recording = self._state is State.RECORDING
            end_ns = self._clock.now_ns() if recording else self._changed_ns
            start_ns = max(self.started_ns, end_ns - round(seconds * 1e9))
            if end_ns > start_ns:
                self._writer.append_span(SpanKind.DISCARDED, start_ns, end_ns)
        if self._controls.take_save() and on_save is not None:
            on_save()

    def take_last_keys(self) -> None:
        """Keep what was pressed since the last tick."""
        events, now = self._keys.drain(), self._look()
        if self._state is now.state is State.RECORDING and not self._was_away(now):
            self._store_keys(events)

    def count(self, *, late_ticks: int) -> None:
        """Bring the counters up to date."""
        self._writer.set_counter("dropped", self._dropped)
        self._writer.set_counter("late_ticks", late_ticks)

    def finish(self, *, late_ticks: int) -> None:
        """Release what is held, end open spans and write the counters."""
        now_ns = self._clock.now_ns()
        self._leave(now_ns)
        self._changed_ns = now_ns
        for span in self._moves.finish():
            self._writer.append_span(span.kind, span.start_ns, span.end_ns)
        self.count(late_ticks=late_ticks)

    def status_due(self) -> bool:
        """Say whether somebody should be told again."""
        now_ns = self._clock.now_ns()
        if now_ns < self._next_status_ns:
            return False
        self._next_status_ns = now_ns + STATUS_NS
        return True

    def status(self) -> RecordStatus:
        """Say how it is getting on."""
        now_ns = self._clock.now_ns()
        idle_ns = sum(length_ns for _, length_ns in self._waits.values())
        if self._state is not State.RECORDING:
            idle_ns += now_ns - self._changed_ns
        play_s = (now_ns - self.started_ns - idle_ns) / 1e9
        return RecordStatus(
            state=self._state,
            seconds=(now_ns - self.started_ns) / 1e9,
            frames=self._frames,
            dropped=self._dropped,
            held=frozenset(self._stored),
            image=self._image,
            rate_hz=self._meter.rate_hz(now_ns),
            bytes=self._bytes,
            bytes_per_s=self._bytes / play_s if play_s >= 1 else 0.0,
            disk_free_bytes=self._meter.free_bytes,
        )

    def report(self, *, late_ticks: int, ending: Ending) -> RecordReport:
        """Say what was done; after `finish`."""
        idle_ns = sum(length_ns for _, length_ns in self._waits.values())
        seconds = (self._changed_ns - self.started_ns - idle_ns) / 1e9
        return RecordReport(
            frames=self._frames,
            seconds=seconds,
            rate_hz=self._frames / seconds if seconds > 0 else 0.0,
            dropped=self._dropped,
            torn=self._torn,
            late_ticks=late_ticks,
            bytes=self._bytes,
            waits=tuple(
                Wait(why, times, length_ns / 1e9) for why, (times, length_ns) in self._waits.items()
            ),
            ending=ending,
        )

    @property
    def _frames(self) -> int:
        return self._writer.frame_count - self._first_frame

    @property
    def _bytes(self) -> int:
        return self._writer.byte_count - self._first_byte

    def _look(self) -> Look:
        return look(self._window, self._controls)

    def _was_away(self, now: Look) -> bool:
        """Say whether the focus has come and gone since the last look, unseen."""
        before, self._absences = self._absences, now.absences
        return self._state is now.state is State.RECORDING and now.absences != before

    def _change(self, to: State, events: list[KeyEvent], at_ns: int) -> None:
        """Go over to another state; events of the tick in between belong to neither side.

        It counts from before the keys were asked for: what they tell next is later than that.
        """
        self._follow(events)
        self._leave(at_ns)
        if to is State.RECORDING:
            self._press_physical(at_ns)
        self._state, self._changed_ns = to, at_ns

    def _leave(self, now_ns: int) -> None:
        """End the present state: release what is held, or mark the time that it took."""
        if self._state is State.RECORDING:
            self._store_keys([KeyEvent(now_ns, k, False, by) for k, by in self._stored.items()])
            return
        self._writer.append_span(SPAN_OF[self._state], self._changed_ns, now_ns)
        times, length_ns = self._waits.get(self._state, (0, 0))
        self._waits[self._state] = (times + 1, length_ns + now_ns - self._changed_ns)

    def _follow(self, events: list[KeyEvent]) -> None:
        hold(self._physical, events)

    def _store_keys(self, events: list[KeyEvent]) -> None:
        self._writer.append_keys(events)
        hold(self._stored, events)

    def _press_physical(self, now_ns: int) -> None:
        self._store_keys([KeyEvent(now_ns, k, True, by) for k, by in self._physical.items()])

    def _store_frame(self, frame: Frame) -> None:
        for span in self._moves.see(frame):
            self._writer.append_span(span.kind, span.start_ns, span.end_ns)
        self._image = fit(frame.image, self._size)
        self._writer.append_frame(self._image, frame.at_ns)
        self._meter.count_frame(frame.at_ns)
