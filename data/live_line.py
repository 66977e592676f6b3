"""How a long run tells of itself: one line drawn anew on a terminal, or a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live

REDRAWS_HZ = 5
CALM_S = 1.0  # between plain lines at least, however often the state changes


class PlainLines:
    """Says when a line is due where there is no terminal to draw on.

    Args:
        every_s: Between lines while the state stays the same.
        now_s: Tells the time.
    """

    def __init__(self, *, every_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._now_s = now_s
        self._told: object = None
        self._told_s = float("-inf")

    def due(self, state: object) -> bool:
        """Say whether to print a line of this state now; it counts as printed then."""
        now_s = self._now_s()
        since_s = now_s - self._told_s
        if since_s < self._every_s and (state == self._told or since_s < CALM_S):
            return False
        self._told, self._told_s = state, now_s
        return True


@contextmanager
def drawn_anew(line: RenderableType, console: Console, *, plain: bool) -> Iterator[None]:
    """Draw a line again and again for a while, on a thread: a slow terminal delays no tick.

    A `plain` one is not drawn: it prints what it has to say by itself.
    """
    if plain:
        yield
        return
    with Live(line, console=console, refresh_per_second=REDRAWS_HZ, transient=True):
        yield
