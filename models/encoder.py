"""Pooled features of a picture: a backbone's coarsest map, averaged over a grid of cells."""

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn

from data.errors import CheckpointError
from models.mobilenet import Backbone, ConvNorm
from models.rebuilding import rebuilt
from models.ssd import Detector, DetectorSettings

# Rows and columns of the pooled map: position stays known to a third of the height and a fifth of
# the width, and 3 * 5 * 64 = 960 features stay below the size of the tokens' network.
GRID = (3, 5)
_LEAST_SPREAD = 0.2  # of the average; a feature that hardly varies is not blown up to noise


class Encoder(nn.Module):
    """The part of a detector that its pooled features come from, to be trained for a policy.

    The features are standardised: of the detector's own each has a large constant part and varies
    a sixth as much, which drives what they are squeezed into to its ends, where nothing is learned.
    Batch norm stays as the detector left it, and the module in evaluation mode: a batch of windows
    holds long runs of nearly the same picture, whose statistics are no game's.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, settings: DetectorSettings) -> None:
        """Build one for pictures of a detector's size."""
        super().__init__()
        self.settings = settings
        self.backbone = Backbone(settings.backbone)
        self.lateral = ConvNorm(self.backbone.channels[-1], settings.width, kernel=1)
        self.register_buffer("centre", torch.zeros(self.feature_count))
        self.register_buffer("spread", torch.ones(self.feature_count))
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.requires_grad_(False)
        self.eval()

    @classmethod
    def of(cls, detector: Detector) -> Self:
        """Copy a detector's; before `standardise` the features are the detector's own."""
        encoder = cls(detector.settings)
        encoder.backbone.load_state_dict(detector.backbone.state_dict())
        encoder.lateral.load_state_dict(detector.lateral[-1].state_dict())
        return encoder

    @property
    def feature_count(self) -> int:
        """How many features a picture has."""
        return self.settings.width * GRID[0] * GRID[1]

    def standardise(self, features: Tensor) -> None:
        """Let each feature have mean 0 and deviation 1 over those it gave so far, `(n, F)`."""
        self.centre.copy_(features.mean(0))
        deviation = features.std(0)
        self.spread.copy_(deviation.clamp(min=_LEAST_SPREAD * float(deviation.mean()) + 1e-6))

    def forward(self, images: Tensor) -> Tensor:
        """Map ImageNet-normalised RGB `(B, 3, H, W)` to features `(B, F)`, see `pool`."""
        return (pool(self.lateral(self.backbone(images)[-1])) - self.centre) / self.spread


def pool(maps: Tensor) -> Tensor:
    """Average `(B, width, h, w)` over the cells of `GRID`: `(B, F)`, channel, row, column."""
    return nn.functional.adaptive_avg_pool2d(maps, GRID).flatten(1)


def build_encoder(
    settings: DetectorSettings, weights: Mapping[str, Tensor], *, source: str
) -> Encoder | None:
    """Rebuild a run's encoder; None where it has none and sees with its detector alone.

    Raises:
        CheckpointError: The weights don't fit the settings.
    """
    if not weights:
        return None
    try:
        return rebuilt(lambda: Encoder(settings), weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{source}: its encoder can't be rebuilt ({reason}).") from error
