"""torchvision's `ssdlite320_mobilenet_v3_large`, for looking: its names, arithmetic and thresholds.

So the weights published for it load unchanged, and what is seen is what torchvision sees: same
boxes, same order. MobileNetV3-Large with half as many channels behind C4 and maps taken from C4's
expansion on (Howard et al. 2019, section 6.3); depthwise separable heads (Sandler et al. 2018,
section 6.2); default boxes of Liu et al. 2016, section 2.2.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from data.errors import CheckpointError
from data.frames import Image
from models.coco_classes import COCO_CLASSES
from models.detections import Detections, nms
from models.mobilenet import (
    ARCHITECTURES,
    BlockSpec,
    ConvNorm,
    InvertedResidual,
    feature_layers,
    read_weights,
)

SIZE_PX = 320
SCORE_THRESHOLD = 0.001
_CANDIDATES = 300  # of each class
_MOST = 300  # of a picture
_NMS_IOU = 0.55
_GRIDS = (20, 10, 5, 3, 2, 1)  # cells of each map's side
_C4 = 13  # the layer of `features` that goes from stride 16 to 32
_LARGEST_LOG = log(1000 / 16)
# Up to so many boxes torchvision moves classes apart and then suppresses all at once; beyond, it
# goes class by class. Moved boxes are rounded more coarsely, so to see the same we do the same.
_MOST_MOVED = 1000


def _reduced_tail(blocks: Sequence[BlockSpec]) -> list[BlockSpec]:
    """Halve the channels behind C4."""
    c4 = blocks[_C4 - 1]
    return [
        *blocks[: _C4 - 1],
        replace(c4, outputs=c4.outputs // 2),
        *(
            replace(
                spec,
                inputs=spec.inputs // 2,
                expanded=spec.expanded // 2,
                outputs=spec.outputs // 2,
            )
            for spec in blocks[_C4:]
        ),
    ]


def _extra(inputs: int, outputs: int) -> nn.Sequential:
    """Halve a map's sides: squeeze, filter each channel, expand."""
    middle = outputs // 2
    return nn.Sequential(
        ConvNorm(inputs, middle, kernel=1, activation=nn.ReLU6),
        ConvNorm(middle, middle, kernel=3, stride=2, groups=middle, activation=nn.ReLU6),
        ConvNorm(middle, outputs, kernel=1, activation=nn.ReLU6),
    )


class _Extractor(nn.Module):
    """Six maps, from stride 16 down to a single cell."""

    channels = (672, 480, 512, 256, 256, 128)

    def __init__(self) -> None:
        super().__init__()
        layers = feature_layers(_reduced_tail(ARCHITECTURES["large"].blocks))
        c4 = cast(InvertedResidual, layers[_C4]).block
        self.features = nn.Sequential(
            nn.Sequential(*layers[:_C4], c4[0]),
            nn.Sequential(c4[1:], *layers[_C4 + 1 :]),  # a slice keeps its layers' numbers
        )
        self.extra = nn.ModuleList(_extra(*pair) for pair in pairwise(self.channels[1:]))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map `(B, 3, 320, 320)` to the maps, each `(B, channels, H, W)`."""
        found, maps = [], images
        for layer in (*self.features, *self.extra):
            maps = layer(maps)
            found.append(maps)
        return found


class _Heads(nn.Module):
    """Predict `values` numbers for each default box of every map."""

    def __init__(self, values: int) -> None:
        super().__init__()
        self.values = values
        self.module_list = nn.ModuleList(
            nn.Sequential(
                ConvNorm(width, width, kernel=3, groups=width, activation=nn.ReLU6),
                nn.Conv2d(width, len(shapes) * values, 1),
            )
            for width, shapes in zip(_Extractor.channels, _shapes(), strict=True)
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Map the extractor's maps to `(B, 3234, values)`: map, row, column, shape."""
        found = [layer(m) for layer, m in zip(self.module_list, maps, strict=True)]
        rows = [f.permute(0, 2, 3, 1).reshape(len(f), -1, self.values) for f in found]
        return torch.cat(rows, 1)


def _shapes() -> list[list[tuple[float, float]]]:
    """Return each map's shapes, width and height as shares of the picture."""
    scales = [0.2 + (0.95 - 0.2) * k / 5 for k in range(6)] + [1.0]
    shapes = []
    for scale, following in pairwise(scales):
        between = sqrt(scale * following)
        wide = [(scale * sqrt(ratio), scale / sqrt(ratio)) for ratio in (2, 3)]
        sides = [side for w, h in wide for side in ((w, h), (h, w))]
        shapes.append([(scale, scale), (between, between), *sides])
    return shapes


def default_boxes() -> Tensor:
    """Place the default boxes: `(3234, 4)` corners in pixels of the 320x320 picture.

    No shape is wider or higher than the picture, but a box may reach beyond it.
    """
    placed = []
    for grid, shapes in zip(_GRIDS, _shapes(), strict=True):
        steps = (torch.arange(grid) + 0.5) / grid
        rows, columns = torch.meshgrid(steps, steps, indexing="ij")
        centres = torch.stack([columns, rows], -1).reshape(-1, 1, 2)
        half = 0.5 * torch.tensor(shapes).clamp(0, 1)
        placed.append(torch.cat([centres - half, centres + half], -1).reshape(-1, 4))
    return torch.cat(placed) * SIZE_PX


