"""The boxes on the frames at hand, with undo and redo; knows nothing of windows or files."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from data.boxes import Box, BoxOrigin
from data.frames import FrameSize
from gui.label.geometry import Corners, iou, moved, snapped

MOST_UNDONE = 1000
_SAME = 0.5  # IoU from which a suggestion is of what is drawn already


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on a frame."""

    box: Box
    score: float | None = None
    """Of a suggestion, at most 1; None where it is not known."""

    @property
    def suggested(self) -> bool:
        """Whether nobody has looked at it yet."""
        return self.box.origin is BoxOrigin.SUGGESTED

    @property
    def corners(self) -> Corners:
        """x1, y1, x2, y2 in pixels of the picture."""
        return self.box.x1, self.box.y1, self.box.x2, self.box.y2


Marks = tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on a frame."""

    marks: Marks = ()
    done: bool = False
    """Whether a person says that nothing is missing."""

    @property
    def drawn(self) -> Marks:
        """The marks that are labels."""
        return tuple(mark for mark in self.marks if not mark.suggested)

    @property
    def suggestions(self) -> Marks:
        """The marks that wait for an answer."""
        return tuple(mark for mark in self.marks if mark.suggested)


@dataclass(frozen=True, slots=True)
class _Change:
    what: str
    before: dict[int, Sheet]
    after: dict[int, Sheet]
    merge: object = None


class Document:
    """Frames and their boxes; every change can be undone.

    Args:
        size: Of the pictures: boxes stay inside.
    """

    def __init__(self, size: FrameSize) -> None:
        self.size = size
        self._sheets: dict[int, Sheet] = {}
        self._stored: dict[int, Marks] = {}
        self._undo: list[_Change] = []
        self._redo: list[_Change] = []

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames at hand, in order."""
        return tuple(sorted(self._sheets))

    @property
    def sheets(self) -> Mapping[int, Sheet]:
        """By frame."""
        return self._sheets

    def sheet(self, frame: int) -> Sheet:
        """Return what is on a frame; nothing on one that is not at hand."""
        return self._sheets.get(frame, Sheet())

    def add_frames(self, sheets: Mapping[int, Sheet]) -> None:
        """Take frames in, as they are stored; those at hand stay as they are."""
        for frame, sheet in sheets.items():
            if frame not in self._sheets:
                self._sheets[frame] = sheet
                self._stored[frame] = sheet.marks

    def restore(self, sheets: Mapping[int, Marks]) -> None:
        """Take up boxes that were drawn earlier and not stored; one step to undo."""
        self._change(
            "restore", {f: replace(self.sheet(f), marks=marks) for f, marks in sheets.items()}
        )

    @property
    def unsaved(self) -> dict[int, Marks]:
        """The frames whose boxes differ from what is stored, with their boxes."""
        return {
            frame: sheet.marks
            for frame, sheet in self._sheets.items()
            if sheet.marks != self._stored.get(frame, ())
        }

    def mark_stored(self, stored: Mapping[int, Marks]) -> None:
        """Know these boxes as stored."""
        self._stored.update(stored)

    @property
    def undoes(self) -> str:
        """What `undo` would undo, in a word; empty for nothing."""
        return self._undo[-1].what if self._undo else ""

    @property
    def redoes(self) -> str:
        """What `redo` would do again; empty for nothing."""
        return self._redo[-1].what if self._redo else ""

    def undo(self) -> int | None:
        """Take the last change back; return the first frame it was on."""
        return self._go(self._undo, self._redo, back=True)

    def redo(self) -> int | None:
        """Make the change again that was taken back last; return the first frame it is on."""
        return self._go(self._redo, self._undo, back=False)

    def add(self, frame: int, marks: Iterable[Mark], *, what: str = "draw") -> tuple[int, ...]:
        """Put boxes on a frame, moved inside the picture; return their places in its list."""
        old = self.sheet(frame).marks
        new = tuple(self._inside(mark) for mark in marks)
        if new:
            self._put(what, frame, old + new)
        return tuple(range(len(old), len(old) + len(new)))

    def duplicate(self, frame: int, chosen: Collection[int]) -> tuple[int, ...]:
        """Put copies of boxes beside them; return their places."""
        marks = self.sheet(frame).marks
        copies = [_taken(marks[i], moved(marks[i].corners, 4, 4, self.size)) for i in chosen]
        return self.add(frame, copies, what="duplicate")

    def delete(self, frame: int, chosen: Collection[int], *, what: str = "delete") -> None:
        """Take boxes away."""
        marks = self.sheet(frame).marks
        self._put(what, frame, tuple(m for i, m in enumerate(marks) if i not in chosen))

    def move(self, frame: int, chosen: Collection[int], dx: float, dy: float) -> None:
        """Move boxes, as far as the picture goes; steps of the same boxes are undone as one."""
        self._map(
            "move", frame, chosen,
            lambda mark: _taken(mark, moved(mark.corners, dx, dy, self.size)),
            merge=("move", frame, tuple(sorted(chosen))),
        )  # fmt: skip

    def reshape(self, frame: int, index: int, corners: Corners) -> None:
        """Give a box other corners."""
        self._map("resize", frame, [index], lambda mark: _taken(mark, snapped(corners)))

    def rename(self, frame: int, chosen: Collection[int], class_name: str) -> None:
        """Give boxes another class."""

        def renamed(mark: Mark) -> Mark:
            return Mark(replace(mark.box, class_name=class_name, origin=BoxOrigin.HUMAN))

        self._map("change the class", frame, chosen, renamed)

    def accept(self, frame: int, chosen: Collection[int]) -> None:
        """Make labels of suggestions."""
        self._map(
            "accept", frame, [i for i in chosen if self.sheet(frame).marks[i].suggested],
            lambda mark: _taken(mark, mark.corners),
        )  # fmt: skip

    def refuse(self, frame: int, chosen: Collection[int]) -> None:
        """Take suggestions away."""
        marks = self.sheet(frame).marks
        self.delete(frame, [i for i in chosen if marks[i].suggested], what="refuse")

    def suggest(self, suggestions: Mapping[int, Sequence[Mark]]) -> int:
        """Put suggestions in place of older ones, except of what is drawn; return how many."""
        after, count = {}, 0
        for frame, found in suggestions.items():
            sheet = self.sheet(frame)
            new = tuple(mark for mark in found if not _known(mark, sheet.drawn))
            count += len(new)
            after[frame] = replace(sheet, marks=sheet.drawn + new, done=sheet.done and not new)
        self._change("suggest", after)
        return count

    def set_done(self, frame: int, *, done: bool) -> None:
        """Say whether a frame has all its boxes; suggestions without an answer go with it."""
        sheet = self.sheet(frame)
        marks = sheet.drawn if done else sheet.marks
        self._change("mark as done" if done else "mark as not done", {frame: Sheet(marks, done)})

    def _map(
        self,
        what: str,
        frame: int,
        chosen: Collection[int],
        change: Callable[[Mark], Mark],
        *,
        merge: object = None,
    ) -> None:
        marks = self.sheet(frame).marks
        after = tuple(change(m) if i in chosen else m for i, m in enumerate(marks))
        self._put(what, frame, after, merge=merge)

    def _put(self, what: str, frame: int, marks: Marks, *, merge: object = None) -> None:
        self._change(what, {frame: replace(self.sheet(frame), marks=marks)}, merge=merge)

    def _change(self, what: str, after: dict[int, Sheet], *, merge: object = None) -> None:
        after = {f: sheet for f, sheet in after.items() if self.sheet(f) != sheet}
        if not after:
            return
        before = {frame: self.sheet(frame) for frame in after}
        if merge is not None and self._undo and self._undo[-1].merge == merge:
            before = self._undo.pop().before
        self._undo.append(_Change(what, before, after, merge))
        del self._undo[:-MOST_UNDONE]
        self._redo.clear()
        self._sheets.update(after)

    def _go(self, source: list[_Change], target: list[_Change], *, back: bool) -> int | None:
        if not source:
            return None
        change = source.pop()
        target.append(replace(change, merge=None))
        self._sheets.update(change.before if back else change.after)
        return min(change.after)

    def _inside(self, mark: Mark) -> Mark:
        x1, y1, x2, y2 = moved(mark.corners, 0, 0, self.size)
        return replace(mark, box=replace(mark.box, x1=x1, y1=y1, x2=x2, y2=y2))


def _taken(mark: Mark, corners: Corners) -> Mark:
    """Return a mark that a person has placed."""
    x1, y1, x2, y2 = corners
    return Mark(Box(mark.box.class_name, x1, y1, x2, y2, BoxOrigin.HUMAN))


def _known(mark: Mark, drawn: Marks) -> bool:
    return any(
        other.box.class_name == mark.box.class_name and iou(other.corners, mark.corners) >= _SAME
        for other in drawn
    )
