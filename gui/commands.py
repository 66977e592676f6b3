"""`understudy gui`."""

from pathlib import Path
from typing import Annotated

import typer


def gui(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Of recordings and runs; else that of last time.", show_default=False),
    ] = None,
) -> None:
    """Open the desktop program."""
    from gui.app import run_gui

    if status := run_gui(folder):
        raise typer.Exit(status)
