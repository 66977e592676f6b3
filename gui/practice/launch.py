"""The `understudy practice` command: the practice game in a window, or recorded without one."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from data.errors import UnderstudyError
from gui.practice.difficulty import Difficulty
from gui.practice.intervention import Intervention

if TYPE_CHECKING:
    from gui.practice.devices import Crop, HeadlessGame


OfDifficulty = Annotated[Difficulty, typer.Option("--difficulty", help="Of the opponents.")]
Seconds = Annotated[float, typer.Option("--seconds", min=1.0, help="Length of the match.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same match.")]
CoachPlays = Annotated[bool, typer.Option("--coach", help="Have the coach press the keys.")]
Headless = Annotated[
    bool, typer.Option("--headless", help="No window, faster than real time; needs --coach.")
]
Record = Annotated[
    Path | None,
    typer.Option("--record", help="With --headless: record it, every object labelled (.h5)."),
]
Behind = Annotated[
    Path | None,
    typer.Option(
        "--behind",
        metavar="RUN",
        help="With --coach --headless --record: this policy plays, the coach corrects it.",
    ),
]
Intervene = Annotated[
    Intervention,
    typer.Option("--intervene", help="Take the keys as a person would, or only say what to press."),
]
Truth = Annotated[
    Path | None, typer.Option("--truth", help="Write what each picture shows (.jsonl).")
]
Result = Annotated[Path | None, typer.Option("--result", help="Write the final score (.json).")]
Menu = Annotated[bool, typer.Option("--menu", help="Begin at the start screen.")]
ExitAtFullTime = Annotated[
    bool, typer.Option("--exit-at-full-time", help="Close the window after the match.")
]
Kits = Annotated[
    int | None,
    typer.Option("--kits", min=0, help="With --record: dress the teams in kits made up by number."),
]
CropText = Annotated[
    str | None,
    typer.Option(
        "--crop",
        metavar="X,Y,W,H",
        help="With --record: show only this part of the picture, as shares of its size.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an output that exists.")]


def refuse_given(ctx: typer.Context, names: Iterable[str], *, because: str) -> None:
    """Refuse options that would be dropped in silence; their defaults are nobody's wish.

    Raises:
        typer.BadParameter: One of them was given.
    """
    for name in names:
        source = ctx.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(because, param_hint=f"--{name}")


def practice(
    ctx: typer.Context,
    *,
    coach: CoachPlays = False,
    difficulty: OfDifficulty = "beginner",
    seconds: Seconds = 300.0,
    seed: Seed = 0,
    truth: Truth = None,
    result: Result = None,
    menu: Menu = False,
    exit_at_full_time: ExitAtFullTime = False,
    headless: Headless = False,
    record: Record = None,
    behind: Behind = None,
    intervene: Intervene = Intervention.TAKE_OVER,
    kits: Kits = None,
    crop: CropText = None,
    force: Force = False,
) -> None:
    """Play the built-in football game.

    Arrows run, E sprints, S passes, W passes into space, A crosses, D shoots.
    """
    if behind is not None:
        if not (coach and headless and record):
            raise typer.BadParameter("--behind needs --coach, --headless and --record")
        if menu or exit_at_full_time or truth or not (kits is None and crop is None):
            raise typer.BadParameter("--behind goes with no other way to show a match")
        _stand_behind(behind, record, result, intervene, difficulty, seconds, seed, force=force)
        return
    refuse_given(ctx, ["intervene"], because="it says what the coach does --behind a run")
    if headless:
        if not coach:
            raise typer.BadParameter("nobody can press keys without a window; add --coach")
        if menu or exit_at_full_time:
            raise typer.BadParameter("--menu and --exit-at-full-time need a window")
        if truth and not record:
            raise typer.BadParameter("--truth tells what is drawn, and nothing is; add --record")
        if not record and not (kits is None and crop is None):
            raise typer.BadParameter("--kits and --crop change what is drawn; add --record")
        _play_headless(
            record, result, truth, difficulty, seconds, seed, kits=kits, crop=crop, force=force
        )
        return
    if record or not (kits is None and crop is None):
        raise typer.BadParameter(
            "--record, --kits and --crop need --headless; `understudy record` records a window"
        )
    from gui.practice.flow import MatchSettings
    from gui.practice.window import WindowSettings, run_window

    settings = WindowSettings(
        match=MatchSettings(difficulty, seconds, seed),
        menu=menu,
        coach=coach,
        exit_at_full_time=exit_at_full_time,
        truth=truth,
        result=result,
        force=force,
    )
    status = run_window(settings)
    if status:
        raise typer.Exit(status)


def _play_headless(
    record: Path | None,
    result: Path | None,
    truth: Path | None,
    difficulty: str,
    seconds: float,
    seed: int,
    *,
    kits: int | None,
    crop: str | None,
    force: bool,
) -> None:
    from data.console import stoppable
    from data.paths import claim_output
    from gui.practice.demonstration import record_coach
    from gui.practice.devices import SIZE, HeadlessGame
    from gui.practice.players import CoachPlayer

    started_s = time.monotonic()
    if result is not None:
        claim_output(result, force=force)
    with stoppable() as stop:
        if record is None:
            game = HeadlessGame(difficulty, seconds, seed, player=CoachPlayer(seed, SIZE))
            game.run(stop=stop)
            done = "played"
        else:
            report, game = record_coach(
                record,
                difficulty=difficulty,
                seconds=seconds,
                seed=seed,
                force=force,
                truth=truth,
                kits=kits,
                crop=None if crop is None else _parse_crop(crop),
                stop=stop,
            )
            done = f"recorded {report.frames} frames ({report.bytes / 1e6:.0f} MB) to {record}"
        ended = _ended(game, result, difficulty, seconds, seed)
        Console(soft_wrap=True).print(f"{done}: {ended}, in {time.monotonic() - started_s:.1f} s")


def _ended(
    game: "HeadlessGame", result: Path | None, difficulty: str, seconds: float, seed: int
) -> str:
    """Say how a match ended, and write the score at full time."""
    from gui.practice.flow import MatchSettings
    from gui.practice.truth import write_result

    ours, theirs = game.state.score
    told = f"{ours} - {theirs} at {difficulty}"
    if not game.over:
        return f"{told} when it was stopped, before full time"
    if result is not None:
        write_result(result, MatchSettings(difficulty, seconds, seed), game.state)
    return told


def _stand_behind(
    run: Path,
    record: Path,
    result: Path | None,
    intervene: Intervention,
    difficulty: str,
    seconds: float,
    seed: int,
    *,
    force: bool,
) -> None:
    from data.console import progress, stoppable
    from data.paths import claim_output
    from data.profile import load_profile
    from gui.practice.corrections import record_corrections
    from gui.practice.demonstration import PROFILE
    from models.engine import PolicyRunner

    if result is not None:
        claim_output(result, force=force)
    runner = PolicyRunner.load(run, profile=load_profile(PROFILE))
    with stoppable() as stop, progress(quiet=False) as show:
        match, game = record_corrections(
            record,
            runner,
            intervene=intervene,
            difficulty=difficulty,
            seconds=seconds,
            seed=seed,
            force=force,
            stop=stop,
            on_share=lambda share: show(f"play {seconds:g} s", share),
        )
        ended = _ended(game, result, difficulty, seconds, seed)
        Console(soft_wrap=True).print(
            f"recorded {match.frames} frames to {record}: {ended}, "
            f"{match.corrections} corrections, {match.share:.0%} of the time"
        )


def _parse_crop(text: str) -> "Crop":
    from gui.practice.devices import Crop

    try:
        left, top, width, height = map(float, text.split(","))
        return Crop(left, top, width, height)
    except ValueError as error:
        raise typer.BadParameter(
            f"--crop {text}: wants four shares inside the picture, such as 0.1,0.1,0.8,0.8"
        ) from error


def main() -> None:
    """Run the command on its own, as `python -m gui.practice.launch`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(practice)
    try:
        app()
    except UnderstudyError as error:
        sys.stderr.write(f"understudy: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
