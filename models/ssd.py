"""SSDLite on MobileNetV3, fully convolutional, with levels of stride 4 and 8 for small objects.

SSD: Liu et al. 2016. SSDLite's depthwise separable heads: Sandler et al. 2018, section 6.2. The
top-down pathway, so that fine cells know their surroundings: Lin et al. 2017, section 3.
"""

from dataclasses import asdict, dataclass
from math import log
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from models.anchors import Floats, Shape, assign_levels, place_anchors
from models.detections import DecodeSettings, Detections, decode_frame
from models.mobilenet import ARCHITECTURES, Backbone, ConvNorm, initialise

STRIDES = (4, 8, 16, 32)
LEAST_SIDE_PX, MOST_SIDE_PX = 32, 4096  # of a frame: a config may be a stranger's
_PRIOR = 0.01  # each object's probability at birth (Lin et al. 2017, RetinaNet, section 4.1)


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What a detector is built from."""

    class_names: tuple[str, ...]
    """Object classes; the network's class 0 is the background, class i + 1 is `class_names[i]`."""
    anchors: tuple[Shape, ...]
    """Anchor shapes in stored pixels, see `fit_anchors`."""
    size: tuple[int, int] = (270, 480)
    """Height and width of the stored frame."""
    backbone: str = "small"
    """MobileNetV3 "small" or "large"."""
    width: int = 64
    """Channels of the top-down pathway; at stride 4 half as many."""

    def __post_init__(self) -> None:
        if self.backbone not in ARCHITECTURES:
            raise ValueError(f"backbone {self.backbone!r} is neither 'small' nor 'large'")
        if not self.class_names or not self.anchors:
            raise ValueError("a detector needs at least one class and one anchor")
        if not all(LEAST_SIDE_PX <= side <= MOST_SIDE_PX for side in self.size):
            raise ValueError(
                f"a frame has {LEAST_SIDE_PX} to {MOST_SIDE_PX} pixels a side, got {self.size}"
            )
        floats = tuple((float(width), float(height)) for width, height in self.anchors)
        object.__setattr__(self, "anchors", floats)  # 6 and 6.0 are one detector

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a config file."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Undo `to_json`, also after a round trip through JSON."""
        height, width = values["size"]
        return cls(
            class_names=tuple(values["class_names"]),
            anchors=tuple((w, h) for w, h in values["anchors"]),
            size=(int(height), int(width)),
            backbone=str(values["backbone"]),
            width=int(values["width"]),
        )


@dataclass(frozen=True, slots=True)
class DetectorOutput:
    """What the network says; A anchors, C object classes."""

    logits: Tensor
    """`(B, A, C + 1)`, the background first."""
    deltas: Tensor
    """`(B, A, 4)`, see `models.anchors.encode`."""
    features: Tensor
    """`(B, width, h, w)`, the map of stride 32 before the pathway."""


class Head(nn.Module):
    """Predict `values` numbers for each anchor of a level: depthwise 3x3, then 1x1."""

    def __init__(self, width: int, anchors: int, values: int) -> None:
        super().__init__()
        self.values = values
        self.filter = ConvNorm(width, width, kernel=3, groups=width, activation=nn.ReLU)
        self.predict = nn.Conv2d(width, anchors * values, 1)
        initialise(self.filter)
        nn.init.normal_(self.predict.weight, 0, 0.01)
        nn.init.zeros_(cast(Tensor, self.predict.bias))

    def forward(self, maps: Tensor) -> Tensor:
        """Map `(B, width, H, W)` to `(B, H * W * anchors, values)`, in the anchors' order."""
        found: Tensor = self.predict(self.filter(maps))
        return found.permute(0, 2, 3, 1).reshape(found.shape[0], -1, self.values)


class Detector(nn.Module):
    """Boxes, classes and a map of features from one pass over a frame of any size."""

    def __init__(self, settings: DetectorSettings) -> None:
        super().__init__()
        self.settings = settings
        self.levels = assign_levels(settings.anchors, STRIDES)
        self.backbone = Backbone(settings.backbone)
        classes = len(settings.class_names) + 1
        widths = [settings.width // 2, *[settings.width] * (len(STRIDES) - 1)]
        self.lateral = nn.ModuleList(
            ConvNorm(channels, width, kernel=1)
            for channels, width in zip(self.backbone.channels, widths, strict=True)
        )
        self.narrow = ConvNorm(widths[1], widths[0], kernel=1)
        self.smooth = nn.ModuleDict()
        self.class_heads, self.box_heads = nn.ModuleDict(), nn.ModuleDict()
        for level, (shapes, width) in enumerate(zip(self.levels, widths, strict=True)):
            if shapes:
                self.smooth[str(level)] = nn.Sequential(
                    ConvNorm(width, width, kernel=3, groups=width, activation=nn.ReLU),
                    ConvNorm(width, width, kernel=1, activation=nn.ReLU),
                )
                self.class_heads[str(level)] = _class_head(width, len(shapes), classes)
                self.box_heads[str(level)] = Head(width, len(shapes), 4)
        for module in (self.lateral, self.narrow, self.smooth):
            initialise(module)

    def anchors(self, size: tuple[int, int] | None = None) -> Floats:
        """Anchors `(A, 4)` of a picture of `size` (height, width), by default a stored frame's."""
        return place_anchors(self.levels, STRIDES, size or self.settings.size)

    def forward(self, images: Tensor) -> DetectorOutput:
        """Map ImageNet-normalised RGB `(B, 3, H, W)` float to what is seen."""
        maps = [layer(m) for layer, m in zip(self.lateral, self.backbone(images), strict=True)]
        features = maps[-1]
        for i in reversed(range(len(STRIDES) - 1)):
            rows, columns = maps[i].shape[2:]
            above = self.narrow(maps[1]) if i == 0 else maps[i + 1]
            above = nn.functional.interpolate(above, scale_factor=2.0, mode="nearest")
            maps[i] = maps[i] + above[:, :, :rows, :columns]
        logits, deltas = [], []
        for level in self.smooth:
            smoothed = self.smooth[level](maps[int(level)])
            logits.append(self.class_heads[level](smoothed))
            deltas.append(self.box_heads[level](smoothed))
        return DetectorOutput(torch.cat(logits, 1), torch.cat(deltas, 1), features)

    def decode(
        self,
        output: DetectorOutput,
        settings: DecodeSettings,
        *,
        size: tuple[int, int] | None = None,
    ) -> list[Detections]:
        """Turn a batch's output into each picture's detections; `size` as in `anchors`."""
        size = size or self.settings.size
        logits, deltas = output.logits.numpy(), output.deltas.numpy()
        return [
            decode_frame(row, moved, self.anchors(size), size=size, settings=settings)
            for row, moved in zip(logits, deltas, strict=True)
        ]


def _class_head(width: int, anchors: int, classes: int) -> Head:
    head = Head(width, anchors, classes)
    with torch.no_grad():
        cast(Tensor, head.predict.bias)[::classes] = log((1 - _PRIOR) / _PRIOR)
    return head
