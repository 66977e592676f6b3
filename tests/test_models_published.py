import hashlib
import socket
from http.client import IncompleteRead
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from data.errors import CheckpointError
from models.mobilenet import Backbone, load_backbone
from models.published import COCO_URL, IMAGENET_URLS, fetch, resolve_weights
from models.torchvision_ssd import TorchvisionSsd, load_torchvision_detector
from tests.mobilenet_classifier import MobileNetV3


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torch.hub keeps files, empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch/hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("torch.hub.urlopen", refuse)


def name_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def published(folder: Path, data: bytes, *, mark: str | None = None) -> str:
    """Publish bytes under the name that torch.hub's convention asks for; return the address."""
    mark = mark or hashlib.sha256(data).hexdigest()[:8]
    folder.mkdir(exist_ok=True)
    path = folder / f"net-{mark}.pth"
    path.write_bytes(data)
    return path.as_uri()


@pytest.mark.usefixtures("offline")
def test_cocos_detector_comes_from_torch_hubs_folder(kept: Path):
    torch.manual_seed(3)
    weights = TorchvisionSsd().state_dict()
    torch.save(weights, kept / name_of(COCO_URL))
    loaded = load_torchvision_detector("coco").state_dict()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("backbone", ["small", "large"])
def test_imagenets_classifier_comes_from_torch_hubs_folder(kept: Path, backbone: str):
    weights = MobileNetV3(backbone).state_dict()
    torch.save(weights, kept / name_of(IMAGENET_URLS[backbone]))
    path = resolve_weights("imagenet", backbone=backbone)
    assert path is not None
    ours = Backbone(backbone)
    load_backbone(ours, path)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in ours.state_dict().items())


@pytest.mark.usefixtures("offline")
def test_offline_one_line_says_which_file_goes_where(kept: Path):
    with pytest.raises(CheckpointError) as told:
        resolve_weights("coco")
    said = str(told.value)
    assert COCO_URL in said
    assert str(kept / name_of(COCO_URL)) in said
    assert "can't be fetched (Name or service not known)." in said
    assert "\n" not in said
    assert not list(kept.iterdir())


def test_a_file_is_fetched_once(kept: Path, tmp_path: Path):
    url = published(tmp_path / "site", b"weights")
    assert fetch(url).read_bytes() == b"weights"
    (tmp_path / "site" / name_of(url)).unlink()
    assert fetch(url) == kept / name_of(url)


def test_a_file_that_is_not_what_its_name_says_is_refused(kept: Path, tmp_path: Path):
    url = published(tmp_path / "site", b"something else", mark="0" * 8)
    with pytest.raises(CheckpointError, match="invalid hash value"):
        fetch(url)
    assert not list(kept.iterdir())


def test_a_connection_that_breaks_is_one_line(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def breaks(*_: object, **__: object) -> None:
        raise IncompleteRead(b"half")

    monkeypatch.setattr("torch.hub.urlopen", breaks)
    with pytest.raises(CheckpointError, match="can't be fetched"):
        resolve_weights("coco")
    assert not list(kept.iterdir())


@pytest.mark.usefixtures("kept")
def test_a_silent_network_is_given_up_and_the_limit_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    limits = []

    def note(*_: object, **__: object) -> None:
        limits.append(socket.getdefaulttimeout())
        raise TimeoutError("timed out")

    monkeypatch.setattr("torch.hub.urlopen", note)
    with pytest.raises(CheckpointError, match="timed out"):
        resolve_weights("coco")
    assert limits == [20.0]
    assert socket.getdefaulttimeout() is None


def test_a_file_and_no_weights_at_all(tmp_path: Path):
    path = tmp_path / "mine.pth"
    path.write_bytes(b"")
    assert resolve_weights(path) == path
    assert resolve_weights("none") is None
    with pytest.raises(CheckpointError, match=r"gone\.pth: no such file\. Give coco, imagenet"):
        resolve_weights(tmp_path / "gone.pth")


def test_a_pickle_in_torch_hubs_folder_is_never_executed(kept: Path):
    torch.save({"weights": Path}, kept / name_of(COCO_URL))
    with pytest.raises(CheckpointError, match="can't be read as weights"):
        load_torchvision_detector("coco")
