"""`understudy profile`, `inspect`, `repair`, `trim` and `merge`: known games, and recordings."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from data.console import (
    AsJson,
    Files,
    Force,
    complete_profile,
    err,
    out,
    print_json,
    print_table,
    progress,
    stoppable,
)
from data.moments import length, parse_moment, parse_stretch

if TYPE_CHECKING:
    from data.editing import Edited

Parsed = TypeVar("Parsed")

profile_app = typer.Typer(no_args_is_help=True, help="Games that are known.")


@profile_app.command("list")
def profile_list(as_json: AsJson = False) -> None:
    """List the profiles that come with Understudy."""
    from data.profile import load_profile, shipped_profiles

    found = {name: load_profile(name).description for name in shipped_profiles()}
    if as_json:
        print_json(found)
    else:
        print_table("Profiles", ["name", "game"], list(found.items()), numbers=False)


@profile_app.command("show")
def profile_show(
    name: Annotated[
        str, typer.Argument(help="A name or a .toml file.", autocompletion=complete_profile)
    ],
    as_toml: Annotated[bool, typer.Option("--toml", help="As TOML, to copy and edit.")] = False,
) -> None:
    """Print a profile as JSON."""
    from data.profile import load_profile
    from data.profile_toml import to_toml

    profile = load_profile(name)
    if as_toml:
        sys.stdout.write(to_toml(profile))
    else:
        print_json(json.loads(profile.to_json()))


def inspect(
    files: Files,
    thumbnails: Annotated[
        Path | None,
        typer.Option(help="Also draw a contact sheet of one recording (.jpg or .png)."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Say what is in recordings, and what is wrong with them, in words."""
    from data.inspection.summary import summarise
    from data.inspection.view import view

    if thumbnails is not None and len(files) > 1:
        raise typer.BadParameter("a contact sheet shows one recording", param_hint="--thumbnails")
    with progress(quiet=as_json) as show:
        found = {str(file): summarise(file, on_progress=show) for file in files}
    if as_json:
        told = {name: asdict(summary) for name, summary in found.items()}
        print_json(next(iter(told.values())) if len(told) == 1 else {"files": told})
    else:
        for name, summary in found.items():
            out.print(view(name, summary))
    if thumbnails is not None:
        from data.inspection.thumbnails import write_thumbnails

        write_thumbnails(files[0], thumbnails, force=force)
        if not as_json:
            out.print(f"written: {thumbnails}", highlight=False)


def repair(
    files: Annotated[
        list[Path], typer.Argument(help="Leftovers, NAME.h5.part.", show_default=False)
    ],
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Close files that a recorder left unfinished; if one can't be closed, the others still are."""
    from data.errors import UnderstudyError

    closed = []
    for file in files:
        try:
            closed.append(_closed(file, force=force))
        except UnderstudyError as error:
            err.print(f"understudy: {error}", highlight=False, markup=False)
    if as_json:
        print_json({"repaired": closed})
    else:
        for one in closed:
            lost = f"; {one['lost_frames']} without pictures lost" if one["lost_frames"] else ""
            out.print(
                f"repaired: {one['file']}: {one['frames']} frames, "
                f"{length(one['seconds'])} of play{lost}",
                highlight=False,
            )
    if len(closed) < len(files):
        raise typer.Exit(1)


def _closed(leftover: Path, *, force: bool) -> dict[str, Any]:
    from data.inspection.timeline import Timeline
    from data.reader import Recording
    from data.repair import repair as close_leftover

    with Recording(leftover) as left:
        lost = left.lost_frames
    target = close_leftover(leftover, force=force)
    with Recording(target) as recording:
        return {
            "file": str(target),
            "frames": recording.frame_count,
            "seconds": Timeline(recording).play_s,
            "lost_frames": lost,
        }


def trim(
    file: Annotated[Path, typer.Argument(help="A recording or flight log.")],
    target: Annotated[Path, typer.Option("--out", help="The copy to write (.h5).")],
    start: Annotated[
        str | None, typer.Option("--from", help="Begin here: 1:30, or seconds.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End here.")] = None,
    cut: Annotated[
        list[str] | None,
        typer.Option(help="Leave this stretch out: 2:00-2:30. May be given again."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Copy a recording without its beginning, its end, or stretches in between.

    Moments count from the first frame, as `inspect` tells them. Pictures are copied as they are.
    """
    from data.editing import trim as trim_recording

    from_s = None if start is None else _parsed(parse_moment, start, "--from")
    to_s = None if end is None else _parsed(parse_moment, end, "--to")
    cuts = [_parsed(parse_stretch, text, "--cut") for text in cut or []]
    if from_s is None and to_s is None and not cuts:
        raise typer.BadParameter("say what to leave out: --from, --to or --cut")
    with stoppable() as stop, progress(quiet=as_json) as show:
        edited = trim_recording(
            file, target, from_s=from_s, to_s=to_s, cuts=cuts, force=force,
            on_progress=lambda share: show("trim", share), stop=stop,
        )  # fmt: skip
        _tell(edited, as_json=as_json)


def merge(
    files: Files,
    target: Annotated[Path, typer.Option("--out", help="The recording to write (.h5).")],
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Put recordings of one game one after another, a pause between them."""
    from data.editing import merge as merge_recordings

    if len(files) < 2:
        raise typer.BadParameter("name two recordings or more", param_hint="FILES")
    with stoppable() as stop, progress(quiet=as_json) as show:
        edited = merge_recordings(
            files, target, force=force, on_progress=lambda share: show("merge", share), stop=stop
        )
        _tell(edited, as_json=as_json)


def _parsed(parse: Callable[[str], Parsed], text: str, option: str) -> Parsed:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _tell(edited: "Edited", *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(edited) | {"path": str(edited.path)})
        return
    out.print(
        f"written: {edited.path} ({edited.frames} frames, {length(edited.seconds)} of play; "
        f"{edited.left_out} frames left out)",
        highlight=False,
    )
