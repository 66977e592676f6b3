"""Play live: grab, see, decide, press, at the policy's own rate."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from agent.decision import DecisionSettings
from agent.flight import Flight
from agent.flight_log import FlightLog
from agent.guard import Action, TakeoverDetector, judge
from agent.key_sink import KeySink
from agent.lookout import Lookout
from agent.rate_guard import RateGuard
from agent.report import PlayReport, TickView
from agent.runner import Runner
from data.writer import RecordingWriter
from recorder.keyboard import KeySource
from recorder.pacing import Clock, Pacer
from recorder.screen import ScreenSource
from recorder.window import GameWindow


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
    log_part_s: float | None = None
    """Begin another file of the flight log after so long; None keeps to one."""


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
    hands_off: Callable[[], bool] = lambda: False,
    may_stand_still: bool = False,
    next_log: Callable[[], RecordingWriter] | None = None,
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
        hands_off: Says whether a person wants to play: a take-over, keys pressed or not.
        may_stand_still: Whether a picture that stands still is no reason to let go of the keys.
        next_log: Closes the log's file and opens another; needed for `settings.log_part_s`.
        on_tick: Told about every tick, on this thread.
        stopwatch_ns: Measures the stages in real time, whatever `clock` is.

    Raises:
        DisplayError: The screen, the keyboard or the watchdog went away.
        RecordingError: The flight log can't be written.
    """
    # The first step of a fresh engine is many times slower than the rest: keep it out of the ticks.
    runner.step(np.zeros((runner.size.height_px, runner.size.width_px, 3), dtype=np.uint8))
    runner.reset()
    pacer, rate = Pacer(clock, runner.rate_hz), RateGuard(runner.rate_hz)
    detector = TakeoverDetector(round(settings.quiet_s * 1e9))
    lookout = Lookout(
        clock=clock,
        pacer=pacer,
        window=window,
        human=human,
        detector=detector,
        rate=rate,
        stop=stop,
        stop_key=stop_key,
        hands_off=hands_off,
    )
    flight = Flight(
        runner=runner,
        screen=screen,
        sink=sink,
        clock=clock,
        decision=settings.decision,
        seed=settings.seed,
        detector=detector,
        pacer=pacer,
        rate=rate,
        log=FlightLog(
            log, inline=settings.log_inline, next_writer=next_log, part_s=settings.log_part_s
        ),
        stopwatch_ns=stopwatch_ns,
        may_stand_still=may_stand_still,
    )
    until_ns = None if settings.seconds is None else clock.now_ns() + round(settings.seconds * 1e9)
    ended_by = "an error"
    try:
        while True:
            tick = lookout.wait(hold_on=flight.hold_on, let_go=flight.let_go)
            verdict = judge(lookout.facts(tick, flight.picture.now), until_ns=until_ns)
            if verdict.action is Action.STOP:
                ended_by = verdict.reason.value
                break
            heard = lookout.take_heard()
            view = flight.tick(verdict.reason, heard, may_press=lookout.may_press)
            if on_tick is not None:
                on_tick(view)
    finally:
        flight.land(ended_by=ended_by)
    return flight.report(verdict.reason)
