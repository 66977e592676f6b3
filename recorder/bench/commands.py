"""`understudy bench capture` and `bench record`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from data.console import AsJson, Interrupt, out, print_json, print_table, progress, stoppable

Width = Annotated[
    int,
    typer.Option("--width", min=320, max=3840, help="Of the game's window, which is 16 to 9."),
]
OnScreen = Annotated[
    bool, typer.Option("--on-screen", help="On this desktop: leave mouse and keys alone.")
]


def bench_capture_command(
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Of measuring.")] = 20.0,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", min=1, max=240, help="Pictures a second; as many as can be if none."
        ),
    ] = None,
    width: Width = 1280,
    on_screen: OnScreen = False,
    as_json: AsJson = False,
) -> None:
    """Take, shrink and compress pictures of the practice game, beside the bare calls."""
    from data.profile import load_profile
    from recorder.bench.benchmark import bench_capture

    with _beside_the_game("take pictures", seconds, width, on_screen=on_screen, quiet=as_json) as (
        show,
        stop,
    ):
        found = bench_capture(
            load_profile("practice"), seconds=seconds, rate_hz=rate, show=show, stop=stop
        )
    _tell(found, as_json=as_json)


def bench_record_command(
    seconds: Annotated[float, typer.Option("--seconds", min=4, help="Of measuring.")] = 60.0,
    rate: Annotated[float, typer.Option("--rate", min=1, max=240, help="Pictures a second.")] = 60,
    width: Width = 1280,
    on_screen: OnScreen = False,
    as_json: AsJson = False,
) -> None:
    """Record the practice game with the whole recorder, beside the bare calls at the same rate."""
    from data.profile import load_profile
    from recorder.bench.benchmark import bench_record

    with _beside_the_game("record", seconds, width, on_screen=on_screen, quiet=as_json) as (
        show,
        stop,
    ):
        found = bench_record(
            load_profile("practice"), seconds=seconds, rate_hz=rate, show=show, stop=stop
        )
    _tell(found, as_json=as_json)


@contextmanager
def _beside_the_game(
    name: str, seconds: float, width: int, *, on_screen: bool, quiet: bool
) -> Iterator[tuple[Callable[[float], None], Interrupt]]:
    """Run the practice game; yield what shows the share done, and what says whether to stop."""
    from recorder.bench.game import practice_game

    with (
        stoppable() as stop,
        progress(quiet=quiet) as show,
        practice_game(seconds=seconds, width_px=width, on_screen=on_screen),
    ):
        yield (lambda share: show(name, share)), stop


def _tell(found: Mapping[str, Any], *, as_json: bool) -> None:
    if not found:
        return
    if as_json:
        print_json(found)
        return
    rows = []
    for name in ("ours", "reference"):
        way = found[name]
        jitter = way.get("jitter_ms", {})
        rows.append(
            (
                way.get("name", name),
                way["cpu_ms"],
                way["rate_hz"],
                *(jitter.get(share, "-") for share in ("p50", "p99")),
            )
        )
    head = ["", "CPU ms a picture", "pictures/s", "jitter p50 ms", "p99 ms"]
    print_table(f"A window of {found['window']}", head, rows)
    out.print(f"CPU, ours / reference: {found['ratio']}")
    if "dropped" in found:
        out.print(f"{found['dropped']} of {found['frames'] + found['dropped']} pictures dropped")
