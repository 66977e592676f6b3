"""One process of a shared training; the second gets SIGTERM after its third step."""

import os
import signal
import sys
from pathlib import Path

from data.console import Interrupt
from models.detector_recipe import DetectorProgress, DetectorTrainingSettings
from models.detector_training import train_detector
from models.distributed import process_rank
from tests.factories import practice_profile


def main(folder: Path) -> None:
    steps = 0

    def asked() -> bool:
        nonlocal steps
        steps += 1
        if process_rank() == 1 and steps == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return stop()

    with Interrupt().listening() as stop:
        report = train_detector(
            [folder / "0.h5"],
            profile=practice_profile(),
            out=folder / "run",
            settings=DetectorTrainingSettings(
                steps=1000, batch=2, crop=(96, 96), frame_stride=1, threads=1, device="cpu"
            ),
            on_progress=ignore,
            stop=asked,
        )
    told = "None" if report is None else f"stopped-at-{report.steps}"
    threads = [task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")]
    left = sum("gloo" in name for name in threads)
    sys.stdout.write(f"rank{process_rank()}:{told}:{left}-threads-left\n")


def ignore(progress: DetectorProgress) -> None:
    """Show nothing."""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
