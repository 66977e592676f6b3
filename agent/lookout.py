"""What is going on around live play: gathers what the guards judge."""

from collections.abc import Callable
from dataclasses import replace

from agent.guard import Facts, TakeoverDetector
from agent.picture_guard import Picture
from agent.rate_guard import RateGuard
from data.keys import KeyEvent
from recorder.keyboard import HandEvent, KeySource
from recorder.pacing import Clock, Pacer, Tick
from recorder.window import GameWindow

LOOK_NS = 10_000_000
"""Between two looks at keyboard and focus while keys are held: a person waits no longer for them
to come up, and a held key's first repeat into another window comes later. One look takes 0.2 ms."""


class Lookout:
    """Watches the person, the window and the clock. Used by one thread.

    Args:
        clock: Simulated or real.
        pacer: Beats at the policy's rate.
        window: The game's; None when keys can go nowhere else.
        human: The keyboard; None for no take-over.
        detector: Tells a person's presses from the agent's.
        rate: Told of every tick.
        stop: Whether somebody asked to stop.
        stop_key: Whether the stop key was pressed.
        hands_off: Whether the person wants to play, and presses keys or not.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        pacer: Pacer,
        window: GameWindow | None,
        human: KeySource | None,
        detector: TakeoverDetector,
        rate: RateGuard,
        stop: Callable[[], bool],
        stop_key: Callable[[], bool],
        hands_off: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock
        self._pacer = pacer
        self._window = window
        self._human = human
        self._detector = detector
        self._rate = rate
        self._stop = stop
        self._stop_key = stop_key
        self._hands_off = hands_off
        self._heard: list[KeyEvent] = []
        self._absences = window.state().absences if window is not None else 0

    def may_press(self) -> bool:
        """Say whether keys go to the game now."""
        return self._window is None or self._window.focused()

    def wait(self, *, hold_on: Callable[[], bool], let_go: Callable[[], None]) -> Tick:
        """Wait for the next tick; meanwhile let go of held keys the moment that something is up."""
        while hold_on() and (due_ns := self._pacer.next_ns) is not None:
            now_ns = self._clock.now_ns()
            if due_ns - now_ns <= LOOK_NS:
                break
            self._clock.sleep_until_ns(now_ns + LOOK_NS)
            self._hear(let_go)
            asked = self._stop() or self._stop_key() or self._hands_off()
            if self._heard or asked or not self.may_press():
                let_go()
        tick = self._pacer.wait()
        self._rate.see(tick.index)
        self._hear(let_go)
        return tick

    def facts(self, tick: Tick, picture: Picture) -> Facts:
        """Gather what a verdict on a tick rests on.

        Where the focus went and came back since the last tick, it counts as lost in this one: what
        was pressed meanwhile may have been meant for another window.
        """
        found = self._window.state() if self._window is not None else None
        away = found is not None and found.absences != self._absences
        if found is not None:
            self._absences = found.absences
        return Facts(
            now_ns=tick.due_ns,
            stop_asked=self._stop(),
            stop_key=self._stop_key(),
            window_gone=found is not None and found.gone,
            focused=found is None or (found.focused and not away),
            human=self._detector.active(tick.due_ns) or self._hands_off(),
            picture=picture,
            rate_lost=self._rate.lost,
        )

    def take_heard(self) -> list[KeyEvent]:
        """Return what a person did on the keys since the last call, in order."""
        heard, self._heard = self._heard, []
        return heard

    def _hear(self, let_go: Callable[[], None]) -> None:
        """Listen; a key that the agent holds as well is the person's from when it has let go.

        Told of in that order: the agent's release is no end of what a hand holds.
        """
        if self._human is None:
            return
        heard = self._detector.see(self._human.drain())
        by_hand = {event.key for event in heard if isinstance(event, HandEvent)}
        shared = by_hand & self._detector.agent_held
        if shared:
            let_go()
            now_ns = self._clock.now_ns()
            heard = [
                replace(event, at_ns=max(event.at_ns, now_ns)) if event.key in shared else event
                for event in heard
            ]
        self._heard += heard
