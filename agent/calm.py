"""Keep the interpreter from making a tick wait, and from growing with the hours."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SWITCH_S = 0.0002
"""How long another thread may keep the interpreter while the tick's thread waits for it: Python's
5 ms are half a tick's work. The keyboard's and the flight log's threads take turns with it."""
SWEEP_NS = 60_000_000_000


@contextmanager
def undisturbed() -> Iterator[Callable[[int], None]]:
    """Take what is loaded by now out of the garbage collection, and have threads switch at once.

    A full collection walks through every object that PyTorch brought along: 0.2 s. Without these it
    takes less than 1 ms; but play leaves so little behind that Python would not begin one in hours,
    and only a full collection empties the lists of tuples kept for reuse, up to 2,000 of each
    length. The function that is handed out, told the time after each tick, does one a minute.
    """
    before_s = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
    swept_ns: int | None = None

    def sweep(now_ns: int) -> None:
        nonlocal swept_ns
        if swept_ns is None:
            swept_ns = now_ns
        elif now_ns - swept_ns >= SWEEP_NS:
            gc.collect()
            swept_ns = now_ns

    try:
        yield sweep
    finally:
        sys.setswitchinterval(before_s)
        gc.unfreeze()
