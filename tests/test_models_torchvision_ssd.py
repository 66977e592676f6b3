"""Beside numbers that torchvision's own code said; see torchvision_reference.py."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from data.errors import CheckpointError
from models.coco_classes import COCO_CLASSES
from models.torchvision_ssd import TorchvisionSsd, decode, load_torchvision_detector, postprocess
from tests.mobilenet_classifier import MobileNetV3
from tests.torchvision_reference import (
    CASES,
    COMPARED,
    FIXTURE,
    STRIDE,
    layout_weights,
    ours,
    picture,
    random_output,
)

PUBLISHED_PARAMETERS = 3_440_060


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    with np.load(FIXTURE) as file:
        return dict(file)


def detector_with(background: float) -> TorchvisionSsd:
    detector = TorchvisionSsd().eval()
    detector.load_state_dict(layout_weights(detector.state_dict(), background=background))
    return detector


def test_every_name_and_shape_is_torchvisions(said: dict[str, Any]):
    state = TorchvisionSsd().state_dict()
    expected = {name: tuple(shape) for name, shape in json.loads(str(said["layout"])).items()}
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == expected
    count = sum(p.numel() for p in TorchvisionSsd().parameters())
    assert count == PUBLISHED_PARAMETERS


def test_default_boxes_are_torchvisions(said: dict[str, Any]):
    np.testing.assert_array_equal(TorchvisionSsd().default_boxes[::7].numpy(), said["anchors"])


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda case: f"{CASES[case][0]}")
def test_maps_logits_deltas_and_boxes_are_torchvisions(case: int, said: dict[str, Any]):
    size, background = CASES[case]
    found = ours(detector_with(background), picture(size))
    assert len(found.maps) == 6
    for i, maps in enumerate(found.maps):
        np.testing.assert_allclose(maps.flatten()[::STRIDE], said[f"{case}.map{i}"], atol=1e-4)
    logits, deltas = found.logits.flatten()[::STRIDE], found.deltas.flatten()[:: STRIDE // 10]
    np.testing.assert_allclose(logits, said[f"{case}.logits"], atol=1e-4)
    np.testing.assert_allclose(deltas, said[f"{case}.deltas"], atol=1e-4)
    assert found.labels[:COMPARED].tolist() == said[f"{case}.labels"].tolist()
    np.testing.assert_allclose(found.scores[:COMPARED], said[f"{case}.scores"], atol=1e-4)
    np.testing.assert_allclose(found.boxes[:COMPARED], said[f"{case}.boxes"], atol=1e-2)


@pytest.mark.parametrize(("number", "background"), [(0, 0.0), (1, 15.0)])
def test_decoding_keeps_torchvisions_boxes_in_its_order(
    number: int, background: float, said: dict[str, Any]
):
    logits, deltas = random_output(background=background)
    boxes, labels, scores = postprocess(logits, deltas, TorchvisionSsd().default_boxes)
    assert labels.tolist() == said[f"decoded{number}.labels"].tolist()
    np.testing.assert_allclose(scores, said[f"decoded{number}.scores"], atol=1e-6)
    np.testing.assert_allclose(boxes, said[f"decoded{number}.boxes"], atol=1e-3)


def test_wild_deltas_stay_finite():
    corners = TorchvisionSsd().default_boxes[:1]
    assert decode(torch.full((1, 4), 1e4), corners).isfinite().all()


def test_both_ways_through_suppression_were_compared():
    for background, many in ((0.0, True), (15.0, False)):
        logits, _ = random_output(background=background)
        candidates = (logits.softmax(-1)[:, 1:] > 0.001).sum(0).clamp(max=300).sum()
        assert (candidates > 1000) == many


def test_the_threshold_leaves_out_what_is_less_sure():
    detector, image = detector_with(9.0), picture((90, 160))
    every = detector.detect(image).scores
    least = float(every[10])
    found = detector.detect(image, least)
    assert len(found.scores) == 10
    assert (found.scores > least).all()
    nothing = detector.detect(image, 0.999)
    assert nothing.boxes.shape == (0, 4)


def test_boxes_lie_in_the_picture_that_was_given():
    found = detector_with(0.0).detect(picture((90, 480)))
    assert found.boxes.min() >= 0
    assert found.boxes[:, 3].max() == pytest.approx(90, abs=1e-3)
    assert found.boxes[:, 2].max() == pytest.approx(480, abs=1e-3)


def test_half_precision_weights_still_see():
    detector = detector_with(9.0).to(torch.bfloat16)
    found = detector.detect(picture((90, 160)))
    assert len(found.boxes)
    assert found.boxes.dtype == found.scores.dtype == np.float32


def test_the_classes_are_cocos_by_id():
    assert len(COCO_CLASSES) == 91
    assert [COCO_CLASSES[i] for i in (0, 1, 37, 90)] == [
        "__background__",
        "person",
        "sports ball",
        "toothbrush",
    ]
    assert COCO_CLASSES.count("N/A") == 10


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_of_the_published_layout_loads_unchanged(tmp_path: Path, suffix: str):
    weights = detector_with(0.0).state_dict()
    path = tmp_path / f"mine{suffix}"
    if suffix == ".pth":
        torch.save(weights, path)
    else:
        safetensors.torch.save_file(weights, path)
    loaded = load_torchvision_detector(path)
    assert not loaded.training
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, weights[name]), name


def test_another_networks_file_is_refused(tmp_path: Path):
    path = tmp_path / "classifier.pth"
    torch.save(MobileNetV3("small").state_dict(), path)
    with pytest.raises(CheckpointError, match=r"not torchvision's ssdlite320.*Missing key"):
        load_torchvision_detector(path)


def test_a_detector_without_weights_is_refused():
    with pytest.raises(CheckpointError, match="needs weights"):
        load_torchvision_detector("none")
