"""What a person chooses for a training, as plain values that need no PyTorch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from gui.runs_on_disk import Kind

SHIPPED = "practice"
"""The detector that ships, as `models.perception.load_detector` names it."""
FEW_PICTURES = 1000  # above it, neighbours are near copies, and one in ten is enough
STRIDE = 10


@dataclass(frozen=True, slots=True)
class PolicyChoices:
    """For a policy; `models.policy_recipe` says what each does."""

    passes: float = 100.0
    steps: int | None = None
    """None goes by `passes`."""
    most_seconds: float | None = None
    detector: str = SHIPPED
    """A run folder, or `SHIPPED`."""
    sees: str = "both"
    """"both", "boxes" or "maps"."""
    end_to_end: bool = False
    previous_keys: bool = False
    mirror: bool = True
    copies: int = 3
    hidden: int = 128
    learning_rate: float = 2e-3
    streams: int = 16
    window: int = 64
    shift_ms: float | None = 150.0
    """None measures it."""
    validation_fraction: float = 0.2
    device: str = "auto"
    threads: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class DetectorChoices:
    """For a detector; `models.detector_recipe` says what each does."""

    steps: int = 4000
    batch: int = 16
    weights: str = SHIPPED
    """What it begins with: `SHIPPED`, "none", "coco", "imagenet", or a run folder."""
    backbone: str = "small"
    width: int = 64
    anchors: int = 6
    loss: str = "mining"
    zoom_out: float = 1.0
    frame_stride: int | None = None
    """None chooses it by how many pictures there are, see `stride_for`."""
    evaluations: int = 5
    patience: int = 0
    freeze_norm: bool = False
    learning_rate: float = 2e-3
    validation_fraction: float = 0.2
    device: str = "auto"
    threads: int = 2
    seed: int = 0


Choices = PolicyChoices | DetectorChoices


@dataclass(frozen=True, slots=True)
class Preset:
    """A way to train that a newcomer can choose by its name."""

    name: str
    title: str
    words: str
    """What to expect."""
    choices: Choices

    @property
    def needs_gpu(self) -> bool:
        """Whether it can't run without one."""
        return self.choices.device == "cuda"


PRESETS: Mapping[Kind, tuple[Preset, ...]] = {
    "policy": (
        Preset(
            "quick",
            "Quick, on this computer's processor",
            "The usual way: a few minutes for ten minutes of play.",
            PolicyChoices(device="cpu"),
        ),
        Preset(
            "best",
            "Best, on a GPU",
            "Also learns to see from the pictures themselves, which takes a GPU.",
            PolicyChoices(end_to_end=True, passes=12.0, streams=8, window=32, device="cuda"),
        ),
        Preset(
            "try",
            "Try it out",
            "About a minute: a weak bot, to see how it goes.",
            PolicyChoices(passes=20.0, most_seconds=40.0, device="cpu"),
        ),
    ),
    "detector": (
        Preset(
            "quick",
            "Quick, on this computer's processor",
            "Goes on from the detector that ships: a few minutes.",
            DetectorChoices(steps=600, device="cpu"),
        ),
        Preset(
            "best",
            "Best, on a GPU",
            "Begins from nothing and learns for long, which takes a GPU.",
            DetectorChoices(steps=12_000, batch=32, weights="none", device="cuda"),
        ),
        Preset(
            "try",
            "Try it out",
            "About a minute: a rough detector, to see how it goes.",
            DetectorChoices(steps=150, evaluations=2, device="cpu"),
        ),
    ),
}


def preset_of(kind: Kind, name: str) -> Preset:
    """Return a preset by its name; the usual one for an unknown name."""
    found = [preset for preset in PRESETS[kind] if preset.name == name]
    return found[0] if found else PRESETS[kind][0]


def changed(choices: Choices, usual: Choices) -> tuple[str, ...]:
    """Return the names of the fields that differ."""
    mine, theirs = asdict(choices), asdict(usual)
    return tuple(name for name in mine if mine[name] != theirs[name])


def problem(choices: Choices) -> str | None:
    """Say in words what can't go together, or None."""
    if not isinstance(choices, PolicyChoices):
        return None
    if choices.end_to_end and choices.sees == "boxes":
        return (
            "Learning to see from the pictures needs the feature maps. Let it see boxes and maps, "
            "or turn off 'Learn to see as well'."
        )
    if choices.previous_keys and choices.sees == "maps":
        return (
            "With maps alone it can't be told the keys held before. Let it see boxes and maps, or "
            "turn off 'Tell it the keys held before'."
        )
    return None


def stride_for(pictures: int) -> int:
    """Return which share of the labelled pictures to learn from: one in so many."""
    return STRIDE if pictures > FEW_PICTURES else 1


def to_plain(choices: Choices) -> dict[str, Any]:
    """Return what a JSON file holds of them."""
    return asdict(choices)


def from_plain(kind: Kind, values: Mapping[str, Any]) -> Choices:
    """Undo `to_plain`; what is missing is as usual, and what is unknown is left out.

    Raises:
        ValueError: A value is of the wrong type.
    """
    made = PolicyChoices if kind == "policy" else DetectorChoices
    usual = asdict(made())
    known = {field.name for field in fields(made)}
    kept = {name: value for name, value in values.items() if name in known}
    for name, value in kept.items():
        wanted = float if usual[name] is None else type(usual[name])
        numeric = wanted in (int, float) and not isinstance(value, bool)
        fits = isinstance(value, (int, float) if numeric else wanted)
        if value is not None and not fits:
            raise ValueError(f"{name} can't be {value!r}")
    return made(**kept)
