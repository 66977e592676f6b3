"""`understudy trial` and `demo`: matches of the practice game."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.console import (
    AsJson,
    Force,
    complete_profile,
    err,
    out,
    print_json,
    print_table,
    progress,
    stoppable,
)
from gui.practice.launch import OfDifficulty, refuse_given
from gui.practice.seeds import TRIAL_SEED

if TYPE_CHECKING:
    from agent.trial import Score, TrialReport


def trial(
    ctx: typer.Context,
    player: Annotated[str, typer.Argument(help="A run folder, or coach, random, idle.")],
    matches: Annotated[int, typer.Option("--matches", min=1, help="How many.")] = 20,
    difficulty: OfDifficulty = "beginner",
    seconds: Annotated[float, typer.Option("--seconds", min=5, help="Length of a match.")] = 60.0,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Same seed, same matches.")
    ] = TRIAL_SEED,
    real: Annotated[bool, typer.Option("--real", help="In the real window, real keys.")] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            help="Of the game; its [score] says where goals stand.",
            autocompletion=complete_profile,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play matches and count goals for and against, with 95% intervals.

    The practice game is played without a window unless --real is given. A run of another game plays
    in that game's window, for --seconds a match, and the goals are read from the screen; its stop
    key ends them all, and what was played is told.
    """
    from agent.trial import Score, TrialReport, TrialStopped, run_trial
    from gui.practice.stages import Stages
    from gui.practice.trials import (
        SCRIPTED,
        STOPPED,
        MatchPlan,
        check_player,
        headless_matches,
        real_matches,
    )

    if profile is not None and player in SCRIPTED:
        raise typer.BadParameter(f"{player} plays the practice game", param_hint="--profile")
    game = _other_game(player, profile)
    if game is None:
        check_player(player)
    else:
        because = "a run of another game plays in that game's window, as the game was set"
        refuse_given(ctx, ["real", "seed", "difficulty"], because=because)
    plan = MatchPlan(player, difficulty, seconds)
    strength = difficulty if game is None else "as the game was set"
    played: list[Score] = []
    status = 0
    with stoppable() as stop:
        with progress(quiet=as_json) as show:

            def count(score: Score) -> None:
                played.append(score)
                show(f"matches of {player}", len(played) / matches)

            if game is not None:
                play = partial(game, seconds=seconds, stop=stop)
            elif real:
                play = partial(real_matches, plan, stop=stop)
            else:
                go_on = Stages(show, stop, stopped=STOPPED).go_on
                play = partial(headless_matches, plan, go_on=go_on)
            try:
                report = run_trial(
                    play,
                    player=player,
                    difficulty=strength,
                    matches=matches,
                    seed=seed,
                    on_match=count,
                )
            except TrialStopped as ended:
                report = TrialReport(player, strength, ended.scores, stopped=ended.why)
                status = 130 if ended.asked else 1
                err.print(f"understudy: {ended}", highlight=False, markup=False)
        _tell(report, as_json=as_json)
        if status:
            raise typer.Exit(status)


def _tell(report: "TrialReport", *, as_json: bool) -> None:
    if not report.scores:
        return
    if as_json:
        print_json(report.to_json())
        return
    rows = [
        (name, f"{found.mean:.2f}", f"{found.low:.2f} to {found.high:.2f}")
        for name, found in (
            ("goals for", report.goals_for),
            ("goals against", report.goals_against),
            ("difference", report.difference),
        )
    ]
    title = f"{report.player}, {len(report.scores)} matches, {report.difficulty}"
    print_table(title, ["a match", "mean", "95%"], rows)


def _other_game(player: str, profile: str | None) -> "Callable[..., list[Score]] | None":
    """Return what plays a run's own game in its window; None for the practice game."""
    from agent.window_trial import board_of, window_matches
    from data.profile import load_profile
    from gui.practice.demonstration import PROFILE
    from gui.practice.trials import SCRIPTED
    from models.checkpoint import load_run
    from models.engine import PolicyRunner

    if player in SCRIPTED:
        return None
    run = load_run(Path(player), kind="policy")
    game = load_profile(profile) if profile else run.profile
    if game.name == PROFILE:
        return None
    board_of(game)
    return partial(window_matches, PolicyRunner.load(Path(player), profile=game), game)


def demo(
    target: Annotated[Path, typer.Option("--out", help="Folder of the report.")] = Path(
        "runs/demo"
    ),
    private: Annotated[
        bool, typer.Option("--private", help="On a private virtual screen (the default).")
    ] = False,
    on_screen: Annotated[
        bool, typer.Option("--on-screen", help="On this desktop: leave mouse and keys alone.")
    ] = False,
    matches: Annotated[int, typer.Option("--matches", min=3, help="Matches to record.")] = 6,
    trials: Annotated[int, typer.Option("--trials", min=2, help="Matches of each player.")] = 20,
    seconds: Annotated[float, typer.Option("--seconds", min=10, help="Length of a match.")] = 60.0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole way once: practice game, recording, training, live play, report."""
    if private and on_screen:
        raise typer.BadParameter("--private and --on-screen exclude each other")
    from gui.practice.demo import DemoSettings, run_demo

    settings = DemoSettings(
        out=target,
        recorded_matches=matches,
        match_s=seconds,
        trial_matches=trials,
        on_screen=on_screen,
        force=force,
    )
    with stoppable() as stop, progress(quiet=as_json) as show:
        report = run_demo(settings, show=show, stop=stop)
    if as_json:
        print_json(report)
    else:
        out.print(f"{report['headline']}\nThe report: {target / 'report.html'}")
