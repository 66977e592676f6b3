import sys

import pytest
import torch

from data.errors import CheckpointError, UnderstudyError
from models.engines import Choice, choose, described


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("engine", "device", "expected"),
    [
        ("auto", "auto", Choice("torch", "cuda")),
        ("auto", "cuda", Choice("torch", "cuda")),
        ("auto", "cuda-half", Choice("torch", "cuda-half")),
        ("auto", "cpu", Choice("onnx", "cpu")),
        ("torch", "auto", Choice("torch", "cuda")),
        ("torch", "cpu", Choice("torch", "cpu")),
        ("onnx", "auto", Choice("onnx", "auto")),
        ("onnx", "cuda", Choice("onnx", "cuda")),
    ],
)
@pytest.mark.usefixtures("gpu")
def test_with_a_gpu(engine, device, expected):
    assert choose(engine, device) == expected


@pytest.mark.parametrize(
    ("engine", "device", "expected"),
    [
        ("auto", "auto", Choice("onnx", "auto")),
        ("auto", "cpu", Choice("onnx", "cpu")),
        ("torch", "auto", Choice("torch", "cpu")),
        ("onnx", "cpu", Choice("onnx", "cpu")),
    ],
)
@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu(engine, device, expected):
    assert choose(engine, device) == expected


@pytest.mark.parametrize("engine", ["auto", "torch"])
@pytest.mark.parametrize("device", ["cuda", "cuda-half"])
@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_is_asked_for_and_not_there_is_refused(engine, device):
    with pytest.raises(UnderstudyError, match=r"no GPU answers PyTorch.*Leave out --device"):
        choose(engine, device)


@pytest.mark.usefixtures("gpu")
def test_half_precision_is_not_onnx_runtimes():
    with pytest.raises(UnderstudyError, match="half precision"):
        choose("onnx", "cuda-half")


@pytest.mark.usefixtures("gpu")
def test_half_precision_is_found_again_where_there_is_a_gpu():
    assert described("torch-cuda-half") == ("torch", "cuda-half")


@pytest.mark.usefixtures("no_gpu")
def test_half_precision_is_single_where_there_is_none():
    assert described("torch-cuda-half") == ("torch", "auto")


@pytest.mark.usefixtures("no_gpu")
def test_without_onnx_runtime_it_is_pytorch_unless_asked_otherwise(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert choose("auto", "auto") == Choice("torch", "cpu")
    with pytest.raises(CheckpointError, match="can't be imported"):
        choose("onnx", "auto")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("onnx", ("onnx", "cpu")),
        ("torch", ("torch", "cpu")),
        ("torch-cuda", ("torch", "auto")),
        ("onnx-directml", ("onnx", "auto")),
        ("", ("auto", "auto")),
    ],
)
def test_a_logs_engine_is_found_again(name, expected):
    assert described(name) == expected
