"""What a training that was cut short goes on from: one safetensors file with JSON in its header."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer

from data.errors import CheckpointError
from data.paths import written_whole
from models.checkpoint import unwritable
from models.run_files import STATE_NAME

_FORMAT = "understudy-training-2"


@dataclass(frozen=True, slots=True)
class TrainingState:
    """How far a training had come, beside its tensors.

    No state of a random generator is kept: every random stream follows from the seed and a number.
    """

    kind: str
    """What is trained: "detector" or "policy"."""
    step: int
    """Steps taken."""
    seconds: float
    """Time spent, over all sittings."""
    losses: tuple[float, ...]
    """Of the last steps."""
    settings: dict[str, Any]
    """The training's settings."""
    data: str
    """Fingerprint of what is learned from."""
    more: dict[str, Any]
    """What else its kind of training remembers, as plain values."""


def save_state(folder: Path, state: TrainingState, tensors: Mapping[str, Tensor]) -> None:
    """Write the state into a run folder; the file appears whole.

    Raises:
        CheckpointError: It can't be written; the one before it stays.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    header = {
        "format": f"{_FORMAT}-{state.kind}",
        "state": json.dumps(asdict(state), allow_nan=False),
    }
    try:
        with written_whole(folder / STATE_NAME) as part:
            part.write_bytes(safetensors.torch.save(plain, metadata=header))
    except OSError as error:
        raise unwritable(folder, error) from error


def load_state(folder: Path, *, kind: str) -> TrainingState:
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
        if header.get("format") != f"{_FORMAT}-{kind}":
            raise CheckpointError(
                f"{path}: of another kind or version of training ({header.get('format')}), "
                f"not of a {kind}. Begin anew."
            )
        values = json.loads(header["state"])
        return TrainingState(**{**values, "losses": tuple(values["losses"])})
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: can't be gone on from ({error}). Begin anew.") from error
    except RecursionError as error:
        raise CheckpointError(f"{path}: its state is nested too deep. Begin anew.") from error


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


def learned_tensors(
    modules: Mapping[str, nn.Module], optimiser: Optimizer, scaler: GradScaler
) -> dict[str, Tensor]:
    """Name the tensors of networks and of what improves them, as `restore_tensors` takes them."""
    found: dict[str, Tensor] = {}
    for name, module in modules.items():
        found |= _named(name, module.state_dict().items())
    for index, values in optimiser.state_dict()["state"].items():
        found |= _named(f"optimiser.{index}", values.items())
    scales = scaler.state_dict().items()
    return found | {f"scaler.{k}": torch.tensor(v, dtype=torch.float64) for k, v in scales}


def restore_tensors(
    tensors: Mapping[str, Tensor],
    modules: Mapping[str, nn.Module],
    optimiser: Optimizer,
    scaler: GradScaler,
    *,
    source: str,
) -> None:
    """Put back what `learned_tensors` named; other names are left alone.

    Raises:
        CheckpointError: They are of another network.
    """
    kinds: dict[str, dict[str, Tensor]] = {name: {} for name in (*modules, "scaler")}
    moments: dict[int, dict[str, Tensor]] = {}
    groups = optimiser.state_dict()["param_groups"]
    try:
        for name, tensor in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "optimiser":
                index, _, what = rest.partition(".")
                moments.setdefault(int(index), {})[what] = tensor
            elif kind in kinds:
                kinds[kind][rest] = tensor
        for name, module in modules.items():
            module.load_state_dict(kinds[name])
        optimiser.load_state_dict({"state": moments, "param_groups": groups})
    except (RuntimeError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{source}: of another network ({reason}).") from error
    if kinds["scaler"] and scaler.is_enabled():
        scaler.load_state_dict({name: float(tensor) for name, tensor in kinds["scaler"].items()})


def _named(prefix: str, items: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in items}
