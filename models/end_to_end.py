"""Train a policy's eyes along with it: from pictures to features, with gradients all the way back.

The boxes still come from the detector, which learns nothing here. What is trained is an encoder of
the policy's own that begins as a copy of the detector's: a detector's features say what is where,
and leave out what no box shows.
"""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from models.detector_data import discolour, normalise
from models.disk_arrays import ArrayWriter
from models.encoder import Encoder
from models.pictures import Pictures
from models.policy import threads
from models.policy_recipe import FitSettings
from models.policy_store import Passage

# Pixels whose maps are in memory at once: 128 and 16 pictures of 480x270, at 40 MB each.
_PIXELS = {"cuda": 128 * 480 * 270, "cpu": 16 * 480 * 270}
_SAMPLED = 256  # pictures, about, that a feature's mean and deviation are taken from


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """What training with the backbone needs beside demonstrations."""

    encoder: Encoder
    """What it begins with."""
    folder: Path
    """Where features of held-out play lie, as seen through the encoder of the moment."""
    threads: int = 1
    """CPU threads; unlike an LSTM's, a convolution's gain from a second."""


def begun(encoder: Encoder, passages: Sequence[Passage], pictures: Pictures) -> Encoder:
    """Return a copy whose features are standardised over pictures from all of some passages."""
    every = max(1, sum(map(len, passages)) // _SAMPLED)
    at_once = _at_once(encoder)
    copied = copy.deepcopy(encoder)
    found = []
    with torch.no_grad():
        for passage in passages:
            frames = passage.frames(0, len(passage))[::every]
            for start in range(0, len(frames), at_once):
                read = pictures.read(passage.source, frames[start : start + at_once])
                found.append(_encode(copied, torch.from_numpy(read), None))
        copied.standardise(torch.cat(found))
    return copied


def encoded(encoder: Encoder, pictures: Tensor, colours: Sequence[int] | None = None) -> Tensor:
    """Encode windows of pictures so that gradients reach the encoder.

    Of more pictures than fit into memory only the features are kept, and the maps are computed
    again on the way back (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").

    Args:
        encoder: On the pictures' device.
        pictures: BGR `uint8` `(B, T, H, W, 3)`.
        colours: What the change of each window's colours follows from, `(B,)`; None for no change.

    Returns:
        Features `(B, T, F)`.
    """
    count, ticks = pictures.shape[:2]
    flat = pictures.flatten(0, 1)
    salts = None if colours is None else np.repeat(np.asarray(colours), ticks).tolist()
    at_once = _at_once(encoder)
    if len(flat) <= at_once:
        return _encode(encoder, flat, salts).reshape(count, ticks, -1)
    parts = [
        checkpoint(
            _encode,
            encoder,
            flat[start : start + at_once],
            None if salts is None else salts[start : start + at_once],
            use_reentrant=False,
            preserve_rng_state=False,  # chance comes from the salts
        )
        for start in range(0, len(flat), at_once)
    ]
    return torch.cat(parts).reshape(count, ticks, -1)


def _at_once(encoder: Encoder) -> int:
    """Return how many pictures' maps are in memory at once."""
    height, width = encoder.settings.size
    device = next(encoder.parameters()).device
    return max(1, _PIXELS[device.type] // (height * width))


def _encode(encoder: Encoder, pictures: Tensor, salts: Sequence[int] | None) -> Tensor:
    images = normalise(pictures)
    if salts is not None:
        images = discolour(images, [np.random.default_rng(salt) for salt in salts])
    features: Tensor = encoder(images.contiguous(memory_format=torch.channels_last))
    return features


@torch.inference_mode()
def seen_through(
    encoder: Encoder, passages: Sequence[Passage], pictures: Pictures, folder: Path
) -> tuple[Passage, ...]:
    """Return passages whose features are the encoder's, kept in `folder` until the next time."""
    device = next(encoder.parameters()).device
    at_once = _at_once(encoder)
    found = []
    for index, passage in enumerate(passages):
        width = (encoder.feature_count,)
        with ArrayWriter(folder / f"{index}.npy", width, np.float16) as writer:
            for start in range(0, len(passage), at_once):
                frames = passage.frames(start, start + at_once)
                read = torch.from_numpy(pictures.read(passage.source, frames)).to(device)
                writer.append(_encode(encoder, read, None).float().cpu().numpy())
            found.append(replace(passage, pooled=writer.finish()))
    return tuple(found)


def slowness(
    end_to_end: EndToEnd,
    settings: FitSettings,
    ticks: int,
    *,
    now_s: Callable[[], float] = time.monotonic,
) -> str:
    """Say about how long it takes to learn from so many ticks on this machine's CPU."""
    encoder = end_to_end.encoder
    height, width = encoder.settings.size
    timed = 2 * _at_once(encoder)  # their maps are computed twice
    example = torch.zeros(1, timed, height, width, 3, dtype=torch.uint8)
    learned = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    spent_s = 0.0
    with threads(end_to_end.threads):
        for _ in range(2):  # the first time memory is fetched
            began_s = now_s()
            torch.autograd.grad(encoded(encoder, example).sum(), learned)
            spent_s = now_s() - began_s
    pictures = settings.steps_for(ticks) * settings.streams * settings.window
    seconds = min(spent_s / timed * pictures, settings.most_seconds or math.inf)
    told = f"{seconds / 3600:.0f} hours" if seconds >= 7200 else f"{seconds / 60:.0f} minutes"
    return (
        f"no GPU here: learning from the pictures themselves takes about {told}. Without "
        "--end-to-end it takes minutes; --steps or --seconds cut it short."
    )
