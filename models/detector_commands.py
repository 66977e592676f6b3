"""`understudy train detector`."""

from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.console import (
    AsJson,
    Files,
    Force,
    ProfileName,
    Seed,
    out,
    print_json,
    print_table,
    progress,
    stoppable,
)
from models.options import (
    Amp,
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
    from models.detector_report import DetectorReport


class Backbone(StrEnum):
    """MobileNetV3's sizes."""

    SMALL = "small"
    LARGE = "large"


class Loss(StrEnum):
    """How background is kept from drowning the objects."""

    MINING = "mining"
    FOCAL = "focal"


Weights = Annotated[
    str,
    typer.Option(
        "--weights",
        help="What to begin with: practice, coco, imagenet, a detector's run, a file, or none.",
    ),
]
# What may differ when a training goes on; all else is the run's own.
_FREE = {"files", "target", "profile", "threads", "device", "amp", "resume", "as_json"}


def train_detector_command(
    ctx: typer.Context,
    files: Files,
    target: Annotated[Path, typer.Option("--out", help="The run folder to write.")],
    profile: ProfileName = "practice",
    weights: Weights = "none",
    steps: Annotated[
        int, typer.Option("--steps", min=1, help="How many batches to learn from.")
    ] = 4000,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Crops of a batch.")] = 16,
    learning_rate: LearningRate = 2e-3,
    backbone: Annotated[Backbone, typer.Option("--backbone", help="MobileNetV3.")] = Backbone.SMALL,
    anchors: Annotated[int, typer.Option("--anchors", min=1, help="Shapes to fit.")] = 6,
    loss: Annotated[
        Loss, typer.Option("--loss", help="Three hard negatives to a positive, or focal loss.")
    ] = Loss.MINING,
    zoom_out: Annotated[
        float, typer.Option("--zoom-out", min=1, max=4, help="Also shrink crops by up to so much.")
    ] = 1.0,
    every: Annotated[
        int, typer.Option("--every", min=1, help="Use every so many-th labelled frame.")
    ] = 10,
    evaluations: Annotated[
        int, typer.Option("--evaluations", min=1, help="How often to score; the best is kept.")
    ] = 5,
    patience: Annotated[
        int, typer.Option("--patience", min=0, help="Stop after so many without a gain; 0: never.")
    ] = 0,
    freeze_norm: Annotated[
        bool, typer.Option("--freeze-norm", help="Leave batch norm as it begins.")
    ] = False,
    device: OnDevice = Device.AUTO,
    amp: HalfPrecision = Amp.AUTO,
    resume: Resume = False,
    threads: Threads = 2,
    seed: Seed = 0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Train the detector (what is where) on recordings that hold boxes.

    On several GPUs or machines: torchrun --nproc-per-node N -m understudy train detector ...
    """
    from data.profile import load_profile
    from models.detector_recipe import DetectorTrainingSettings
    from models.detector_training import train_detector
    from models.distributed import process_rank

    first = process_rank() == 0
    if resume:
        begun = settings_begun(ctx, target, kind="detector", free=_FREE)
        settings = DetectorTrainingSettings.from_json(begun)
    else:
        if first:
            claim_run(target, force=force)
        settings = DetectorTrainingSettings(
            steps=steps,
            batch=batch,
            zoom_out=zoom_out,
            loss=loss.value,
            learning_rate=learning_rate,
            freeze_norm=freeze_norm,
            frame_stride=every,
            evaluations=evaluations,
            patience=patience,
            anchors=anchors,
            backbone=backbone.value,
            weights=weights,
            seed=seed,
        )
    settings = replace(settings, threads=threads, device=device.value, amp=amp.value)
    with stoppable() as stop, progress(quiet=as_json or not first) as show:
        report = train_detector(
            files,
            profile=load_profile(profile),
            out=target,
            settings=settings,
            on_progress=lambda now: show("train the detector", now.step / now.steps),
            stop=stop,
            resume=resume,
        )
    if report is not None:
        _tell(report, as_json=as_json)


def _tell(report: "DetectorReport", *, as_json: bool) -> None:
    if as_json:
        found: dict[str, Any] = asdict(report)
        print_json(found | {"out": str(report.out)})
        return
    rows = [(name, "-" if ap is None else f"{ap:.3f}") for name, ap in report.ap50.items()]
    print_table(f"{report.out}: average precision at IoU 0.5", ["class", "AP"], rows)
    for text in (report.began_with, *report.weak):
        out.print(text, highlight=False)
