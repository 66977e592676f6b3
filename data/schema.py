"""Names, types and version of the recording format (HDF5). Raw facts only; labels are derived."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

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
DECISION_AT = "decisions/at_ns"
DECISION_FRESH = "decisions/fresh"
DECISION_OBJECTS = "decisions/objects"
DECISION_FEATURES = "decisions/features"
DECISION_CLASSES = "decisions/classes"
DECISION_HELD = "decisions/held"
SEEN_CLASS = "seen/class"
SEEN_SCORE = "seen/score"
SEEN_BOX = "seen/box"
SEEN_FEATURES = "seen/features"

ALL_LABELLED = "all_labelled"
"""Attribute of a file whose frames are all labelled: those without a box show no object."""

TICK_STAGES = ("grab", "fit", "encode", "decide", "press")

_CHUNK = 1024
_BYTES_CHUNK = 256 * 1024
MOST_ATTRIBUTES = 256
_MOST_CHUNK = 1 << 22  # elements; HDF5 allocates a piece as large as the file says it is

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
    (SEEN_CLASS, SEEN_SCORE, SEEN_BOX),
    (
        DECISION_AT,
        DECISION_FRESH,
        DECISION_OBJECTS,
        DECISION_FEATURES,
        DECISION_CLASSES,
        DECISION_HELD,
    ),
)
# Written many elements at a time, whatever row they belong to.
JOINED = frozenset({FRAME_BYTES, SEEN_CLASS, SEEN_SCORE, SEEN_BOX, SEEN_FEATURES})


class SpanKind(IntEnum):
    """Why a stretch of time is special."""

    PAUSED = 0
    FOCUS_LOST = 1
    TAKEOVER = 2
    DISCARDED = 3
    RESIZED = 4
    MOVED = 5
    COVERED = 6
    STANDSTILL = 7
    """The picture did not change, or was black."""
    RATE_LOST = 8
    """The machine was too slow to play."""


# Nothing learned may reach across these.
BREAKS = frozenset(
    {
        SpanKind.PAUSED,
        SpanKind.FOCUS_LOST,
        SpanKind.COVERED,
        SpanKind.DISCARDED,
        SpanKind.STANDSTILL,
        SpanKind.RATE_LOST,
    }
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


def _tick_datasets(*, columns: int | None) -> dict[str, tuple[str, tuple[int | None, ...], int]]:
    return {
        TICK_AT: ("i8", (), _CHUNK),
        TICK_FRAME: ("i8", (), _CHUNK),
        TICK_PROBABILITIES: ("f4", (columns,), _CHUNK),
        TICK_LATENCY: ("i8", (len(TICK_STAGES),), _CHUNK),
    }


def _decision_datasets(
    *, heads: int | None, keys: int | None
) -> dict[str, tuple[str, tuple[int | None, ...], int]]:
    """What each decision of live play was made on, and what it was.

    Objects and features lie one decision after another; `decisions` says how many each has.
    """
    return {
        SEEN_CLASS: ("u2", (), _CHUNK),
        SEEN_SCORE: ("f4", (), _CHUNK),
        SEEN_BOX: ("f4", (4,), _CHUNK),
        SEEN_FEATURES: ("f2", (), _BYTES_CHUNK),
        DECISION_AT: ("i8", (), _CHUNK),
        DECISION_FRESH: ("u1", (), _CHUNK),
        DECISION_OBJECTS: ("u2", (), _CHUNK),
        DECISION_FEATURES: ("u2", (), _CHUNK),
        DECISION_CLASSES: ("u2", (heads,), _CHUNK),
        DECISION_HELD: ("u1", (keys,), _CHUNK),
    }


def create_datasets(
    file: h5py.File, *, probabilities: int, decisions: tuple[int, int] | None
) -> None:
    """Make every dataset, empty.

    Args:
        file: Just made.
        probabilities: Columns of a flight log; 0 for none.
        decisions: Heads and keys of a flight log that says what was decided on; None for none.
    """
    wanted: dict[str, tuple[str, tuple[int | None, ...], int]] = dict(DATASETS)
    if probabilities:
        wanted |= _tick_datasets(columns=probabilities)
    if decisions is not None:
        wanted |= _decision_datasets(heads=decisions[0], keys=decisions[1])
    for name, (kind, trailing, chunk) in wanted.items():
        file.create_dataset(
            name,
            shape=(0, *trailing),
            maxshape=(None, *trailing),
            chunks=(chunk, *trailing),
            dtype=np.dtype(kind),
        )


def create_file(path: Path) -> h5py.File:
    """Make a new file whose attributes are all kept in its header, where `headers` looks.

    Raises:
        OSError: It can't be made.
    """
    settings = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    settings.set_attr_phase_change(MOST_ATTRIBUTES, 0)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    made = h5py.h5f.create(os.fsencode(path), h5py.h5f.ACC_TRUNC, settings, access)
    return h5py.File(made)


def attributes(file: h5py.File) -> dict[str, Any]:
    """Read the attributes that are numbers, texts or lists of texts, and nothing else.

    Raises:
        ValueError: There are too many.
    """
    if len(file.attrs) > MOST_ATTRIBUTES:
        raise ValueError(f"{len(file.attrs)} attributes; at most {MOST_ATTRIBUTES}")
    found: dict[str, Any] = {}
    for name in file.attrs:
        attribute = file.attrs.get_id(name)
        text = h5py.check_string_dtype(attribute.dtype)
        if attribute.shape is None or (text is None and attribute.dtype.kind not in "iuf"):
            continue
        value = file.attrs[name]
        if text is None:
            found[name] = value
        elif attribute.shape == ():
            found[name] = _text(value)
        else:
            found[name] = [_text(each) for each in value.reshape(-1)]
    return found


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def expected(file: h5py.File) -> dict[str, tuple[str, tuple[int | None, ...], int]]:
    """Say which datasets a file of its kind has; a flight log of old says less of its decisions."""
    wanted: dict[str, tuple[str, tuple[int | None, ...], int]] = dict(DATASETS)
    if has(file, TICK_PROBABILITIES):
        wanted |= _tick_datasets(columns=None)
    if has(file, DECISION_AT):
        wanted |= _decision_datasets(heads=None, keys=None)
    return wanted


def problems(file: h5py.File, known: Mapping[str, Any]) -> list[str]:
    """Say in sentences what is wrong with a file's structure; empty when it is sound.

    `known` are the file's `attributes`.

    Only plain rows in the file itself are sound: no filter (a few bytes could unfold to
    gigabytes), no link and no dataset that leads to another file.
    """
    version = int(known.get("version", 0))
    if known.get("format") != FORMAT:
        return ["it is an HDF5 file, but not a recording of Understudy"]
    if version != VERSION:
        return [f"its format version is {version}; this program reads version {VERSION}"]
    found = [
        f"{name} {problem}"
        for name, (kind, trailing, _) in expected(file).items()
        if (problem := _dataset_problem(file, name, np.dtype(kind), trailing))
    ]
    if not isinstance(known.get("profile"), str):
        found.append("its profile is missing")
    return found


def has(file: h5py.File, name: str) -> bool:
    """Say whether that name is in the file itself; a link that leads elsewhere doesn't count."""
    where: object = file
    for part in name.split("/"):
        if not isinstance(where, h5py.Group):
            return False
        if not isinstance(where.get(part, getlink=True), h5py.HardLink):
            return False
        where = where[part]
    return True


def _dataset_problem(
    file: h5py.File, name: str, kind: np.dtype[np.generic], trailing: tuple[int | None, ...]
) -> str | None:
    if not has(file, name):
        return "is missing"
    where = file[name]
    if not isinstance(where, h5py.Dataset):
        return "is missing"
    if where.dtype != kind or len(where.shape) != 1 + len(trailing):
        return f"has type {where.dtype}{list(where.shape)}, not {kind}"
    if any(w not in (None, got) for w, got in zip(trailing, where.shape[1:], strict=True)):
        return f"has rows of {list(where.shape[1:])}, not {list(trailing)}"
    settings = where.id.get_create_plist()
    if settings.get_layout() != h5py.h5d.CHUNKED or settings.get_nfilters():
        return "is not stored plainly; write it again without compression"
    row_bytes = kind.itemsize * max(1, int(np.prod(where.shape[1:], dtype=object)))
    if row_bytes > _MOST_CHUNK or int(np.prod(where.chunks, dtype=object)) > _MOST_CHUNK:
        return f"is stored in pieces of {where.chunks}, which is too large"
    return None
