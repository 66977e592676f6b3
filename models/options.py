"""Options and checks that the commands of `models` share."""

from collections.abc import Set
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from data.errors import OutputExistsError

_MADE_AGAIN = {"perception.onnx", "seen"}  # what a training that failed may leave behind
Threads = Annotated[int, typer.Option("--threads", min=1, help="CPU threads.")]


class Amp(StrEnum):
    """Half precision."""

    AUTO = "auto"
    OFF = "off"


class Device(StrEnum):
    """Where training happens."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def claim_run(folder: Path, *, force: bool) -> None:
    """Check that a run folder may be written.

    Raises:
        OutputExistsError: Something is in it and `force` is off.
    """
    kept = {file.name for file in folder.iterdir()} if folder.exists() else set()
    if kept - _MADE_AGAIN and not force:
        raise OutputExistsError(f"{folder} is not empty. Choose another --out, or pass --force.")


def forbid_changes(ctx: typer.Context, *, free: Set[str]) -> None:
    """Refuse options that a training which goes on can't change on the way.

    Raises:
        typer.BadParameter: One was given that isn't among the free ones.
    """
    for name in sorted(ctx.params.keys() - free):
        source = ctx.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                "--resume goes on with the settings that training began with; leave this out",
                param_hint="--" + name.replace("_", "-"),
            )
