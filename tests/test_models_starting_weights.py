from pathlib import Path

import pytest
import safetensors.torch
import torch

from data.errors import CheckpointError
from models.checkpoint import make_config, save_run
from models.perception import load_detector
from models.ssd import Detector, DetectorSettings
from models.starting_weights import begin_with
from models.torchvision_ssd import TorchvisionSsd
from tests.factories import practice_profile
from tests.mobilenet_classifier import MobileNetV3

NAMES = practice_profile().object_names


def run_folder(folder: Path, detector: Detector) -> Path:
    config = make_config(
        "detector", settings=detector.settings.to_json(), profile=practice_profile(), seed=0
    )
    save_run(folder, weights=detector.state_dict(), config=config)
    return folder


def fresh(**changes: object) -> Detector:
    torch.manual_seed(7)
    plain: dict[str, object] = {
        "class_names": NAMES,
        "anchors": load_detector().settings.anchors,
    }
    return Detector(DetectorSettings(**{**plain, **changes}))  # type: ignore[arg-type]


def test_the_same_detector_is_taken_whole() -> None:
    detector = fresh()
    start = begin_with(detector, "practice")
    assert not start.fresh
    for name, tensor in load_detector("practice").state_dict().items():
        assert torch.equal(detector.state_dict()[name], tensor), name
    assert start.told().startswith("Begun from practice: ")


def test_classes_and_anchors_find_their_counterparts(tmp_path: Path) -> None:
    """With classes and anchors in another order, and one of each new, the rest says the same."""
    old = fresh(class_names=("a", "b", "c"), anchors=((4, 4), (6, 3), (5, 7), (30, 60)))
    new = fresh(class_names=("c", "new", "a"), anchors=((5, 7.5), (4.2, 4), (90, 90)))
    torch.nn.init.normal_(old.class_heads["0"].predict.bias)
    start = begin_with(new, str(run_folder(tmp_path / "old", old)))
    assert "New classes: new." in start.notes
    assert "Anchors that begin at random: 90x90." in start.notes
    assert any(name.startswith("class_heads.3.predict") for name in start.fresh)
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        was, now = old.eval()(image), new.eval()(image)
    # At stride 4 the old cell has anchors 4x4, 6x3, 5x7; the new one has 5x7.5 and 4.2x4.
    assert [len(level) for level in (old.levels[0], new.levels[0])] == [3, 2]
    before, after = (
        output.logits[0, : 256 * count].reshape(256, count, -1)
        for output, count in ((was, 3), (now, 2))
    )
    by_old = {shape: i for i, shape in enumerate(old.levels[0])}
    for mine, theirs in (((5.0, 7.5), (5.0, 7.0)), ((4.2, 4.0), (4.0, 4.0))):
        here = after[:, new.levels[0].index(mine)]
        there = before[:, by_old[theirs]]
        torch.testing.assert_close(here[:, [0, 1, 3]], there[:, [0, 3, 1]])
        assert not torch.allclose(here[:, 2], there[:, 2])


def test_a_runs_weights_file_stands_for_the_run(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "old", fresh())
    start = begin_with(fresh(), str(run / "checkpoint.safetensors"))
    assert (start.source, start.fresh) == (str(run), ())


def test_another_backbone_is_refused() -> None:
    with pytest.raises(CheckpointError, match="its backbone is 'small'"):
        begin_with(fresh(backbone="large"), "practice")


def test_nothing_is_begun_from_nothing() -> None:
    detector = fresh()
    before = {name: tensor.clone() for name, tensor in detector.state_dict().items()}
    start = begin_with(detector, "none")
    assert start.told() == "Begun from nothing."
    assert all(torch.equal(detector.state_dict()[name], t) for name, t in before.items())


def test_a_classifier_fills_the_backbone(tmp_path: Path) -> None:
    classifier = MobileNetV3("small")
    safetensors.torch.save_file(classifier.state_dict(), tmp_path / "imagenet.safetensors")
    detector = fresh()
    start = begin_with(detector, str(tmp_path / "imagenet.safetensors"))
    assert {name.split(".")[0] for name in start.taken} == {"backbone"}
    assert {name for name in detector.state_dict() if name.startswith("backbone.")} == set(
        start.taken
    )
    wanted = classifier.state_dict()["features.11.block.0.0.weight"]
    assert torch.equal(detector.state_dict()["backbone.features.11.block.0.0.weight"], wanted)


def test_torchvisions_ssdlite_fills_the_backbone_up_to_its_narrow_tail(tmp_path: Path) -> None:
    """The maps of stride 4, 8 and 16 are those of the file's own network."""
    other = TorchvisionSsd().eval()
    torch.save(other.state_dict(), tmp_path / "coco.pth")
    detector = fresh(backbone="large").eval()
    start = begin_with(detector, str(tmp_path / "coco.pth"))
    assert "backbone.features.13.block.1.0.weight" in start.taken
    assert "backbone.features.14.block.0.0.weight" in start.fresh
    image = torch.rand(1, 3, 320, 320)
    with torch.inference_mode():
        c4 = other.state_dict()["backbone.features.0.13.0.weight"]
        assert torch.equal(detector.state_dict()["backbone.features.13.block.0.0.weight"], c4)
        maps = image
        for index, layer in enumerate(other.backbone.features[0]):
            maps = layer(maps)
            if index == 12:
                break
        torch.testing.assert_close(detector.backbone(image)[2], maps)
    with pytest.raises(CheckpointError, match="Use --backbone large"):
        begin_with(fresh(), str(tmp_path / "coco.pth"))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CheckpointError, match=r"gone\.pth: no such run, and no such file"):
        begin_with(fresh(), "gone.pth")
