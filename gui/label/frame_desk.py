"""The picture, its tools and the row of frames."""

from collections.abc import Iterable

import numpy as np
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from data.frames import Image, decode_jpeg
from data.profile import ObjectClass
from gui.frame_view import colour_of
from gui.label.canvas import Canvas, Mode
from gui.label.document import Document, Sheet
from gui.label.requests import Picture
from gui.label.strip import State, Strip, state_of
from gui.page import row

EMPTY = "Choose a recording above to draw boxes on its pictures."
NO_RECORDINGS = (
    "No recordings yet.\n\nRecord some play on the page Record, or import pictures with boxes from "
    "another tool."
)
OPENING = "Choosing frames that look different from each other…"


class FrameDesk(QWidget):
    """Shows a document frame by frame; what changes it is in `gui.label.editor`."""

    changed = pyqtSignal()
    """The document changed."""
    frame_changed = pyqtSignal()
    """Another frame is shown, or the same with other suggestions."""
    said = pyqtSignal(str)
    """A sentence for the status bar."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = Canvas(EMPTY)
        self.strip = Strip()
        self.document: Document | None = None
        self.objects: tuple[ObjectClass, ...] = ()
        self._jpegs: dict[int, bytes] = {}
        self._shown: dict[int, Sheet] = {}
        self.frames_done = QLabel()
        self.frames_done.setObjectName("quiet")
        self.more_button = QPushButton("More frames")
        self.more_button.setToolTip("Choose further frames that look different from these")
        self.state = QLabel()
        self.state.setObjectName("quiet")
        self._make_tools()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._tools)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(row(self.frames_done, None, self.more_button))
        layout.addWidget(self.strip)
        self._connect()

    def _make_tools(self) -> None:
        self.draw_button = QPushButton("Draw")
        self.edit_button = QPushButton("Change")
        for one in (self.draw_button, self.edit_button):
            one.setCheckable(True)
        self.undo_button, self.redo_button = QPushButton("Undo"), QPushButton("Redo")
        self.fit_button = QPushButton("Fit")
        self.done_button = QPushButton("Done, next frame")
        self._tips = {
            self.draw_button: "Draw new boxes by dragging (W or Ctrl+N)",
            self.edit_button: "Select, move and resize boxes (Esc)",
            self.fit_button: "Show the whole picture again (0)",
            self.done_button: "Nothing is missing on this frame (Ctrl+Enter)",
        }
        self._tools = row(
            self.draw_button, self.edit_button, self.undo_button, self.redo_button,
            self.fit_button, None, self.state, self.done_button,
        )  # fmt: skip

    def _connect(self) -> None:
        canvas = self.canvas
        canvas.selected.connect(self._refresh_tools)
        canvas.mode_changed.connect(lambda mode: self._refresh_tools())
        canvas.too_small.connect(lambda: self.said.emit("That box was too small to be anything."))
        self.strip.frame_chosen.connect(self._show_frame)
        self.strip.clicked.connect(lambda index: self.canvas.setFocus())

    def open_document(
        self, document: Document, objects: tuple[ObjectClass, ...], pictures: Iterable[Picture]
    ) -> None:
        """Begin with a document."""
        self.close_document()
        self.document, self.objects = document, objects
        self.recolour()
        self.add_pictures(pictures)
        if self.strip.count():
            self.strip.setCurrentRow(0)

    def recolour(self) -> None:
        """Take the colours that are in use."""
        names = [kind.name for kind in self.objects]
        self.canvas.class_colours = {name: colour_of(name, names) for name in names}
        if self.document is not None:
            for frame in self.strip.frames:
                self.strip.refresh(frame, self.document.sheet(frame))
        self.canvas.update()

    def close_document(self) -> None:
        """Show nothing."""
        self.document, self._jpegs, self._shown = None, {}, {}
        self.strip.empty()
        self.canvas.show_frame(None)
        self.canvas.show_marks(())
        self._refresh_tools()

    def add_pictures(self, pictures: Iterable[Picture]) -> None:
        """Take further frames in; the document has them already."""
        if self.document is None:
            return
        several = tuple(pictures)
        self._jpegs |= {picture.frame: picture.jpeg for picture in several}
        self.strip.add(several, self.document.sheets)
        self._shown |= {p.frame: self.document.sheet(p.frame) for p in several}

    @property
    def frame(self) -> int | None:
        """The frame that is shown."""
        return self.strip.frame if self.document is not None else None

    @property
    def sheet(self) -> Sheet:
        """What is on it."""
        if self.document is None or self.frame is None:
            return Sheet()
        return self.document.sheet(self.frame)

    def refresh(self, *, selection: Iterable[int] | None = None) -> None:
        """Show what the document holds now, and tell of a change."""
        if self.document is None:
            return
        now = self.document.sheets
        for frame, sheet in now.items():
            if self._shown.get(frame) != sheet:
                self.strip.refresh(frame, sheet)
        changed = self._shown != dict(now)
        self._shown = dict(now)
        chosen = self.canvas.selection if selection is None else tuple(selection)
        self.canvas.show_marks(self.sheet.marks, chosen)
        self._refresh_tools()
        if changed:
            self.changed.emit()
        self.frame_changed.emit()

    def _select(self, chosen: Iterable[int]) -> None:
        """Select boxes of the frame."""
        self.canvas.show_marks(self.sheet.marks, tuple(chosen))
        self._refresh_tools()

    def _select_suggestion(self, *, after: int = -1) -> None:
        """Select the next suggestion of the frame, so that one key answers it."""
        waiting = [i for i, mark in enumerate(self.sheet.marks) if mark.suggested]
        if waiting and self.canvas.mode is Mode.EDIT:
            later = [i for i in waiting if i > after]
            self._select([(later or waiting)[0]])

    def _show_frame(self, frame: int) -> None:
        data = np.frombuffer(self._jpegs.get(frame, b""), dtype=np.uint8)
        image: Image | None = decode_jpeg(data) if len(data) else None
        self.canvas.show_frame(image)
        self._select(())
        self._select_suggestion()
        self.frame_changed.emit()

    def _refresh_tools(self) -> None:
        document, drawing = self.document, self.canvas.mode is Mode.DRAW
        self.draw_button.setChecked(drawing and document is not None)
        self.edit_button.setChecked(not drawing and document is not None)
        _allow(self.undo_button, document and document.undoes, "Undo: {} (Ctrl+Z)", "undo")
        _allow(self.redo_button, document and document.redoes, "Redo: {} (Ctrl+Y)", "do again")
        for one, tip in self._tips.items():
            one.setEnabled(self.frame is not None)
            one.setToolTip(tip if self.frame is not None else "Choose a recording first.")
        self.more_button.setEnabled(document is not None)
        self._count_done()

    def _count_done(self) -> None:
        if self.document is None:
            self.frames_done.setText("")
            return
        states = [state_of(self.document.sheet(frame)) for frame in self.strip.frames]
        done, waiting = states.count(State.DONE), states.count(State.SUGGESTED)
        more = f", {waiting} with suggestions to answer" if waiting else ""
        self.frames_done.setText(f"{done} of {len(states)} frames done{more}")


def _allow(one: QPushButton, what: "Document | str | None", tip: str, verb: str) -> None:
    one.setEnabled(bool(what))
    one.setToolTip(tip.format(what) if what else f"There is nothing to {verb}.")
