"""`understudy curve`: goals against minutes of recorded play."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.console import AsJson, out, print_json, print_table, progress, stoppable
from data.errors import UnderstudyError
from gui.practice.launch import OfDifficulty
from models.options import DetectorRun, Threads

if TYPE_CHECKING:
    from gui.practice.curve_steps import CurveSettings


def curve(
    target: Annotated[
        Path, typer.Option("--out", help="Folder of everything; a curve begun there goes on.")
    ],
    minutes: Annotated[
        str, typer.Option("--minutes", help="Amounts of play, with commas between.")
    ] = "1,3,10,30",
    difficulty: OfDifficulty = "amateur",
    matches: Annotated[int, typer.Option("--matches", min=1, help="Matches of each policy.")] = 20,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Policies for each amount.")] = 1,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the matches, and of the first policy.")
    ] = 0,
    match_s: Annotated[
        float, typer.Option("--seconds-per-match", min=5, help="Length of a match.")
    ] = 60.0,
    recordings: Annotated[
        list[Path] | None,
        typer.Option("--recordings", help="Learn from these, in order, instead of the coach's."),
    ] = None,
    more: Annotated[list[Path] | None, typer.Argument(help="Further recordings.")] = None,
    detector: DetectorRun = None,
    threads: Threads = 2,
    as_json: AsJson = False,
) -> None:
    """Train on more and more recorded play, and count goals each time.

    The coach is recorded without a window, or your own recordings are taken; of these the last are
    held out. What is finished is kept: the same command goes on where it was stopped.
    """
    from gui.practice.curve_steps import CurveSettings
    from gui.practice.learning_curve import run_curve
    from models.policy_recipe import PolicyTrainingSettings

    if more and not recordings:
        raise typer.BadParameter("name recordings after --recordings")
    try:
        settings = CurveSettings(
            out=target,
            minutes=_amounts(minutes),
            difficulty=difficulty,
            matches=matches,
            seeds=seeds,
            seed=seed,
            match_s=match_s,
            recordings=(*(recordings or ()), *(more or ())),
            detector=detector,
            training=PolicyTrainingSettings(threads=threads),
        )
    except ValueError as error:
        raise UnderstudyError(f"{error}.") from error
    with stoppable() as stop, progress(quiet=as_json) as show:
        found = run_curve(settings, show=show, stop=stop)
    if as_json:
        print_json(found)
    else:
        _tell(settings, found)


def _amounts(text: str) -> tuple[float, ...]:
    try:
        found = sorted({float(word) for word in text.split(",")})
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r}: wants numbers with commas between, such as 1,3,10", param_hint="--minutes"
        ) from error
    if not all(math.isfinite(each) and each > 0 for each in found):
        raise typer.BadParameter("each amount is a number above 0", param_hint="--minutes")
    return tuple(found)


def _tell(settings: "CurveSettings", found: Mapping[str, Any]) -> None:
    from gui.practice.curve_report import figure

    heads = list(found["curve"][0]["macro_f1"])
    rows = []
    for row in found["curve"]:
        goals = [
            f"{row[side]['mean']:.2f}" if side in row else "-"
            for side in ("goals_for", "goals_against")
        ]
        scores = [figure(row["macro_f1"][name]) for name in heads]
        rows.append([f"{row['minutes']:.3g}", *goals, *scores])
    head = ["minutes", "goals for", "against", *heads]
    print_table(f"{settings.out}: goals a match, held-out macro-F1", head, rows)
    out.print(f"{found['headline']}\nThe report: {settings.out / 'curve.md'}", highlight=False)
