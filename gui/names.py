"""Names that a person gives to files and folders: what they may be, and their order."""

import os
import re

MOST_CHARACTERS = 80
MOST_BYTES = 200  # systems take 255, and our own endings, such as .h5.part, need some
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f\ud800-\udfff]')
_DIGITS = re.compile(r"(\d+)")


def name_fault(name: str) -> str:
    """Say why nothing can have a name, in whichever folder; empty where something can.

    Args:
        name: Without an ending such as `.h5`.
    """
    wrong = _FORBIDDEN.search(name)
    if not name.strip():
        return "Write a name."
    if wrong is not None:
        return f"A name can't hold the character {wrong[0]!r}."
    if name != name.strip():
        return "A name can't begin or end with a space."
    if name.startswith(".") or name.endswith("."):
        return "A name can't begin or end with a full stop."
    if len(name) > MOST_CHARACTERS:
        return f"A name can have {MOST_CHARACTERS} characters at most; this one has {len(name)}."
    if len(name.encode()) > MOST_BYTES:
        return "This name takes more room than a file's name has. Make it shorter."
    return ""


def with_ending(name: str, ending: str) -> str:
    """Return a name with an ending, and as much of the name as leaves room for it."""
    while len(name + ending) > MOST_CHARACTERS or len(os.fsencode(name + ending)) > MOST_BYTES:
        name = name[:-1]
    return name + ending


def natural(name: str) -> list[str | int]:
    """Return what names are sorted by, so that `match 2` comes before `match 10`."""
    parts = _DIGITS.split(name.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]
