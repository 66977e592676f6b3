"""Someone at the keys of a simulated match who plays what a test says."""

from collections.abc import Sequence

from data.keys import KeyEvent
from gui.practice.players import Look


class ScriptedPlayer:
    """Presses given keys at given times."""

    def __init__(self, script: Sequence[tuple[float, str, bool]]) -> None:
        """Take the script: seconds since the clock's zero, key, whether it goes down."""
        self._events = sorted(
            (KeyEvent(round(at_s * 1e9), key, down) for at_s, key, down in script),
            key=lambda event: event.at_ns,
        )

    def act(self, now_ns: int, look: Look) -> list[KeyEvent]:
        """Return what has come due."""
        due = [event for event in self._events if event.at_ns <= now_ns]
        del self._events[: len(due)]
        return due
