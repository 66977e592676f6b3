"""`understudy bench live`."""

from pathlib import Path
from typing import Annotated

import typer

from data.console import AsJson, out, print_json, print_table, progress, stoppable
from recorder.bench.commands import OnScreen, Width


def bench_live_command(
    run: Annotated[
        Path | None, typer.Argument(help="A policy's run folder; one that knows nothing if none.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=10, help="Of measuring.")] = 60.0,
    rate: Annotated[float, typer.Option("--rate", min=1, max=240, help="Ticks a second.")] = 30.0,
    width: Width = 1280,
    on_screen: OnScreen = False,
    as_json: AsJson = False,
) -> None:
    """Play the practice game live, from screen to key, beside the bare calls at the same rate."""
    from agent.live_benchmark import bench_live, load_contest
    from data.profile import load_profile
    from recorder.bench.game import practice_game

    contest = load_contest(run, profile=load_profile("practice"), rate_hz=rate)
    with (
        stoppable() as stop,
        progress(quiet=as_json) as show,
        practice_game(seconds=seconds, width_px=width, on_screen=on_screen, coach=False),
    ):
        found = bench_live(
            contest,
            seconds=seconds,
            show=lambda share: show("play", share),
            stop=stop,
        )
    if not found:
        return
    if as_json:
        print_json(found)
        return
    ours, bare = found["ours"], found["reference"]
    stages = ours["stages_ms"]
    rows = [("from screen to key", *_row(ours), *_row(bare))]
    rows += [(n, *_row(stages[n]), *_row(bare["stages_ms"].get(n))) for n in stages]
    names = ["", "p50 ms", "p99 ms", "bare p50", "bare p99"]
    print_table(f"A window of {found['window']} at {rate:g} Hz", names, rows)
    out.print(
        f"beside the bare calls ({bare['name']}): {found['ratio']}; of {found['ticks']} ticks "
        f"{found['late_ticks']} late, {found['skipped_ticks']} left out"
    )


def _row(told: dict[str, float] | None) -> tuple[object, object]:
    return ("", "") if told is None else (told["p50_ms"], told["p99_ms"])
