"""Kill trainings at random moments, go on, and compare the weights with an undisturbed training's.

    .venv/bin/python -m tests.bench.policy_resume RECORDING... [--count 5] [--json]

Each training is the ordinary one, in a process of its own. `kill -9` comes while it learns, as
often as it takes until a sitting reaches the end. Same means byte for byte.
"""

import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from data.console import AsJson, Files, print_json, print_table, progress
from models.run_files import STATE_NAME, WEIGHTS_NAME

_ENOUGH = 2  # kills of one training; after them it may end


def train(
    recordings: Sequence[Path], cache: Path, folder: Path, steps: int, *, resume: bool
) -> None:
    """Train in this process; tell of every report on standard output."""
    from data.profile import load_profile
    from models.perception import load_detector
    from models.policy_recipe import FitSettings, PolicyTrainingSettings
    from models.policy_training import train_policy

    # It saves at each look: a kill costs an eighth of so short a training.
    fit = FitSettings(steps=steps, checks=8, patience=8)

    def tell(phase: str, note: str) -> None:
        sys.stdout.write(f"{phase} {note}\n")
        sys.stdout.flush()

    train_policy(
        recordings,
        profile=load_profile("practice"),
        detector=load_detector(),
        out=folder,
        settings=PolicyTrainingSettings(fit=fit, threads=1),
        cache=cache,
        resume=resume,
        on_progress=lambda now: tell(now.phase, now.note),
    )


class Trainer:
    """Starts trainings, and ends some of them."""

    def __init__(self, recordings: Sequence[Path], cache: Path, steps: int) -> None:
        words = [*map(str, recordings), "--cache", str(cache), "--steps", str(steps)]
        self._command = [sys.executable, "-m", "tests.bench.policy_resume", *words]

    def sit(self, folder: Path, *, kill_after_s: float | None) -> bool:
        """Train, or go on; return whether it reached the end before it was killed."""
        command = [*self._command, "--child", str(folder)]
        command += ["--resume"] if (folder / STATE_NAME).is_file() else []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            if kill_after_s is not None:
                for line in child.stdout:
                    if line.startswith("learning"):
                        break
                time.sleep(kill_after_s)
                child.send_signal(signal.SIGKILL)
            child.stdout.read()
        if child.returncode not in (0, -signal.SIGKILL):
            raise RuntimeError(f"the training ended with {child.returncode}")
        return child.returncode == 0


def digest(folder: Path) -> str:
    """Name a run's weights."""
    return hashlib.sha256((folder / WEIGHTS_NAME).read_bytes()).hexdigest()


def main(
    recordings: Files,
    count: Annotated[int, typer.Option("--count", min=1, help="Trainings to kill.")] = 5,
    steps: Annotated[int, typer.Option("--steps", min=20, help="Of each training.")] = 80,
    seed: Annotated[int, typer.Option("--seed", help="Of the moments.")] = 1,
    cache: Annotated[Path | None, typer.Option("--cache", help="Of what is seen.")] = None,
    child: Annotated[Path | None, typer.Option("--child", hidden=True)] = None,
    resume: Annotated[bool, typer.Option("--resume", hidden=True)] = False,
    as_json: AsJson = False,
) -> None:
    """Train undisturbed, then disturbed, and compare."""
    if child is not None and cache is not None:
        train(recordings, cache, child, steps, resume=resume)
        return
    rng, rows = random.Random(seed), []
    with tempfile.TemporaryDirectory() as folder, progress(quiet=as_json) as show:
        trainer = Trainer(recordings, cache or Path(folder) / "seen", steps)
        whole = Path(folder) / "whole"
        show("undisturbed", 0.0)
        trainer.sit(whole, kill_after_s=None)
        began_s = time.monotonic()
        trainer.sit(Path(folder) / "again", kill_after_s=None)
        length_s = time.monotonic() - began_s
        show("undisturbed", 1.0)
        for number in range(count):
            run, kills = Path(folder) / f"{number}", 0
            while kills < _ENOUGH:
                kills += not trainer.sit(run, kill_after_s=rng.uniform(0.0, length_s / 3))
                if not (run / STATE_NAME).is_file():
                    break  # it was quicker
            if (run / STATE_NAME).is_file():
                trainer.sit(run, kill_after_s=None)
            rows.append({"kills": kills, "same": digest(run) == digest(whole)})
            show("killed and gone on with", (number + 1) / count)
        found: dict[str, Any] = {
            "repeated_same": digest(Path(folder) / "again") == digest(whole),
            "trainings": rows,
            "kills": sum(row["kills"] for row in rows),
            "same": sum(row["same"] for row in rows),
        }
    if as_json:
        print_json(found)
        return
    told = [
        (index + 1, row["kills"], "yes" if row["same"] else "NO") for index, row in enumerate(rows)
    ]
    print_table("Killed and gone on with", ["training", "kills", "same weights"], told)


if __name__ == "__main__":
    typer.run(main)
