"""Boxes are drawn, changed, copied and answered here, by mouse and keyboard."""

from collections.abc import Iterable, Mapping

from PyQt6.QtCore import pyqtSignal

from data.boxes import Box, BoxOrigin
from data.profile import ObjectClass
from gui.label.canvas import Mode
from gui.label.document import Document, Mark, Marks
from gui.label.frame_desk import FrameDesk
from gui.label.geometry import Corners
from gui.label.requests import Picture
from gui.label.strip import State, state_of


class Editor(FrameDesk):
    """Edits a document; every method without arguments is a command, see `COMMANDS`."""

    class_changed = pyqtSignal(int)
    """Another class is drawn from now on: its place among the objects."""

    def __init__(self) -> None:
        super().__init__()
        self.class_index = 0
        self._copied: Marks = ()
        canvas = self.canvas
        canvas.drawn.connect(self._draw)
        canvas.moved.connect(self.nudge)
        canvas.reshaped.connect(self._reshape)
        for made, act in (
            (self.draw_button, self.draw_mode),
            (self.edit_button, self.edit_mode),
            (self.undo_button, self.undo),
            (self.redo_button, self.redo),
            (self.fit_button, self.fit),
            (self.done_button, self.finish_frame),
        ):
            made.clicked.connect(lambda _=False, act=act: act())
        self.close_document()

    def open_document(
        self, document: Document, objects: tuple[ObjectClass, ...], pictures: Iterable[Picture]
    ) -> None:
        """Begin with a document, and its first class."""
        super().open_document(document, objects, pictures)
        self._copied = ()
        self.class_index = 0
        self.class_changed.emit(0)

    def suggest(self, suggestions: Mapping[int, Marks]) -> int:
        """Put suggestions on frames, and begin with the first; return how many are new."""
        if self.document is None:
            return 0
        count = self.document.suggest(suggestions)
        self.edit_mode()
        self.refresh(selection=())
        waiting = [f for f in self.document.frames if self.document.sheet(f).suggestions]
        if waiting and self.frame not in waiting:
            self.strip.go_to(waiting[0])
        self._select_suggestion()
        return count

    def choose_class(self, index: int) -> None:
        """Draw this class from now on; boxes that are selected become of it, too."""
        if self.document is None or not 0 <= index < len(self.objects):
            return
        self.class_index = index
        self.class_changed.emit(index)
        if self.canvas.selection and self.frame is not None:
            self.document.rename(self.frame, self.canvas.selection, self.objects[index].name)
            self.refresh()

    def draw_mode(self) -> None:
        """Draw new boxes by dragging."""
        if self.document is not None:
            self.canvas.show_marks(self.canvas.marks)
            self.canvas.set_mode(Mode.DRAW)
        self._refresh_tools()
        self.canvas.setFocus()

    def edit_mode(self) -> None:
        """Select, move and resize boxes; asked for again, select none."""
        if self.canvas.mode is Mode.EDIT:
            self.canvas.show_marks(self.canvas.marks)
        self.canvas.set_mode(Mode.EDIT)
        self._refresh_tools()
        self.canvas.setFocus()

    def previous_frame(self) -> None:
        """Show the frame before."""
        self.strip.step(-1)

    def next_frame(self) -> None:
        """Show the frame after."""
        self.strip.step(1)

    def finish_frame(self) -> None:
        """Say that nothing is missing on the frame, and go to the next that isn't done."""
        if self.document is None or self.frame is None:
            return
        here = self.frame
        dropped = len(self.sheet.suggestions)
        self.document.set_done(here, done=True)
        self.refresh(selection=())
        if dropped:
            self.said.emit(f"{dropped} open suggestions were refused; Ctrl+Z brings them back.")
        frames = self.document.frames
        order = [f for f in frames if f > here] + [f for f in frames if f < here]
        undone = [f for f in order if state_of(self.document.sheet(f)) is not State.DONE]
        if undone:
            self.strip.go_to(undone[0])
        else:
            self.said.emit("All frames are done. Take more frames, or train a detector.")
        self.canvas.setFocus()

    def undo(self) -> None:
        """Take the last change back, and show where it was."""
        self._travel(self.document.undo() if self.document is not None else None)

    def redo(self) -> None:
        """Make it again, and show where it is."""
        self._travel(self.document.redo() if self.document is not None else None)

    def _travel(self, frame: int | None) -> None:
        if frame is None:
            return
        if frame != self.frame:
            self.strip.go_to(frame)
        self.refresh(selection=())
        self._select_suggestion()

    def zoom_in(self) -> None:
        """Enlarge the picture."""
        self.canvas.zoom_in()

    def zoom_out(self) -> None:
        """Shrink it."""
        self.canvas.zoom_out()

    def fit(self) -> None:
        """Show the whole picture."""
        self.canvas.fit()

    def accept(self) -> None:
        """Make labels of the selected suggestions, and select the next."""
        self._answer(take=True)

    def refuse(self) -> None:
        """Take the selected suggestions away, and select the next."""
        self._answer(take=False)

    def _answer(self, *, take: bool) -> None:
        if self.document is None or self.frame is None:
            return
        marks = self.sheet.marks
        chosen = [i for i in self.canvas.selection if marks[i].suggested]
        if not chosen:
            self.canvas.set_mode(Mode.EDIT)
            self._select_suggestion()
            return
        (self.document.accept if take else self.document.refuse)(self.frame, chosen)
        self.refresh(selection=())
        self._select_suggestion(after=chosen[0] if take else chosen[0] - 1)

    def accept_all(self) -> None:
        """Make labels of all suggestions of the frame."""
        if self.document is not None and self.frame is not None:
            self.document.accept(self.frame, range(len(self.sheet.marks)))
            self.refresh(selection=())

    def delete(self) -> None:
        """Delete the selected boxes."""
        if self.document is not None and self.frame is not None and self.canvas.selection:
            self.document.delete(self.frame, self.canvas.selection)
            self.refresh(selection=())

    def copy(self) -> None:
        """Keep the selected boxes, or all where none is selected, for other frames."""
        marks = self.sheet.marks
        chosen = self.canvas.selection or range(len(marks))
        self._copied = tuple(_as_drawn(marks[i]) for i in chosen)
        if self._copied:
            self.said.emit(f"{len(self._copied)} copied. Ctrl+V pastes on any frame.")

    def paste(self) -> None:
        """Put the kept boxes on this frame, at the same place."""
        if self.document is not None and self.frame is not None and self._copied:
            self.refresh(selection=self.document.add(self.frame, self._copied, what="paste"))

    def duplicate(self) -> None:
        """Put copies of the selected boxes beside them."""
        if self.document is not None and self.frame is not None and self.canvas.selection:
            self.refresh(selection=self.document.duplicate(self.frame, self.canvas.selection))

    def select_all(self) -> None:
        """Select all boxes of the frame."""
        if self.document is not None:
            self.canvas.set_mode(Mode.EDIT)
            self._select(range(len(self.sheet.marks)))

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selected boxes, by pixels of the picture."""
        if self.document is not None and self.frame is not None and self.canvas.selection:
            self.document.move(self.frame, self.canvas.selection, dx, dy)
            self.refresh()

    def _draw(self, corners: Corners) -> None:
        if self.document is None or self.frame is None or not self.objects:
            return
        box = Box(self.objects[self.class_index].name, *corners)
        self.document.add(self.frame, [Mark(box)])
        self.refresh(selection=())  # so that a number now is the class of the next box

    def _reshape(self, index: int, corners: Corners) -> None:
        if self.document is not None and self.frame is not None:
            self.document.reshape(self.frame, index, corners)
            self.refresh()


def _as_drawn(mark: Mark) -> Mark:
    return Mark(Box(mark.box.class_name, *mark.corners, BoxOrigin.HUMAN))
