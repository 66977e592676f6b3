"""How a detector is trained, as values: what a run is made from, and how far it has come."""

from dataclasses import asdict, dataclass
from typing import Any, Self

LOSSES = ("mining", "focal")
AMP = ("auto", "off")
_HERE = ("threads", "device", "amp")  # may differ from one machine to the next


@dataclass(frozen=True, slots=True)
class DetectorTrainingSettings:
    """How a detector is trained."""

    steps: int = 4000
    """Batches; one takes about 0.2 s of CPU time."""
    batch: int = 16
    """Crops of a batch, over all processes together."""
    crop: tuple[int, int] = (160, 256)
    """Height and width of a crop."""
    whole_every: int = 4
    """Every so many batches hold whole frames, fewer of them, so that edges and means fit play."""
    zoom_out: float = 1.0
    """Half the pieces are shrunk by up to this factor on a plain ground (SSD's expansion, Liu et
    al. 2016, section 3.6, goes to 4), for games that show things at many sizes; 1 leaves it out."""
    loss: str = "mining"
    """Of the classes: "mining" counts three hard negatives to a positive, "focal" counts all."""
    learning_rate: float = 2e-3
    """Peak of the cosine schedule (Loshchilov and Hutter 2017) with a linear rise before it
    (Goyal et al. 2017, section 2.2)."""
    weight_decay: float = 1e-4
    """AdamW's (Loshchilov and Hutter 2019), on convolutions only."""
    ema_decay: float = 0.998
    """Of the averaged weights (Polyak and Juditsky 1992), which are the ones kept."""
    freeze_norm: bool = False
    """Keep batch norm as it begins, statistics, scale and shift (He et al. 2016, appendix A)."""
    amp: str = "auto"
    """Half precision: "auto" on a GPU (Micikevicius et al. 2018), "off" nowhere."""
    frame_stride: int = 10
    """Use every so many-th labelled frame: neighbours are near copies."""
    validation_fraction: float = 0.2
    """Share of the recordings that are only scored."""
    validation_frames: int = 200
    """Frames that are scored at most, spread over the validation recordings."""
    evaluations: int = 5
    """How often the detector is scored while training; the best one is kept."""
    patience: int = 0
    """Stop after so many evaluations without a better score; 0 never stops early."""
    save_every: int = 200
    """Steps that a crash costs at most: what a resumed training needs is saved so often."""
    anchors: int = 6
    """Anchor shapes to fit."""
    backbone: str = "small"
    """MobileNetV3 "small" or "large"."""
    width: int = 64
    """Channels of the top-down pathway."""
    weights: str = "none"
    """What training begins with, see `models.starting_weights`."""
    seed: int = 0
    """Of everything random."""
    threads: int = 2
    """CPU threads."""
    device: str = "auto"
    """"cpu", "cuda", or "auto": a GPU when there is one."""

    def __post_init__(self) -> None:
        counts = (self.steps, self.batch, self.whole_every, self.frame_stride, self.evaluations)
        if min(counts) < 1 or self.anchors < 1 or min(self.crop) < 32:
            raise ValueError(f"counts are at least 1 and crops at least 32 pixels, got {self}")
        if self.save_every < 1 or self.patience < 0 or not 1 <= self.zoom_out <= 4:
            raise ValueError(f"zoom_out lies from 1 to 4, and nothing is negative, got {self}")
        if self.learning_rate <= 0 or self.loss not in LOSSES or self.amp not in AMP:
            raise ValueError(f"loss is one of {LOSSES}, amp one of {AMP}, the rate above 0: {self}")

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a config file."""
        return asdict(self) | {"crop": list(self.crop)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Undo `to_json`, also after a round trip through JSON."""
        height, width = values["crop"]
        return cls(**{**values, "crop": (int(height), int(width))})

    def recipe(self) -> dict[str, Any]:
        """Return what two trainings share that come to the same: all but the machine's part."""
        return {name: value for name, value in self.to_json().items() if name not in _HERE}


@dataclass(frozen=True, slots=True)
class DetectorProgress:
    """How far training has come."""

    step: int
    steps: int
    loss: float
    """Mean over the last steps."""
    map50: float | None
    """Best so far; None before the first evaluation or without validation."""
    seconds: float
