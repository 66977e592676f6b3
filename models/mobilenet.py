"""MobileNetV3 (Howard et al. 2019, tables 1 and 2), with torchvision's names and arithmetic.

So weights published for torchvision's `mobilenet_v3_small` and `mobilenet_v3_large` load here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pickle import UnpicklingError

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from data.errors import CheckpointError

# torchvision's constants for this family, not PyTorch's defaults.
_Norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """One row of the paper's tables."""

    inputs: int
    kernel: int
    expanded: int
    outputs: int
    squeeze: bool
    hardswish: bool
    stride: int


@dataclass(frozen=True, slots=True)
class Architecture:
    """One of the paper's two networks."""

    blocks: tuple[BlockSpec, ...]
    taps: tuple[tuple[int, int, int], ...]
    """Where each stride's last map is: (stride, index in `features`, channels)."""


def _rows(*rows: tuple[int, int, int, int, bool, bool, int]) -> tuple[BlockSpec, ...]:
    return tuple(BlockSpec(*row) for row in rows)


ARCHITECTURES: Mapping[str, Architecture] = {
    "small": Architecture(
        blocks=_rows(
            (16, 3, 16, 16, True, False, 2),
            (16, 3, 72, 24, False, False, 2),
            (24, 3, 88, 24, False, False, 1),
            (24, 5, 96, 40, True, True, 2),
            (40, 5, 240, 40, True, True, 1),
            (40, 5, 240, 40, True, True, 1),
            (40, 5, 120, 48, True, True, 1),
            (48, 5, 144, 48, True, True, 1),
            (48, 5, 288, 96, True, True, 2),
            (96, 5, 576, 96, True, True, 1),
            (96, 5, 576, 96, True, True, 1),
        ),
        taps=((4, 1, 16), (8, 3, 24), (16, 8, 48), (32, 11, 96)),
    ),
    "large": Architecture(
        blocks=_rows(
            (16, 3, 16, 16, False, False, 1),
            (16, 3, 64, 24, False, False, 2),
            (24, 3, 72, 24, False, False, 1),
            (24, 5, 72, 40, True, False, 2),
            (40, 5, 120, 40, True, False, 1),
            (40, 5, 120, 40, True, False, 1),
            (40, 3, 240, 80, False, True, 2),
            (80, 3, 200, 80, False, True, 1),
            (80, 3, 184, 80, False, True, 1),
            (80, 3, 184, 80, False, True, 1),
            (80, 3, 480, 112, True, True, 1),
            (112, 3, 672, 112, True, True, 1),
            (112, 5, 672, 160, True, True, 2),
            (160, 5, 960, 160, True, True, 1),
            (160, 5, 960, 160, True, True, 1),
        ),
        taps=((4, 3, 24), (8, 6, 40), (16, 12, 112), (32, 15, 160)),
    ),
}


def _divisible(channels: int) -> int:
    """Round to a multiple of 8, never down by more than a tenth."""
    rounded = max(8, (channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8


class ConvNorm(nn.Sequential):
    """Convolution without bias, batch norm and, if given, an activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        activation: type[nn.Module] | None = None,
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(
                inputs,
                outputs,
                kernel,
                stride,
                padding=(kernel - 1) // 2,
                groups=groups,
                bias=False,
            ),
            _Norm(outputs),
        ]
        if activation is not None:
            layers.append(activation(inplace=True))
        super().__init__(*layers)


class SqueezeExcitation(nn.Module):
    """Scale each channel by a function of all channels' means (Hu et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = _divisible(channels // 4)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Map `(B, C, H, W)` to the same shape."""
        means = maps.mean((2, 3), keepdim=True)
        scale = nn.functional.hardsigmoid(self.fc2(nn.functional.relu(self.fc1(means))))
        return maps * scale


class InvertedResidual(nn.Module):
    """Expand, filter each channel, squeeze and excite, project back."""

    def __init__(self, spec: BlockSpec) -> None:
        super().__init__()
        activation = nn.Hardswish if spec.hardswish else nn.ReLU
        layers: list[nn.Module] = []
        if spec.expanded != spec.inputs:
            layers.append(ConvNorm(spec.inputs, spec.expanded, kernel=1, activation=activation))
        layers.append(
            ConvNorm(
                spec.expanded,
                spec.expanded,
                kernel=spec.kernel,
                stride=spec.stride,
                groups=spec.expanded,
                activation=activation,
            )
        )
        if spec.squeeze:
            layers.append(SqueezeExcitation(spec.expanded))
        layers.append(ConvNorm(spec.expanded, spec.outputs, kernel=1))
        self.block = nn.Sequential(*layers)
        self.residual = spec.stride == 1 and spec.inputs == spec.outputs

    def forward(self, maps: Tensor) -> Tensor:
        """Map `(B, inputs, H, W)` to `(B, outputs, H / stride, W / stride)`, rounded up."""
        found: Tensor = self.block(maps)
        return maps + found if self.residual else found


def feature_layers(blocks: Sequence[BlockSpec]) -> list[nn.Module]:
    """Build the first convolution, the blocks, and the classifier's 1x1 convolution."""
    last = blocks[-1].outputs
    return [
        ConvNorm(3, blocks[0].inputs, kernel=3, stride=2, activation=nn.Hardswish),
        *(InvertedResidual(spec) for spec in blocks),
        ConvNorm(last, 6 * last, kernel=1, activation=nn.Hardswish),
    ]


def initialise(module: nn.Module) -> None:
    """Initialise as torchvision does: He's normal by fan-out for convolutions (He et al. 2015)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class Backbone(nn.Module):
    """The part of a MobileNetV3 that a detector uses: `features` up to the last map of stride 32.

    The final 1x1 convolution to 576 or 960 channels only serves the classifier and is left out.
    """

    def __init__(self, name: str) -> None:
        """Build "small" or "large"."""
        super().__init__()
        architecture = ARCHITECTURES[name]
        self.taps = architecture.taps
        self.features = nn.Sequential(*feature_layers(architecture.blocks)[:-1])
        initialise(self)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the returned maps."""
        return tuple(channels for _, _, channels in self.taps)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map `(B, 3, H, W)` to the maps of stride 4, 8, 16 and 32; sizes round up."""
        indices = [index for _, index, _ in self.taps]
        found, maps = [], images
        for index, layer in enumerate(self.features):
            maps = layer(maps)
            if index in indices:
                found.append(maps)
        return found


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dict from `.safetensors`, or from a `.pth` without unpickling objects.

    Raises:
        CheckpointError: There is no such file, or it holds anything but named tensors.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file. Give a .safetensors or .pth of weights.")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
        UnpicklingError,
        safetensors.SafetensorError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: can't be read as weights ({reason}).") from error
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise CheckpointError(f"{path}: not a state dict; it must hold named tensors only.")
    return found


def load_backbone(backbone: Backbone, path: Path) -> None:
    """Load published classifier weights into a backbone; the classifier's own are ignored.

    Raises:
        CheckpointError: The file lacks one of the backbone's tensors, or its shape differs.
    """
    weights = read_weights(path)
    wanted = backbone.state_dict()
    for name, tensor in wanted.items():
        if name not in weights:
            if name.endswith("num_batches_tracked"):
                weights[name] = tensor  # files older than PyTorch 0.4.1 lack it
                continue
            raise CheckpointError(f"{path}: has no {name!r}; it is not this MobileNetV3.")
        if weights[name].shape != tensor.shape:
            got, need = tuple(weights[name].shape), tuple(tensor.shape)
            raise CheckpointError(f"{path}: {name} has the shape {got}, not {need}.")
    backbone.load_state_dict({name: weights[name] for name in wanted})
