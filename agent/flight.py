"""One stretch of live play: what a tick does, what is held, how long things take."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from agent.decision import Decision, DecisionSettings, DecisionState, decide
from agent.flight_facts import decision_row
from agent.flight_log import FlightLog
from agent.guard import GUARDS, Reason, TakeoverDetector
from agent.key_sink import KeySink
from agent.picture_guard import PictureGuard
from agent.rate_guard import RateGuard
from agent.report import Pace, PlayReport, TickView, Wait
from agent.runner import Decided, Runner
from agent.timing import StageTimes
from data.frames import Image, fit
from data.keys import By, KeyEvent
from data.schema import SpanKind
from recorder.pacing import Clock, Pacer
from recorder.screen import Frame, ScreenSource

NOTHING: frozenset[str] = frozenset()
SPAN_OF = {
    Reason.FOCUS_LOST: SpanKind.FOCUS_LOST,
    Reason.TAKEOVER: SpanKind.TAKEOVER,
    Reason.BLACK: SpanKind.STANDSTILL,
    Reason.FROZEN: SpanKind.STANDSTILL,
    Reason.RATE_LOST: SpanKind.RATE_LOST,
}
WATCHING = frozenset({Reason.TAKEOVER, Reason.BLACK, Reason.FROZEN})
"""Reasons to look at the game without asking the policy."""


class Flight:
    """Plays tick by tick. Used by one thread.

    Args:
        runner: The policy.
        screen: Where frames come from.
        sink: Where keys go.
        clock: Tells when things happen.
        decision: How probabilities become keys.
        seed: For decisions that are drawn.
        detector: Told what the agent holds.
        pacer: Counts the late ticks.
        rate: Knows how well the machine keeps up.
        log: Where all is written.
        stopwatch_ns: Measures the stages in real time, whatever `clock` is.
        may_stand_still: Whether a still picture is none of a game that hangs.
    """

    def __init__(
        self,
        *,
        runner: Runner,
        screen: ScreenSource,
        sink: KeySink,
        clock: Clock,
        decision: DecisionSettings,
        seed: int,
        detector: TakeoverDetector,
        pacer: Pacer,
        rate: RateGuard,
        log: FlightLog,
        stopwatch_ns: Callable[[], int],
        may_stand_still: bool,
    ) -> None:
        self._runner = runner
        self._screen = screen
        self._sink = sink
        self._clock = clock
        self._settings = decision
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._detector = detector
        self._pacer = pacer
        self._rate = rate
        self._log = log
        self._now_ns = stopwatch_ns
        self.picture = PictureGuard(runner.rate_hz, may_stand_still=may_stand_still)
        """Watches the frames for standstill."""
        self._held = NOTHING
        self._state: DecisionState | None = None
        self._reason = Reason.PLAYING
        self._since_ns = self._started_ns = clock.now_ns()
        self._ended_ns = self._started_ns
        self._ticks = 0
        self._times = StageTimes()
        self._waits = dict.fromkeys(GUARDS, (0, 0))  # times, nanoseconds
        self._counted: dict[str, int] = {}  # in the log's earlier files

    def hold_on(self) -> bool:
        """Keep holding what is held, and say whether that is any key."""
        if self._held:
            self._sink.set_held(self._held)
        return bool(self._held)

    def let_go(self) -> None:
        """Hold nothing until the next decision."""
        self._hold(NOTHING)

    def tick(
        self, reason: Reason, theirs: list[KeyEvent], *, may_press: Callable[[], bool]
    ) -> TickView:
        """Play, or let go of the keys and watch until the reason not to play has passed."""
        self._ticks += 1
        if reason is not self._reason:
            if Reason.FOCUS_LOST in (reason, self._reason):
                theirs = self._still_held()  # what was typed in another window is not ours to keep
            self._switch(reason, theirs)
        self._log.flush_due(self._clock.now_ns())
        if reason is Reason.FOCUS_LOST:
            self.picture.forget()
            return TickView(self._clock.now_ns(), reason, self._held, self._pace())
        if reason is Reason.PLAYING and self._log.part_is_full(self._clock.now_ns()):
            self._begin_part()
        self._log.keys(theirs)
        begun_ns = self._now_ns()
        frame = self._screen.grab()
        grabbed_ns = self._now_ns()
        if not may_press():  # by now the picture may be another window's
            self._hold(NOTHING)
            return TickView(frame.at_ns, reason, self._held, self._pace())
        image = fit(frame.image, self._runner.size)
        fitted_ns = self._now_ns()
        if reason in WATCHING:
            if reason is Reason.TAKEOVER:
                self._log.frame(image, frame.at_ns)
            view = TickView(frame.at_ns, reason, self._held, self._pace(), image)
        else:
            looked_ns = (grabbed_ns - begun_ns, fitted_ns - grabbed_ns)
            view = self._play(reason, frame, image, looked_ns, may_press)
        self.picture.see(image, frame.at_ns)
        return view

    def land(self, *, ended_by: str) -> None:
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
                self._log_counts()
                self._log.ended_by(ended_by)
                self._log.close()

    def report(self, reason: Reason) -> PlayReport:
        """Say how it went; after `land`."""
        seconds = (self._ended_ns - self._started_ns) / 1e9
        waits = [Wait(why, times, ns / 1e9) for why, (times, ns) in self._waits.items() if times]
        return PlayReport(
            seconds=seconds,
            ticks=self._ticks,
            decisions=self._times.total.count,
            late_ticks=self._pacer.late_ticks,
            skipped_ticks=self._pacer.skipped_ticks,
            rate_hz=self._ticks / seconds if seconds > 0 else 0.0,
            latency_ms=self._times.total.spread(),
            stages_ms=self._times.spreads(),
            stop_reason=reason,
            takeovers=self._waits[Reason.TAKEOVER][0],
            waits=tuple(waits),
            log_dropped=self._log.dropped,
        )

    def _play(
        self,
        reason: Reason,
        frame: Frame,
        image: Image,
        looked_ns: tuple[int, int],
        may_press: Callable[[], bool],
    ) -> TickView:
        """Decide on a frame and press; while the rate is lost, only try whether it is held."""
        begun_ns = self._now_ns()
        decided = self._runner.step(image)
        if reason is Reason.RATE_LOST:  # nothing is drawn, or a log could not be replayed
            self._runner.note(self._held)
            return TickView(frame.at_ns, reason, self._held, self._pace(), image, decided)
        fresh = self._state is None
        decision = self._decide(decided, frame.at_ns)
        chosen_ns = self._now_ns()
        # Seeing took a while: the focus may be elsewhere by now.
        self._hold(decision.held if may_press() else NOTHING)
        pressed_ns = self._now_ns()
        self._runner.note(self._held)
        deciding_ns = chosen_ns - begun_ns - decided.encode_ns
        stages = (*looked_ns, decided.encode_ns, deciding_ns, pressed_ns - chosen_ns)
        self._times.add(stages)
        row = decision_row(frame.at_ns, decided, decision, held=self._held, fresh=fresh)
        self._log.decision(image, row, probabilities=self._row(decided), latency_ns=stages)
        pace = self._pace()
        return TickView(frame.at_ns, reason, self._held, pace, image, decided, decision, stages)

    def _decide(self, decided: Decided, at_ns: int) -> Decision:
        decision, self._state = decide(
            self._runner.profile,
            self._settings,
            decided.probabilities,
            at_ns=at_ns,
            state=self._state,
            rng=self._rng,
        )
        return decision

    def _row(self, decided: Decided) -> npt.NDArray[np.float32]:
        heads = self._runner.profile.heads
        return np.concatenate([decided.probabilities[head.name] for head in heads])

    def _pace(self) -> Pace:
        late, skipped = self._pacer.late_ticks, self._pacer.skipped_ticks
        return Pace(self._rate.rate_hz, self._rate.strained, late, skipped)

    def _still_held(self) -> list[KeyEvent]:
        now_ns = self._clock.now_ns()
        return [KeyEvent(now_ns, key, True, By.HUMAN) for key in sorted(self._detector.human_held)]

    def _hold(self, keys: frozenset[str]) -> None:
        if keys == self._held:
            self.hold_on()
            return
        self._detector.note_held(keys, self._clock.now_ns())
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
        self._start_afresh()
        now_ns = self._clock.now_ns()
        self._end_span(now_ns)
        if reason is Reason.FOCUS_LOST:
            self._log.release_human(now_ns)
        self._reason = reason
        self._since_ns = min([now_ns, *(event.at_ns for event in theirs)])

    def _start_afresh(self) -> None:
        self._runner.reset()
        self._state = None

    def _begin_part(self) -> None:
        """Go on in another file, which stands alone: nothing is held or remembered across."""
        self._hold(NOTHING)
        self._start_afresh()
        self._rng = np.random.default_rng(self._seed)
        self._log_counts()
        self._log.begin_part(self._clock.now_ns())

    def _end_span(self, now_ns: int) -> None:
        if self._reason in SPAN_OF:
            times, waited_ns = self._waits[self._reason]
            self._waits[self._reason] = (times + 1, waited_ns + now_ns - self._since_ns)
            self._log.span(SPAN_OF[self._reason], self._since_ns, now_ns)

    def _log_counts(self) -> None:
        """Write into the log's file what has been counted since it was begun."""
        counts = {
            "late_ticks": self._pacer.late_ticks,
            "takeovers": self._waits[Reason.TAKEOVER][0],
            "dropped": self._log.dropped,
        }
        for name, count in counts.items():
            self._log.counter(name, count - self._counted.get(name, 0))
        self._counted = counts
