"""How many boxes a detector needs, and what is missing until then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.profile import ObjectClass
from gui.label.document import Sheet

ENOUGH_FRAMES = 60  # on which a class is to be seen
ENOUGH_BOXES = 100


@dataclass(frozen=True, slots=True)
class ClassCount:
    """What there is of a class."""

    boxes: int = 0
    frames: int = 0
    """Frames with at least one of its boxes."""

    def __add__(self, other: "ClassCount") -> "ClassCount":
        """Add what other frames hold."""
        return ClassCount(self.boxes + other.boxes, self.frames + other.frames)


@dataclass(frozen=True, slots=True)
class ClassProgress:
    """How far a class is."""

    name: str
    count: ClassCount
    share: float
    """0 to 1, where there is enough."""
    missing: str
    """Such as "12 more frames with a ball"; empty where there is enough."""


def counted(sheets: Mapping[int, Sheet]) -> dict[str, ClassCount]:
    """Count the labels on frames by class; suggestions don't count."""
    found: dict[str, ClassCount] = {}
    for sheet in sheets.values():
        of_frame: dict[str, int] = {}
        for mark in sheet.drawn:
            of_frame[mark.box.class_name] = of_frame.get(mark.box.class_name, 0) + 1
        for name, boxes in of_frame.items():
            found[name] = found.get(name, ClassCount()) + ClassCount(boxes, 1)
    return found


def progress(kind: ObjectClass, count: ClassCount) -> ClassProgress:
    """Say how far a class is; of what exists once, as many boxes as frames are enough."""
    wanted_boxes = ENOUGH_FRAMES if kind.most == 1 else ENOUGH_BOXES
    share = min(count.frames / ENOUGH_FRAMES, count.boxes / wanted_boxes, 1.0)
    frames, boxes = ENOUGH_FRAMES - count.frames, wanted_boxes - count.boxes
    if frames > 0:
        missing = f"{frames} more frame{plural(frames)} with {with_article(kind.name)}"
    elif boxes > 0:
        missing = f"{boxes} more box{'es' if boxes > 1 else ''} of {with_article(kind.name)}"
    else:
        missing = ""
    return ClassProgress(kind.name, count, share, missing)


def told(all_: Sequence[ClassProgress]) -> str:
    """Say in a sentence or two what is missing, the class that lacks most first."""
    if not all_:
        return ""
    missing = sorted((one for one in all_ if one.missing), key=lambda one: one.share)
    if not missing:
        return "Enough for a good detector. More frames that look different make it better."
    first = f"Until it is enough: {missing[0].missing}"
    if len(missing) == 1:
        return f"{first}."
    others = len(missing) - 1
    return f"{first}, and more of {others} other class{'es' if others > 1 else ''}."


def with_article(name: str) -> str:
    """Return an object's name as it is read: `own_goal` is "an own goal"."""
    plain = name.replace("_", " ")
    return f"{'an' if plain[:1] in 'aeiou' else 'a'} {plain}"


def plural(count: int) -> str:
    """Return the ending of a word that is counted."""
    return "" if count == 1 else "s"
