"""Play live: grab, see, decide, press, at the policy's own rate."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from agent.decision import Decision, DecisionSettings, DecisionState, decide
from agent.flight_log import FlightLog
from agent.guard import Action, Facts, Reason, TakeoverDetector, judge
from agent.key_sink import KeySink
from agent.runner import Decided, Runner
from data.frames import Image, fit
from data.keys import By, KeyEvent
from data.schema import TICK_STAGES, SpanKind
from data.writer import RecordingWriter
from recorder.keyboard import KeySource
from recorder.pacing import Clock, Pacer
from recorder.screen import ScreenSource
from recorder.window import GameWindow

NOTHING: frozenset[str] = frozenset()
SPAN_OF = {Reason.FOCUS_LOST: SpanKind.FOCUS_LOST, Reason.TAKEOVER: SpanKind.TAKEOVER}


@dataclass(frozen=True, slots=True)
class PlaySettings:
    """How to play."""

    seconds: float | None = None
    """When to stop; None for never."""
    quiet_s: float = 1.0
    """How long a person must have left the keys alone before the agent resumes."""
    decision: DecisionSettings = field(default_factory=DecisionSettings)
    """How probabilities become keys."""
    seed: int = 0
    """For decisions that are drawn."""
    log_inline: bool = False
    """Write the flight log within the tick: for a simulated clock."""


@dataclass(frozen=True, slots=True)
class TickView:
    """One tick, for whoever watches."""

    at_ns: int
    reason: Reason
    """Whether the agent plays, or why it doesn't."""
    held: frozenset[str]
    """Keys that the agent holds."""
    image: Image | None = None
    """The fitted frame, BGR; None when nothing was looked at."""
    decided: Decided | None = None
    """What the policy said."""
    decision: Decision | None = None
    """What was made of it."""
    latency_ms: float = 0.0
    """From just before the grab to the keys."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of times in ms; 0 when there are none."""

    p50: float
    p99: float

    @classmethod
    def of(cls, times_ns: npt.NDArray[np.int64]) -> "Spread":
        """Take the median and the 99th percentile."""
        if not len(times_ns):
            return cls(0.0, 0.0)
        p50, p99 = np.percentile(times_ns / 1e6, (50, 99))
        return cls(float(p50), float(p99))


@dataclass(frozen=True, slots=True)
class PlayReport:
    """How live play went."""

    seconds: float
    ticks: int
    decisions: int
    """Ticks on which the agent played."""
    late_ticks: int
    skipped_ticks: int
    """Ticks left out because those before took too long."""
    rate_hz: float
    latency_ms: Spread
    """From just before the grab to the keys."""
    stages_ms: Mapping[str, Spread]
    """The same by stage; see `data.schema.TICK_STAGES`."""
    stop_reason: Reason
    takeovers: int
    log_dropped: int
    """Frames that the flight log had to leave out."""


