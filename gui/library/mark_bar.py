"""Mark a stretch of a recording, and say what is to become of it."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from gui.library.piano_roll import Edge
from gui.library.sentences import clock
from gui.page import button

Marks = dict[Edge, float]
UNMARKED = "Mark a stretch first, with Start here and End here"


def with_edge(marks: Marks, edge: Edge, at_s: float) -> Marks:
    """Return the marks with an end set; an other end that no longer makes sense is dropped."""
    made = marks | {edge: at_s}
    start_s, end_s = made.get(Edge.IN), made.get(Edge.OUT)
    if start_s is not None and end_s is not None and start_s >= end_s:
        return {edge: at_s}
    return made


class MarkBar(QWidget):
    """The buttons below a recording's keys."""

    edge_asked = pyqtSignal(object)
    """An `Edge` is to be set to the frame on show."""
    cleared = pyqtSignal()
    keep_asked = pyqtSignal()
    """A person wants a copy of the marked stretch alone."""
    cut_asked = pyqtSignal()
    """A person wants a copy without the marked stretch."""

    def __init__(self) -> None:
        super().__init__()
        self._in = button("Start here", lambda: self.edge_asked.emit(Edge.IN))
        self._out = button("End here", lambda: self.edge_asked.emit(Edge.OUT))
        self._in.setToolTip("The marked stretch starts with this picture (I)")
        self._out.setToolTip("The marked stretch ends with this picture (O)")
        self._words = QLabel()
        self.keep = button("Keep only this...", self.keep_asked.emit)
        self.cut = button("Cut out...", self.cut_asked.emit)
        self.clear = button("Clear", self.cleared.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        # the words give way in a narrow window: the stretch is to be seen above, too
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout.addWidget(self._in)
        layout.addWidget(self._out)
        layout.addWidget(self._words, 1)
        for widget in (self.keep, self.cut, self.clear):
            layout.addWidget(widget)
        self.show_marks({}, end_s=None)

    @property
    def text(self) -> str:
        """The marked stretch in words."""
        return self._words.text()

    def show_marks(self, marks: Marks, *, end_s: float | None) -> None:
        """Show what is marked; `end_s` is the recording's, None while there is none."""
        for widget in (self._in, self._out):
            widget.setEnabled(end_s is not None)
        for widget, tip in (
            (self.keep, "Write a new file with the marked stretch alone"),
            (self.cut, "Write a new file without the marked stretch"),
            (self.clear, "Forget the marked stretch (Esc)"),
        ):
            widget.setEnabled(bool(marks))
            widget.setToolTip(tip if marks else UNMARKED)
        told = ""
        if marks and end_s is not None:
            told = f"{clock(marks.get(Edge.IN, 0.0))} to {clock(marks.get(Edge.OUT, end_s))}"
        self._words.setText(told)
