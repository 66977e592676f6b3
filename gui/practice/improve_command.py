"""`understudy improve`: a bot plays the practice game, the coach corrects it, it learns again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from data.console import AsJson, out, print_json, print_table, progress, stoppable
from data.errors import UnderstudyError
from gui.practice.intervention import Intervention
from gui.practice.launch import Intervene, OfDifficulty
from models.options import Threads


def improve(
    run: Annotated[Path, typer.Argument(help="The policy to begin with: a run folder.")],
    target: Annotated[
        Path, typer.Option("--out", help="Folder of everything; what was begun there goes on.")
    ],
    recordings: Annotated[
        list[Path], typer.Option("--recordings", help="What it was trained on (.h5).")
    ],
    more: Annotated[list[Path] | None, typer.Argument(help="Further recordings.")] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How many rounds.")] = 1,
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, help="Of play with the coach, in each round.")
    ] = 3.0,
    intervene: Intervene = Intervention.TAKE_OVER,
    difficulty: OfDifficulty = "amateur",
    matches: Annotated[int, typer.Option("--matches", min=1, help="Tried with each bot.")] = 20,
    match_s: Annotated[
        float, typer.Option("--seconds-per-match", min=1, help="Length of a match.")
    ] = 60.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all matches.")] = 0,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Improve a policy by the coach's corrections, round after round, and count goals each time.

    It is trained anew each time, with its own settings. What is finished is kept: the same command
    goes on where it was stopped.
    """
    from gui.practice.improvement import ImproveSettings
    from gui.practice.improvement import improve as run_rounds

    try:
        settings = ImproveSettings(
            run=run,
            recordings=(*recordings, *(more or ())),
            out=target,
            rounds=rounds,
            minutes=minutes,
            intervene=intervene,
            difficulty=difficulty,
            matches=matches,
            match_s=match_s,
            seed=seed,
            threads=threads,
        )
    except ValueError as error:
        raise UnderstudyError(f"{error}.") from error
    with stoppable() as stop, progress(quiet=as_json) as show:
        found = run_rounds(settings, show=show, stop=stop)
        if as_json:
            print_json(found)
        else:
            _tell(found)


def _tell(found: Mapping[str, Any]) -> None:
    from agent.trial import interval_words

    rows = [
        (
            each["round"],
            f"{each['minutes']:.3g}",
            each["corrections"],
            f"{each['corrected_share']:.0%}",
            *(interval_words(each["trial"][side]) for side in ("goals_for", "goals_against")),
        )
        for each in found["rounds"]
    ]
    head = ["round", "minutes", "corrections", "of the time", "goals for", "against"]
    print_table(f"{found['run']}, {found['difficulty']}, {found['intervene']}", head, rows)
    out.print(f"The last one: {found['rounds'][-1]['trial']['player']}", highlight=False)
