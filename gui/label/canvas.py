"""The large picture on which boxes are drawn, moved and resized with the mouse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from PyQt6.QtCore import QEvent, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QCursor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
)

from data.frames import Image
from gui.label import geometry
from gui.label.document import Mark, Marks
from gui.label.geometry import Corners, Handle
from gui.label.painting import Look, paint_marks
from gui.label.zoom_view import ZoomView

REACH_PX = 7.0  # on the screen, from a border or handle: what a hand hits
_SLIP_PX = 3.0  # on the screen; a click whose hand shakes moves nothing


class Mode(Enum):
    """What a drag of the mouse does."""

    DRAW = "draw"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class _Drag:
    start: QPointF
    """On the picture."""
    at: QPointF
    """Of the widget."""
    handle: Handle | None = None
    drawing: bool = False
    panning: bool = False


class Canvas(ZoomView):
    """Shows a frame and its marks; says what a person wants of them, and changes nothing itself."""

    drawn = pyqtSignal(object)
    """A box was drawn: its corners in the picture."""
    moved = pyqtSignal(float, float)
    """The selected boxes were moved: by how many pixels."""
    reshaped = pyqtSignal(int, object)
    """A box was resized: its place and its corners."""
    selected = pyqtSignal()
    """Another selection was made by mouse."""
    too_small = pyqtSignal()
    """A box was drawn that is smaller than any object."""
    mode_changed = pyqtSignal(object)

    def __init__(self, empty: str) -> None:
        super().__init__(empty)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture to label")
        self.setMinimumSize(320, 180)
        self.mode = Mode.EDIT
        self.selection: tuple[int, ...] = ()
        self.class_colours: dict[str, str] = {}
        self.marks: Marks = ()
        self._drag: _Drag | None = None
        self._space = False

    def show_frame(self, image: Image | None) -> None:
        """Show another frame, whole where it has another size."""
        self._drag = None
        super().show_frame(image)

    def show_marks(self, marks: Marks, selection: Sequence[int] = ()) -> None:
        """Show boxes, some of them selected; a drag of what is no longer there ends."""
        if marks != self.marks:
            self._drag = None
        self.marks = marks
        self.selection = tuple(i for i in selection if i < len(marks))
        self.update()

    def set_mode(self, mode: Mode) -> None:
        """Draw new boxes, or edit those that are there."""
        if mode is not self.mode:
            self.mode = mode
            self._drag = None
            self._show_cursor()
            self.update()
            self.mode_changed.emit(mode)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the picture, then the boxes as they would be after the drag."""
        super().paintEvent(event)
        if self._size is None:
            return
        hovered = None if self._drag or self.mode is Mode.DRAW else self._at(self._mouse)
        guides = self._mouse if self.mode is Mode.DRAW and self._drag is None else None
        look = Look(self.class_colours, frozenset(self.selection), hovered, guides)
        paint_marks(self, self._marks_now(), self._rubber(), look)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin to draw, move, resize or pan."""
        if event is None or self._size is None:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at = event.position()
        point = self.to_picture(at)
        if event.button() == Qt.MouseButton.MiddleButton or self._space:
            self._drag = _Drag(self._middle, at, panning=True)
        elif event.button() != Qt.MouseButton.LeftButton:
            return
        elif self.mode is Mode.DRAW:
            self._drag = _Drag(point, at, drawing=True)
        else:
            more = event.modifiers() & (
                Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            )
            self._take_hold(point, at, more=bool(more))
        self._show_cursor()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Follow the mouse."""
        if event is None or self._size is None:
            return
        self._mouse = event.position()
        drag = self._drag
        if drag is not None and drag.panning:
            self._look_at(drag.start - (self._mouse - drag.at) / self.pixel_size)
        if drag is None:
            self._show_cursor()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Say what was drawn, moved or resized."""
        if event is None or self._drag is None:
            return
        self._mouse = event.position()
        drag, marks, rubber = self._drag, self._marks_now(), self._rubber()
        slipped = self._slipped(drag)
        point = self.to_picture(self._mouse)
        self._drag = None
        if drag.drawing:
            if rubber is not None:
                self.drawn.emit(rubber)
            elif not slipped:
                self.too_small.emit()
        elif not drag.panning and not slipped:
            if drag.handle is not None:
                self.reshaped.emit(self.selection[0], marks[self.selection[0]].corners)
            else:
                self.moved.emit(point.x() - drag.start.x(), point.y() - drag.start.y())
        self._show_cursor()
        self.update()

    def leaveEvent(self, event: QEvent | None) -> None:
        """Forget where the mouse was."""
        self._mouse = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Let the space key turn the mouse into a hand."""
        if event is not None and event.key() == Qt.Key.Key_Space:
            self._space = True
            self._show_cursor()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Give the mouse back."""
        if event is not None and event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Let go of the space key."""
        self._space = False
        super().focusOutEvent(event)

    def _take_hold(self, point: QPointF, at: QPointF, *, more: bool) -> None:
        if len(self.selection) == 1 and not more:
            corners = self.marks[self.selection[0]].corners
            handle = geometry.handle_at(corners, (point.x(), point.y()), self._reach)
            if handle is not None:
                self._drag = _Drag(point, at, handle=handle)
                return
        found = self._at(at)
        if found is None:
            chosen: tuple[int, ...] = self.selection if more else ()
        elif more:
            others = tuple(i for i in self.selection if i != found)
            chosen = others if found in self.selection else (*self.selection, found)
        else:
            chosen = self.selection if found in self.selection else (found,)
        if found is not None and found in chosen:
            self._drag = _Drag(point, at)
        if chosen != self.selection:
            self.selection = chosen
            self.selected.emit()

    @property
    def _reach(self) -> float:
        return REACH_PX / self.pixel_size

    def _at(self, at: QPointF | None) -> int | None:
        """Return the box under a point of the widget, a selected one first."""
        if at is None:
            return None
        point = self.to_picture(at)
        there, reach = (point.x(), point.y()), min(self._reach, 3.0)
        mine = [self.marks[i].corners for i in self.selection]
        found = geometry.box_at(mine, there, reach)
        if found is not None:
            return self.selection[found]
        return geometry.box_at([mark.corners for mark in self.marks], there, reach)

    def _slipped(self, drag: _Drag) -> bool:
        return self._mouse is None or (self._mouse - drag.at).manhattanLength() < _SLIP_PX

    def _marks_now(self) -> Marks:
        """Return the marks as they would be if the mouse were let go."""
        drag, size = self._drag, self._size
        if drag is None or drag.panning or drag.drawing or size is None or self._slipped(drag):
            return self.marks
        assert self._mouse is not None
        to = self.to_picture(self._mouse)
        marks = list(self.marks)
        for index in self.selection:
            corners = marks[index].corners
            if drag.handle is not None:
                there = geometry.resized(corners, drag.handle, (to.x(), to.y()), size)
            else:
                way = to - drag.start
                there = geometry.moved(corners, way.x(), way.y(), size)
            marks[index] = _with(marks[index], there)
        return tuple(marks)

    def _rubber(self) -> Corners | None:
        """Return the box that is being drawn."""
        drag, size = self._drag, self._size
        if drag is None or not drag.drawing or self._mouse is None or size is None:
            return None
        to = self.to_picture(self._mouse)
        return geometry.drawn((drag.start.x(), drag.start.y()), (to.x(), to.y()), size)

    def _show_cursor(self) -> None:
        self.setCursor(QCursor(self._cursor_shape()))

    def _cursor_shape(self) -> Qt.CursorShape:
        if self._drag is not None and self._drag.panning:
            return Qt.CursorShape.ClosedHandCursor
        if self._space:
            return Qt.CursorShape.OpenHandCursor
        if self.mode is Mode.DRAW:
            return Qt.CursorShape.CrossCursor
        if self._mouse is None:
            return Qt.CursorShape.ArrowCursor
        if len(self.selection) == 1:
            point = self.to_picture(self._mouse)
            corners = self.marks[self.selection[0]].corners
            handle = geometry.handle_at(corners, (point.x(), point.y()), self._reach)
            if handle is not None:
                across, down = handle.value
                return _HANDLE_CURSORS[int(across * down), bool(across)]
        over = self._at(self._mouse) is not None
        return Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.ArrowCursor


_HANDLE_CURSORS = {
    (1, True): Qt.CursorShape.SizeFDiagCursor,
    (-1, True): Qt.CursorShape.SizeBDiagCursor,
    (0, True): Qt.CursorShape.SizeHorCursor,
    (0, False): Qt.CursorShape.SizeVerCursor,
}


def _with(mark: Mark, corners: Corners) -> Mark:
    x1, y1, x2, y2 = corners
    return replace(mark, box=replace(mark.box, x1=x1, y1=y1, x2=x2, y2=y2))