def decode(deltas: Tensor, corners: Tensor) -> Tensor:
    """Undo SSD's box code with weights 10, 10, 5, 5: corners `(A, 4)` from `(A, 4)` twice."""
    size = corners[:, 2:] - corners[:, :2]
    centre = corners[:, :2] + 0.5 * size
    centre = deltas[:, :2] / 10 * size + centre
    half = 0.5 * (torch.exp((deltas[:, 2:] / 5).clamp(max=_LARGEST_LOG)) * size)
    return torch.cat([centre - half, centre + half], 1)


class TorchvisionSsd(nn.Module):
    """The network; its state dict has torchvision's names."""

    class_names = COCO_CLASSES
    default_boxes: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.backbone = _Extractor()
        self.head = nn.ModuleDict(
            {"classification_head": _Heads(len(COCO_CLASSES)), "regression_head": _Heads(4)}
        )
        self.register_buffer("default_boxes", default_boxes(), persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map RGB `(B, 3, 320, 320)` of -1 to 1 to logits `(B, 3234, 91)` and deltas."""
        maps = self.backbone(images)
        return self.head["classification_head"](maps), self.head["regression_head"](maps)

    def prepare(self, image: Image) -> Tensor:
        """Stretch a BGR picture of any size to the network's input, `(1, 3, 320, 320)`."""
        weight = next(self.parameters())
        pixels = torch.from_numpy(image).to(weight.device).permute(2, 0, 1).flip(0)
        normalised = pixels.float().div_(255).sub_(0.5).div_(0.5)  # in place: 8K takes 400 MB
        resized = nn.functional.interpolate(
            normalised[None], size=(SIZE_PX, SIZE_PX), mode="bilinear", align_corners=False
        )
        return resized.to(weight.dtype).contiguous()  # else 1x1 pixels come out as channels_last

    def detect(self, image: Image, threshold: float = SCORE_THRESHOLD) -> Detections:
        """Look at a BGR picture of any size.

        Args:
            image: The picture.
            threshold: Least score, exclusive; torchvision's own keeps nearly all.

        Returns:
            At most 300 boxes in the picture's own pixels; `classes` are indices of `class_names`.
        """
        height, width = image.shape[:2]
        with torch.inference_mode():
            logits, deltas = self(self.prepare(image))
            boxes, labels, scores = postprocess(
                logits[0].float().cpu(),
                deltas[0].float().cpu(),
                self.default_boxes.float().cpu(),
                threshold=threshold,
            )
            boxes = boxes * (torch.tensor([width, height] * 2) / SIZE_PX)
        return Detections(boxes.numpy(), labels.numpy(), scores.numpy())


def postprocess(
    logits: Tensor, deltas: Tensor, corners: Tensor, *, threshold: float = SCORE_THRESHOLD
) -> tuple[Tensor, Tensor, Tensor]:
    """Turn one picture's `(A, C)` logits and `(A, 4)` deltas into boxes, labels and scores.

    The boxes are of the 320x320 picture, best first. The sorting is PyTorch's, as torchvision's,
    so that equal scores fall alike.
    """
    decoded = decode(deltas, corners).clamp(0, SIZE_PX)
    probabilities = logits.softmax(-1)
    boxes, labels, scores = [], [], []
    for label in range(1, logits.shape[1]):
        column = probabilities[:, label]
        near = torch.nonzero(column > threshold).squeeze(1)
        best, order = column[near].topk(min(len(near), _CANDIDATES))
        boxes.append(decoded[near[order]])
        scores.append(best)
        labels.append(torch.full_like(order, label))
    all_boxes, all_labels, all_scores = torch.cat(boxes), torch.cat(labels), torch.cat(scores)
    kept = _suppress(all_boxes, all_labels, all_scores)[:_MOST]
    return all_boxes[kept], all_labels[kept], all_scores[kept]


def _suppress(boxes: Tensor, labels: Tensor, scores: Tensor) -> Tensor:
    """Suppress overlaps within each class; return what stays, best first."""
    if not len(boxes):
        return torch.zeros(0, dtype=torch.int64)
    if len(boxes) <= _MOST_MOVED:
        apart = labels.to(boxes.dtype) * (boxes.max() + 1)
        return _best(boxes + apart[:, None], scores)
    members = [torch.nonzero(labels == label).squeeze(1) for label in sorted(set(labels.tolist()))]
    kept = torch.cat([rows[_best(boxes[rows], scores[rows])] for rows in members]).sort().values
    return kept[scores[kept].sort(descending=True).indices]


def _best(boxes: Tensor, scores: Tensor) -> Tensor:
    order = scores.sort(descending=True, stable=True).indices
    one_class = torch.zeros(len(boxes), dtype=torch.int64).numpy()
    return order[torch.from_numpy(nms(boxes[order].numpy(), one_class, iou=_NMS_IOU))]


def load_torchvision_detector(weights: str | Path) -> TorchvisionSsd:
    """Load the detector, in evaluation mode; see `models.published.resolve_weights`.

    Raises:
        CheckpointError: There is no such file, or it isn't in torchvision's layout.
    """
    from models.published import resolve_weights

    path = resolve_weights(weights)
    if path is None:
        raise CheckpointError("this detector needs weights. Give 'coco', or a file of that layout.")
    detector = TorchvisionSsd()
    try:
        detector.load_state_dict(read_weights(path))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"{path}: not torchvision's ssdlite320_mobilenet_v3_large ({reason})."
        ) from error
    return detector.eval()
