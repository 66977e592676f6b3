"""Keys over time: a row for each, a bar while it is held, and what else happened behind them."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QWheelEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from data.keys import By
from data.profile import GameProfile
from data.schema import SpanKind
from gui.jobs.library_player import Hold, Opened, Stretch
from gui.key_pad import key_label
from gui.library.sentences import SPAN_WORDS, clock
from gui.theme import Colours, colours

ROW_PX = 13
AXIS_PX = 20
LABEL_PX = 54
LEAST_SHOWN_S = 1.0  # the closest look
ZOOM = 1.25  # for a notch of the wheel
TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)
TICK_PX = 70  # at least, between two
TAKEN = (SpanKind.TAKEOVER,)


class Edge(Enum):
    """An end of the marked stretch."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Scale:
    """Which stretch of time is shown, and where."""

    from_s: float
    to_s: float
    left_px: float
    right_px: float

    def x_of(self, at_s: float) -> float:
        """Return where a time is."""
        share = (at_s - self.from_s) / max(1e-9, self.to_s - self.from_s)
        return self.left_px + share * (self.right_px - self.left_px)

    def time_of(self, x: float) -> float:
        """Return the time at a place."""
        share = (x - self.left_px) / max(1.0, self.right_px - self.left_px)
        return self.from_s + share * (self.to_s - self.from_s)


def zoomed(
    shown: tuple[float, float], *, around_s: float, factor: float, end_s: float
) -> tuple[float, float]:
    """Return what is shown after zooming; a factor above 1 looks closer.

    What is under the pointer stays there, unless the recording ends.
    """
    from_s, to_s = shown
    seconds = min(max((to_s - from_s) / factor, min(LEAST_SHOWN_S, end_s)), end_s)
    share = (around_s - from_s) / max(1e-9, to_s - from_s)
    start_s = min(max(0.0, around_s - share * seconds), end_s - seconds)
    return start_s, start_s + seconds


def followed(shown: tuple[float, float], at_s: float, *, end_s: float) -> tuple[float, float]:
    """Return what is shown so that a moment is within it: pages, like sheet music."""
    from_s, to_s = shown
    seconds = to_s - from_s
    if from_s <= at_s <= to_s:
        return shown
    start_s = min(max(0.0, at_s - 0.05 * seconds), max(0.0, end_s - seconds))
    return start_s, start_s + seconds


def tick_step(seconds: float, width_px: float) -> float:
    """Return the time between two ticks of the axis."""
    room = max(1.0, width_px / TICK_PX)
    return next((step for step in TICKS_S if seconds / step <= room), TICKS_S[-1])


