"""What the page on which boxes are drawn asks of its jobs, and what they answer."""

from dataclasses import dataclass
from pathlib import Path

from data.box_files.folder import BoxFormat, Problem
from data.boxes import Box
from data.frames import FrameSize
from data.profile import GameProfile, ObjectClass
from gui.label.document import Marks
from gui.label.enough import ClassCount
from gui.label.session import Session


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame to label."""

    frame: int
    at_s: float
    """Since the first frame."""
    jpeg: bytes
    thumbnail: bytes
    """A small JPEG."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Asks for a recording's frames to label."""

    path: Path
    count: int
    """How many to choose where none were chosen before."""
    game: GameProfile
    """The one at hand, which may name objects that the recording doesn't know yet."""


@dataclass(frozen=True, slots=True)
class Added:
    """Frames to label, with what is on them."""

    pictures: tuple[Picture, ...]
    boxes: dict[int, tuple[Box, ...]]
    elsewhere: dict[str, ClassCount]
    """What the frames that are not at hand hold, by class."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording, ready to label."""

    path: Path
    identity: str
    """Tells it from another recording of the same name."""
    size: FrameSize
    objects: tuple[ObjectClass, ...]
    """Those of the recording, then what its game names by now."""
    frame_count: int
    added: Added
    session: Session | None
    """What was remembered of it."""


@dataclass(frozen=True, slots=True)
class MoreRequest:
    """Asks for further frames of a recording."""

    path: Path
    taken: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class SuggestRequest:
    """Asks a detector what it sees."""

    path: Path
    by: str
    """`coco`, a detector's run folder, or shipped weights by name."""
    frames: tuple[int, ...]
    objects: tuple[ObjectClass, ...]


@dataclass(frozen=True, slots=True)
class Suggested:
    """What was suggested, by frame."""

    marks: dict[int, Marks]


@dataclass(frozen=True, slots=True)
class CarryRequest:
    """Asks to carry a frame's boxes on to the frames after it."""

    path: Path
    frame: int
    boxes: tuple[Box, ...]
    ahead: int
    """Frames to carry them at most."""
    step: int
    """Every so many-th of them is taken in, besides those at hand."""
    taken: tuple[int, ...]
    """Frames at hand."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Boxes carried on, and the frames that came with them."""

    added: Added
    marks: dict[int, Marks]


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """Asks to store boxes in the recording."""

    path: Path
    identity: str
    boxes: dict[int, tuple[Box, ...]]
    """By frame, all that it has."""
    objects: tuple[ObjectClass, ...]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Asks to make a recording of a folder of pictures and boxes."""

    folder: Path
    out: Path
    kind: BoxFormat
    profile: str | None
    """Whose objects they are, as `load_profile` takes it; None: as they are called there."""
    labelled_only: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import; where nothing did, `images` is 0."""

    path: Path
    images: int
    boxes: int
    problems: tuple[Problem, ...]
    untold: int
    sentence: str = ""
    """Why nothing came of it."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Asks to write the labelled frames as a folder for other tools."""

    path: Path
    out: Path
    kind: BoxFormat
