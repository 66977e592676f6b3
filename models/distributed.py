"""Several processes that train as one (`torchrun`): each learns from its share of every batch.

What one process would do is done together: gradients are summed, not averaged, because every
process divides its loss by what counts in the whole batch. The networks here have a million
numbers, so one `all_reduce` behind each backward pass takes milliseconds, and nothing needs to
overlap.
"""

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed
from torch.nn import Parameter

from data.errors import UnderstudyError

DEVICES = ("auto", "cpu", "cuda")
_PATIENCE = timedelta(hours=24)  # the others wait while the first looks at hours of recordings
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class World:
    """The processes of one training, and which of them this is; alone by default."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """Where its tensors live; NCCL speaks of nothing else."""

    @property
    def first(self) -> bool:
        """Whether this is the process that writes, scores and speaks."""
        return self.rank == 0

    def share(self, items: Sequence[_T]) -> Sequence[_T]:
        """Return this process's part of what all of them work on."""
        return items[self.rank :: self.size]

    def total(self, value: float) -> float:
        """Add a number up over all processes."""
        if self.size == 1:
            return value
        summed = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(summed)
        return float(summed)

    def any(self, flag: bool) -> bool:
        """Say whether any process says so; all of them must ask."""
        return self.total(float(flag)) > 0

    def summed(self, tensor: Tensor) -> Tensor:
        """Add a tensor up over all processes."""
        if self.size > 1:
            distributed.all_reduce(tensor)
        return tensor

    def first_then_all(self, work: Callable[[], _T]) -> _T:
        """Do work in the first process, and only then in the others, who find on disk what it left.

        Raises:
            UnderstudyError: What the first process raises; of the others, that it did.
        """
        failed: UnderstudyError | None = None
        found: list[_T] = []
        if self.first:
            try:
                found.append(work())
            except UnderstudyError as error:
                failed = error
        if self.any(failed is not None):
            raise failed or UnderstudyError("the first process could not go on.")
        return found[0] if found else work()

    def sum_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Replace each gradient by its sum over all processes."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view(gradient.shape))

    def copy_first(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite tensors with the first process's."""
        for tensor in tensors if self.size > 1 else ():
            distributed.broadcast(tensor.detach(), 0)


def process_rank() -> int:
    """Return this process's number under `torchrun`; 0 when it is alone."""
    return int(os.environ.get("RANK", "0"))


def choose_device(name: str) -> torch.device:
    """Return the device that "auto", "cpu" or "cuda" means; each process has a GPU of its own.

    Raises:
        UnderstudyError: CUDA is wanted and there is none, or not one for each process.
    """
    if name not in DEVICES:
        raise ValueError(f"device {name!r} is none of {DEVICES}")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not count):
        return torch.device("cpu")
    if not count:
        raise UnderstudyError("PyTorch finds no CUDA GPU here. Use --device cpu, or auto.")
    index = int(os.environ.get("LOCAL_RANK", "0"))
    if index >= count:
        raise UnderstudyError(
            f"{index + 1} processes need a GPU each, but there are {count}. "
            f"Use --nproc-per-node {count}, or --device cpu."
        )
    return torch.device("cuda", index)


def precision(device: torch.device, amp: str) -> torch.dtype | None:
    """Return the half precision to compute in, or None for single.

    bfloat16 has single precision's range and needs no care; float16, on GPUs without it, needs
    its loss scaled (Micikevicius et al. 2018, section 3.2). A CPU gains nothing from either.
    """
    if amp == "off" or device.type != "cuda":
        return None
    return (
        torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    )


@contextmanager
def joined(device: torch.device) -> Iterator[World]:
    """Join the processes that `torchrun` started: NCCL between GPUs, gloo between CPUs.

    PyTorch's `distributed.nn` binds the group of the moment as a default when it is first imported,
    which making an optimiser does. It is imported before there is a group: a group that is bound
    outlives its destruction, and its threads then abort a process that ends (SIGABRT).
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(device=device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    importlib.import_module("torch.distributed.nn.functional")
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield World(process_rank(), size, device)
    finally:
        distributed.destroy_process_group()
