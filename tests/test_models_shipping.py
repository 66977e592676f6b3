from pathlib import Path

import pytest
import torch

from data.errors import CheckpointError
from models.benchmark import bench_infer, frames_of
from models.checkpoint import load_files, save_run
from models.perception import load_detector, load_detector_files
from models.shipping import ship
from tests.factories import write_recording


def test_the_shipped_weights_load_and_are_small():
    detector = load_detector("practice")
    assert detector.settings.size == (270, 480)
    assert "ball" in detector.settings.class_names
    weights = Path(__file__).resolve().parent.parent / "models/weights/practice.safetensors"
    assert weights.stat().st_size < 15e6


def test_shipping_halves_the_weights_and_keeps_the_config(tmp_path: Path):
    files = load_detector_files("practice")
    whole = {k: v.float() if v.is_floating_point() else v for k, v in files.weights.items()}
    save_run(tmp_path / "run", weights=whole, config=files.config)
    path = ship(tmp_path / "run", "mine", folder=tmp_path / "weights")
    shipped = load_files(path, path.with_suffix(".json"), source="mine", kind="detector")
    assert shipped.config == files.config
    for name, tensor in shipped.weights.items():
        assert torch.equal(tensor, files.weights[name]), name


def test_only_a_detectors_run_ships(tmp_path: Path):
    with pytest.raises(CheckpointError):
        ship(tmp_path, "mine", folder=tmp_path / "weights")


def test_the_benchmark_measures_all_three_in_one_run(tmp_path: Path):
    images = frames_of(write_recording(tmp_path / "a.h5"))
    found = bench_infer(load_detector("practice"), images=images, frames=2, threads=1)
    assert found["ratio"] == pytest.approx(found["ours_ms"] / found["onnxruntime_ms"], rel=0.01)
    assert found["eager_ms"] > 0
    stopped = bench_infer(
        load_detector("practice"), images=images, frames=2, threads=1, stop=lambda: True
    )
    assert stopped == {}
