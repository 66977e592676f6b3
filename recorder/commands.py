"""`understudy record` and `understudy windows`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.console import (
    AsJson,
    Force,
    Seconds,
    complete_profile,
    err,
    out,
    print_json,
    print_table,
    stoppable,
)
from data.title_pattern import PatternError, check_pattern

if TYPE_CHECKING:
    from data.profile import GameProfile
    from recorder.parts import Parts

COUNTDOWN_S = 3.0


def record(
    target: Annotated[Path, typer.Option("--out", help="The recording to write (.h5).")],
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            help="A shipped profile, or a .toml file; else 'practice', or what --resume finds.",
            autocompletion=complete_profile,
        ),
    ] = None,
    seconds: Seconds = None,
    rate: Annotated[
        float | None, typer.Option("--rate", min=1, max=240, help="Pictures a second.")
    ] = None,
    countdown: Annotated[
        float,
        typer.Option(
            "--countdown", min=0, help="Begin so long after the window got the focus; 0: at once."
        ),
    ] = COUNTDOWN_S,
    keep_last: Annotated[
        float | None,
        typer.Option(
            "--keep-last",
            min=1,
            help="Keep only so many seconds of play, in memory; the save key and the end write "
            "them to NAME.h5, NAME-2.h5, ...",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in a further file: NAME-2.h5, NAME-3.h5, ...")
    ] = False,
    window: Annotated[
        str | None,
        typer.Option("--window", help="Regular expression for the window's title."),
    ] = None,
    pick: Annotated[bool, typer.Option("--pick", help="Click on the window.")] = False,
    wait: Annotated[float, typer.Option("--wait", help="Wait so long for the window.")] = 0.0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Record a game's window and the keys of its profile, while it has the focus.

    Hot keys work whichever window has the focus, and are never stored: F9
    pauses and goes on, F8 marks the last 10 s as not to be learned from, F7
    saves what --keep-last holds, F10 or the stop key ends. A profile may name
    others.

    Exit status: 0 when it was stopped by key or time, 1 when the window was
    closed or the disk is nearly full, 130 on Ctrl-C. In all these cases the
    recording is whole.
    """
    _check_options(window, pick=pick, resume=resume, force=force)
    from recorder.desktop import RecordOptions, WindowChoice, record_desktop
    from recorder.live import failure_line, status_line, summary_lines

    game, parts, before_hz = _session_of(target, profile, resume=resume, force=force)
    options = RecordOptions(
        window=WindowChoice(title=window, pick=pick, wait_s=wait),
        seconds=seconds,
        countdown_s=countdown,
        keep_last_s=keep_last,
    )
    with stoppable() as stop:
        if pick:
            err.print("understudy: click on the game's window.")
        with status_line(game, err, keeps_last=keep_last is not None) as line:
            done = record_desktop(
                game,
                parts,
                rate_hz=rate or before_hz,
                stop=stop,
                options=options,
                on_wait=line.wait,
                on_status=line.tell,
            )
        if as_json:
            print_json(asdict(done.report) | {"files": [str(file) for file in done.files]})
        else:
            for said in summary_lines(done.report, done.files):
                out.print(said, highlight=False)
    failure = failure_line(done.report.ending)
    if failure is not None:
        err.print(f"understudy: {failure}", highlight=False)
        raise typer.Exit(1)


def windows(as_json: AsJson = False) -> None:
    """List the windows that can be recorded, the topmost last."""
    from recorder.window import list_windows

    found = list_windows()
    if as_json:
        print_json({"windows": [asdict(each) for each in found]})
        return
    rows = [
        (
            each.title,
            each.program,
            f"{each.rect.width_px}x{each.rect.height_px}" if each.rect else "not shown",
            f"{each.rect.left_px}, {each.rect.top_px}" if each.rect else "",
            "yes" if each.focused else "",
        )
        for each in found
    ]
    print_table("Windows", ["title", "program", "size", "place", "focus"], rows, numbers=False)


def _check_options(window: str | None, *, pick: bool, resume: bool, force: bool) -> None:
    if pick and window is not None:
        raise typer.BadParameter("--pick and --window both say which window; give one.")
    if resume and force:
        raise typer.BadParameter("--resume overwrites nothing; leave out --force.")
    try:
        check_pattern(window or "")
    except PatternError as error:
        raise typer.BadParameter(f"--window: {error}.") from error


def _session_of(
    target: Path, profile: str | None, *, resume: bool, force: bool
) -> "tuple[GameProfile, Parts, float]":
    """Return the profile, the files and the rate of a new session, or of the one to continue."""
    from data.leftovers import told_leftover
    from data.profile import load_profile
    from recorder import parts

    if not resume:
        game = load_profile(profile or "practice")
        return game, parts.begin(target, force=force), game.capture.rate_hz
    before = parts.resume(target)
    for leftover in parts.leftovers(target):
        err.print(f"understudy: {told_leftover(leftover)}", highlight=False, markup=False)
    if profile is None:
        return before.profile, before.parts, before.rate_hz
    game = load_profile(profile)
    return game, before.parts, game.capture.rate_hz
