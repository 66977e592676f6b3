"""`understudy play`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from data.console import AsJson, Force, Seconds, err, out, print_json, stoppable

SHOW_NS = 250_000_000  # between two updates of the status line


def play(
    run: Annotated[Path, typer.Argument(help="A policy's run folder.")],
    profile: Annotated[
        str | None, typer.Option("--profile", help="Of the game; the run's own if none.")
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No window of Understudy's own (there is none yet).")
    ] = False,
    seconds: Seconds = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Press nothing.")] = False,
    log: Annotated[Path | None, typer.Option("--log", help="Write a flight log (.h5).")] = None,
    wait: Annotated[float, typer.Option("--wait", help="Wait so long for the window.")] = 0.0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Play a game live: keys are pressed only while its window has the focus."""
    from agent.desktop import play_desktop
    from agent.loop import PlaySettings, TickView
    from data.profile import load_profile
    from models.engine import PolicyRunner

    chosen = load_profile(profile) if profile else None
    runner = PolicyRunner.load(run, profile=chosen)
    game = chosen or runner.profile
    shown_ns = 0
    with stoppable() as stop, err.status("looking for the window") as line:

        def tell(view: TickView) -> None:
            nonlocal shown_ns
            if view.at_ns - shown_ns >= SHOW_NS:
                shown_ns = view.at_ns
                keys = " ".join(sorted(view.held))
                line.update(
                    f"{view.reason}: {view.latency_ms:.1f} ms. {game.stop_key} stops. {keys}"
                )

        report = play_desktop(
            runner,
            game,
            settings=PlaySettings(seconds=seconds),
            log=log,
            stop=stop,
            dry_run=dry_run,
            force=force,
            wait_s=wait,
            on_tick=tell,
        )
    if as_json:
        print_json(asdict(report))
    else:
        out.print(
            f"played {report.seconds:.1f} s at {report.rate_hz:.1f} Hz; screen to key "
            f"{report.latency_ms.p50:.1f} ms (p99 {report.latency_ms.p99:.1f}), "
            f"{report.late_ticks} late ticks, {report.takeovers} take-overs: {report.stop_reason}."
        )
