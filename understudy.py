"""Understudy's front door: one command per verb; each imports what it needs when it runs."""

import logging
import sys
import time
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_log_path

from agent.commands import play
from data.commands import export, inspect, profile_app, repair
from data.errors import UnderstudyError
from gui.practice.command import practice
from gui.practice.commands import demo, trial
from models.commands import bench_app, evaluate, train_app
from recorder.commands import record

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Watches you play a desktop game, learns it from the screen alone, and plays it.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"understudy {version('understudy')}\n")
        raise typer.Exit


@app.callback()
def _options(
    *,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which this is."),
    ] = False,
) -> None:
    pass


app.command()(demo)
app.command()(practice)
app.command()(record)
app.command()(inspect)
app.command()(repair)
app.command()(export)
app.add_typer(train_app, name="train")
app.command()(evaluate)
app.command()(play)
app.command()(trial)
app.add_typer(profile_app, name="profile")
app.add_typer(bench_app, name="bench")


def main() -> None:
    """Run the command line; every failure is one line on standard error."""
    logging.captureWarnings(True)
    try:
        app()
    except UnderstudyError as error:
        sys.stderr.write(f"understudy: {error}\n")
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last border before the user
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        sys.stderr.write(
            f"understudy: a fault of the program ({told}). The details are in {_logged(error)}\n"
        )
        sys.exit(1)


def _logged(error: Exception) -> Path:
    path = user_log_path("understudy", ensure_exists=True) / "faults.log"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {' '.join(sys.argv)}\n")
        traceback.print_exception(error, file=file)
    return path


if __name__ == "__main__":
    main()
