"""The classifier that published weights are of, whole, to make such weights from."""

from torch import Tensor, nn

from models.mobilenet import ARCHITECTURES, feature_layers, initialise

HIDDEN = {"small": 1024, "large": 1280}


class MobileNetV3(nn.Module):
    """MobileNetV3, with torchvision's names."""

    def __init__(self, name: str, *, classes: int = 1000) -> None:
        super().__init__()
        blocks = ARCHITECTURES[name].blocks
        self.features = nn.Sequential(*feature_layers(blocks))
        self.classifier = nn.Sequential(
            nn.Linear(6 * blocks[-1].outputs, HIDDEN[name]),
            nn.Hardswish(inplace=True),
            nn.Dropout(0.2),
            nn.Linear(HIDDEN[name], classes),
        )
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Map ImageNet-normalised RGB `(B, 3, H, W)` to logits `(B, classes)`."""
        maps: Tensor = self.features(images)
        logits: Tensor = self.classifier(maps.mean((2, 3)))
        return logits
