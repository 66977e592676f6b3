import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from data.errors import CheckpointError
from data.frames import Image
from models import perception as module
from models.checkpoint import load_run, make_config, save_files, save_run
from models.detections import DecodeSettings
from models.detector_data import normalise
from models.graph_seal import sealed
from models.perception import Perception, build_detector, fingerprint, load_detector
from models.ssd import Detector, DetectorSettings
from tests.factories import practice_profile

SIZE = (64, 96)
ALL = DecodeSettings(score_threshold=0.001, most=20)


def make_detector(seed: int = 0) -> Detector:
    torch.manual_seed(seed)
    settings = DetectorSettings(
        class_names=practice_profile().object_names, anchors=((6, 6), (8, 17), (30, 100)), size=SIZE
    )
    return Detector(settings).eval()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return make_detector()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("perception") / "perception.onnx"


@pytest.fixture(scope="module")
def onnx(detector: Detector, cache: Path) -> Perception:
    return Perception(detector, engine="onnx", cache=cache, settings=ALL)


def picture(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def test_onnx_runtime_sees_what_torch_sees(detector: Detector, onnx: Perception) -> None:
    torches = Perception(detector, engine="torch", threads=1)
    for seed in range(3):
        pairs = zip(onnx.network(picture(seed)), torches.network(picture(seed)), strict=True)
        for ours, expected in pairs:
            np.testing.assert_allclose(ours, expected, atol=1e-3)
    assert (onnx.engine, torches.engine) == ("onnx", "torch")


def test_a_sight_has_the_promised_shapes(onnx: Perception) -> None:
    sight = onnx.see(picture())
    count = len(sight.boxes)
    assert count > 0
    assert sight.boxes.shape == (count, 4)
    assert sight.classes.shape == sight.scores.shape == (count,)
    assert sight.features.shape == (onnx.feature_count,) == (960,)
    kinds = [a.dtype for a in (sight.boxes, sight.classes, sight.scores, sight.features)]
    assert kinds == [np.float32, np.int64, np.float32, np.float32]


def test_colours_are_turned_and_normalised() -> None:
    blue = torch.zeros(1, 2, 2, 3, dtype=torch.uint8)
    blue[..., 0] = 255
    red, green, last = normalise(blue)[0, :, 0, 0].tolist()
    assert last == pytest.approx((1 - 0.406) / 0.225, rel=1e-5)
    assert (red, green) == pytest.approx((-0.485 / 0.229, -0.456 / 0.224))


def test_features_keep_their_place(detector: Detector) -> None:
    seeing = Perception(detector, engine="torch", threads=1)
    plain, marked = np.zeros((*SIZE, 3), np.uint8), np.zeros((*SIZE, 3), np.uint8)
    marked[:, 80:] = 255
    moved = np.abs(seeing.see(plain).features - seeing.see(marked).features).reshape(64, 3, 5)
    assert moved[:, :, 4].mean() > moved[:, :, 0].mean()


def test_a_picture_of_another_size_is_refused(onnx: Perception) -> None:
    with pytest.raises(ValueError, match=r"\(64, 96, 3\), got uint8 \(32, 32, 3\)"):
        onnx.see(np.zeros((32, 32, 3), np.uint8))


def test_the_graph_is_exported_once(
    detector: Detector, onnx: Perception, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "export_graph", None)
    again = Perception(detector, engine="onnx", cache=cache, settings=ALL)
    np.testing.assert_array_equal(again.see(picture()).boxes, onnx.see(picture()).boxes)


@pytest.mark.parametrize("other", [True, False])
def test_a_stale_or_damaged_graph_is_made_again(
    detector: Detector,
    onnx: Perception,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    other: bool,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    copy = tmp_path / "run" / "perception.onnx"
    copy.parent.mkdir()
    copy.write_bytes(cache.read_bytes() if other else b"damaged")
    fresh = cache.read_bytes()
    monkeypatch.setattr(module, "export_graph", lambda *_: fresh)
    Perception(make_detector(1) if other else detector, engine="onnx", cache=copy)
    assert copy.read_bytes() == sealed(fresh)
    assert [path.name for path in copy.parent.iterdir()] == ["perception.onnx"]


def test_torch_takes_over_without_onnx_runtime(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert Perception(detector, engine="auto", threads=1).engine == "torch"
    with pytest.raises(CheckpointError, match="ONNX Runtime can't be imported"):
        Perception(detector, engine="onnx")


def test_fingerprints_tell_weights_apart(detector: Detector) -> None:
    assert fingerprint(detector) == fingerprint(make_detector())
    assert fingerprint(detector) != fingerprint(make_detector(1))


def run_config(detector: Detector) -> dict[str, object]:
    return make_config(
        "detector", settings=detector.settings.to_json(), profile=practice_profile(), seed=0
    )


def test_a_detector_comes_back_from_its_run(detector: Detector, tmp_path: Path) -> None:
    save_run(tmp_path, weights=detector.state_dict(), config=run_config(detector))
    loaded = load_detector(tmp_path)
    assert fingerprint(loaded) == fingerprint(detector)
    assert not loaded.training


def test_shipped_weights_load_by_name_in_half_precision(
    detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = {k: v.half() if v.is_floating_point() else v for k, v in detector.state_dict().items()}
    save_files(
        tmp_path / "practice.safetensors",
        tmp_path / "practice.json",
        weights=halves,
        config=run_config(detector),
    )
    monkeypatch.setattr(module, "WEIGHTS_FOLDER", tmp_path)
    loaded = load_detector("practice")
    assert loaded.state_dict()["backbone.features.0.0.weight"].dtype == torch.float32
    assert fingerprint(load_detector()) == fingerprint(loaded)


def test_weights_that_dont_fit_are_refused(detector: Detector, tmp_path: Path) -> None:
    save_run(tmp_path, weights=detector.state_dict(), config=run_config(detector))
    files = load_run(tmp_path)
    with pytest.raises(CheckpointError, match="can't be rebuilt"):
        build_detector({**files.config["settings"], "width": 32}, files.weights, source="x")
    with pytest.raises(CheckpointError, match="no such run folder"):
        load_detector(tmp_path / "absent")
