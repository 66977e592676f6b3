"""What a person reads while the agent plays, and when it has ended."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.text import Text

from agent.guard import Reason
from agent.report import PlayReport, TickView
from agent.telemetry import LineWriter
from data.live_line import PlainLines, drawn_anew
from data.moments import length

PLAIN_S = 60.0  # between lines where there is no terminal
WARN_AGAIN_S = 60.0


class PlayLine:
    """Says how play is getting on; used by one thread, drawn by another.

    Args:
        stop_key: Ends play.
        rate_hz: What the policy was trained at.
        say: Prints a line that stays; called within ticks where there is no terminal.
        plain: Whether there is no terminal to draw on.
        now_s: Tells when to print the next plain line.
    """

    def __init__(
        self,
        *,
        stop_key: str,
        rate_hz: float,
        say: Callable[[str], None],
        plain: bool,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stop_key = stop_key.upper()
        self._rate_hz = rate_hz
        self.say = say
        """Prints a line that stays."""
        self._plain = PlainLines(every_s=PLAIN_S, now_s=now_s) if plain else None
        self._now_s = now_s
        self._view: TickView | None = None
        self._warned_s = float("-inf")

    def tell(self, view: TickView) -> None:
        """Show one tick."""
        self._view = view
        if self._plain is None:
            return
        now_s = self._now_s()
        if view.pace.strained and now_s - self._warned_s >= WARN_AGAIN_S:
            self._warned_s = now_s
            self.say(f"understudy: {self._warning(view)}")
        if self._plain.due(view.reason):
            self.say(f"understudy: {status_words(view)}")

    def __rich__(self) -> Text:
        """Draw it, in two rows; in three while the machine falls behind."""
        if self._view is None:
            return Text("looking for the game's window")
        playing = self._view.reason is Reason.PLAYING
        row = Text(status_words(self._view), "bold green" if playing else "bold yellow")
        held = " ".join(sorted(self._view.held)) or "no key"
        row.append(f"\n{self._stop_key} stops · held: {held}", "default not bold")
        if self._view.pace.strained:
            row.append(f"\n{self._warning(self._view)}", "default not bold")
        return row

    def _warning(self, view: TickView) -> str:
        return (
            f"this machine reaches {view.pace.rate_hz:.1f} of {self._rate_hz:g} ticks a "
            "second: close other programs, or lower the game's resolution"
        )


@contextmanager
def play_line(
    *, stop_key: str, rate_hz: float, console: Console, plain: bool
) -> Iterator[PlayLine]:
    """Show a status line while the agent plays: drawn anew, or `plain`, now and then a line.

    Either is done on a thread of its own: a slow terminal, or a reader that stops reading, never
    delays a tick. Plain lines that nobody takes are left out, and the end doesn't wait for them.
    """
    with ExitStack() as stack:
        say = stack.enter_context(_lines_to(console)) if plain else _printed_on(console)
        line = PlayLine(stop_key=stop_key, rate_hz=rate_hz, say=say, plain=plain)
        stack.enter_context(drawn_anew(line, console, plain=plain))
        yield line


class _ConsoleWriter(LineWriter):
    """Writes lines to the file behind a console, which stays open."""

    def __init__(self, file: int) -> None:
        super().__init__(os.devnull)
        os.dup2(file, self._file, inheritable=False)


@contextmanager
def _lines_to(console: Console) -> Iterator[Callable[[str], None]]:
    try:
        file = console.file.fileno()
    except OSError:  # it is kept in memory, where nobody has to read
        yield _printed_on(console)
        return
    with _ConsoleWriter(file) as writer:
        yield writer.write


def _printed_on(console: Console) -> Callable[[str], None]:
    return lambda words: console.print(words, highlight=False, markup=False)


def status_words(view: TickView) -> str:
    """Say how play is getting on, in one line."""
    words = [str(view.reason), f"{view.pace.rate_hz:.1f} Hz"]
    if view.stages_ns:
        words.append(f"{view.latency_ms:.1f} ms from screen to key")
    missed = view.pace.late_ticks + view.pace.skipped_ticks
    if missed:
        words.append(f"{missed} ticks late or left out")
    return " · ".join(words)


def summary_lines(report: PlayReport) -> list[str]:
    """Say how play went, and what kept the agent from playing."""
    late = f"{report.late_ticks} late ticks"
    if report.skipped_ticks:
        late += f", {report.skipped_ticks} left out"
    lines = [
        f"played {length(report.seconds)} at {report.rate_hz:.1f} Hz; screen to key "
        f"{report.latency_ms.p50:.1f} ms (p99 {report.latency_ms.p99:.1f}), {late}: "
        f"{report.stop_reason}."
    ]
    if report.waits:
        waits = [f"{wait.why} {wait.times}x, {length(wait.seconds)}" for wait in report.waits]
        lines.append(f"It did not play meanwhile: {'; '.join(waits)}.")
    if report.log_dropped:
        lines.append(f"The flight log lacks {report.log_dropped} frames: the disk was too slow.")
    return lines