def play(
    *,
    runner: Runner,
    screen: ScreenSource,
    sink: KeySink,
    window: GameWindow | None,
    human: KeySource | None,
    clock: Clock,
    settings: PlaySettings,
    log: RecordingWriter | None,
    stop: Callable[[], bool],
    stop_key: Callable[[], bool] = lambda: False,
    on_tick: Callable[[TickView], None] | None = None,
    stopwatch_ns: Callable[[], int] = time.perf_counter_ns,
) -> PlayReport:
    """Play until stopped; whatever happens, no key stays held.

    Args:
        runner: The policy.
        screen: Where frames come from.
        sink: Where keys go; it stays open, and is released.
        window: The game's window: keys are pressed only while it has the focus. None when keys can
            go nowhere else.
        human: The keyboard; a person's press of a playing key takes over. None for no take-over.
        clock: Paces the ticks, simulated or real.
        settings: How to play.
        log: A writer made with `head_probabilities`; it stays open.
        stop: Asked on every tick.
        stop_key: Says whether the stop key was pressed.
        on_tick: Told about every tick, on this thread.
        stopwatch_ns: Measures the stages in real time, whatever `clock` is.

    Raises:
        DisplayError: The screen, the keyboard or the watchdog went away.
        RecordingError: The flight log can't be written.
    """
    # The first step of a fresh engine is many times slower than the rest: keep it out of the ticks.
    runner.step(np.zeros((runner.size.height_px, runner.size.width_px, 3), dtype=np.uint8))
    runner.reset()
    pacer = Pacer(clock, runner.rate_hz)
    flight = _Flight(runner, screen, sink, clock, settings, log, stopwatch_ns)
    until_ns = None if settings.seconds is None else clock.now_ns() + round(settings.seconds * 1e9)
    try:
        while True:
            tick = pacer.wait()
            theirs = flight.detector.see(human.drain() if human is not None else [])
            found = window.state() if window is not None else None
            facts = Facts(
                now_ns=tick.due_ns,
                stop_asked=stop(),
                stop_key=stop_key(),
                window_gone=found is not None and found.gone,
                focused=found is None or found.focused,
                human=flight.detector.active(tick.due_ns),
            )
            verdict = judge(facts, until_ns=until_ns)
            if verdict.action is Action.STOP:
                break
            view = flight.tick(verdict.reason, theirs, may_press=_focus_check(window))
            if on_tick is not None:
                on_tick(view)
    finally:
        flight.land(late_ticks=pacer.late_ticks)
    return flight.report(pacer, verdict.reason)


def _focus_check(window: GameWindow | None) -> Callable[[], bool]:
    return (lambda: True) if window is None else window.focused


