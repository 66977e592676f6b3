"""`understudy play`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from data.console import (
    AsJson,
    Force,
    Seconds,
    Seed,
    complete_profile,
    err,
    out,
    print_json,
    stoppable,
)
from data.errors import UnderstudyError

if TYPE_CHECKING:
    from agent.decision import DecisionSettings
    from agent.report import PlayReport, TickView
    from data.profile import GameProfile
    from models.engine import PolicyRunner

Temperature = Annotated[
    float,
    typer.Option(
        "--temperature", min=0, max=10, help="0 takes the likeliest keys; above, they are drawn."
    ),
]
MinHold = Annotated[
    float | None,
    typer.Option("--min-hold", min=0, help="Keep a decision so many ms; the profile's if none."),
]
Stuck = Annotated[
    float | None,
    typer.Option(
        "--stuck",
        min=0,
        metavar="SECONDS",
        help="Draw keys while the likeliest have been the same for so long; 0: never. If none, 3 "
        "where the profile says may_stand_still.",
    ),
]
Allow = Annotated[
    str | None,
    typer.Option("--allow", metavar="KEY,KEY", help="Press no other keys; the profile's if none."),
]
TelemetryTarget = Annotated[
    str | None,
    typer.Option("--telemetry", metavar="FILE|-", help="Write JSON lines, one a second."),
]
LogMinutes = Annotated[
    float | None,
    typer.Option("--log-minutes", min=0.1, help="With --log: begin another file after so long."),
]
EngineName = Annotated[
    Literal["auto", "torch", "onnx"],
    typer.Option("--engine", help="auto: PyTorch where there is CUDA, else ONNX Runtime."),
]
DeviceName = Annotated[
    Literal["auto", "cpu", "cuda", "cuda-half"],
    typer.Option("--device", help="What the engine runs on; cuda-half is faster and less exact."),
]


def play(
    run: Annotated[Path, typer.Argument(help="A policy's run folder.")],
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", help="Of the game; the run's own if none.", autocompletion=complete_profile
        ),
    ] = None,
    headless: Annotated[
        bool,
        typer.Option(
            "--headless",
            help="Plain status lines, nothing drawn; the game's window is still needed.",
        ),
    ] = False,
    seconds: Seconds = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Press nothing.")] = False,
    temperature: Temperature = 0.0,
    stuck: Stuck = None,
    min_hold: MinHold = None,
    allow: Allow = None,
    seed: Seed = 0,
    log: Annotated[Path | None, typer.Option("--log", help="Write a flight log (.h5).")] = None,
    log_minutes: LogMinutes = None,
    telemetry: TelemetryTarget = None,
    wait: Annotated[float, typer.Option("--wait", help="Wait so long for the window.")] = 0.0,
    engine: EngineName = "auto",
    device: DeviceName = "auto",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Play a game live: keys are pressed only while its window has the focus."""
    if as_json and telemetry == "-":
        raise typer.BadParameter("--json prints one object; the last line of --telemetry - has it")
    if log_minutes is not None and log is None:
        raise typer.BadParameter("--log-minutes goes with --log")
    from agent.desktop import play_desktop
    from agent.loop import PlaySettings
    from data.profile import load_profile
    from models.engine import PolicyRunner

    chosen = load_profile(profile) if profile else None
    runner = PolicyRunner.load(run, profile=chosen, engine=engine, device=device)
    game = chosen or runner.profile
    settings = PlaySettings(
        seconds=seconds,
        decision=_decision(game, temperature, min_hold, allow, stuck),
        seed=seed,
        log_part_s=None if log_minutes is None else 60 * log_minutes,
    )
    with (
        stoppable() as stop,
        _watched(game, runner, run, telemetry=telemetry, headless=headless) as watched,
    ):
        watched.report = play_desktop(
            runner,
            game,
            settings=settings,
            log=log,
            stop=stop,
            dry_run=dry_run,
            force=force,
            wait_s=wait,
            on_tick=watched.tell,
        )
        _summarise(watched.report, as_json=as_json, apart=watched.say if telemetry == "-" else None)


def _decision(
    game: "GameProfile",
    temperature: float,
    min_hold_ms: float | None,
    allow: str | None,
    stuck_s: float | None,
) -> "DecisionSettings":
    from agent.decision import settings_for

    allowed = None
    if allow is not None:
        allowed = frozenset(key.strip() for key in allow.split(",") if key.strip())
        for key in sorted(allowed - set(game.keys)):
            raise typer.BadParameter(
                f"--allow: {key!r} is none of the profile's keys ({', '.join(game.keys)})"
            )
    return settings_for(
        game, temperature=temperature, min_hold_ms=min_hold_ms, allowed=allowed, stuck_s=stuck_s
    )


class _Watched:
    """Whoever wants to know of every tick, and the report once there is one."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        """Prints a line on standard error, read or not."""
        self.tellers: list[Callable[[TickView], None]] = []
        self.report: PlayReport | None = None

    def tell(self, view: "TickView") -> None:
        for teller in self.tellers:
            teller(view)


@contextmanager
def _watched(
    game: "GameProfile",
    runner: "PolicyRunner",
    run: Path,
    *,
    telemetry: str | None,
    headless: bool,
) -> Iterator[_Watched]:
    """Show a status line, and write telemetry where it is wanted."""
    from agent.summary import play_line
    from agent.telemetry import LineWriter, Telemetry

    with ExitStack() as stack:
        line = stack.enter_context(
            play_line(
                stop_key=game.stop_key,
                rate_hz=runner.rate_hz,
                console=err,
                plain=headless or not err.is_terminal,
            )
        )
        watched, told = _Watched(line.say), None
        if telemetry is not None:
            told = Telemetry(game, stack.enter_context(LineWriter(telemetry)).write)
            told.start({"run": str(run), "profile": game.name, "rate_hz": runner.rate_hz})
            watched.tellers.append(told.tell)
        watched.tellers.append(line.tell)
        try:
            yield watched
        except UnderstudyError as error:
            if told is not None and watched.report is None:
                told.fail(error)
            raise
        if told is not None and watched.report is not None:
            told.stop(watched.report)


def _summarise(report: "PlayReport", *, as_json: bool, apart: Callable[[str], None] | None) -> None:
    """Say how play went; `apart` from standard output where that is used for something else."""
    from agent.summary import summary_lines

    if as_json:
        print_json(report.to_json())
        return
    for line in summary_lines(report):
        if apart is not None:
            apart(line)
        else:
            out.print(line, highlight=False)
