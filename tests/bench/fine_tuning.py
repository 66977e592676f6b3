"""A game never seen before: training from the practice weights beside training from nothing.

    .venv/bin/python -m tests.bench.fine_tuning --profile tuxfootball --train A.h5 --score B.h5

Both recordings hold boxes drawn by a person, of different matches. Nothing is chosen by the score:
each training ends with its last step.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from data.console import print_table
from data.profile import load_profile
from models.detection_metrics import COCO_THRESHOLDS, evaluate_detections
from models.detector_data import read_frames
from models.detector_recipe import DetectorTrainingSettings
from models.detector_scoring import SCORING, detect_frames
from models.detector_training import train_detector
from models.perception import load_detector


def main(
    profile: Annotated[str, typer.Option()],
    train: Annotated[Path, typer.Option()],
    score: Annotated[Path, typer.Option()],
    steps: Annotated[list[int], typer.Option()] = [300, 600],  # noqa: B006 - typer's way
    seeds: Annotated[int, typer.Option()] = 2,
) -> None:
    """Train, score and print."""
    game, rows = load_profile(profile), []
    names = game.object_names
    frames = read_frames([score], names=names, stride=1)
    for count in steps:
        for seed in range(seeds):
            for weights in ("none", "practice"):
                settings = DetectorTrainingSettings(
                    steps=count, seed=seed, weights=weights, frame_stride=1, evaluations=1,
                    threads=1, device="cpu",
                )  # fmt: skip
                with tempfile.TemporaryDirectory() as folder:
                    train_detector(
                        [train], profile=game, out=Path(folder), settings=settings,
                        on_progress=lambda now: None, stop=lambda: False,
                    )  # fmt: skip
                    detector = load_detector(folder)
                found = evaluate_detections(
                    detect_frames(detector, frames, settings=SCORING),
                    [frame.truth for frame in frames],
                    classes=len(names),
                    thresholds=COCO_THRESHOLDS,
                )
                scores = (found.map50, float(found.ap.mean()), *found.ap50)
                rows.append((weights, count, seed, *(f"{value:.3f}" for value in scores)))
    print_table("AP", ["weights", "steps", "seed", "mAP@0.5", "mAP", *names], rows)


if __name__ == "__main__":
    typer.run(main)