class PianoRoll(QWidget):
    """Shows when keys were held; a click or drag goes there, the wheel looks closer."""

    sought = pyqtSignal(float)
    """The time, in seconds, that a person pointed at."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[str, ...] = ()
        self._holds: dict[str, tuple[Hold, ...]] = {}
        self._starts: dict[str, np.ndarray] = {}
        self._stretches: tuple[Stretch, ...] = ()
        self._end_s = 0.0
        self._shown = (0.0, 0.0)
        self._at_s = 0.0
        self._marks: dict[Edge, float] = {}
        self._sheet: QPixmap | None = None  # all but the cursor
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(300)
        self.setMouseTracking(True)
        self.setAccessibleName("Keys over time")
        self.setToolTip("Click to go there. The wheel looks closer; Shift and the wheel move.")

    def show_recording(self, opened: Opened | None) -> None:
        """Show another recording, or nothing."""
        self._marks, self._at_s = {}, 0.0
        if opened is None:
            self._keys, self._holds, self._stretches, self._end_s = (), {}, (), 0.0
        else:
            self._keys = keys_in_order(opened.profile)
            self._holds = {
                key: tuple(hold for hold in opened.holds if hold.key == key) for key in self._keys
            }
            self._stretches = opened.stretches
            self._end_s = float(opened.times_s[-1]) if len(opened.times_s) else 0.0
        self._starts = {
            key: np.array([hold.start_s for hold in holds]) for key, holds in self._holds.items()
        }
        self._shown = (0.0, self._end_s)
        self.updateGeometry()
        self._redraw()

    @property
    def shown(self) -> tuple[float, float]:
        """The stretch of time that is shown, in seconds."""
        return self._shown

    @property
    def marks(self) -> dict[Edge, float]:
        """The ends of the marked stretch that are set, in seconds."""
        return dict(self._marks)

    def show_moment(self, at_s: float) -> None:
        """Move the cursor, and turn the page where it leaves what is shown."""
        self._at_s = at_s
        shown = followed(self._shown, at_s, end_s=self._end_s)
        if shown != self._shown:
            self._shown = shown
            self._redraw()
        self.update()

    def show_marks(self, marks: dict[Edge, float]) -> None:
        """Show the ends of the marked stretch."""
        self._marks = dict(marks)
        self._redraw()

    def zoom(self, factor: float, around_s: float | None = None) -> None:
        """Look closer (above 1) or from farther away, around the cursor or a given time."""
        middle = self._at_s if around_s is None else around_s
        self._shown = zoomed(self._shown, around_s=middle, factor=factor, end_s=self._end_s)
        self._redraw()

    def sizeHint(self) -> QSize:
        """Return the room for all rows."""
        return QSize(600, AXIS_PX + max(1, len(self._keys)) * ROW_PX + 2)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(300, self.sizeHint().height())

    def changeEvent(self, event: QEvent | None) -> None:
        """Take on other colours."""
        super().changeEvent(event)
        self._redraw()

    def resizeEvent(self, event: object) -> None:
        """Draw anew."""
        self._redraw()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go there."""
        self._point(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go along while the button is down; say what was there."""
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom around the pointer; with Shift, or sideways, move."""
        if event is None or not self._end_s:
            return
        turn = event.angleDelta()
        sideways = turn.x() or (
            turn.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0
        )
        if sideways:
            seconds = self._shown[1] - self._shown[0]
            start_s = self._shown[0] - seconds * 0.1 * sideways / 120
            start_s = min(max(0.0, start_s), self._end_s - seconds)
            self._shown = start_s, start_s + seconds
            self._redraw()
        else:
            self.zoom(ZOOM ** (turn.y() / 120), self._scale().time_of(event.position().x()))
        event.accept()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the sheet and the cursor."""
        if self._sheet is None:
            ratio = self.devicePixelRatioF()
            self._sheet = QPixmap(self.size() * ratio)
            self._sheet.setDevicePixelRatio(ratio)
            self._draw_sheet(self._sheet)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._sheet)
        if self._end_s:
            x = self._scale().x_of(self._at_s)
            painter.fillRect(QRectF(x - 1, 0, 2, self.height()), QColor(colours().danger))

    def _redraw(self) -> None:
        self._sheet = None
        self.update()

    def _scale(self) -> Scale:
        return Scale(*self._shown, left_px=LABEL_PX, right_px=self.width() - 6.0)

    def _point(self, event: QMouseEvent | None) -> None:
        if event is not None and self._end_s and event.buttons() & Qt.MouseButton.LeftButton:
            at_s = self._scale().time_of(event.position().x())
            self.sought.emit(min(max(0.0, at_s), self._end_s))

    def _draw_sheet(self, sheet: QPixmap) -> None:
        colour, scale = colours(), self._scale()
        painter = QPainter(sheet)
        painter.setFont(self.font())
        painter.fillRect(self.rect(), QColor(colour.card))
        bottom = AXIS_PX + len(self._keys) * ROW_PX
        for stretch in self._stretches:
            self._shade(painter, scale, stretch, bottom)
        self._draw_axis(painter, scale, colour, bottom)
        painter.setClipRect(QRectF(LABEL_PX, 0, self.width() - LABEL_PX - 5, self.height()))
        for row, key in enumerate(self._keys):
            self._draw_holds(painter, scale, key, AXIS_PX + row * ROW_PX)
        self._draw_marks(painter, scale, colour)
        painter.setClipping(False)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QColor(colour.quiet))
        for row, key in enumerate(self._keys):
            where = QRectF(4, AXIS_PX + row * ROW_PX, LABEL_PX - 10, ROW_PX)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight, key_label(key))
        painter.end()

    def _shade(self, painter: QPainter, scale: Scale, stretch: Stretch, bottom: float) -> None:
        left = max(scale.left_px, scale.x_of(stretch.start_s))
        right = min(scale.right_px, max(scale.x_of(stretch.end_s), left + 2))
        if right > left:
            shade = shade_of(stretch.kind)
            shade.setAlpha(70)
            painter.fillRect(QRectF(left, AXIS_PX, right - left, bottom - AXIS_PX), shade)

    def _draw_axis(self, painter: QPainter, scale: Scale, colour: Colours, bottom: float) -> None:
        if not self._end_s:
            return
        step = tick_step(scale.to_s - scale.from_s, scale.right_px - scale.left_px)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        for number in range(int(scale.from_s / step), int(scale.to_s / step) + 2):
            x = scale.x_of(number * step)
            if scale.left_px - 0.5 <= x <= scale.right_px + 0.5:
                painter.fillRect(QRectF(x, AXIS_PX - 4, 1, bottom - AXIS_PX + 4),
                                 QColor(colour.border))  # fmt: skip
                text = clock(number * step)
                text = text.removesuffix(".0") if step >= 1 else text
                painter.setPen(QColor(colour.quiet))
                painter.drawText(QPointF(min(x + 3, self.width() - 40.0), AXIS_PX - 6), text)
        for row in range(len(self._keys) + 1):
            line = QRectF(scale.left_px, AXIS_PX + row * ROW_PX, scale.right_px - scale.left_px, 1)
            painter.fillRect(line, QColor(colour.border))

    def _draw_holds(self, painter: QPainter, scale: Scale, key: str, top: float) -> None:
        holds = self._holds[key]
        last = int(np.searchsorted(self._starts[key], scale.to_s, side="right"))
        for hold in holds[:last]:
            if hold.end_s >= scale.from_s:
                left, right = scale.x_of(hold.start_s), scale.x_of(hold.end_s)
                bar = QRectF(left, top + 3, max(1.5, right - left), ROW_PX - 5)
                painter.fillRect(bar, QColor(hold_colour(hold.by)))

    def _draw_marks(self, painter: QPainter, scale: Scale, colour: Colours) -> None:
        start_s = self._marks.get(Edge.IN)
        end_s = self._marks.get(Edge.OUT)
        if start_s is None and end_s is None:
            return
        left = scale.x_of(0.0 if start_s is None else start_s)
        right = scale.x_of(self._end_s if end_s is None else end_s)
        band = QColor(colour.accent)
        band.setAlpha(60)
        painter.fillRect(QRectF(left, 0, right - left, self.height()), band)
        for edge, x in ((Edge.IN, left), (Edge.OUT, right)):
            if edge in self._marks:
                painter.fillRect(QRectF(x - 1, 0, 2, self.height()), QColor(colour.accent))


def keys_in_order(profile: GameProfile) -> tuple[str, ...]:
    """Return a profile's keys head by head, in the order in which its classes name them."""
    named = [key for head in profile.heads for chord in head.classes.values() for key in chord]
    return tuple(dict.fromkeys(named))


def hold_colour(by: By) -> str:
    """Return the colour of whoever holds a key."""
    return colours().series[0 if by is By.HUMAN else 1]


def shade_of(kind: SpanKind) -> QColor:
    """Return the colour of a special stretch."""
    colour = colours()
    if kind in TAKEN:
        return QColor(colour.series[2])
    return QColor(colour.danger if kind is SpanKind.DISCARDED else colour.quiet)


def legend_words(opened: Opened) -> list[tuple[str, str]]:
    """Return colour and meaning of all that a recording's roll shows, besides a person's keys."""
    found: dict[str, str] = {}
    people = {hold.by for hold in opened.holds}
    if By.AGENT in people:
        found["the bot's keys"] = hold_colour(By.AGENT)
        if By.HUMAN in people:
            found["a person's keys"] = hold_colour(By.HUMAN)
    for stretch in opened.stretches:
        found[SPAN_WORDS[stretch.kind]] = shade_of(stretch.kind).name()
    return [(colour, said) for said, colour in found.items()]
