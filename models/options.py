"""Options and checks that commands which train or run networks share."""

from collections.abc import Set
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from data.errors import OutputExistsError

_MADE_AGAIN = {"perception.onnx", "seen"}  # what a training that failed may leave behind


class Amp(StrEnum):
    """Half precision."""

    AUTO = "auto"
    OFF = "off"


class Device(StrEnum):
    """Where training happens."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def _above_zero(rate: float) -> float:
    if rate <= 0:
        raise typer.BadParameter("must be above 0", param_hint="--learning-rate")
    return rate


Threads = Annotated[int, typer.Option("--threads", min=1, help="CPU threads.")]
DetectorRun = Annotated[
    Path | None, typer.Option("--detector", help="A detector's run; the shipped one if none.")
]
OnDevice = Annotated[Device, typer.Option("--device", help="Where to train.")]
HalfPrecision = Annotated[Amp, typer.Option("--amp", help="Half precision on a GPU.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the training in --out that was cut short.")
]
LearningRate = Annotated[
    float,
    typer.Option(
        "--learning-rate",
        help="The highest learning rate; it rises to it and falls again.",
        callback=_above_zero,
    ),
]


def claim_run(folder: Path, *, force: bool) -> None:
    """Check that a run folder may be written.

    Raises:
        OutputExistsError: Something is in it and `force` is off.
    """
    kept = {file.name for file in folder.iterdir()} if folder.exists() else set()
    if kept - _MADE_AGAIN and not force:
        raise OutputExistsError(f"{folder} is not empty. Choose another --out, or pass --force.")


def settings_begun(
    ctx: typer.Context, target: Path, *, kind: str, free: Set[str]
) -> dict[str, Any]:
    """Return the settings that the training in a run folder began with, as plain values.

    Args:
        ctx: Of the command that goes on with it.
        target: The run folder.
        kind: What is trained, as in `TrainingState`.
        free: Parameters that may differ; the others can't be changed on the way.

    Raises:
        typer.BadParameter: Another one was given.
        CheckpointError: There is nothing to go on from.
    """
    from models.training_state import load_state

    for name in sorted(ctx.params.keys() - free):
        source = ctx.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                "--resume goes on with the settings that training began with; leave this out",
                param_hint="--" + name.replace("_", "-"),
            )
    return load_state(target, kind=kind).settings
