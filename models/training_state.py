"""What a training that was cut short goes on from: one safetensors file with JSON in its header."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from data.errors import CheckpointError
from data.paths import part_path

STATE_NAME = "training.safetensors"
_FORMAT = "understudy-training-1"


@dataclass(frozen=True, slots=True)
class TrainingState:
    """How far a training had come, beside its tensors.

    No state of a random generator is kept: every random stream follows from the seed and a number.
    """

    step: int
    """Steps taken."""
    seconds: float
    """Time spent, over all sittings."""
    losses: tuple[float, ...]
    """Of the last steps."""
    best_map50: float | None
    stale: int
    """Evaluations since the best one."""
    settings: dict[str, Any]
    """The training's settings."""
    data: str
    """Fingerprint of the training pictures and their boxes."""
    began_with: str
    """What the weights began as, in words."""


def save_state(folder: Path, state: TrainingState, tensors: Mapping[str, Tensor]) -> None:
    """Write the state into a run folder; the file appears whole."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    header = {"format": _FORMAT, "state": json.dumps(asdict(state), allow_nan=False)}
    part = part_path(folder / STATE_NAME)
    safetensors.torch.save_file(plain, part, metadata=header)
    part.replace(folder / STATE_NAME)


def load_state(folder: Path) -> TrainingState:
    """Read how far a run folder's training had come.

    Raises:
        CheckpointError: There is nothing to go on from, or it is damaged.
    """
    path = folder / STATE_NAME
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: nothing to go on from; a finished training keeps no {STATE_NAME}. "
            "Leave out --resume to begin anew."
        )
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
        values = json.loads(header["state"])
        return TrainingState(**{**values, "losses": tuple(values["losses"])})
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: can't be gone on from ({error}). Begin anew.") from error


def load_tensors(folder: Path) -> dict[str, Tensor]:
    """Read a state's tensors.

    Raises:
        CheckpointError: They are damaged.
    """
    path = folder / STATE_NAME
    try:
        return safetensors.torch.load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path}: can't be gone on from ({error}). Begin anew.") from error
