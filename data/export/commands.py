"""`understudy export`: recordings as films, datasets of other tools, or plain files."""

from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.console import AsJson, Force, out, print_json, progress, stoppable

if TYPE_CHECKING:
    from data.export.output import Exported


class Format(StrEnum):
    """What a recording can be turned into."""

    MP4 = "mp4"
    MINARI = "minari"
    ROBOMIMIC = "robomimic"
    FRAMES = "frames"


def export(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE... OUT",
            help="Recordings or flight logs, and last what to write. Several become one dataset "
            "(minari, robomimic).",
            show_default=False,
        ),
    ],
    to: Annotated[
        Format,
        typer.Option(
            "--to",
            help="mp4: a film with the keys drawn in. minari: a dataset folder, NAME-v0. "
            "robomimic: an HDF5 file. frames: a folder of JPEG pictures and CSV tables.",
        ),
    ] = Format.MP4,
    zoom: Annotated[int, typer.Option(min=1, max=8, help="Enlarge a film's picture.")] = 2,
    shift_ms: Annotated[
        float, typer.Option(min=0, max=2000, help="Label a frame with the keys held this later.")
    ] = 0.0,
    episode_seconds: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="Cut episodes of a dataset to this length.", show_default="whole"
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write recordings as a film, a dataset of another tool, or plain files."""
    from data.export.film import export_mp4
    from data.export.frames import export_frames
    from data.export.minari import export_minari
    from data.export.robomimic import export_robomimic
    from data.paths import require_input

    *files, target = paths
    _check_usage(files, target, to)
    for file in files:
        require_input(file)

    def chosen(show: Callable[[float], None], stop: Callable[[], bool]) -> "Exported":
        if to is Format.MP4:
            return export_mp4(files[0], target, force=force, zoom=zoom, on_progress=show, stop=stop)
        if to is Format.FRAMES:
            return export_frames(
                files[0], target, force=force, shift_ms=shift_ms, on_progress=show, stop=stop
            )
        dataset = export_minari if to is Format.MINARI else export_robomimic
        return dataset(
            files, target, force=force, shift_ms=shift_ms, episode_s=episode_seconds,
            on_progress=show, stop=stop,
        )  # fmt: skip

    with stoppable() as stop, progress(quiet=as_json) as show:
        written = chosen(lambda share: show(f"export to {to}", share), stop)
        if as_json:
            print_json(asdict(written) | {"path": str(written.path), "format": str(to)})
            return
        out.print(
            f"written: {written.path} ({written.frames} frames, {written.bytes / 1e6:.1f} MB)",
            highlight=False,
        )
        if written.note:
            out.print(f"[yellow]![/yellow] {written.note}", highlight=False)


def _check_usage(files: list[Path], target: Path, to: Format) -> None:
    if not files:
        raise typer.BadParameter("name a recording, and last what to write", param_hint="OUT")
    if target.suffix in (".h5", ".part") or target.resolve() in (file.resolve() for file in files):
        raise typer.BadParameter(
            f"{target} is named as a recording; name last what to write", param_hint="OUT"
        )
    if len(files) > 1 and to in (Format.MP4, Format.FRAMES):
        raise typer.BadParameter(f"{len(files)} recordings, but {to} takes one", param_hint="FILE")
