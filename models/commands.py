"""`understudy train`, `bench infer` and `bench train`."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from data.console import (
    AsJson,
    ProfileName,
    err,
    out,
    print_json,
    print_table,
    progress,
    stoppable,
)
from models.detector_commands import train_detector_command
from models.options import DetectorRun, Device, OnDevice, Threads
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


def bench_train_command(
    recordings: Annotated[
        list[Path] | None,
        typer.Argument(help="What is learned from (.h5); made up if none.", show_default=False),
    ] = None,
    profile: ProfileName = "practice",
    detector: DetectorRun = None,
    seen: Annotated[
        Path | None, typer.Option("--seen", help="A run's folder of what was seen, to use again.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Of measuring.")] = 30.0,
    device: OnDevice = Device.AUTO,
    as_json: AsJson = False,
) -> None:
    """Time a policy's training, beside a bare PyTorch loop over one batch in memory."""
    from data.profile import load_profile
    from models.demonstrations import load_demonstration
    from models.distributed import choose_device
    from models.perception import Perception, load_detector
    from models.training_benchmark import bench_train, made_up

    game, looks = load_profile(profile), load_detector(detector)
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        show = stack.enter_context(progress(quiet=as_json))
        folder = seen or Path(stack.enter_context(TemporaryDirectory()))
        if recordings:
            eyes = Perception(looks)
            given = [
                load_demonstration(
                    path,
                    game,
                    eyes,
                    folder=folder,
                    on_progress=lambda now: show(f"look at {now.name}", now.share),
                    stop=stop,
                )
                for path in recordings
            ]
        else:
            given = [made_up(game, looks, folder)]
        found = bench_train(
            given,
            game,
            seconds=seconds,
            device=choose_device(device.value),
            show=lambda share: show("learn", share),
            stop=stop,
        )
    if not found:
        return
    if as_json:
        print_json({**found, "made_up": not recordings})
        return
    rows = [
        ("train policy", found["ours"]["steps_per_s"]),
        ("bare PyTorch", found["reference"]["steps_per_s"]),
    ]
    print_table("Steps of learning", ["", "a second"], rows)
    of = ", ".join(found["recordings"]) if recordings else "a made-up recording"
    out.print(f"ours / bare PyTorch: {found['ratio']}, learning from {of}", highlight=False)
