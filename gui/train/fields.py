"""What can be chosen beside a preset, in order, with words for a newcomer."""

from collections.abc import Mapping
from dataclasses import dataclass

from gui.runs_on_disk import Kind
from gui.train.choices import SHIPPED


@dataclass(frozen=True, slots=True)
class Amount:
    """A number.

    `none` is told at the least value where that means "none given".
    """

    name: str
    title: str
    tip: str
    least: float
    most: float
    digits: int = 0
    unit: str = ""
    none: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, each with words."""

    name: str
    title: str
    tip: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no."""

    name: str
    title: str
    tip: str


Field = Amount | Choice | Switch

WEIGHTS = (
    (SHIPPED, "The detector that ships"),
    ("none", "Nothing"),
    ("imagenet", "ImageNet weights (fetched)"),
    ("coco", "COCO weights (fetched)"),
)
"""What a detector can begin with, beside the runs that there are."""
_DEVICE = Choice(
    "device",
    "Where it learns",
    "A GPU is many times faster, where there is one.",
    (("auto", "On a GPU if there is one"), ("cpu", "On the processor"), ("cuda", "On the GPU")),
)
_HELD_OUT = Amount(
    "validation_fraction",
    "Kept apart to score it on",
    "Share of the recordings that it never learns from. Recordings marked for validation in the "
    "library are kept apart instead, where there are any.",
    0.0,
    0.9,
    2,
)
_RATE = Amount(
    "learning_rate",
    "Learning rate",
    "The highest; it rises to it and falls again.",
    0.00001,
    1.0,
    5,
)
_SEED = Amount(
    "seed", "Seed", "Equal seeds give equal runs; another seed is another try.", 0, 99_999
)
_THREADS = Amount("threads", "Processor threads", "More are faster, up to the cores.", 1, 64)

FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    "policy": (
        Choice("detector", "Sees with", "What finds the objects in a picture.", ()),
        Choice(
            "sees",
            "Is told of",
            "Boxes say what is where; maps hold what no box shows.",
            (("both", "Boxes and maps"), ("boxes", "Boxes only"), ("maps", "Maps only")),
        ),
        Amount("passes", "Passes", "How often each moment is seen, about.", 0.1, 10_000, 1),
        Amount(
            "most_seconds", "Seconds at most", "Learns for so long at most.", 0, 864_000, 0, " s",
            "no limit",
        ),
        Amount("steps", "Steps", "Instead of passes.", 0, 10_000_000, 0, "", "as passes ask"),
        Amount(
            "shift_ms", "Reaction", "A person presses so much later than he sees.", -1, 1000, 0,
            " ms", "measure it",
        ),
        Switch("mirror", "Learn from mirrored play, too", "Where the profile says how."),
        Switch(
            "end_to_end", "Learn to see as well",
            "Trains the network behind the maps on the pictures; wants a GPU.",
        ),
        Switch(
            "previous_keys", "Tell it the keys held before",
            "It may come to copy them; the report says how much.",
        ),
        Amount("hidden", "Memory", "Width of the LSTMs.", 1, 2048),
        Amount("copies", "Worsened copies", "Versions with noise and misses.", 0, 16),
        Amount("streams", "Sequences at once", "More need more memory.", 1, 1024),
        Amount("window", "Moments in a sequence", "How far back a mistake reaches.", 2, 1024),
        _RATE, _HELD_OUT, _DEVICE, _THREADS, _SEED,
    ),
    "detector": (
        Choice(
            "weights", "Begins with",
            "Weights of others are fetched once from the internet.",
            WEIGHTS,
        ),
        Amount("steps", "Steps", "One takes about 0.2 s on a processor.", 1, 10_000_000),
        Amount("batch", "Pictures at once", "More need more memory.", 1, 1024),
        Choice(
            "backbone", "Size", "The large one sees better, and plays slower.",
            (("small", "Small"), ("large", "Large")),
        ),
        Amount("width", "Width", "Channels of the pyramid.", 8, 1024),
        Amount("anchors", "Box shapes", "How many are fitted to the labels.", 1, 32),
        Amount(
            "frame_stride", "Learns from one picture in", "Neighbours are near copies.", 0, 1000,
            0, "", "as many as it takes",
        ),
        Amount("zoom_out", "Shrinks crops by up to", "For things of many sizes.", 1.0, 4.0, 1),
        Choice(
            "loss", "Background counts", "How it is kept from drowning the objects.",
            (("mining", "By hard examples"), ("focal", "By focal loss")),
        ),
        Amount("evaluations", "Looks at its score", "The best is kept.", 1, 1000),
        Amount(
            "patience", "Gives up after", "Looks without a better score.", 0, 1000, 0, "", "never"
        ),
        Switch("freeze_norm", "Leave batch norm as it begins", "For few pictures at once."),
        _RATE, _HELD_OUT, _DEVICE, _THREADS, _SEED,
    ),
}  # fmt: skip
