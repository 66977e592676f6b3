"""The list of recordings: which of them are shown, in which order, and in which words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from data.moments import length
from gui.jobs.library import Entry, Facts
from gui.library.marks import Mark, Remark
from gui.names import name_fault, natural, with_ending


class Kind(StrEnum):
    """Which files are shown; the words are those of the window."""

    ALL = "All files"
    RECORDINGS = "Recordings"
    FLIGHTS = "Flight logs"


class Order(StrEnum):
    """In which order; the words are those of the window."""

    NEWEST = "Newest first"
    OLDEST = "Oldest first"
    LONGEST = "Longest first"
    SHORTEST = "Shortest first"
    NAME = "By name"


MARK_WORDS = {
    Mark.TRAINING: "for training",
    Mark.VALIDATION: "for validation",
    Mark.UNUSED: "not used",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A file and all that is known of it."""

    entry: Entry
    remark: Remark = field(default_factory=Remark)
    facts: Facts | None = None
    """None until it was read through."""

    @property
    def path(self) -> Path:
        """Of the file."""
        return self.entry.path

    @property
    def title(self) -> str:
        """The file's name without its endings."""
        return self.path.name.removesuffix(".part").removesuffix(".h5")

    @property
    def is_usable(self) -> bool:
        """Whether it can be played, cut and learned from."""
        return not self.entry.fault and not self.entry.is_leftover and self.entry.frames > 0


def chosen(items: Iterable[Item], *, kind: Kind, text: str, order: Order) -> list[Item]:
    """Return the items to show, in order; `text` is looked for in names, games and notes."""
    wanted = text.casefold().split()
    found = [item for item in items if _fits(item, kind) and _says(item, wanted)]
    found.sort(key=lambda item: natural(item.path.name))
    if order in (Order.NEWEST, Order.OLDEST):
        newest = order is Order.NEWEST
        found.sort(key=lambda item: item.entry.stamp.changed_ns, reverse=newest)
    elif order in (Order.LONGEST, Order.SHORTEST):
        found.sort(key=lambda item: item.entry.seconds, reverse=order is Order.LONGEST)
    return found


def row_words(item: Item) -> str:
    """Return the second line of a row."""
    entry = item.entry
    if entry.is_written:
        return f"{length(entry.seconds)} · being recorded" if entry.seconds else "being recorded"
    if entry.fault:
        return "can't be read"
    if entry.is_leftover:
        return f"{length(entry.seconds)} · was not closed"
    if not entry.frames:
        return "empty"
    return f"{length(entry.seconds)} · {'flight log' if entry.is_flight_log else entry.game}"


def sum_words(items: Iterable[Item]) -> str:
    """Return what stands below the list: how many files, and how long they are together."""
    counted = list(items)
    if not counted:
        return "Nothing fits. Clear the search, or choose All files."
    seconds = sum(item.entry.seconds for item in counted)
    files = "1 file" if len(counted) == 1 else f"{len(counted)} files"
    return f"{files}, {length(seconds)}"


def free_name(path: Path, ending: str) -> Path:
    """Return a name beside a file that nothing has: `NAME-ENDING.h5`, `NAME-ENDING-2.h5`, ..."""
    stem = path.name.removesuffix(".part").removesuffix(".h5")
    made, number = path.with_name(f"{with_ending(stem, f'-{ending}')}.h5"), 1
    while made.exists() or made.with_name(made.name + ".part").exists():
        number += 1
        made = path.with_name(f"{with_ending(stem, f'-{ending}-{number}')}.h5")
    return made


def named(folder: Path, text: str) -> Path | str:
    """Return the file that a person means by a name, or why it will not do."""
    name = text.strip().removesuffix(".h5")
    if fault := name_fault(name):
        return fault
    path = folder / f"{name}.h5"
    if path.exists():
        return f"{path.name} exists already. Choose another name."
    return path


def _fits(item: Item, kind: Kind) -> bool:
    return kind is Kind.ALL or item.entry.is_flight_log is (kind is Kind.FLIGHTS)


def _says(item: Item, wanted: list[str]) -> bool:
    said = f"{item.path.name} {item.entry.game} {item.remark.note}".casefold()
    return all(word in said for word in wanted)
