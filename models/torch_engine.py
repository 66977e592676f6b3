"""Run a network in PyTorch on one input after another, on CUDA as one captured graph."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

_WARM_UP = 3  # runs before the capture: libraries choose their ways and take their memory in them


class TorchEngine:
    """A network whose input and outputs stay in one place; not thread-safe.

    On CUDA a run is a copy from pinned memory, the replay of a graph that was captured once ("CUDA
    Graphs", PyTorch's notes on CUDA semantics), and copies back: no kernel is launched from Python,
    which would take longer than computing a network as small as these.

    Args:
        network: Of one input; it is moved to the device.
        example: An input; its shape is the only one that will do.
        device: `cpu` or `cuda`.
    """

    def __init__(self, network: nn.Module, example: Tensor, *, device: str) -> None:
        self._network = network.to(device).eval()
        self._on_gpu = device == "cuda"
        self._given = torch.zeros_like(example)
        if self._on_gpu:
            self._given = self._given.pin_memory()
        self._input = self._given.to(device)  # on the processor the very same memory
        self._graph: torch.cuda.CUDAGraph | None = None
        with torch.inference_mode():
            self._outputs: Sequence[Tensor] = self._capture() if self._on_gpu else self._run()
        self._taken = [torch.empty_like(found, device="cpu") for found in self._outputs]
        if self._on_gpu:
            self._taken = [taken.pin_memory() for taken in self._taken]

    @torch.inference_mode()
    def __call__(self, given: npt.NDArray[np.generic]) -> list[npt.NDArray[np.float32]]:
        """Run the network; the outputs are the caller's to keep."""
        np.copyto(self._given.numpy(), given)
        if self._graph is None:
            self._outputs = self._run()
        else:
            self._input.copy_(self._given, non_blocking=True)
            self._graph.replay()
        for taken, found in zip(self._taken, self._outputs, strict=True):
            taken.copy_(found, non_blocking=True)
        if self._on_gpu:
            torch.cuda.current_stream().synchronize()
        return [taken.numpy().copy() for taken in self._taken]

    def _run(self) -> Sequence[Tensor]:
        found: Sequence[Tensor] = self._network(self._input)
        return found

    def _capture(self) -> Sequence[Tensor]:
        """Warm up on a stream of its own, as captures want it, and capture one run."""
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.backends.cudnn.flags(enabled=True, benchmark=True):
            with torch.cuda.stream(side):
                for _ in range(_WARM_UP):
                    self._run()
            torch.cuda.current_stream().wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                return self._run()
