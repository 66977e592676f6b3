"""Key names, key events, and the way from keys held over time to one class per head and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations

import numpy as np
import numpy.typing as npt

from data.profile import GameProfile, Head


class By(IntEnum):
    """Who moved a key."""

    HUMAN = 0
    AGENT = 1


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One key going down or up."""

    at_ns: int
    """Monotonic time."""
    key: str
    """Canonical name, such as `left`, `space` or `d`."""
    down: bool
    """True when pressed, False when released."""
    by: By = By.HUMAN
    """Who moved it."""


def without_repeats(events: Iterable[KeyEvent], held: set[str] | None = None) -> list[KeyEvent]:
    """Keep only the events that change a key's state.

    X delivers a simulated press twice and repeats a held key; both vanish here.

    Args:
        events: In order of time.
        held: Keys down before the first of them, brought up to date; None when none is.
    """
    held = set() if held is None else held
    changes = []
    for event in events:
        if event.down == (event.key in held):
            continue
        (held.add if event.down else held.discard)(event.key)
        changes.append(event)
    return changes


def class_of(head: Head, held: frozenset[str]) -> int:
    """Return the class of a head whose chord is held: the largest one inside the held keys.

    Among equally large chords the first in the profile wins.
    """
    best, size = head.none_index, 0
    for index, chord in enumerate(head.chords):
        if len(chord) > size and chord <= held:
            best, size = index, len(chord)
    return best


def hold(held: dict[str, By], events: Iterable[KeyEvent]) -> None:
    """Bring the keys that are down, and who holds each, up to date."""
    for event in events:
        if event.down:
            held[event.key] = event.by
        else:
            held.pop(event.key, None)


class HeadTable:
    """Class of every combination of one head's keys, for looking up whole recordings at once."""

    def __init__(self, head: Head) -> None:
        self.keys = sorted(head.keys)
        self._classes = np.zeros(1 << len(self.keys), dtype=np.int64)
        for size in range(len(self.keys) + 1):
            for chosen in combinations(range(len(self.keys)), size):
                held = frozenset(self.keys[i] for i in chosen)
                self._classes[sum(1 << i for i in chosen)] = class_of(head, held)

    def classes(self, held: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Map held keys `(frames, len(self.keys))` to classes `(frames,)`."""
        bits = held.astype(np.int64) @ (1 << np.arange(len(self.keys), dtype=np.int64))
        found: npt.NDArray[np.int64] = self._classes[bits]
        return found


def held_at(
    events: Sequence[KeyEvent], keys: Sequence[str], times_ns: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Say which keys are held at each time.

    A tap that begins and ends between two of the times counts at the later one, so that a press
    shorter than a frame is not lost.

    Args:
        events: Key events in order of time.
        keys: The names of the columns.
        times_ns: Rising times `(n,)`.

    Returns:
        `(n, len(keys))` booleans.
    """
    held = np.zeros((len(times_ns), len(keys)), dtype=np.bool_)
    for column, key in enumerate(keys):
        of_key = [event for event in events if event.key == key]
        if not of_key:
            continue
        at = np.array([event.at_ns for event in of_key], dtype=np.int64)
        down = np.array([event.down for event in of_key], dtype=np.bool_)
        last = np.searchsorted(at, times_ns, side="right") - 1
        held[:, column] = np.where(last >= 0, down[np.maximum(last, 0)], False)
        pressed_before = np.searchsorted(at[down], times_ns, side="right")
        tapped = np.diff(pressed_before, prepend=0) > 0
        if len(tapped):
            tapped[0] = False  # what came before the first frame is not its label
        held[:, column] |= tapped
    return held


def held_by(
    events: Sequence[KeyEvent], keys: Sequence[str], times_ns: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint8]:
    """Say who holds which keys at each time: whoever pressed one last.

    Returns:
        `(n, len(keys))`: 0 nobody, otherwise 1 + `By`.
    """
    found = held_at(events, keys, times_ns).astype(np.uint8)
    for column, key in enumerate(keys):
        presses = [event for event in events if event.key == key and event.down]
        if presses:
            at = np.array([event.at_ns for event in presses], dtype=np.int64)
            by = np.array([event.by for event in presses], dtype=np.uint8)
            last = np.searchsorted(at, times_ns, side="right") - 1
            found[:, column] *= 1 + by[np.maximum(last, 0)]
    return found


def labels_at(
    profile: GameProfile,
    events: Sequence[KeyEvent],
    frame_times_ns: npt.NDArray[np.int64],
    *,
    shift_ns: int,
) -> dict[str, npt.NDArray[np.int64]]:
    """Label frames with the keys held `shift_ns` after each: the one alignment rule.

    Returns:
        For each head, class indices `(frames,)`.
    """
    labels = {}
    for head in profile.heads:
        table = HeadTable(head)
        held = held_at(events, table.keys, frame_times_ns + shift_ns)
        labels[head.name] = table.classes(held)
    return labels


def chord_of(profile: GameProfile, classes: dict[str, int]) -> frozenset[str]:
    """Return the keys to hold for one class per head."""
    held: frozenset[str] = frozenset()
    for head in profile.heads:
        held |= head.chords[classes[head.name]]
    return held
