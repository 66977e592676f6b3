from pathlib import Path

import pytest
import safetensors.torch
import torch

from data.errors import CheckpointError
from models.mobilenet import Backbone, load_backbone, read_weights
from tests.mobilenet_classifier import MobileNetV3

PUBLISHED_SMALL = {
    "features.0.0.weight": (16, 3, 3, 3),
    "features.0.1.running_mean": (16,),
    "features.1.block.0.0.weight": (16, 1, 3, 3),
    "features.1.block.1.fc1.weight": (8, 16, 1, 1),
    "features.1.block.1.fc2.bias": (16,),
    "features.1.block.2.0.weight": (16, 16, 1, 1),
    "features.2.block.0.0.weight": (72, 16, 1, 1),
    "features.4.block.1.0.weight": (96, 1, 5, 5),
    "features.4.block.2.fc1.weight": (24, 96, 1, 1),
    "features.11.block.3.1.num_batches_tracked": (),
    "features.12.0.weight": (576, 96, 1, 1),
    "classifier.0.weight": (1024, 576),
    "classifier.3.bias": (1000,),
}
PUBLISHED_LARGE = {
    "features.1.block.0.0.weight": (16, 1, 3, 3),
    "features.4.block.2.fc1.weight": (24, 72, 1, 1),
    "features.7.block.1.0.weight": (240, 1, 3, 3),
    "features.15.block.2.fc2.weight": (960, 240, 1, 1),
    "features.16.0.weight": (960, 160, 1, 1),
    "classifier.0.weight": (1280, 960),
}


@pytest.mark.parametrize(("name", "count"), [("small", 2_542_856), ("large", 5_483_032)])
def test_parameter_counts_are_the_published_ones(name: str, count: int) -> None:
    assert sum(p.numel() for p in MobileNetV3(name).parameters()) == count


@pytest.mark.parametrize(
    ("name", "published", "entries"),
    [("small", PUBLISHED_SMALL, 244), ("large", PUBLISHED_LARGE, 312)],
)
def test_names_and_shapes_are_torchvisions(
    name: str, published: dict[str, tuple[int, ...]], entries: int
) -> None:
    state = MobileNetV3(name).state_dict()
    assert {key: tuple(state[key].shape) for key in published} == published
    assert len(state) == entries


def test_batch_norm_has_the_published_epsilon() -> None:
    norms = [m for m in MobileNetV3("small").modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert {norm.eps for norm in norms} == {0.001}


def test_maps_round_their_sizes_up() -> None:
    backbone = Backbone("small").eval()
    with torch.inference_mode():
        maps = backbone(torch.zeros(1, 3, 270, 480))
    shapes = [tuple(m.shape[1:]) for m in maps]
    assert shapes == [(16, 68, 120), (24, 34, 60), (48, 17, 30), (96, 9, 15)]
    assert backbone.channels == (16, 24, 48, 96)


def test_a_block_with_equal_shape_adds_its_input() -> None:
    block = MobileNetV3("small").features[3].eval()
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    maps = torch.rand(1, 24, 4, 4)
    assert torch.equal(block(maps), maps)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_classifier_weights_load_into_the_backbone(tmp_path: Path, suffix: str) -> None:
    torch.manual_seed(1)
    published = MobileNetV3("small").eval()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(published.state_dict(), path)
    else:
        safetensors.torch.save_file(published.state_dict(), path)
    backbone = Backbone("small").eval()
    load_backbone(backbone, path)
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(backbone(image)[-1], published.features[:12](image))


def test_other_networks_weights_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "large.pth"
    torch.save(MobileNetV3("large").state_dict(), path)
    with pytest.raises(CheckpointError, match=r"has no .features\.1\.block\.1\.fc1"):
        load_backbone(Backbone("small"), path)


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"weights": Path}, path)
    with pytest.raises(CheckpointError, match="can't be read as weights"):
        read_weights(path)


def test_a_file_that_holds_no_tensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "numbers.pth"
    torch.save({"epoch": 3}, path)
    with pytest.raises(CheckpointError, match="not a state dict"):
        read_weights(path)


def test_damaged_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"not weights at all")
    with pytest.raises(CheckpointError, match="can't be read as weights"):
        read_weights(path)
    with pytest.raises(CheckpointError, match="no such file"):
        read_weights(tmp_path / "absent.pth")
