"""`understudy boxes`: labels of objects, from other tools and to them."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.box_files.folder import BoxFormat, Problem
from data.console import (
    AsJson,
    Force,
    complete_profile,
    out,
    print_json,
    progress,
    stoppable,
)

if TYPE_CHECKING:
    from data.box_files.importing import Imported, NothingImportedError

MOST_SHOWN = 50
boxes_app = typer.Typer(no_args_is_help=True, help="Boxes of objects: what a detector learns.")
Kind = Annotated[BoxFormat, typer.Option("--format", help="How the boxes are written.")]
Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="CLASS=OBJECT",
        help="Which class is which object; CLASS= leaves one out. May be given again.",
    ),
]


@boxes_app.command("import")
def boxes_import(
    folder: Annotated[
        Path, typer.Argument(help="A folder of pictures and boxes.", show_default=False)
    ],
    kind: Kind,
    target: Annotated[Path, typer.Option("--out", help="The recording to write (.h5).")],
    profile_name: Annotated[
        str | None,
        typer.Option(
            "--profile",
            help="A shipped profile, or a .toml file, whose objects they are.",
            show_default="made of the classes that are found",
            autocompletion=complete_profile,
        ),
    ] = None,
    mapped: Mapped = None,
    labelled_only: Annotated[
        bool,
        typer.Option("--labelled-only", help="Leave out pictures that no annotation speaks of."),
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Also write every problem as a table (.csv).")
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make a recording without keys of a folder of pictures and boxes.

    Nothing that is wrong in the folder ends it: every problem is listed, with what was done.
    """
    from data.box_files.importing import NothingImportedError, import_boxes
    from data.paths import claim_output
    from data.profile import load_profile

    mapping = parse_mapping(mapped or [])
    profile = load_profile(profile_name) if profile_name is not None else None
    if report is not None:
        claim_output(report, force=force)
    with stoppable() as stop, progress(quiet=as_json) as show:
        try:
            imported = import_boxes(
                folder, target, kind=kind, profile=profile, mapping=mapping,
                labelled_only=labelled_only, force=force,
                on_progress=lambda share: show("import", share), stop=stop,
            )  # fmt: skip
        except NothingImportedError as error:
            _write_report(report, error.problems)
            if as_json:
                print_json({"images": 0, "boxes": 0, "classes": {}, "problems": _told(error)})
            else:
                _print_problems(error.problems, report)
            raise
        _write_report(report, imported.problems)
        if as_json:
            print_json(asdict(imported) | {"path": str(target)})
        else:
            _print(imported, report)


@boxes_app.command("export")
def boxes_export(
    file: Annotated[Path, typer.Argument(help="A recording that holds boxes.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.")],
    kind: Kind,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write the labelled frames and their boxes as a folder that other tools read."""
    from data.box_files.exporting import export_boxes

    with stoppable() as stop, progress(quiet=as_json) as show:
        written = export_boxes(
            file, target, kind=kind, force=force,
            on_progress=lambda share: show(f"export as {kind}", share), stop=stop,
        )  # fmt: skip
        if as_json:
            print_json(asdict(written) | {"path": str(target), "format": str(kind)})
        else:
            out.print(f"written: {target} ({written.frames} pictures)", highlight=False)


def parse_mapping(mapped: Sequence[str]) -> dict[str, str]:
    """Return class by class what `--map` says; an empty object leaves a class out."""
    mapping = {}
    for text in ",".join(mapped).split(",") if mapped else []:
        label, sign, target = (part.strip() for part in text.partition("="))
        if not sign or not label:
            raise typer.BadParameter(f"{text!r} is not CLASS=OBJECT", param_hint="--map")
        mapping[label] = target
    return mapping


def _told(error: "NothingImportedError") -> list[dict[str, object]]:
    return [asdict(problem) for problem in error.problems]


def _print(imported: "Imported", report: Path | None) -> None:
    _print_problems(imported.problems, report)
    counts = ", ".join(f"{name} {count}" for name, count in imported.classes.items())
    found = len(imported.problems) + imported.untold
    out.print(
        f"written: {imported.path} ({imported.images} pictures, {imported.boxes} boxes: "
        f"{counts or 'none'}; {found or 'no'} problem{'' if found == 1 else 's'})",
        highlight=False,
        markup=False,
    )


def _print_problems(problems: Sequence[Problem], report: Path | None) -> None:
    for one in problems[:MOST_SHOWN]:
        where = one.file if one.box is None else f"{one.file}, box {one.box}"
        out.print(f"{where}: {one.problem}: {one.done}", highlight=False, markup=False)
    if len(problems) <= MOST_SHOWN:
        return
    rest = Counter(one.done for one in problems[MOST_SHOWN:])
    counted = ", ".join(f"{count} {done}" for done, count in rest.most_common(5))
    where = f"{report} lists" if report is not None else "--report FILE.csv or --json lists"
    out.print(
        f"and {len(problems) - MOST_SHOWN} more ({counted}); {where} them all.",
        highlight=False,
        markup=False,
    )


def _write_report(report: Path | None, problems: Sequence[Problem]) -> None:
    if report is None:
        return
    with report.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "box", "problem", "done"])
        writer.writerows((one.file, one.box, one.problem, one.done) for one in problems)
