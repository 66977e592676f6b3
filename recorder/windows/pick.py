"""Waiting for the person to click on a window, where the mouse can only be looked at."""

from collections.abc import Callable

from data.errors import DisplayError
from recorder.pacing import Clock

POLL_NS = 20_000_000
NO_CLICK = "no window was clicked on in time. Try again."
GAVE_UP = "no window was chosen: that was Esc, or not the left mouse button."
DESKTOP = "that was the bare desktop. Click on the game's window."


def wait_for_click(
    clicked: Callable[[], bool], gave_up: Callable[[], bool], *, timeout_s: float, clock: Clock
) -> None:
    """Return when the left mouse button goes down; one that is still down does not count.

    Args:
        clicked: Says whether that button is down.
        gave_up: Says whether Esc or another button is down.
        timeout_s: How long to wait.
        clock: Paces the looking.

    Raises:
        DisplayError: It did not go down in time, or the person gave up.
    """
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    released = False
    while clock.now_ns() < deadline_ns:
        if gave_up():
            raise DisplayError(GAVE_UP)
        if not clicked():
            released = True
        elif released:
            return
        clock.sleep_until_ns(clock.now_ns() + POLL_NS)
    raise DisplayError(NO_CLICK)
