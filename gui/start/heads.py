"""Heads as rows of a table that a person edits, and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.errors import ProfileError
from data.frames import FrameSize
from data.profile import GameProfile, Head
from data.profile_draft import draft_profile

NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """One class of a head."""

    head: str
    does: str
    """The class's name."""
    keys: str
    """Held together; spaces between them."""
    hold_ms: str = ""
    """Of the head: how long a decision is kept at least; empty for no time."""


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a profile is made of, as a person has written it."""

    name: str
    title: str
    """Pattern for the window's title."""
    rows: tuple[Row, ...]
    size: FrameSize
    rate_hz: float = 20.0


def rows_of(heads: Iterable[Head]) -> list[Row]:
    """Write heads as rows; that a head may hold nothing goes without saying."""
    return [
        Row(head.name, name, " ".join(chord), f"{head.min_hold_ms:g}" if head.min_hold_ms else "")
        for head in heads
        for name, chord in head.classes.items()
        if chord or name != NONE
    ]


def heads_of(rows: Sequence[Row]) -> list[Head]:
    """Read heads from rows; only what can't be written down as heads is refused here.

    Raises:
        ProfileError: A name is missing or given twice, or a time is no number.
    """
    classes: dict[str, dict[str, tuple[str, ...]]] = {}
    holds: dict[str, float] = {}
    for number, row in enumerate(rows, 1):
        head, does, keys = row.head.strip(), row.does.strip(), tuple(row.keys.split())
        if not head or not does:
            raise ProfileError(f"row {number}: say what it does, and which decision it belongs to.")
        known = classes.setdefault(head, {})
        if does in known:
            raise ProfileError(f"{head}: two rows are called {does}; rename one.")
        if does == NONE and keys:
            raise ProfileError(f"{head}: “none” means no key; call row {number} something else.")
        known[does] = keys
        if row.hold_ms.strip():
            hold_ms = _number(row.hold_ms, number)
            holds[head] = max(holds.get(head, hold_ms), hold_ms)
    return [
        Head.model_construct(
            name=name,
            classes=known if () in known.values() else {NONE: (), **known},
            min_hold_ms=holds.get(name, 0.0),
        )
        for name, known in classes.items()
    ]


def made(draft: Draft) -> GameProfile:
    """Make the profile.

    Raises:
        ProfileError: Something is wrong; the message says what.
    """
    if not draft.rows:
        raise ProfileError("there is no key yet: add a row.")
    return draft_profile(
        draft.name, draft.title, heads_of(draft.rows), size=draft.size, rate_hz=draft.rate_hz
    )


def _number(text: str, row: int) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ProfileError(f"row {row}: “{text}” is no time in milliseconds.") from error
