"""`understudy doctor`: is this computer fit to record and to play, and if not, what to do."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from data.console import AsJson, ProfileName, err, out, print_json, stoppable
from data.errors import UnderstudyError

if TYPE_CHECKING:
    from agent.doctor.health import Check, Checked, Wanted

DESKTOP = "desktop"  # the check that those of screen and keyboard build upon


def doctor(
    profile: ProfileName = "practice",
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=1, max=240, help="Pictures a second; the profile's if none."),
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where recordings go.")] = Path(),
    private: Annotated[
        bool, typer.Option("--private", help="Check a private virtual screen, not this desktop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check desktop, screen, keyboard, game, engine and disk, and say what to do."""
    from agent.doctor.health import Wanted
    from data.profile import load_profile
    from recorder.display import VirtualScreen

    game = load_profile(profile)
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        if private:
            stack.enter_context(stack.enter_context(VirtualScreen()).active())
        wanted = Wanted(game, rate_hz=rate or game.capture.rate_hz, stop=stop)
        if not as_json:
            out.print(f"Understudy, profile {game.name} at {wanted.rate_hz:g} Hz\n")
        found = []
        for checked in _answers(checks_of(wanted, folder), quiet=as_json):
            if stop():
                return
            found.append(checked)
            if not as_json:
                out.print(row(checked, ascii_only=out.options.ascii_only))
    if as_json:
        print_json({"checks": [checked.to_json() for checked in found]})
    failed = [checked.check.name for checked in found if checked.failed]
    if failed:
        raise UnderstudyError(
            f"not ready: {', '.join(failed)}. What to do is said beside each of them."
        )
    if not as_json:
        out.print("\nThis computer is ready to record and to play.")


def _answers(checks: "Iterable[Check]", *, quiet: bool) -> "Iterator[Checked]":
    """Run the checks one after another, and say meanwhile what is being done."""
    from agent.doctor.health import answer

    found: list[Checked] = []
    for check in checks:
        # Shown only while a check runs: it would draw over the rows.
        with nullcontext() if quiet else err.status(check.doing):
            found.append(answer(check, found))
        yield found[-1]


def checks_of(wanted: "Wanted", folder: Path) -> "list[Check]":
    """List what is checked, in order."""
    from agent.doctor import desktop, keys, machine, screen
    from agent.doctor.health import Check

    game = wanted.profile
    return [
        Check("system", "looking at the computer", desktop.check_system, essential=False),
        Check(DESKTOP, "looking at the desktop", desktop.check_session),
        Check(
            "window manager", "looking for a window manager", desktop.check_window_manager,
            essential=False, needs=DESKTOP,
        ),
        Check("picture", "taking a picture", lambda: screen.check_picture(wanted), needs=DESKTOP),
        Check("scaling", "measuring", lambda: screen.check_scaling(wanted), needs=DESKTOP),
        Check(
            "capture", "taking pictures for two seconds", lambda: screen.check_capture(wanted),
            needs=DESKTOP,
        ),
        Check("key layout", "looking for keys", lambda: keys.check_layout(game), needs=DESKTOP),
        Check(
            "shortcuts", "looking for keys in use", lambda: keys.check_shortcuts(game),
            essential=False, needs=DESKTOP,
        ),
        Check(
            "key watchdog", "starting the watchdog", lambda: keys.check_watchdog(wanted.clock),
            needs=DESKTOP,
        ),
        Check("key presses", "pressing a key", lambda: keys.check_loopback(wanted), needs=DESKTOP),
        Check(
            "game", "looking for the game", lambda: desktop.check_game(game),
            essential=False, needs=DESKTOP,
        ),
        Check("PyTorch", "loading PyTorch", machine.check_torch),
        Check("ONNX Runtime", "loading ONNX Runtime", machine.check_onnxruntime, essential=False),
        Check("detector", "preparing the detector", lambda: machine.check_engine(wanted)),
        Check("disk", "writing 64 MB", lambda: machine.check_disk(wanted, folder)),
        Check("private screen", "looking for programs", desktop.check_programs, essential=False),
    ]  # fmt: skip


def row(checked: "Checked", *, ascii_only: bool) -> Table:
    """Lay one check out for people: a mark, its name, what was found, what to do."""
    finding = checked.finding
    if not checked.tested:
        mark, style = "-", "dim"
    elif finding.ok:
        mark, style = ("+" if ascii_only else "✓"), "green"
    elif checked.failed:
        mark, style = ("x" if ascii_only else "✗"), "bold red"
    else:
        mark, style = "!", "yellow"
    told = Text(finding.found, style="" if checked.tested else style)
    if finding.advice and checked.tested:
        told.append(f"\n{finding.advice}", style="dim" if finding.ok else style)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(width=14)
    table.add_column(overflow="fold")
    table.add_row(Text(mark, style=style), checked.check.name, told)
    return table
