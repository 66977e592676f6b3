"""`understudy train policy`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.console import (
    AsJson,
    Force,
    ProfileName,
    Seed,
    err,
    out,
    print_json,
    progress,
    stoppable,
)
from models.options import (
    Amp,
    DetectorRun,
    Device,
    HalfPrecision,
    LearningRate,
    OnDevice,
    Resume,
    Threads,
    claim_run,
    settings_begun,
)

if TYPE_CHECKING:
    from models.policy_training import PolicyReport

# What may differ when a training goes on; all else is the run's own.
_FREE = {
    *("recordings", "more", "target", "profile", "detector", "threads", "device", "amp"),
    *("resume", "force", "as_json"),
}


def train_policy_command(
    ctx: typer.Context,
    recordings: Annotated[list[Path], typer.Option("--recordings", help="Recordings of play.")],
    target: Annotated[Path, typer.Option("--out", help="The run folder to write.")],
    more: Annotated[list[Path] | None, typer.Argument(help="Further recordings.")] = None,
    profile: ProfileName = "practice",
    detector: DetectorRun = None,
    boxes_only: Annotated[
        bool, typer.Option("--boxes-only", help="Leave out the detector's pooled features.")
    ] = False,
    maps_only: Annotated[
        bool, typer.Option("--maps-only", help="Leave out the detector's boxes, for comparison.")
    ] = False,
    end_to_end: Annotated[
        bool,
        typer.Option(
            "--end-to-end",
            help="Train the features' network as well, on the pictures; wants a GPU.",
        ),
    ] = False,
    shift_ms: Annotated[
        str,
        typer.Option("--shift-ms", help="A person's reaction in ms, or `auto` to measure it."),
    ] = "150",
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Steps to take, instead of --passes.")
    ] = None,
    passes: Annotated[
        float | None,
        typer.Option(
            "--passes",
            min=0.1,
            help="How often each tick is seen, about: 100, or 12 with --end-to-end.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=1, help="Learn for so long at most.")
    ] = None,
    streams: Annotated[
        int | None,
        typer.Option(
            "--streams", min=1, help="Sequences learned from at once: 16, or 8 with --end-to-end."
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            min=2,
            help="Ticks that a gradient reaches back: 64, or 32 with --end-to-end.",
        ),
    ] = None,
    hidden: Annotated[int, typer.Option("--hidden", min=1, help="Width of the LSTMs.")] = 128,
    learning_rate: LearningRate = 2e-3,
    mirror: Annotated[
        bool, typer.Option("--mirror/--no-mirror", help="Learn from flipped play as well.")
    ] = True,
    copies: Annotated[
        int, typer.Option("--copies", min=0, help="Versions seen worse, beside the one as seen.")
    ] = 3,
    adjustment: Annotated[
        float, typer.Option("--adjustment", min=0, help="Make up for rarity in the logits, too.")
    ] = 0.0,
    idle_share: Annotated[
        float, typer.Option("--idle-share", max=1, help="How often waiting is read, beside play.")
    ] = 0.25,
    most_shift_px: Annotated[
        float, typer.Option("--move-px", min=0, help="Move what is seen by so much at most.")
    ] = 0.0,
    previous_keys: Annotated[
        bool, typer.Option("--previous-keys", help="Tell it the keys held before; it may copy.")
    ] = False,
    device: OnDevice = Device.AUTO,
    amp: HalfPrecision = Amp.AUTO,
    resume: Resume = False,
    threads: Threads = 2,
    seed: Seed = 0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Train the policy (what to press) on recordings of a person at play.

    On several GPUs or machines: torchrun --nproc-per-node N -m understudy train policy ...
    """
    from data.profile import load_profile
    from models.distributed import process_rank
    from models.perception import load_detector
    from models.policy_recipe import FitSettings, PolicyTrainingSettings
    from models.policy_training import train_policy
    from models.previous_keys import PreviousKeySettings

    if idle_share <= 0:
        raise typer.BadParameter("must be above 0", param_hint="--idle-share")
    if maps_only and (boxes_only or previous_keys):
        other = "--boxes-only" if boxes_only else "--previous-keys"
        raise typer.BadParameter(f"can't go with {other}", param_hint="--maps-only")
    first = process_rank() == 0
    if resume:
        begun = settings_begun(ctx, target, kind="policy", free=_FREE)
        settings = PolicyTrainingSettings.from_json(begun)
    else:
        if first:
            claim_run(target, force=force)
        if end_to_end and boxes_only:
            raise typer.BadParameter(
                "leaves out what --end-to-end trains", param_hint="--boxes-only"
            )
        usual = FitSettings.from_pictures() if end_to_end else FitSettings()
        fit = replace(
            usual,
            boxes=not maps_only,
            features=not boxes_only,
            steps=steps,
            passes=passes or usual.passes,
            most_seconds=seconds,
            streams=streams or usual.streams,
            window=window or usual.window,
            hidden=hidden,
            learning_rate=learning_rate,
            mirror=mirror,
            copies=copies,
            adjustment=adjustment,
            idle_share=idle_share,
            most_shift_px=most_shift_px,
            previous_keys=PreviousKeySettings() if previous_keys else None,
            seed=seed,
        )
        settings = PolicyTrainingSettings(fit=fit, shift_ms=_shift_ms(shift_ms))
    settings = replace(settings, threads=threads, device=device.value, amp=amp.value)
    with stoppable() as stop:
        with progress(quiet=as_json or not first) as show:
            report = train_policy(
                [*recordings, *(more or [])],
                profile=load_profile(profile),
                detector=load_detector(detector),
                out=target,
                settings=settings,
                resume=resume,
                on_progress=lambda now: show(now.phase, now.done),
                warn=lambda sentence: err.print(sentence, highlight=False),
                stop=stop,
            )
        if first:
            _tell(report, as_json=as_json)


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


def _tell(report: "PolicyReport", *, as_json: bool) -> None:
    if as_json:
        print_json(_policy_json(report))
    else:
        where = report.out / "report.md"
        out.print(f"{report.out}: trained on {report.ticks} frames; see {where}")
    if report.stopped:
        err.print(f"stopped after {report.steps} steps; --resume goes on from there.")


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
