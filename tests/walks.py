"""Walks through the desktop program, on a private screen: wait, click, take pictures."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from recorder.display import VirtualScreen

if TYPE_CHECKING:
    from PyQt6.QtGui import QPixmap
    from PyQt6.QtWidgets import QWidget

    from gui.main_window import MainWindow

PATIENCE_S = 600.0
JPEG_QUALITY = 84  # 80 to 150 KB each, letters without a fringe


class Walk:
    """Goes from page to page of a window, and takes pictures on the way.

    Args:
        window: Shown already.
        out: Folder of the pictures.
        suffix: At the end of each picture's name.
    """

    def __init__(self, window: "MainWindow", out: Path, suffix: str = "") -> None:
        self.window, self.out, self.suffix = window, out, suffix

    def wait(self, seconds: float) -> None:
        """Let the window live for a while."""
        from PyQt6.QtTest import QTest

        QTest.qWait(round(1000 * seconds))

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something to happen.

        Raises:
            SystemExit: It doesn't.
        """
        until_s = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > until_s:
                raise SystemExit(f"not in {PATIENCE_S:.0f} s: {what}")
            self.wait(0.1)

    def click(self, widget: "QWidget") -> None:
        """Click on something as soon as that is possible."""
        from PyQt6.QtCore import Qt
        from PyQt6.QtTest import QTest

        self.until(lambda: widget.isEnabled() and widget.isVisible(), widget.accessibleName())
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def take(self, name: str) -> None:
        """Save a picture of the window as it is now."""
        self._save(self.window.grab(), name)

    def take_screen(self, name: str) -> None:
        """Save a picture of the whole screen, at the width of the window's pictures."""
        from PyQt6.QtCore import Qt
        from PyQt6.QtGui import QGuiApplication, QPixmap

        screen = QGuiApplication.primaryScreen()
        picture = QPixmap() if screen is None else screen.grabWindow(0)
        smooth = Qt.TransformationMode.SmoothTransformation
        self._save(picture.scaledToWidth(self.window.width(), smooth), name)

    def _save(self, picture: "QPixmap", name: str) -> None:
        file = self.out / f"{name}{self.suffix}.jpg"
        if not picture.save(str(file), quality=JPEG_QUALITY):
            raise SystemExit(f"{file} can't be written")


@contextmanager
def opened(
    folder: Path, kept: Path, *, size: tuple[int, int], dark: bool = False
) -> Iterator["MainWindow"]:
    """The desktop program, as it is when it opens for the first time.

    Args:
        folder: Of recordings and runs.
        kept: Where preferences and log go.
        size: Of the window.
        dark: Whether its colours are dark.
    """
    from PyQt6.QtTest import QTest
    from PyQt6.QtWidgets import QApplication

    from gui.app import make_pages
    from gui.main_window import MainWindow
    from gui.preferences import Preferences
    from gui.studio import Studio
    from gui.theme import Mode, apply_theme

    application = QApplication.instance() or QApplication(["understudy"])
    assert isinstance(application, QApplication)
    apply_theme(application, Mode.DARK if dark else Mode.LIGHT)
    studio = Studio(folder, Preferences(kept / "preferences.ini"))
    studio.log_file = kept / "understudy.log"
    window = MainWindow(studio, make_pages(studio))
    window.resize(*size)
    window.show()
    QTest.qWait(1000)
    try:
        yield window
    finally:
        window.end()
        until_s = time.monotonic() + PATIENCE_S
        while window.isVisible() and time.monotonic() < until_s:
            QTest.qWait(100)


@contextmanager
def private_screen(size: tuple[int, int]) -> Iterator[None]:
    """A screen in memory, with a window manager."""
    with VirtualScreen(*size) as screen, screen.active():
        yield
