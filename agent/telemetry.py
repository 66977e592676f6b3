"""Play told as JSON lines: one a second, and one for each event.

Each has `event`, `at` (seconds since the first tick) and `unix` (the wall clock). Events are
`start` (`run`, `profile`, `rate_hz`), `guard` (`guard` and `before`, names of
`agent.guard.Reason`), `stop` (the `report`, or the `error`), and once a second `tick`: `tick`,
`rate_hz`, `guard`, `held`, `probabilities` of heads and classes, `late_ticks` and `skipped_ticks`
since the start, `latency_ms` and `stages_ms` (`p50` and `p99` of that second).
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

from agent.guard import Reason
from agent.report import PlayReport, TickView
from agent.timing import StageTimes
from data.closing import Closing
from data.errors import UnderstudyError
from data.profile import GameProfile

EVERY_NS = 1_000_000_000
MOST_WAITING = 256  # lines for a reader that is slow
CLOSE_S = 2.0  # how long a reader that has stopped reading may hold up the end


class Telemetry:
    """Gathers what the ticks tell and hands lines on; used by one thread.

    Args:
        profile: Names heads and classes.
        write: Takes one line; must not block.
        unix_s: The wall clock.
    """

    def __init__(
        self,
        profile: GameProfile,
        write: Callable[[str], None],
        *,
        unix_s: Callable[[], float] = time.time,
    ) -> None:
        self._profile = profile
        self._write = write
        self._unix_s = unix_s
        self._started_ns: int | None = None
        self._next_ns = 0
        self._ticks = 0
        self._guard = Reason.PLAYING
        self._times = StageTimes()
        self._at_s = 0.0

    def start(self, facts: Mapping[str, Any]) -> None:
        """Say what is about to be played."""
        self._tell("start", facts)

    def tell(self, view: TickView) -> None:
        """Take in one tick."""
        if self._started_ns is None:
            self._started_ns = view.at_ns
            self._next_ns = view.at_ns + EVERY_NS
        self._at_s = (view.at_ns - self._started_ns) / 1e9
        self._ticks += 1
        if view.reason is not self._guard:
            self._tell("guard", {"guard": view.reason.name, "before": self._guard.name})
            self._guard = view.reason
        if view.stages_ns:
            self._times.add(view.stages_ns)
        if view.at_ns >= self._next_ns:
            behind = (view.at_ns - self._next_ns) // EVERY_NS
            self._next_ns += (behind + 1) * EVERY_NS
            self._tell("tick", self._second(view))
            self._times = StageTimes()

    def stop(self, report: PlayReport) -> None:
        """Say how it went."""
        self._tell("stop", {"report": report.to_json()})

    def fail(self, error: BaseException) -> None:
        """Say that play ended by an error."""
        self._tell("stop", {"error": str(error) or type(error).__name__})

    def _second(self, view: TickView) -> dict[str, Any]:
        return {
            "tick": self._ticks,
            "rate_hz": round(view.pace.rate_hz, 2),
            "guard": view.reason.name,
            "held": sorted(view.held),
            "probabilities": self._probabilities(view),
            "late_ticks": view.pace.late_ticks,
            "skipped_ticks": view.pace.skipped_ticks,
            "latency_ms": _rounded(asdict(self._times.total.spread())),
            "stages_ms": {n: _rounded(asdict(s)) for n, s in self._times.spreads().items()},
        }

    def _probabilities(self, view: TickView) -> dict[str, dict[str, float]]:
        if view.decided is None:
            return {}
        found = view.decided.probabilities
        return {
            head.name: {
                name: round(float(p), 4)
                for name, p in zip(head.names, found[head.name], strict=True)
            }
            for head in self._profile.heads
        }

    def _tell(self, event: str, facts: Mapping[str, Any]) -> None:
        known = {"event": event, "at": round(self._at_s, 3), "unix": round(self._unix_s(), 3)}
        self._write(json.dumps({**known, **facts}))


class LineWriter(Closing):
    """Writes lines on a thread of its own: a reader that stops reading never delays a tick.

    Args:
        target: `-` for standard output, or a file, which is appended to.

    Raises:
        UnderstudyError: The file can't be written.
    """

    def __init__(self, target: str) -> None:
        self._own = target != "-"
        try:
            self._file = _opened(target) if self._own else sys.stdout.fileno()
        except OSError as error:
            raise UnderstudyError(
                f"{target}: telemetry can't be written: {error.strerror}. Choose another file."
            ) from error
        self._lines: Queue[str] = Queue(MOST_WAITING)
        self._ending = Event()
        self.lost = 0
        """Lines that nobody read in time."""
        self._thread = Thread(target=self._run, name="telemetry", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Hand over one line."""
        try:
            self._lines.put_nowait(line)
        except Full:
            self.lost += 1

    def close(self) -> None:
        """Write what is left, as far as the reader takes it."""
        self._ending.set()
        self._thread.join(CLOSE_S)
        if self._own and not self._thread.is_alive():
            os.close(self._file)

    def _run(self) -> None:
        with suppress(OSError):  # the reader has gone: there is nobody left to tell
            while not (self._ending.is_set() and self._lines.empty()):
                with suppress(Empty):
                    _put(self._file, _encoded(self._lines.get(timeout=0.1)))


def _encoded(line: str) -> bytes:
    return line.encode(errors="backslashreplace") + b"\n"


def _opened(target: str) -> int:
    return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)


def _put(file: int, data: bytes) -> None:
    # Not through `sys.stdout`: a thread that waits in there would hold up the program's end.
    while data:
        data = data[os.write(file, data) :]


def _rounded(spread: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in spread.items()}
