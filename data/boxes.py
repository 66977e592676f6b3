"""Where objects are in a frame: the labels of the detector."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class BoxOrigin(IntEnum):
    """Who drew a box."""

    HUMAN = 0
    TRUTH = 1
    DETECTOR = 2
    SUGGESTED = 3
    """Proposed by a program, and looked at by nobody: no label until a person says so."""


@dataclass(frozen=True, slots=True)
class Box:
    """One object, corners in pixels of the stored frame."""

    class_name: str
    x1: float
    y1: float
    x2: float
    y2: float
    origin: BoxOrigin = BoxOrigin.HUMAN

    def __post_init__(self) -> None:
        if not (self.x2 > self.x1 and self.y2 > self.y1):
            raise ValueError(f"a box needs x1 < x2 and y1 < y2, got {self}")


@dataclass(frozen=True, slots=True)
class FrameBoxes:
    """All boxes of one frame."""

    frame: int
    boxes: tuple[Box, ...]


def drawn_only(frames: Iterable[FrameBoxes]) -> list[FrameBoxes]:
    """Leave out suggested boxes, and the frames that have no others; frames of nothing stay."""
    kept = []
    for labelled in frames:
        drawn = tuple(box for box in labelled.boxes if box.origin is not BoxOrigin.SUGGESTED)
        if drawn or not labelled.boxes:
            kept.append(FrameBoxes(labelled.frame, drawn))
    return kept
