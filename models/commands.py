"""`understudy train` and `evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.console import (
    AsJson,
    Files,
    Force,
    ProfileName,
    Seed,
    err,
    out,
    print_json,
    print_table,
    progress,
    stoppable,
)
from models.detector_commands import train_detector_command
from models.options import Threads, claim_run

if TYPE_CHECKING:
    from models.policy_training import PolicyReport

train_app = typer.Typer(no_args_is_help=True, help="Learn from recordings.")

train_app.command("detector")(train_detector_command)


@train_app.command("policy")
def train_policy_command(
    recordings: Annotated[list[Path], typer.Option("--recordings", help="Recordings of play.")],
    target: Annotated[Path, typer.Option("--out", help="The run folder to write.")],
    more: Annotated[list[Path] | None, typer.Argument(help="Further recordings.")] = None,
    profile: ProfileName = "practice",
    detector: Annotated[
        Path | None, typer.Option("--detector", help="A detector's run; the shipped one if none.")
    ] = None,
    boxes_only: Annotated[
        bool, typer.Option("--boxes-only", help="Leave out the detector's pooled features.")
    ] = False,
    shift_ms: Annotated[
        str,
        typer.Option("--shift-ms", help="A person's reaction in ms, or `auto` to measure it."),
    ] = "100",
    threads: Threads = 2,
    seed: Seed = 0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Train the policy (what to press) on recordings of a person at play."""
    from data.profile import load_profile
    from models.perception import load_detector
    from models.policy_fitting import FitSettings
    from models.policy_training import PolicyTrainingSettings, train_policy

    claim_run(target, force=force)
    settings = PolicyTrainingSettings(
        fit=FitSettings(seed=seed, features=not boxes_only),
        shift_ms=_shift_ms(shift_ms),
        threads=threads,
    )
    with stoppable() as stop, progress(quiet=as_json) as show:
        report = train_policy(
            [*recordings, *(more or [])],
            profile=load_profile(profile),
            detector=load_detector(detector),
            out=target,
            settings=settings,
            on_progress=lambda now: show(now.phase, now.done),
            stop=stop,
        )
    if as_json:
        print_json(_policy_json(report))
    else:
        out.print(f"{target}: trained on {report.ticks} frames; see {target / 'report.md'}")


def _shift_ms(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1000:
        raise typer.BadParameter(f"{text!r} is neither 0 to 1000 nor auto", param_hint="--shift-ms")
    return found


def _policy_json(report: "PolicyReport") -> dict[str, Any]:
    return {
        "out": str(report.out),
        "training": list(report.training),
        "validation": list(report.validation),
        "ticks": report.ticks,
        "steps": report.steps,
        "best_step": report.best_step,
        "seeing_seconds": report.seeing_s,
        "fitting_seconds": report.fitting_s,
        "shift_ms": report.shift.shift_ms,
        "evaluation": None if report.evaluation is None else report.evaluation.to_json(),
        "stopped": report.stopped,
        "notes": list(report.notes),
    }


def evaluate(
    run: Annotated[Path, typer.Argument(help="A policy's run folder.")],
    files: Files,
    as_json: AsJson = False,
) -> None:
    """Judge a policy on recordings it never saw, beside baselines that know nothing."""
    from models.evaluation import evaluate_run
    from models.policy_metrics import SCORES

    with stoppable() as stop, progress(quiet=as_json) as show:
        found = evaluate_run(
            run,
            files,
            on_progress=lambda now: show(f"look at {now.name}", now.share),
            stop=stop,
        )
    if as_json:
        print_json(found)
        return
    heads: dict[str, Any] = found["heads"]  # type: ignore[assignment]
    rows = []
    for head, scores in heads.items():
        for name, told in {head: scores, **scores["baselines"]}.items():
            label = name if name == head else f"  {head}: {name}"
            rows.append((label, *(_short(told[score]) for score in SCORES)))
    print_table(str(run), ["", *SCORES], rows)


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def bench_infer_command(
    recording: Annotated[Path, typer.Argument(help="Whose frames are looked at (.h5).")],
    detector: Annotated[
        Path | None, typer.Option("--detector", help="A detector's run; the shipped one if none.")
    ] = None,
    frames: Annotated[int, typer.Option("--frames", min=1, help="Per way and round.")] = 100,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Time one look at a frame, beside PyTorch eager and bare ONNX Runtime."""
    from models.benchmark import bench_infer, frames_of
    from models.perception import load_detector

    with stoppable() as stop, err.status("measuring"):
        found = bench_infer(
            load_detector(detector),
            images=frames_of(recording),
            frames=frames,
            threads=threads,
            stop=stop,
        )
    if not found:
        return
    if as_json:
        print_json(found)
        return
    rows = [(name.removesuffix("_ms"), found[name]) for name in found if name.endswith("_ms")]
    print_table("One frame at the stored size", ["", "ms"], rows)
    out.print(f"ours / bare ONNX Runtime: {found['ratio']}")
