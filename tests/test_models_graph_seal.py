from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from models.graph_seal import is_sealed, sealed
from models.onnx_engine import open_cached, to_onnx


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has no key yet."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def graph() -> bytes:
    return exported(2.0)


def exported(factor: float) -> bytes:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, factor)
    return to_onnx(network, torch.zeros(1), given="given", found=["found"], mark="mark")


def opened_result(cache: Path, graph: bytes) -> float:
    """Open a network that doubles through a cache; return what it makes of 1."""
    session = open_cached(lambda: graph, "mark", threads=1, device="cpu", caches=[cache])
    return float(session.run(None, {"given": np.ones(1, dtype=np.float32)})[0][0])


def test_a_sealed_graph_is_known_and_stays_an_onnx_file(graph: bytes):
    signed = sealed(graph)
    assert signed is not None
    assert is_sealed(signed)
    read = onnx.load_model_from_string(signed)
    assert {entry.key for entry in read.metadata_props} >= {"fingerprint", "seal"}


@pytest.mark.parametrize("at", [0, 100, -100, -70, -1])
def test_a_changed_byte_breaks_the_seal(graph: bytes, at: int):
    signed = bytearray(sealed(graph) or b"")
    signed[at] ^= 1
    assert not is_sealed(bytes(signed))


def test_what_somebody_else_sealed_is_not_trusted(
    graph: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    signed = sealed(graph)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    assert signed is not None
    assert not any(map(is_sealed, (signed, graph, b"", signed[-74:])))


def test_the_key_is_the_users_own_and_a_damaged_one_is_made_anew(graph: bytes, home: Path):
    sealed(graph)
    (key,) = (home / "understudy").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"short")
    assert is_sealed(sealed(graph) or b"")


def test_a_graph_that_came_with_a_run_is_never_opened(graph: bytes, tmp_path: Path):
    """Its mark is right, but it is another network."""
    cache = tmp_path / "policy.onnx"
    cache.write_bytes(exported(-5.0))
    assert opened_result(cache, graph) == 2.0
    assert is_sealed(cache.read_bytes())
    assert opened_result(cache, b"not asked for") == 2.0


def test_without_a_key_nothing_is_kept_and_all_works(
    graph: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/none")
    cache = tmp_path / "policy.onnx"
    assert sealed(graph) is None
    assert opened_result(cache, graph) == 2.0
    assert not cache.exists()


def test_a_graph_larger_than_any_of_ours_is_not_read(graph: bytes, tmp_path: Path):
    cache = tmp_path / "policy.onnx"
    with cache.open("wb") as file:
        file.truncate(1 << 40)  # a hole
    assert opened_result(cache, graph) == 2.0
