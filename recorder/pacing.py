"""When things happen: the one clock, and a pacer with absolute deadlines."""

import time
from dataclasses import dataclass
from typing import Protocol

LATE_FRACTION = 0.1
"""A tick that begins this part of a period after its deadline counts as late: 5 ms at 20 Hz."""


class Clock(Protocol):
    """Tells the time and waits; simulated ones run faster than real time."""

    def now_ns(self) -> int:
        """Return the monotonic time."""
        ...

    def sleep_until_ns(self, at_ns: int) -> None:
        """Return at that time, or at once when it has passed."""
        ...


class MonotonicClock:
    """The computer's own monotonic clock."""

    def now_ns(self) -> int:
        """Return the monotonic time."""
        return time.monotonic_ns()

    def sleep_until_ns(self, at_ns: int) -> None:
        """Return at that time, or at once when it has passed."""
        while (left_ns := at_ns - time.monotonic_ns()) > 0:
            time.sleep(left_ns / 1e9)


@dataclass(frozen=True, slots=True)
class Tick:
    """One beat of a paced loop."""

    index: int
    """Number of the deadline, from 0; skipped ones are left out."""
    due_ns: int
    """When it should begin."""
    late_ns: int
    """How long after that it does."""
    skipped: int
    """Deadlines that passed unused just before this one."""


class Pacer:
    """Beats at a fixed rate with absolute deadlines, so that lateness never adds up.

    A loop that overruns skips the deadlines that it missed; it never beats faster to catch up.
    """

    def __init__(self, clock: Clock, rate_hz: float) -> None:
        self._clock = clock
        self._period_ns = 1e9 / rate_hz
        self._start_ns: int | None = None
        self._next = 0
        self.late_ticks = 0
        """Ticks that began more than `LATE_FRACTION` of a period after their deadline."""
        self.skipped_ticks = 0
        """Deadlines that passed unused."""

    @property
    def next_ns(self) -> int | None:
        """When the next tick is due; None before the first."""
        return None if self._start_ns is None else self._due_ns(self._next)

    def wait(self) -> Tick:
        """Return at the next deadline; the first one is now."""
        now_ns = self._clock.now_ns()
        if self._start_ns is None:
            self._start_ns = now_ns
        behind_ns = now_ns - self._due_ns(self._next)
        skipped = max(0, int(behind_ns // self._period_ns))
        index = self._next + skipped
        due_ns = self._due_ns(index)
        if now_ns < due_ns:
            self._clock.sleep_until_ns(due_ns)
            now_ns = self._clock.now_ns()
        late_ns = max(0, now_ns - due_ns)
        self._next = index + 1
        self.skipped_ticks += skipped
        self.late_ticks += late_ns > LATE_FRACTION * self._period_ns
        return Tick(index=index, due_ns=due_ns, late_ns=late_ns, skipped=skipped)

    def _due_ns(self, index: int) -> int:
        start_ns = self._start_ns or 0
        return start_ns + round(index * self._period_ns)
