"""How a policy is trained, as values: what a run is made from, and how far it has come."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from models.augmentation import AugmentationSettings
from models.demonstrations import CORRECTION_WEIGHT
from models.previous_keys import PreviousKeySettings

AMP = ("auto", "off")
_HERE = ("threads", "device", "amp")  # may differ from one machine to the next


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a policy is fitted."""

    embed: int = 192
    """Width of the encoder."""
    hidden: int = 128
    """Width of the LSTMs."""
    layers: int = 2
    """Layers of each LSTM."""
    boxes: bool = True
    """Whether the policy is told of the detector's boxes."""
    features: bool = True
    """Whether the detector's pooled features are shown to the policy beside its boxes."""
    end_to_end: bool = False
    """Whether the features come from an encoder of its own, trained with it on the pictures."""
    encoder_rate: float = 0.02
    """Learning rate of the encoder, as a share of the policy's; at 0.1 it forgot what it knew."""
    streams: int = 16
    """Sequences learned from at once, over all processes together."""
    window: int = 64
    """Ticks that a gradient reaches back."""
    windows_in_stretch: int = 3
    """Windows for which a stream carries its state on."""
    passes: float = 100.0
    """How often each tick is seen, about; the work grows with it, and with 40 the same recordings
    gave a policy that scored half as often."""
    least_steps: int = 300
    """Steps taken at least, however little there is to see."""
    steps: int | None = None
    """Steps taken, whatever there is to see; None goes by `passes`."""
    most_seconds: float | None = None
    """End so long after the beginning, with the learning rate run down by then; None doesn't."""
    learning_rate: float = 2e-3
    """Of AdamW (Loshchilov and Hutter 2019), at its height."""
    weight_decay: float = 0.02
    """Of AdamW."""
    clip: float = 1.0
    """Largest norm of a gradient."""
    average: float = 0.98
    """Decay of the weights' moving average, which is what is kept."""
    balance_beta: float = 0.999
    """How strongly rare classes count, see `class_weights`."""
    balance_cap: float = 8.0
    """Largest ratio between two class weights, and between two shares that are adjusted for."""
    adjustment: float = 0.0
    """How strongly the logits make up for rarity beside the weights, see `logit_adjustment`."""
    smoothing: float = 0.02
    """Share of each label spread over all classes."""
    correction_weight: float = CORRECTION_WEIGHT
    """How much a person's corrections of a playing policy count beside plain play."""
    mirror: bool = True
    """Whether to learn from flipped play as well, where the profile has a mirror rule."""
    copies: int = 3
    """Worsened versions of each recording, beside the one as seen."""
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    """How they are made worse."""
    idle_share: float = 0.25
    """How often a stretch in which nobody plays is learned from, beside one full of play."""
    most_shift_px: float = 0.0
    """How far all that is seen is moved at most, each way, for a stretch at a time."""
    previous_keys: PreviousKeySettings | None = None
    """How often the keys of the tick before are hidden; None never tells them."""
    tune_offsets: bool = True
    """Whether rare classes get a better chance where validation says so."""
    checks: int = 8
    """How often validation is looked at."""
    patience: int = 4
    """Looks without improvement after which training ends."""
    seed: int = 0
    """Of all that is left to chance."""

    def __post_init__(self) -> None:
        counts = (self.embed, self.hidden, self.layers, self.streams, self.windows_in_stretch)
        if min(counts) < 1 or self.window < 2 or min(self.checks, self.patience) < 1:
            raise ValueError(f"counts are at least 1 and a window 2 ticks, got {self}")
        if self.passes <= 0 or self.learning_rate <= 0 or self.copies < 0 or self.seed < 0:
            raise ValueError(f"passes and rate are above 0, nothing is negative, got {self}")
        if not self.boxes and (not self.features or self.previous_keys is not None):
            raise ValueError(
                "without boxes a policy needs the features, and knows no previous keys"
            )
        if self.end_to_end and (not self.features or self.encoder_rate <= 0):
            raise ValueError("an encoder is trained for the features it gives, at a rate above 0")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps are at least 1, got {self.steps}")
        if not 0 < self.idle_share <= 1 or self.most_shift_px < 0 or self.adjustment < 0:
            raise ValueError(f"idle_share is above 0 and at most 1, nothing negative, got {self}")

    @classmethod
    def from_pictures(cls) -> Self:
        """Return the usual settings with the backbone: what fits a GPU of 8 GB, in fewer passes."""
        return cls(end_to_end=True, streams=8, window=32, windows_in_stretch=6, passes=12.0)

    def steps_for(self, ticks: int) -> int:
        """Return how many steps are to be taken on so many ticks."""
        if self.steps is not None:
            return self.steps
        return max(self.least_steps, -int(-self.passes * ticks // (self.streams * self.window)))


@dataclass(frozen=True, slots=True)
class PolicyTrainingSettings:
    """How a policy is trained."""

    fit: FitSettings = field(default_factory=FitSettings)
    """How it is fitted."""
    shift_ms: float | None = 150.0
    """Frames are labelled with the keys held so much later: a person reacts in about 150 ms. None
    measures the reaction, which takes about as long as the training."""
    validation_fraction: float = 0.2
    """Share of the recordings that are only scored, whole ones."""
    threads: int = 2
    """CPU threads for looking at recordings; learning needs one."""
    device: str = "auto"
    """"cpu", "cuda", or "auto": a GPU when there is one."""
    amp: str = "auto"
    """Half precision: "auto" on a GPU (Micikevicius et al. 2018), "off" nowhere."""

    def __post_init__(self) -> None:
        if self.shift_ms is not None and not 0 <= self.shift_ms <= 1000:
            raise ValueError(f"shift_ms is from 0 to 1000, got {self.shift_ms}")
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"validation_fraction is from 0 to 1, got {self.validation_fraction}")
        if self.amp not in AMP:
            raise ValueError(f"amp is one of {AMP}, got {self.amp!r}")

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a config file."""
        found = asdict(self)
        burst = found["fit"]["augmentation"]["burst_ticks"]
        found["fit"]["augmentation"]["burst_ticks"] = list(burst)
        return found

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Undo `to_json`, also after a round trip through JSON."""
        fit = dict(values["fit"])
        shortest, longest = fit["augmentation"]["burst_ticks"]
        fit["augmentation"] = AugmentationSettings(
            **{**fit["augmentation"], "burst_ticks": (int(shortest), int(longest))}
        )
        if fit["previous_keys"] is not None:
            fit["previous_keys"] = PreviousKeySettings(**fit["previous_keys"])
        return cls(**{**values, "fit": FitSettings(**fit)})

    def recipe(self) -> dict[str, Any]:
        """Return what two trainings share that come to the same: all but the machine's part."""
        return {name: value for name, value in self.to_json().items() if name not in _HERE}


@dataclass(frozen=True, slots=True)
class FitProgress:
    """Where a fit stands."""

    step: int
    steps: int
    loss: float
    """Average since the look before."""
    score: float | None
    """Validation score, at the looks only."""


@dataclass(frozen=True, slots=True)
class PolicyProgress:
    """Where training stands."""

    phase: str
    """`seeing`, `aligning` or `learning`."""
    done: float
    """Share of the phase, 0 to 1."""
    note: str
    """One short line."""
    fit: FitProgress | None = None
    """While it learns: the same in numbers."""

    @property
    def of_all(self) -> float:
        """Share of the whole training, 0 to 1: seeing takes about as long as learning."""
        return self.done / 2 if self.phase == "seeing" else 0.5 + self.done / 2
