"""Run an exported network in ONNX Runtime, on the best provider that starts."""

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from data.errors import CheckpointError, UnderstudyError
from data.paths import written_whole
from data.small_files import read_small
from models.engines import Device, onnxruntime
from models.graph_seal import is_sealed, sealed

# Fastest first. TensorRT is left out: it builds its engine for minutes before the first tick.
ACCELERATORS = {
    "CUDAExecutionProvider": "cuda",
    "DmlExecutionProvider": "directml",
    "CoreMLExecutionProvider": "coreml",
}
MOST_GRAPH_BYTES = 1 << 28  # the larger backbone's is a tenth of that
_CPU = "CPUExecutionProvider"
_log = logging.getLogger(__name__)


class Session(Protocol):
    """The part of onnxruntime.InferenceSession that is used here."""

    def run(
        self, names: None, feed: Mapping[str, npt.NDArray[Any]]
    ) -> list[npt.NDArray[np.float32]]:
        """Run the network on named inputs; outputs come in the graph's order."""
        ...

    def get_providers(self) -> list[str]:
        """Name the providers in use, the first is preferred."""
        ...

    def get_modelmeta(self) -> Any:  # noqa: ANN401 - untyped in the library
        """Return what the graph says of itself."""
        ...


def open_cached(
    export: Callable[[], bytes],
    mark: str,
    *,
    threads: int,
    device: Device,
    caches: Sequence[Path] = (),
) -> Session:
    """Open a network that is exported once.

    Args:
        export: Makes the graph, with `mark` in its metadata, see `to_onnx`.
        mark: Names the network; a cached graph of another name is stale.
        threads: CPU threads.
        device: `auto` for the best that starts.
        caches: Where the graph is kept; the first that holds it is taken, and put into those
            before. With none it is kept in memory only.

    Raises:
        UnderstudyError: ONNX Runtime is not there, or not on that device.
    """
    runtime = onnxruntime()
    assert runtime is not None
    for number, cache in enumerate(caches):
        with contextlib.suppress(*_damages(runtime)):  # a damaged cache is made again
            kept = read_small(cache, most_bytes=MOST_GRAPH_BYTES)
            if is_sealed(kept):  # or else it came with a stranger's run
                session = open_session(runtime, kept, threads=threads, device=device)
                if session.get_modelmeta().custom_metadata_map.get("fingerprint") == mark:
                    _keep(kept, caches[:number])
                    return session
    model = export()
    kept_whole = sealed(model) if caches else None
    if kept_whole is not None:
        _keep(kept_whole, caches)
    return open_session(runtime, model, threads=threads, device=device)


def open_session(runtime: ModuleType, model: bytes, *, threads: int, device: Device) -> Session:
    """Open a graph on the best provider that starts; each that does not is told of in a line.

    Raises:
        UnderstudyError: `cuda` was asked for, and it does not start.
    """
    for provider in _wanted(runtime, device):
        reason = "it does not start"
        with_it: Session | None = None
        try:
            options = _options(runtime, threads, provider)
            with_it = runtime.InferenceSession(model, options, providers=[provider, _CPU])
        except _failures(runtime) as error:
            reason = (str(error).strip().splitlines() or [reason])[0]
        # The library falls back to the processor without a word that a program could hear.
        if with_it is not None and provider in with_it.get_providers():
            return with_it
        if device == "cuda":
            raise UnderstudyError(f"ONNX Runtime can't use CUDA ({reason}). Leave out --device.")
        _log.warning("ONNX Runtime can't use %s: %s.", provider, reason.rstrip("."))
    session: Session = runtime.InferenceSession(
        model, _options(runtime, threads, _CPU), providers=[_CPU]
    )
    return session


def to_onnx(
    network: nn.Module, example: Tensor, *, given: str, found: Sequence[str], mark: str
) -> bytes:
    """Export a network of one input to ONNX.

    Args:
        network: In evaluation mode.
        example: An input; its shape is the only one that will do.
        given: Name of the input.
        found: Names of the outputs.
        mark: Kept in the graph's metadata as "fingerprint".

    Raises:
        CheckpointError: It can't be exported.
    """
    with _quiet():
        program = torch.onnx.export(
            network,
            (example,),
            input_names=[given],
            output_names=list(found),
            dynamo=True,
            verbose=False,
        )
    if program is None:  # pragma: no cover - only the exporter that is not used returns None
        raise CheckpointError("the network can't be exported to ONNX.")
    model = program.model_proto
    entry = model.metadata_props.add()
    entry.key, entry.value = "fingerprint", mark
    serialised: bytes = model.SerializeToString()
    return serialised


def _wanted(runtime: ModuleType, device: Device) -> list[str]:
    if device == "cpu":
        return []
    there = runtime.get_available_providers()
    wanted = [name for name in ACCELERATORS if name in there]
    if device == "cuda":
        wanted = [name for name in wanted if ACCELERATORS[name] == "cuda"]
        if not wanted:
            raise UnderstudyError(
                "this ONNX Runtime knows no CUDA. Leave out --device, or install onnxruntime-gpu."
            )
    return wanted


def _options(runtime: ModuleType, threads: int, provider: str) -> Any:  # noqa: ANN401
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors only
    # Threads that spin between two ticks would take the game's core.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if provider == "DmlExecutionProvider":
        options.enable_mem_pattern = False  # DirectML refuses to start with it
    return options


def _keep(graph: bytes, caches: Sequence[Path]) -> None:
    """Write a sealed graph; where that can't be done, it is made again next time."""
    for cache in caches:
        with contextlib.suppress(OSError), written_whole(cache, by_many=True) as part:
            part.write_bytes(graph)  # trials are many processes


def _damages(runtime: ModuleType) -> tuple[type[Exception], ...]:
    state = runtime.capi.onnxruntime_pybind11_state
    told = (state.InvalidProtobuf, state.InvalidGraph, state.Fail, state.InvalidArgument)
    return (OSError, ValueError, *told)


def _failures(runtime: ModuleType) -> tuple[type[Exception], ...]:
    state = runtime.capi.onnxruntime_pybind11_state
    return (RuntimeError, state.Fail, state.EPFail, state.NotImplemented, state.RuntimeException)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter: it logs and warns about torchvision, which nobody asked for."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
