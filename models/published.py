"""Weights that others published: fetched once through torch.hub, kept where it keeps them."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import torch

from data.errors import CheckpointError

_SITE = "https://download.pytorch.org/models/"
COCO_URL = _SITE + "ssdlite320_mobilenet_v3_large_coco-a79551df.pth"
"""A whole detector, for `models.torchvision_ssd`; COCO box mAP 21.3."""
IMAGENET_URLS: Mapping[str, str] = {
    "large": _SITE + "mobilenet_v3_large-8738ca79.pth",
    "small": _SITE + "mobilenet_v3_small-047dcff4.pth",
}
"""Classifiers, for `models.mobilenet.load_backbone`: what torchvision's detectors grow from."""
_SILENCE_S = 20.0  # a firewall that drops packets would otherwise keep us for minutes


def resolve_weights(weights: str | Path, *, backbone: str = "large") -> Path | None:
    """Return the file that `--weights` names: coco, imagenet, none (then None), or a path.

    Args:
        weights: The choice.
        backbone: Whose ImageNet weights: "small" or "large".

    Raises:
        CheckpointError: There is no such file, or it is neither here nor to be fetched.
    """
    if weights == "none":
        return None
    if weights == "coco":
        return fetch(COCO_URL)
    if weights == "imagenet":
        return fetch(IMAGENET_URLS[backbone])
    path = Path(weights)
    if not path.is_file():
        raise CheckpointError(
            f"{path}: no such file. Give coco, imagenet, none, or a .safetensors or .pth file."
        )
    return path


def fetch(url: str) -> Path:
    """Return torch.hub's copy of a published file, downloading it the first time.

    The name of such a file ends with the beginning of its SHA-256, against which it is checked.

    Raises:
        CheckpointError: It can't be fetched; the message says which file to put where.
    """
    name = url.rsplit("/", 1)[1]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    if path.is_file():
        return path
    mark = Path(name).stem.rsplit("-", 1)[1]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _patience():
            torch.hub.download_url_to_file(url, str(path), mark, progress=False)
    except (OSError, HTTPException, RuntimeError) as error:
        told = str(error).removeprefix("<urlopen error ").removesuffix(">")
        reason = " ".join(told.split()) or type(error).__name__
        raise CheckpointError(
            f"{name}: can't be fetched ({reason}). Download {url} elsewhere and put it at {path}."
        ) from error
    return path


@contextmanager
def _patience() -> Iterator[None]:
    """Give up on a silent network; torch.hub sets no limit of its own."""
    kept = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(kept)
