"""What can be done with the selected recordings, and why not."""

from collections.abc import Sequence
from enum import Enum

from gui.library.shelf import Item


class Action(Enum):
    """What a button of the library does."""

    TRAIN = "train"
    BOXES = "boxes"
    MARK = "mark"
    MERGE = "merge"
    EXPORT = "export"
    RENAME = "rename"
    TRASH = "trash"


WRITES = (Action.MERGE, Action.EXPORT)
TOUCHES = (Action.RENAME, Action.TRASH)


def why_not(action: Action, items: Sequence[Item], *, busy: bool) -> str:
    """Say why something can't be done with the selected items; empty where it can.

    Args:
        action: What is to be done.
        items: That are selected.
        busy: Whether a file is being written here, one at a time.
    """
    if not items:
        return "Select a recording first"
    if busy and action in (*WRITES, *TOUCHES):
        return "Wait until the file below is written, or stop it"
    recorded = next((item for item in items if item.entry.is_written), None)
    if recorded is not None:
        return f"{recorded.path.name} is being recorded. Stop the recording first"
    if action is Action.MERGE and len(items) < 2:
        return "Select two recordings or more: hold Ctrl, and click them"
    if action in (Action.BOXES, Action.RENAME) and len(items) > 1:
        return "This takes one recording at a time"
    if action is Action.TRASH or (action is Action.RENAME and not items[0].entry.is_leftover):
        return ""
    if not all(item.is_usable for item in items):
        return _unusable(next(item for item in items if not item.is_usable))
    return ""


def _unusable(item: Item) -> str:
    name = item.path.name
    if item.entry.fault:
        return f"{name} can't be read"
    if item.entry.is_leftover:
        return f"{name} was not closed. Repair it first"
    return f"{name} holds no pictures"
