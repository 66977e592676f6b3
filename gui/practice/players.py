"""Who presses the keys of a match: the coach, or chance."""

import random
from collections.abc import Callable, Sequence
from typing import Protocol

from data.keys import By, KeyEvent
from data.profile import GameProfile
from gui.practice.coach import Coach
from gui.practice.view import SeenBox

Look = Callable[[], Sequence[SeenBox]]
"""Look at the picture."""


class Player(Protocol):
    """Someone at the keys of a simulated match."""

    def act(self, now_ns: int, look: Look) -> list[KeyEvent]:
        """Return the keys moved since the last call, in order; none may lie after now."""
        ...


class CoachPlayer:
    """The coach, who presses what the picture calls for."""

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        """Seat the coach before pictures of `size` (width, height)."""
        self._coach = Coach(seed)
        self._size = size
        self._held: frozenset[str] = frozenset()

    def act(self, now_ns: int, look: Look) -> list[KeyEvent]:
        """Look at the picture, then move fingers."""
        now_s = now_ns / 1e9
        self._coach.observe(now_s, look(), self._size)
        held = self._coach.keys(now_s)
        moved = changes(self._held, held, at_ns=now_ns)
        self._held = held
        return moved


class RandomPlayer:
    """Chooses a class of every head of a profile at random, again and again."""

    def __init__(self, profile: GameProfile, seed: int, *, rate_hz: float = 20.0) -> None:
        """Seat chance, which chooses anew `rate_hz` times a second."""
        self._heads = profile.heads
        self._dice = random.Random(seed)
        self._period_ns = round(1e9 / rate_hz)
        self._next_ns: int | None = None
        self._held: frozenset[str] = frozenset()

    def act(self, now_ns: int, look: Look) -> list[KeyEvent]:
        """Choose anew when it is time."""
        if self._next_ns is not None and now_ns < self._next_ns:
            return []
        self._next_ns = (now_ns if self._next_ns is None else self._next_ns) + self._period_ns
        held = frozenset[str]().union(*(self._dice.choice(head.chords) for head in self._heads))
        moved = changes(self._held, held, at_ns=now_ns)
        self._held = held
        return moved


def changes(
    before: frozenset[str], after: frozenset[str], *, at_ns: int, by: By = By.HUMAN
) -> list[KeyEvent]:
    """Return the releases and presses that lead from one set of held keys to another."""
    return [KeyEvent(at_ns, key, False, by) for key in sorted(before - after)] + [
        KeyEvent(at_ns, key, True, by) for key in sorted(after - before)
    ]
