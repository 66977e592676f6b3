"""Understudy's front door: one command per verb; each imports what it needs when it runs."""

import logging
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from agent.bench_commands import bench_live_command
from agent.commands import play
from agent.doctor.commands import doctor
from agent.explain_command import explain
from agent.replay_commands import replay
from data.bench_commands import bench_load_command
from data.box_files.commands import boxes_app
from data.commands import inspect, merge, profile_app, repair, trim
from data.errors import UnderstudyError
from data.export.commands import export
from data.faults import told_fault
from data.score_commands import profile_digits
from gui.commands import gui
from gui.practice.commands import demo, trial
from gui.practice.curve_command import curve
from gui.practice.improve_command import improve
from gui.practice.launch import practice
from models.box_commands import boxes_anchors, boxes_suggest
from models.commands import bench_infer_command, bench_train_command, train_app
from models.detect_commands import detect
from models.evaluate_command import evaluate
from recorder.bench.commands import bench_capture_command, bench_record_command
from recorder.commands import record, windows
from recorder.display import has_display
from recorder.profile_commands import profile_check, profile_new

app = typer.Typer(
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # "rich" swallows words in square brackets
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Watches you play a desktop game, learns it from the screen alone, and plays it.\n\n"
    "Without a command it opens the desktop program.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"understudy {version('understudy')}\n")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    *,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    if has_display():
        gui()
    else:
        sys.stdout.write(context.get_help() + "\n")


def _add(panel: str, *commands: Callable[..., None]) -> None:
    for command in commands:
        app.command(rich_help_panel=panel)(command)


_add("Begin", gui, demo, doctor, practice)
_add("Record", record, windows, inspect, trim, merge, repair, export)
app.add_typer(profile_app, name="profile", rich_help_panel="Record")
app.add_typer(boxes_app, name="boxes", rich_help_panel="Record")
app.add_typer(train_app, name="train", rich_help_panel="Learn")
_add("Learn", improve, curve, evaluate, detect)
_add("Play", play, replay, explain, trial)

boxes_app.command("suggest")(boxes_suggest)
boxes_app.command("anchors")(boxes_anchors)
profile_app.command("new")(profile_new)
profile_app.command("check")(profile_check)
profile_app.command("digits")(profile_digits)
bench_app = typer.Typer(no_args_is_help=True, help="Measure, beside a reference.")
bench_app.command("capture")(bench_capture_command)
bench_app.command("record")(bench_record_command)
bench_app.command("load")(bench_load_command)
bench_app.command("infer")(bench_infer_command)
bench_app.command("live")(bench_live_command)
bench_app.command("train")(bench_train_command)
app.add_typer(bench_app, name="bench", rich_help_panel="Measure")


def main() -> None:
    """Run the command line; every failure is one line on standard error."""
    logging.captureWarnings(True)
    try:
        app()
    except UnderstudyError as error:
        sys.stderr.write(f"understudy: {error}\n")
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last border before the user
        sys.stderr.write(f"understudy: {told_fault(error)}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
