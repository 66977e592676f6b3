"""The moment before a recording begins."""

from collections.abc import Callable
from math import ceil

from data.errors import DisplayError, UnderstudyError
from recorder.controls import Controls
from recorder.pacing import Clock
from recorder.status import State
from recorder.watch import look
from recorder.window import GameWindow

POLL_NS = 50_000_000


def count_down(
    window: GameWindow,
    clock: Clock,
    *,
    seconds: float,
    controls: Controls,
    stop: Callable[[], bool],
    on_wait: Callable[[int | None], None],
) -> None:
    """Wait until the window has the focus, and then so long; begin anew when the focus is lost.

    Args:
        window: The game's.
        clock: Tells the time.
        seconds: How long; 0 returns at once.
        controls: The stop key cancels.
        stop: Asked all the while.
        on_wait: Told the seconds that are left; None while the window has not got the focus.

    Raises:
        DisplayError: The window was closed.
        UnderstudyError: It was stopped.
    """
    left_s, since_ns = seconds, None
    while left_s > 0:
        controls.poll()
        if stop() or controls.stopped:
            raise UnderstudyError("stopped before it began; nothing was recorded.")
        now = look(window, controls)
        if now.gone:
            raise DisplayError("the window was closed before the recording began.")
        now_ns = clock.now_ns()
        if now.state is State.RECORDING:
            since_ns = now_ns if since_ns is None else since_ns
            left_s = seconds - (now_ns - since_ns) / 1e9
            on_wait(max(0, ceil(left_s)))
        else:
            left_s, since_ns = seconds, None
            on_wait(None)
        clock.sleep_until_ns(now_ns + POLL_NS)
