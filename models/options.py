"""Options and checks that the commands of `models` share."""

from pathlib import Path
from typing import Annotated

import typer

from data.errors import OutputExistsError

_MADE_AGAIN = {"perception.onnx", "seen"}  # what a training that failed may leave behind
Threads = Annotated[int, typer.Option("--threads", min=1, help="CPU threads.")]


def claim_run(folder: Path, *, force: bool) -> None:
    """Check that a run folder may be written.

    Raises:
        OutputExistsError: Something is in it and `force` is off.
    """
    kept = {file.name for file in folder.iterdir()} if folder.exists() else set()
    if kept - _MADE_AGAIN and not force:
        raise OutputExistsError(f"{folder} is not empty. Choose another --out, or pass --force.")
