"""Names, types and version of the recording format (HDF5). Raw facts only; labels are derived."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum

import h5py
import numpy as np

FORMAT = "understudy-recording"
VERSION = 1

FRAME_BYTES = "frames/bytes"
FRAME_END = "frames/end"
FRAME_AT = "frames/at_ns"
KEY_AT = "keys/at_ns"
KEY_CODE = "keys/code"
KEY_DOWN = "keys/down"
KEY_BY = "keys/by"
SPAN_KIND = "spans/kind"
SPAN_START = "spans/start_ns"
SPAN_END = "spans/end_ns"
BOX_FRAME = "boxes/frame"
BOX_CLASS = "boxes/class"
BOX_X1 = "boxes/x1"
BOX_Y1 = "boxes/y1"
BOX_X2 = "boxes/x2"
BOX_Y2 = "boxes/y2"
BOX_ORIGIN = "boxes/origin"
TICK_AT = "ticks/at_ns"
TICK_FRAME = "ticks/frame"
TICK_PROBABILITIES = "ticks/probabilities"
TICK_LATENCY = "ticks/latency_ns"

TICK_STAGES = ("grab", "fit", "encode", "decide", "press")

_CHUNK = 1024
_BYTES_CHUNK = 256 * 1024

# name -> (element type, trailing shape, rows to a chunk)
DATASETS: Mapping[str, tuple[str, tuple[int, ...], int]] = {
    FRAME_BYTES: ("u1", (), _BYTES_CHUNK),
    FRAME_END: ("i8", (), _CHUNK),
    FRAME_AT: ("i8", (), _CHUNK),
    KEY_AT: ("i8", (), _CHUNK),
    KEY_CODE: ("u2", (), _CHUNK),
    KEY_DOWN: ("u1", (), _CHUNK),
    KEY_BY: ("u1", (), _CHUNK),
    SPAN_KIND: ("u1", (), _CHUNK),
    SPAN_START: ("i8", (), _CHUNK),
    SPAN_END: ("i8", (), _CHUNK),
    BOX_FRAME: ("i8", (), _CHUNK),
    BOX_CLASS: ("u2", (), _CHUNK),
    BOX_X1: ("f4", (), _CHUNK),
    BOX_Y1: ("f4", (), _CHUNK),
    BOX_X2: ("f4", (), _CHUNK),
    BOX_Y2: ("f4", (), _CHUNK),
    BOX_ORIGIN: ("u1", (), _CHUNK),
}
# Columns of one table, longest-living first: all have the same length in a sound file.
TABLES: tuple[tuple[str, ...], ...] = (
    (FRAME_END, FRAME_AT),
    (KEY_AT, KEY_CODE, KEY_DOWN, KEY_BY),
    (SPAN_KIND, SPAN_START, SPAN_END),
    (BOX_FRAME, BOX_CLASS, BOX_X1, BOX_Y1, BOX_X2, BOX_Y2, BOX_ORIGIN),
    (TICK_AT, TICK_FRAME, TICK_PROBABILITIES, TICK_LATENCY),
)


class SpanKind(IntEnum):
    """Why a stretch of time is special."""

    PAUSED = 0
    FOCUS_LOST = 1
    TAKEOVER = 2
    DISCARDED = 3
    RESIZED = 4
    MOVED = 5
    COVERED = 6


# Nothing learned may reach across these.
BREAKS = frozenset(
    {SpanKind.PAUSED, SpanKind.FOCUS_LOST, SpanKind.COVERED, SpanKind.DISCARDED}
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of monotonic time."""

    kind: SpanKind
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """Where the pictures came from, in screen pixels."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int
    scale: float
    """Device pixels to one logical pixel."""
    source: str
    """What grabbed them, such as `mss` or `headless`."""
    rate_hz: float
    window_title: str = ""
    """Of the window that was recorded; empty where there was none."""

    def to_attributes(self) -> dict[str, int | float | str]:
        """Return what is written as attributes of the file."""
        return {f"capture_{name}": value for name, value in asdict(self).items()}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, object]) -> "CaptureFacts":
        """Read what `to_attributes` wrote.

        Raises:
            KeyError: One is missing.
        """

        def number(name: str) -> float:
            return float(str(attributes[f"capture_{name}"]))

        return cls(
            left_px=int(number("left_px")),
            top_px=int(number("top_px")),
            width_px=int(number("width_px")),
            height_px=int(number("height_px")),
            scale=number("scale"),
            source=str(attributes["capture_source"]),
            rate_hz=number("rate_hz"),
            window_title=str(attributes.get("capture_window_title", "")),
        )


def create_datasets(file: h5py.File, *, probabilities: int) -> None:
    """Make every dataset, empty; `probabilities` columns of a flight log, 0 for none."""
    wanted = dict(DATASETS)
    if probabilities:
        wanted[TICK_AT] = ("i8", (), _CHUNK)
        wanted[TICK_FRAME] = ("i8", (), _CHUNK)
        wanted[TICK_PROBABILITIES] = ("f4", (probabilities,), _CHUNK)
        wanted[TICK_LATENCY] = ("i8", (len(TICK_STAGES),), _CHUNK)
    for name, (kind, trailing, chunk) in wanted.items():
        file.create_dataset(
            name,
            shape=(0, *trailing),
            maxshape=(None, *trailing),
            chunks=(chunk, *trailing),
            dtype=np.dtype(kind),
        )


def problems(file: h5py.File) -> list[str]:
    """Say in sentences what is wrong with a file's structure; empty when it is sound."""
    if file.attrs.get("format") != FORMAT:
        return ["it is an HDF5 file, but not a recording of Understudy"]
    version = int(file.attrs.get("version", 0))
    if version != VERSION:
        return [f"its format version is {version}; this program reads version {VERSION}"]
    found = []
    for name, (kind, trailing, _) in DATASETS.items():
        dataset = file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            found.append(f"{name} is missing")
        elif dataset.dtype != np.dtype(kind) or dataset.shape[1:] != trailing:
            found.append(f"{name} has type {dataset.dtype}{list(dataset.shape)}, not {kind}")
    if "profile" not in file.attrs:
        found.append("its profile is missing")
    return found
