import logging
from types import SimpleNamespace

import onnxruntime
import pytest

from data.errors import UnderstudyError
from models.onnx_engine import open_session

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
DIRECTML, COREML = "DmlExecutionProvider", "CoreMLExecutionProvider"


class Runtime:
    """ONNX Runtime with some providers, of which some don't start."""

    capi = onnxruntime.capi
    SessionOptions = onnxruntime.SessionOptions

    def __init__(self, *there: str, raising: str = "", silent: str = "") -> None:
        self._there, self._raising, self._silent = there, raising, silent
        self.mem_pattern: list[bool] = []

    def get_available_providers(self) -> list[str]:
        return [*self._there, CPU]

    def InferenceSession(self, model, options, providers):
        self.mem_pattern.append(options.enable_mem_pattern)
        if providers[0] == self._raising:
            raise onnxruntime.capi.onnxruntime_pybind11_state.Fail("no driver\nat line 3")
        started = [name for name in providers if name != self._silent]
        return SimpleNamespace(get_providers=lambda: started)


def opened(runtime: Runtime, device: str = "auto") -> str:
    session = open_session(runtime, b"", threads=1, device=device)  # type: ignore[arg-type]
    return session.get_providers()[0]


@pytest.mark.parametrize(
    ("there", "device", "expected"),
    [
        ((), "auto", CPU),
        (("AzureExecutionProvider",), "auto", CPU),
        ((COREML,), "auto", COREML),
        (("TensorrtExecutionProvider", DIRECTML, CUDA), "auto", CUDA),
        ((CUDA, DIRECTML), "cpu", CPU),
        ((DIRECTML, CUDA), "cuda", CUDA),
    ],
)
def test_the_best_provider_is_taken(there, device, expected):
    assert opened(Runtime(*there), device) == expected


@pytest.mark.parametrize("how", ["raising", "silent"])
def test_one_that_does_not_start_is_passed_over_with_a_line(how, caplog):
    with caplog.at_level(logging.WARNING):
        assert opened(Runtime(CUDA, DIRECTML, **{how: CUDA})) == DIRECTML
    (record,) = caplog.records
    reason = "no driver" if how == "raising" else "it does not start"
    assert record.getMessage() == f"ONNX Runtime can't use {CUDA}: {reason}."


def test_cuda_that_is_asked_for_is_there_or_refused():
    with pytest.raises(UnderstudyError, match=r"knows no CUDA.*onnxruntime-gpu"):
        opened(Runtime(DIRECTML), "cuda")
    with pytest.raises(UnderstudyError, match=r"can't use CUDA \(no driver\)"):
        opened(Runtime(CUDA, DIRECTML, raising=CUDA), "cuda")


def test_directml_goes_without_memory_patterns():
    runtime = Runtime(DIRECTML)
    opened(runtime)
    opened(runtime, "cpu")
    assert runtime.mem_pattern == [False, True]
