"""Which engine runs the networks, and on which device: what was asked for, what the machine has."""

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import torch

from data.errors import CheckpointError, UnderstudyError

Engine = Literal["auto", "onnx", "torch"]
Device = Literal["auto", "cpu", "cuda", "cuda-half"]
"""`cuda-half`: in half precision, which lifts some boxes over the threshold and drops others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and where it runs."""

    engine: Literal["onnx", "torch"]
    device: Device
    """Of PyTorch `cpu`, `cuda` or `cuda-half`; of ONNX Runtime `auto` (the best that it can start),
    `cpu` or `cuda`."""

    @property
    def is_pytorch_on_gpu(self) -> bool:
        """Whether PyTorch runs it through CUDA."""
        return self.engine == "torch" and self.device.startswith("cuda")


def choose(engine: Engine, device: Device) -> Choice:
    """Choose as asked; left to us, PyTorch where CUDA answers it, else ONNX Runtime.

    Raises:
        UnderstudyError: What was asked for is not there.
    """
    if engine == "onnx" and device == "cuda-half":
        raise UnderstudyError("half precision is PyTorch's here. Leave out --engine onnx.")
    cuda = device != "cpu" and torch.cuda.is_available()
    asked = device.startswith("cuda")
    if engine == "torch" or (engine == "auto" and (cuda or asked)):
        if asked and not cuda:
            raise UnderstudyError(
                "no GPU answers PyTorch through CUDA. Leave out --device, or install a build of "
                "PyTorch with CUDA."
            )
        return Choice("torch", device if asked else "cuda" if cuda else "cpu")
    if onnxruntime(required=engine == "onnx") is None:
        return Choice("torch", "cpu")
    return Choice("onnx", device)


def onnxruntime(*, required: bool = True) -> ModuleType | None:
    """Import ONNX Runtime; None where it is neither there nor required.

    Raises:
        CheckpointError: It is required and can't be imported.
    """
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        if required:
            raise CheckpointError(
                f"ONNX Runtime can't be imported ({error}). Install it, or use the engine 'torch'."
            ) from error
        return None


def described(name: str) -> tuple[Engine, Device]:
    """Read back what `Perception.described` says of an engine, as a flight log keeps it.

    On a machine without that accelerator the engine is the same, on the processor.
    """
    engine, _, accelerator = name.partition("-")
    known: dict[str, Engine] = {"onnx": "onnx", "torch": "torch"}
    if accelerator == "cuda-half" and torch.cuda.is_available():
        return "torch", "cuda-half"
    return known.get(engine, "auto"), "auto" if accelerator or engine not in known else "cpu"
