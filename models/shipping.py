"""Ship a detector with the program: half-precision weights under a name in `models/weights`.

Run as `python -m models.shipping RUN NAME`; `make weights` does it for the practice game.
"""

import sys
from pathlib import Path

import torch

from data.errors import UnderstudyError
from models.checkpoint import load_run, save_files

FOLDER = Path(__file__).resolve().parent / "weights"


def ship(run: Path, name: str, *, folder: Path = FOLDER) -> Path:
    """Store a detector's run as NAME.safetensors and NAME.json; return the weights' path.

    Half precision halves the size; `models.perception.load_detector` widens it again.

    Raises:
        CheckpointError: The folder is no detector's run.
    """
    files = load_run(run, kind="detector")
    halves = {
        key: tensor.to(torch.float16) if tensor.is_floating_point() else tensor
        for key, tensor in files.weights.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{name}.safetensors"
    save_files(weights, weights.with_suffix(".json"), weights=halves, config=files.config)
    return weights


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ship(Path(sys.argv[1]), sys.argv[2])}\n")
    except UnderstudyError as failure:
        sys.exit(f"understudy: {failure}")
