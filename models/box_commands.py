"""`understudy boxes suggest` and `boxes anchors`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.box_files.commands import Mapped, parse_mapping
from data.console import (
    AsJson,
    Files,
    Force,
    out,
    print_json,
    print_table,
    progress,
    stoppable,
)

if TYPE_CHECKING:
    from models.suggestions import Suggested

_MOST_FRAMES = 1_000_000


def boxes_suggest(
    file: Annotated[Path, typer.Argument(help="A recording (.h5).", show_default=False)],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="coco|FILE|RUN|practice|tracker",
            help="Published weights or a file of their layout, a detector's run, shipped weights, "
            "or the boxes drawn so far, carried on.",
        ),
    ],
    target: Annotated[Path, typer.Option("--out", help="The recording to write (.h5).")],
    every: Annotated[
        int | None,
        typer.Option(
            "--every",
            min=1,
            help="Suggest for every so many-th frame.",
            show_default="10; each frame for the tracker",
        ),
    ] = None,
    frames: Annotated[
        str | None,
        typer.Option("--frames", metavar="FRAMES", help="For these only, such as 5,100-200."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.999,
            help="Least score.",
            show_default="0.3; 0.5 for the tracker",
        ),
    ] = None,
    carry: Annotated[
        int, typer.Option("--carry", min=1, help="Frames the tracker carries a box at most.")
    ] = 20,
    mapped: Mapped = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Propose boxes on frames that have none, for a person to look at.

    Suggested boxes are no labels: training passes them over until they are exported, corrected and
    imported again.
    """
    if every is not None and frames is not None:
        raise typer.BadParameter("leave out --every or --frames", param_hint="--frames")
    chosen = () if frames is None else _frames(frames)
    mapping = parse_mapping(mapped or [])
    from data.paths import claim_output
    from models.suggestions import SuggestSettings, suggest_boxes

    claim_output(target, force=force)  # before minutes of looking
    settings = SuggestSettings(
        by=by, every=every, frames=chosen, threshold=threshold, carry=carry, mapping=mapping
    )
    with stoppable() as stop, progress(quiet=as_json) as show:
        found = suggest_boxes(file, target, settings, force=force, on_progress=show, stop=stop)
        _tell(found, as_json=as_json)


def _tell(found: "Suggested", *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found) | {"path": str(found.path)})
        return
    counts = ", ".join(f"{name} {count}" for name, count in found.boxes.items())
    out.print(
        f"written: {found.path} ({counts or 'no box'} on {found.frames} frames; {found.left_out} "
        "frames have boxes already)\nLook at them before they teach: understudy boxes export.",
        highlight=False,
        markup=False,
    )


def _frames(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        ends = (first, last if dash else first)
        if not all(end.isdecimal() and int(end) < _MOST_FRAMES for end in ends):
            raise typer.BadParameter(
                f"{part!r} is neither a frame (5) nor several (100-200)", param_hint="--frames"
            )
        found.extend(range(int(ends[0]), int(ends[1]) + 1))
    if not found:
        raise typer.BadParameter(f"{text!r} names no frame", param_hint="--frames")
    return tuple(found)


def boxes_anchors(
    files: Files,
    anchors: Annotated[int, typer.Option("--anchors", min=1, help="Shapes to fit.")] = 6,
    as_json: AsJson = False,
) -> None:
    """Fit anchors to labelled boxes, and tell which boxes they can reach."""
    from models.anchor_reach import fit_recordings

    found = fit_recordings(files, anchors=anchors)
    if as_json:
        print_json(asdict(found))
        return
    rows = [
        (name, count, _share(found.best_possible_recall[name]), _share(found.placed_recall[name]))
        for name, count in found.boxes.items()
    ]
    print_table(
        "Boxes that an anchor meets at IoU 0.5",
        ["class", "boxes", "by shape", "on the grid"],
        rows,
    )
    shapes = ", ".join(f"{width:g}x{height:g}" for width, height in found.anchors)
    out.print(f"anchors: {shapes} pixels", highlight=False)
    for sentence in found.unreachable:
        out.print(sentence, highlight=False, markup=False)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
