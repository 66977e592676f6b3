"""When the agent may press keys. Pure rules: what happened goes in, a verdict comes out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agent.picture_guard import Picture
from data.keys import By, KeyEvent
from recorder.keyboard import HandEvent

ECHO_NS = 150_000_000
"""A press heard this long after the agent let go of the key may still be the agent's own."""


class Action(StrEnum):
    """What the agent may do on a tick."""

    PLAY = "play"
    HOLD = "hold"
    """Release everything, keep watching."""
    STOP = "stop"


class Reason(StrEnum):
    """Why."""

    PLAYING = "playing"
    STOP_KEY = "the stop key was pressed"
    STOPPED = "stopped"
    WINDOW_GONE = "the game's window was closed"
    TIME = "time is up"
    FOCUS_LOST = "the game's window does not have the focus"
    TAKEOVER = "a person is playing"
    BLACK = "the picture is black"
    FROZEN = "the picture stands still"
    RATE_LOST = "the machine can't hold the rate"


GUARDS = (
    Reason.FOCUS_LOST,
    Reason.TAKEOVER,
    Reason.BLACK,
    Reason.FROZEN,
    Reason.RATE_LOST,
)
"""What makes the agent let go of the keys and watch until it has passed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the agent may do, and why."""

    action: Action
    reason: Reason


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a verdict rests on."""

    now_ns: int
    stop_asked: bool
    stop_key: bool
    window_gone: bool
    focused: bool
    """Keys go to the game's window."""
    human: bool
    """A person is playing, or did a moment ago."""
    picture: Picture
    """What the last seconds showed."""
    rate_lost: bool
    """The machine has fallen far behind for seconds."""


def judge(facts: Facts, *, until_ns: int | None) -> Verdict:
    """Say what the agent may do; the gravest reason wins.

    Only what can't pass ends play. A game that hangs, loads, shows a menu or takes the machine for
    itself may come back: until then the keys are up.

    Args:
        facts: What is the case.
        until_ns: When the time is up; None for never.
    """
    rules = (
        (facts.stop_key, Action.STOP, Reason.STOP_KEY),
        (facts.stop_asked, Action.STOP, Reason.STOPPED),
        (facts.window_gone, Action.STOP, Reason.WINDOW_GONE),
        (until_ns is not None and facts.now_ns >= until_ns, Action.STOP, Reason.TIME),
        (not facts.focused, Action.HOLD, Reason.FOCUS_LOST),
        (facts.human, Action.HOLD, Reason.TAKEOVER),
        (facts.picture is Picture.BLACK, Action.HOLD, Reason.BLACK),
        (facts.picture is Picture.FROZEN, Action.HOLD, Reason.FROZEN),
        (facts.rate_lost, Action.HOLD, Reason.RATE_LOST),
    )
    for applies, action, reason in rules:
        if applies:
            return Verdict(action, reason)
    return Verdict(Action.PLAY, Reason.PLAYING)


class TakeoverDetector:
    """Tells a person's key presses from the agent's own, which the keyboard reports as well.

    What moved on a keyboard itself is a person's. Of the rest, a press of a key that the agent
    holds, or held until a moment ago, is taken for the agent's.

    Args:
        quiet_ns: How long a person must have left the keys alone before the agent resumes.
    """

    def __init__(self, quiet_ns: int) -> None:
        self._quiet_ns = quiet_ns
        self._agent: dict[str, tuple[int, int | None]] = {}  # held from, until
        self._human: dict[bool, set[str]] = {True: set(), False: set()}  # by hand, by a program
        self._last_ns: int | None = None

    def note_held(self, keys: frozenset[str], at_ns: int) -> None:
        """Take notice of the keys that the agent is about to hold."""
        for key, (since_ns, until_ns) in list(self._agent.items()):
            if key not in keys and until_ns is None:
                self._agent[key] = (since_ns, at_ns)
        for key in keys:
            since_ns, until_ns = self._agent.get(key, (at_ns, at_ns))
            if until_ns is not None:
                self._agent[key] = (at_ns, None)

    def see(self, events: Iterable[KeyEvent]) -> list[KeyEvent]:
        """Return those of the events, in order, that a person made."""
        theirs = []
        for event in events:
            held = self._human[isinstance(event, HandEvent)]
            if event.by is By.AGENT or not self._is_human(event, held):
                continue
            (held.add if event.down else held.discard)(event.key)
            self._last_ns = event.at_ns
            theirs.append(event)
        return theirs

    @property
    def agent_held(self) -> frozenset[str]:
        """Keys that the agent holds."""
        return frozenset(key for key, (_, until_ns) in self._agent.items() if until_ns is None)

    @property
    def human_held(self) -> frozenset[str]:
        """Keys that a person holds, by hand or with the help of another program."""
        return frozenset(self._human[True] | self._human[False])

    def active(self, now_ns: int) -> bool:
        """Say whether a person holds a key, or did within the quiet time."""
        if self.human_held:
            return True
        return self._last_ns is not None and now_ns - self._last_ns < self._quiet_ns

    def _is_human(self, event: KeyEvent, held: set[str]) -> bool:
        if not event.down:
            return event.key in held
        if isinstance(event, HandEvent) or event.key not in self._agent:
            return True
        since_ns, until_ns = self._agent[event.key]
        return event.at_ns < since_ns or (until_ns is not None and event.at_ns > until_ns + ECHO_NS)
