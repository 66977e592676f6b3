"""`understudy train` and `bench infer`."""

from pathlib import Path
from typing import Annotated

import typer

from data.console import (
    AsJson,
    err,
    out,
    print_json,
    print_table,
    stoppable,
)
from models.detector_commands import train_detector_command
from models.options import DetectorRun, Threads
from models.policy_commands import train_policy_command

train_app = typer.Typer(no_args_is_help=True, help="Learn from recordings.")

train_app.command("detector")(train_detector_command)
train_app.command("policy")(train_policy_command)


def bench_infer_command(
    recording: Annotated[Path, typer.Argument(help="Whose frames are looked at (.h5).")],
    detector: DetectorRun = None,
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