class _Flight:
    """One stretch of live play: what is held, why it pauses, how long things took."""

    def __init__(
        self,
        runner: Runner,
        screen: ScreenSource,
        sink: KeySink,
        clock: Clock,
        settings: PlaySettings,
        log: RecordingWriter | None,
        stopwatch_ns: Callable[[], int],
    ) -> None:
        self._runner = runner
        self._screen = screen
        self._sink = sink
        self._clock = clock
        self._settings = settings
        self._log = FlightLog(log, inline=settings.log_inline)
        self._now_ns = stopwatch_ns
        self._rng = np.random.default_rng(settings.seed)
        self.detector = TakeoverDetector(round(settings.quiet_s * 1e9))
        self._held = NOTHING
        self._state: DecisionState | None = None
        self._reason = Reason.PLAYING
        self._since_ns = self._started_ns = clock.now_ns()
        self._ended_ns = self._started_ns
        self._ticks = 0
        self._takeovers = 0
        self._latencies: list[tuple[int, ...]] = []

    def tick(
        self, reason: Reason, theirs: list[KeyEvent], *, may_press: Callable[[], bool]
    ) -> TickView:
        """Play, or watch a person play, or wait for the focus."""
        self._ticks += 1
        if reason is not self._reason:
            if Reason.FOCUS_LOST in (reason, self._reason):
                theirs = self._still_held()  # what was typed in another window is not ours to keep
            self._switch(reason, theirs)
        self._log.flush_due(self._clock.now_ns())
        if reason is Reason.FOCUS_LOST:
            return TickView(self._clock.now_ns(), reason, self._held)
        self._log.keys(theirs)
        begun_ns = self._now_ns()
        frame = self._screen.grab()
        grabbed_ns = self._now_ns()
        image = fit(frame.image, self._runner.size)
        fitted_ns = self._now_ns()
        if reason is Reason.TAKEOVER:
            self._log.frame(image, frame.at_ns)
            return TickView(frame.at_ns, reason, self._held, image)
        decided = self._runner.step(image)
        decision = self._decide(decided, frame.at_ns)
        chosen_ns = self._now_ns()
        # Seeing took a while: the focus may be elsewhere by now.
        self._hold(decision.held if may_press() else NOTHING)
        pressed_ns = self._now_ns()
        stages = (
            grabbed_ns - begun_ns,
            fitted_ns - grabbed_ns,
            decided.encode_ns,
            chosen_ns - fitted_ns - decided.encode_ns,
            pressed_ns - chosen_ns,
        )
        self._latencies.append(stages)
        self._log.decision(image, frame.at_ns, probabilities=self._row(decided), latency_ns=stages)
        latency_ms = sum(stages) / 1e6
        return TickView(frame.at_ns, reason, self._held, image, decided, decision, latency_ms)

    def land(self, *, late_ticks: int) -> None:
        """Release everything, and end the flight log."""
        try:
            self._hold(NOTHING)
        finally:
            try:
                self._sink.release_all()
            finally:
                self._ended_ns = self._clock.now_ns()
                self._end_span(self._ended_ns)
                self._log.release_human(self._ended_ns)
                for name, count in (("late_ticks", late_ticks), ("takeovers", self._takeovers)):
                    self._log.counter(name, count)
                self._log.counter("dropped", self._log.dropped)
                self._log.close()

    def report(self, pacer: Pacer, reason: Reason) -> PlayReport:
        """Say how it went; after `land`."""
        seconds = (self._ended_ns - self._started_ns) / 1e9
        times = np.array(self._latencies, dtype=np.int64).reshape(-1, len(TICK_STAGES))
        return PlayReport(
            seconds=seconds,
            ticks=self._ticks,
            decisions=len(times),
            late_ticks=pacer.late_ticks,
            skipped_ticks=pacer.skipped_ticks,
            rate_hz=self._ticks / seconds if seconds > 0 else 0.0,
            latency_ms=Spread.of(times.sum(axis=1)),
            stages_ms={name: Spread.of(times[:, i]) for i, name in enumerate(TICK_STAGES)},
            stop_reason=reason,
            takeovers=self._takeovers,
            log_dropped=self._log.dropped,
        )

    def _decide(self, decided: Decided, at_ns: int) -> Decision:
        decision, self._state = decide(
            self._runner.profile,
            self._settings.decision,
            decided.probabilities,
            at_ns=at_ns,
            state=self._state,
            rng=self._rng,
        )
        return decision

    def _row(self, decided: Decided) -> npt.NDArray[np.float32]:
        heads = self._runner.profile.heads
        return np.concatenate([decided.probabilities[head.name] for head in heads])

    def _still_held(self) -> list[KeyEvent]:
        now_ns = self._clock.now_ns()
        return [KeyEvent(now_ns, key, True, By.HUMAN) for key in sorted(self.detector.human_held)]

    def _hold(self, keys: frozenset[str]) -> None:
        if keys == self._held:
            return
        self.detector.note_held(keys, self._clock.now_ns())
        before, self._held = self._held, keys
        self._sink.set_held(keys)
        at_ns = self._clock.now_ns()
        released = [KeyEvent(at_ns, key, False, By.AGENT) for key in sorted(before - keys)]
        pressed = [KeyEvent(at_ns, key, True, By.AGENT) for key in sorted(keys - before)]
        self._log.keys(released + pressed)

    def _switch(self, reason: Reason, theirs: list[KeyEvent]) -> None:
        """Begin to play or stop playing; a policy that has looked away starts afresh."""
        self._hold(NOTHING)
        self._sink.release_all()
        self._runner.reset()
        self._state = None
        now_ns = self._clock.now_ns()
        self._end_span(now_ns)
        if reason is Reason.FOCUS_LOST:
            self._log.release_human(now_ns)
        elif reason is Reason.TAKEOVER:
            self._takeovers += 1
        self._reason = reason
        self._since_ns = min([now_ns, *(event.at_ns for event in theirs)])

    def _end_span(self, now_ns: int) -> None:
        if self._reason in SPAN_OF:
            self._log.span(SPAN_OF[self._reason], self._since_ns, now_ns)
