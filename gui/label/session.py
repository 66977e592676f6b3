"""What is remembered of labelling a recording, in a file beside it: nothing drawn is ever lost.

`NAME.h5.boxes.json` holds the frames that were chosen, which of them are done, and the boxes that
are not in the recording yet.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.boxes import Box, BoxOrigin
from data.frames import FrameSize
from data.paths import written_whole
from data.profile import ObjectClass
from data.small_files import read_json
from gui.label.document import Mark, Marks

MOST_BYTES = 16_000_000
MOST_FRAMES = 5000
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Session:
    """What is remembered."""

    recording: str
    """Which recording it is of: see `Opened.identity`."""
    frames: tuple[int, ...] = ()
    """That were chosen."""
    done: frozenset[int] = frozenset()
    unsaved: dict[int, Marks] = field(default_factory=dict)
    """Boxes that the recording doesn't hold yet; all of a frame."""

    @property
    def objects(self) -> tuple[ObjectClass, ...]:
        """What these boxes are of; the profile at hand may be another than when they were drawn."""
        names = {mark.box.class_name for marks in self.unsaved.values() for mark in marks}
        return tuple(ObjectClass(name=name) for name in sorted(names))


def session_path(recording: Path) -> Path:
    """Name the file beside a recording."""
    return recording.with_name(recording.name + ".boxes.json")


def write_session(path: Path, session: Session) -> None:
    """Write it whole.

    Raises:
        OSError: It can't be written.
    """
    told = {
        "version": _VERSION,
        "recording": session.recording,
        "frames": list(session.frames),
        "done": sorted(session.done),
        "unsaved": {str(f): [_row(m) for m in marks] for f, marks in session.unsaved.items()},
    }
    with written_whole(path) as part:
        part.write_text(json.dumps(told), encoding="utf-8")


def read_session(
    path: Path, *, recording: str, frame_count: int, size: FrameSize
) -> Session | None:
    """Read it; None where there is none, or it is of another recording, or makes no sense."""
    try:
        told = read_json(path, most_bytes=MOST_BYTES)
        if told["version"] != _VERSION or told["recording"] != recording:
            return None

        def frame(value: Any) -> int:  # noqa: ANN401 - whatever JSON holds
            number = int(value)
            if not 0 <= number < frame_count:
                raise ValueError(f"frame {number}")
            return number

        frames = sorted({frame(each) for each in told["frames"][:MOST_FRAMES]})
        unsaved = {
            frame(key): tuple(_mark(row, size) for row in rows)
            for key, rows in told["unsaved"].items()
        }
        done = frozenset(frame(each) for each in told["done"])
        return Session(recording, tuple(frames), done, unsaved)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def _row(mark: Mark) -> list[object]:
    return [mark.box.class_name, *mark.corners, int(mark.box.origin), mark.score]


def _mark(row: Any, size: FrameSize) -> Mark:  # noqa: ANN401 - JSON
    name, x1, y1, x2, y2, origin, score = row
    x1, y1, x2, y2 = (float(edge) for edge in (x1, y1, x2, y2))
    if not (0 <= x1 < x2 <= size.width_px and 0 <= y1 < y2 <= size.height_px):
        raise ValueError(f"a box at {row}")
    box = Box(ObjectClass(name=name).name, x1, y1, x2, y2, BoxOrigin(origin))
    return Mark(box, None if score is None else float(score))
