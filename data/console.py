"""How commands speak: tables, progress with the time left, one JSON object, a clean Ctrl-C."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from data.errors import UnderstudyError

WORTH_TELLING_S = 2.0  # what takes less needs no word where nobody watches a bar

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


def complete_profile(incomplete: str) -> list[str]:
    """List the profiles that begin so: those that ship, and files here; the shell adds others."""
    from data.profile import shipped_profiles

    names = shipped_profiles() + sorted(file.name for file in Path().glob("*.toml"))
    return [name for name in names if name.startswith(incomplete)]


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an output that exists.")]
Files = Annotated[list[Path], typer.Argument(help="Recordings (.h5).", show_default=False)]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile", help="A shipped profile, or a .toml file.", autocompletion=complete_profile
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same choices.")]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after this long.")]


class Interrupt:
    """The first Ctrl-C, SIGTERM or SIGHUP asks to end in good order; the second ends at once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        """Say whether to stop."""
        return self.asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    @contextmanager
    def listening(self) -> Iterator["Interrupt"]:
        """Take the signals over for a while."""
        kept = {number: signal.signal(number, self._ask) for number in _endings()}
        try:
            yield self
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)


def _endings() -> list[signal.Signals]:
    """Name the signals that ask a program to end; a closed terminal does, except under nohup."""
    found = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        found.append(signal.SIGHUP)
    return found


@contextmanager
def stoppable() -> Iterator[Interrupt]:
    """Run a command that ends in good order on Ctrl-C, and then exits with 130."""
    with Interrupt().listening() as stop:
        try:
            yield stop
        except UnderstudyError as error:
            if not stop.asked:
                raise
            err.print(f"understudy: {error}", highlight=False)
    if stop.asked:
        raise typer.Exit(130)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Show named work with a bar and the time left; call with a name and a share from 0 to 1.

    Where standard error is no terminal, work that took long is one line when it is done.
    """
    if quiet:
        yield lambda name, share: None
    elif err.is_terminal:
        yield from _bars()
    else:
        yield _lines()


def _bars() -> Iterator[Callable[[str, float], None]]:
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    bars = Progress(*columns, console=err)
    tasks: dict[str, TaskID] = {}

    def show(name: str, share: float) -> None:
        if not tasks:
            bars.start()  # not before there is something to show
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=1.0)
        bars.update(tasks[name], completed=share)

    try:
        yield show
    finally:
        if tasks:
            bars.stop()


def _lines() -> Callable[[str, float], None]:
    begun_s: dict[str, float] = {}

    def show(name: str, share: float) -> None:
        begun_s.setdefault(name, time.monotonic())
        if share >= 1.0 and begun_s[name] >= 0:
            took_s = time.monotonic() - begun_s[name]
            if took_s >= WORTH_TELLING_S:
                err.print(f"{name}: done in {took_s:.0f} s")
            begun_s[name] = -1.0

    return show


def print_json(found: object) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


def print_table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: bool = True
) -> None:
    """Print a table for people; columns of numbers are set flush right."""
    table = Table(title=title, title_justify="left")
    for index, name in enumerate(head):
        table.add_column(name, justify="right" if index and numbers else "left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out.print(table)
