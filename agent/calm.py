"""Keep the interpreter from making a tick wait."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0002
"""How long another thread may keep the interpreter while the tick's thread waits for it: Python's
5 ms are half a tick's work. The keyboard's and the flight log's threads take turns with it."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Take what is loaded by now out of the garbage collection, and have threads switch at once.

    A full collection walks through every object that PyTorch brought along: 0.2 s. What play itself
    leaves behind is little, and is collected as ever.
    """
    before_s = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
        gc.unfreeze()
