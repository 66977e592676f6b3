"""Write copies of recordings: trimmed, merged, repaired, or in the formats of other tools."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from data.moments import length
from gui.jobs.line import Line

TOLD_SHARE = 0.005  # a telling for each of a million frames would keep the window busy


class Format(StrEnum):
    """What recordings can be exported to."""

    MP4 = "mp4"
    FRAMES = "frames"
    ROBOMIMIC = "robomimic"
    MINARI = "minari"


@dataclass(frozen=True, slots=True)
class Trim:
    """Asks for a copy without its beginning, its end, or a stretch in between."""

    path: Path
    out: Path
    from_s: float | None = None
    to_s: float | None = None
    cuts: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """Asks for recordings one after another in one file."""

    paths: tuple[Path, ...]
    out: Path


@dataclass(frozen=True, slots=True)
class Export:
    """Asks for recordings in the format of another tool."""

    paths: tuple[Path, ...]
    """One, where the format holds only one."""
    out: Path
    form: Format


@dataclass(frozen=True, slots=True)
class Repair:
    """Asks for a leftover to be closed."""

    path: Path


Edit = Trim | Merge | Export | Repair


@dataclass(frozen=True, slots=True)
class Written:
    """What an edit wrote."""

    path: Path
    sentence: str


def edit(request: Edit, line: Line) -> Written:
    """Do an edit; nothing is left of one that was stopped.

    Raises:
        UnderstudyError: It can't be done, or was stopped.
    """
    if isinstance(request, Export):
        return _exported(request, line)
    if isinstance(request, Repair):
        return _repaired(request.path, line)
    from data.editing import merge, trim

    if isinstance(request, Trim):
        found = trim(
            request.path,
            request.out,
            from_s=request.from_s,
            to_s=request.to_s,
            cuts=request.cuts,
            on_progress=_teller(line, f"Writing {request.out.name}"),
            stop=line.stop_asked,
        )
    else:
        found = merge(
            request.paths,
            request.out,
            on_progress=_teller(line, f"Writing {request.out.name}"),
            stop=line.stop_asked,
        )
    return Written(found.path, f"Written: {found.path.name}, {length(found.seconds)} of play.")


def _exported(request: Export, line: Line) -> Written:
    from data.export.film import export_mp4
    from data.export.frames import export_frames
    from data.export.minari import export_minari
    from data.export.robomimic import export_robomimic

    show, stop = _teller(line, f"Writing {request.out.name}"), line.stop_asked
    if request.form in (Format.MP4, Format.FRAMES):
        one = export_mp4 if request.form is Format.MP4 else export_frames
        found = one(request.paths[0], request.out, on_progress=show, stop=stop)
    else:
        many = export_minari if request.form is Format.MINARI else export_robomimic
        found = many(request.paths, request.out, on_progress=show, stop=stop)
    said = f"Written: {found.path}, {found.frames} pictures, {found.bytes / 1e6:.1f} MB."
    return Written(found.path, f"{said} {found.note}".strip())


def _repaired(path: Path, line: Line) -> Written:
    from data.repair import repair

    line.progress(f"Closing {path.name}", 0.0)
    made = repair(path)
    return Written(made, f"Repaired: {made.name} can be used now.")


def _teller(line: Line, what: str) -> Callable[[float], None]:
    told = -1.0

    def tell(share: float) -> None:
        nonlocal told
        if share - told >= TOLD_SHARE or share >= 1.0:
            told = share
            line.progress(what, share)

    return tell
