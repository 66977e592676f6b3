"""The page on which boxes are drawn, and a hand that draws."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from data.boxes import Box
from data.reader import Recording
from gui.label_page import LabelPage
from gui.main_window import MainWindow
from gui.studio import Studio
from tests.fakes import PATIENCE_S

PATIENCE_MS = round(2000 * PATIENCE_S)
LEFT = Qt.MouseButton.LeftButton


@contextmanager
def label_page(studio: Studio, qtbot: QtBot) -> Iterator[LabelPage]:
    """Show the page in the main window, and end it in good order."""
    page = LabelPage(studio)
    window = MainWindow(studio, [page])
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    try:
        yield page
    finally:
        window.end()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE_MS)
        window.deleteLater()
        QApplication.processEvents()


def wait(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=PATIENCE_MS)


def opened(page: LabelPage, qtbot: QtBot, path: Path) -> None:
    """Open a recording, and wait until it can be labelled."""
    page.open(path)
    wait(qtbot, lambda: page.opened is not None and page.opened.path == path)
    wait(qtbot, lambda: not page.task.doing)


def place(page: LabelPage, x: float, y: float) -> QPoint:
    """Where a point of the picture is on the canvas."""
    return page.editor.canvas.to_widget(QPointF(x, y)).toPoint()


def drag(
    page: LabelPage, qtbot: QtBot, start: tuple[float, float], end: tuple[float, float]
) -> None:
    """Drag the mouse over the picture."""
    canvas = page.editor.canvas
    qtbot.mousePress(canvas, LEFT, pos=place(page, *start))
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    qtbot.mouseMove(canvas, place(page, *middle))
    qtbot.mouseMove(canvas, place(page, *end))
    qtbot.mouseRelease(canvas, LEFT, pos=place(page, *end))


def click(page: LabelPage, qtbot: QtBot, x: float, y: float, *, more: bool = False) -> None:
    modifier = Qt.KeyboardModifier
    held = modifier.ControlModifier if more else modifier.NoModifier
    qtbot.mouseClick(page.editor.canvas, LEFT, held, pos=place(page, x, y))


def press(
    page: LabelPage, qtbot: QtBot, key: Qt.Key, *, ctrl: bool = False, shift: bool = False
) -> None:
    """Press a key where the keyboard is."""
    modifier = Qt.KeyboardModifier
    held = modifier.ControlModifier if ctrl else modifier.NoModifier
    if shift:
        held |= modifier.ShiftModifier
    qtbot.keyClick(page.editor.canvas, key, held)


def boxes(page: LabelPage) -> list[tuple[str, tuple[int, ...]]]:
    """What is on the frame that is shown, in whole pixels."""
    marks = page.editor.sheet.marks
    return [(m.box.class_name, tuple(round(edge) for edge in m.corners)) for m in marks]


def about(corners: tuple[float, ...], wanted: tuple[float, ...], *, within: float = 1.5) -> bool:
    """A pixel of the screen is not one of the picture."""
    return all(abs(a - b) <= within for a, b in zip(corners, wanted, strict=True))


def stored(path: Path) -> dict[int, tuple[Box, ...]]:
    with Recording(path) as recording:
        return {one.frame: one.boxes for one in recording.boxes()}
