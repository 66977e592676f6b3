"""A detector is exported once for all of a user's runs."""

import os
from pathlib import Path

import numpy as np
import pytest

from models import perception as module
from models.graph_cache import MOST_GRAPHS, shared_graph
from models.graph_seal import is_sealed
from models.perception import Perception
from tests.test_models_perception import ALL, make_detector, picture


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "understudy" / "graphs"


def opened(cache: Path | None = None) -> Perception:
    return Perception(make_detector(), engine="onnx", cache=cache, settings=ALL)


def test_what_one_run_exported_another_opens(
    caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = opened(tmp_path / "one.onnx").see(picture())
    (kept,) = caches.iterdir()
    os.utime(kept, (1, 1))
    monkeypatch.setattr(module, "export_graph", None)  # nobody exports again
    np.testing.assert_array_equal(opened(tmp_path / "two.onnx").see(picture()).boxes, seen.boxes)
    np.testing.assert_array_equal(opened().see(picture()).boxes, seen.boxes)
    assert len(seen.boxes) > 0
    assert (tmp_path / "two.onnx").read_bytes() == kept.read_bytes()
    assert kept.stat().st_mtime > 1  # what is used stays longest


def test_what_lies_there_damaged_or_unsigned_is_made_again(caches: Path):
    mark = opened().fingerprint
    whole = shared_graph(mark).read_bytes()
    for other in (whole[:-1], b""):
        shared_graph(mark).write_bytes(other)
        opened()
        assert is_sealed(shared_graph(mark).read_bytes())


def test_only_so_many_are_kept_the_longest_unused_go_first(caches: Path):
    caches.mkdir(parents=True)
    for number in range(MOST_GRAPHS + 3):
        (caches / f"{number}.onnx").write_bytes(b"")
        os.utime(caches / f"{number}.onnx", (number, number))
    (caches / "mine.txt").write_text("no graph")
    kept = opened()
    names = {path.name for path in caches.iterdir()}
    assert names == {
        "mine.txt",
        shared_graph(kept.fingerprint).name,
        *(f"{number}.onnx" for number in range(4, MOST_GRAPHS + 3)),
    }


def test_without_a_cache_all_works(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    assert len(opened().see(picture()).boxes) > 0
