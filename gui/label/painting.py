"""How boxes look on the canvas."""

from collections.abc import Mapping
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPen

from gui.frame_view import FrameView
from gui.label.document import Mark, Marks
from gui.label.geometry import Corners, handle_points

_HANDLE_PX = 4.0  # half a side
_SMALL_PX = 32.0  # on the screen; smaller boxes have handles at their corners only, and finer ones
_SCORE_SIZE = 0.8  # of the usual size of letters, so that scores hide little
_SHADOW = QColor(0, 0, 0, 150)
_FALLBACK = "#ffffff"


@dataclass(frozen=True, slots=True)
class Look:
    """What stands out."""

    colours: Mapping[str, str]
    """`#rrggbb` by class."""
    selection: frozenset[int]
    hovered: int | None
    guides: QPointF | None
    """Where lines cross the whole picture, in the widget; None for none."""


def paint_marks(view: FrameView, marks: Marks, rubber: Corners | None, look: Look) -> None:
    """Paint boxes over a picture that is painted already."""
    painter = QPainter(view)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if look.guides is not None:
        _paint_guides(painter, view, look.guides)
    order = sorted(range(len(marks)), key=lambda index: index in look.selection)
    for index in order:
        colour = QColor(look.colours.get(marks[index].box.class_name, _FALLBACK))
        selected = index in look.selection
        rect = _placed(view, marks[index].corners)
        _paint_box(painter, rect, colour, dashed=marks[index].suggested, selected=selected)
        if selected or index == look.hovered or marks[index].suggested:
            _paint_name(painter, view, rect, colour, _name(marks[index], index, look))
    if len(look.selection) == 1:
        index = next(iter(look.selection))
        _paint_handles(painter, view, marks[index].corners)
    if rubber is not None:
        _paint_box(painter, _placed(view, rubber), QColor(_FALLBACK), dashed=False, selected=True)
    painter.end()


def _name(mark: Mark, index: int, look: Look) -> str:
    score = "" if mark.score is None else f"{mark.score:.2f}"
    if index in look.selection or index == look.hovered:
        return f"{mark.box.class_name.replace('_', ' ')} {score}".strip()
    return score


def _placed(view: FrameView, corners: Corners) -> QRectF:
    x1, y1, x2, y2 = corners
    return QRectF(view.to_widget(QPointF(x1, y1)), view.to_widget(QPointF(x2, y2)))


def _paint_box(
    painter: QPainter, rect: QRectF, colour: QColor, *, dashed: bool, selected: bool
) -> None:
    fill = QColor(colour)
    fill.setAlpha(60 if selected else 0)
    painter.setBrush(fill)
    painter.setPen(QPen(_SHADOW, 4 if selected else 3))
    painter.drawRect(rect)
    pen = QPen(colour, 2.5 if selected else 1.8)
    if dashed:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)


def _paint_name(
    painter: QPainter, view: FrameView, rect: QRectF, colour: QColor, name: str
) -> None:
    if not name:
        return
    if name[0].isdigit():
        font = QFont(view.font())
        font.setPointSizeF(_SCORE_SIZE * view.fontInfo().pointSizeF())
        painter.setFont(font)
    metrics = painter.fontMetrics()
    width, height = metrics.horizontalAdvance(name) + 8, metrics.height() + 2
    left = min(max(0.0, rect.left() - 1), max(0.0, view.width() - width))
    top = rect.top() - height - 2
    if top < 0:
        top = min(rect.bottom() + 3, view.height() - height)
    tag = QRectF(left, top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(tag, 3, 3)
    painter.setPen(QColor("#000000" if colour.lightnessF() > 0.45 else "#ffffff"))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, name)
    painter.setFont(view.font())


def _paint_handles(painter: QPainter, view: FrameView, corners: Corners) -> None:
    painter.setPen(QPen(QColor("#101215"), 1))
    painter.setBrush(QColor("#ffffff"))
    rect = _placed(view, corners)
    side = min(rect.width(), rect.height())
    half = min(_HANDLE_PX, max(2.0, side / 8))
    for handle, (x, y) in handle_points(corners).items():
        if side < _SMALL_PX and 0 in handle.value:
            continue
        middle, corner = view.to_widget(QPointF(x, y)), QPointF(half, half)
        painter.drawRect(QRectF(middle - corner, middle + corner))


def _paint_guides(painter: QPainter, view: FrameView, at: QPointF) -> None:
    painter.setPen(QPen(QColor(255, 255, 255, 110), 1, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(0, at.y()), QPointF(view.width(), at.y()))
    painter.drawLine(QPointF(at.x(), 0), QPointF(at.x(), view.height()))
