"""Which windows are open, with small live pictures of them."""

import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from data.frames import Image
from gui.jobs.line import Line

if TYPE_CHECKING:
    from recorder.window import Rect, WindowInfo

WIDTH_PX, HEIGHT_PX = 240, 135
EVERY_S = 1.0
HIDDEN_SHARE = 0.1  # a window covered by more than this would show other windows


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """One open window."""

    handle: int
    """What the system calls it."""
    title: str
    program: str
    """What the program calls itself; may be empty."""
    picture: Image | None
    """`(height, width, 3)`, BGR, at most 240x135; None while it can't be seen."""


@dataclass(frozen=True, slots=True)
class ShownWindows:
    """All open windows at one moment, the topmost first."""

    windows: tuple[ShownWindow, ...]
    newest_only: ClassVar[bool] = True


def watch_windows(request: float, line: Line) -> None:
    """Tell of all windows again and again, until stopped.

    Args:
        request: Seconds from one look to the next.
        line: Is told `ShownWindows`.
    """
    from recorder.window import list_windows

    with ExitStack() as stack:
        eye = _Eye(stack)
        while not line.stop_asked():
            found = list_windows()
            seen = [
                ShownWindow(each.handle, each.title, each.program, eye.look(each, found[at + 1 :]))
                for at, each in enumerate(found)
            ]
            line.tell(ShownWindows(tuple(reversed(seen))))
            line.heard(wait_s=request)


def exact_title(title: str) -> str:
    """Return a pattern that just this title matches."""
    return f"^{re.escape(title)}$"


class _Eye:
    """Takes small pictures of windows, from the screen or from what the desktop keeps of them."""

    def __init__(self, stack: ExitStack) -> None:
        """Open what is needed; the stack closes it."""
        from recorder.screen import MssScreen
        from recorder.window import Rect
        from recorder.windows.x11_picture import X11Pictures

        self._at = Rect(0, 0, 1, 1)
        self._screen = stack.enter_context(closing(MssScreen(lambda: self._at)))
        on_x11 = sys.platform.startswith("linux")
        self._kept = stack.enter_context(X11Pictures()) if on_x11 else None

    def look(self, window: "WindowInfo", above: "Sequence[WindowInfo]") -> Image | None:
        """Return a small picture of a window; None while it can't be seen."""
        from data.errors import DisplayError

        if window.rect is None:
            return None
        if hidden_share(window.rect, [each.rect for each in above]) > HIDDEN_SHARE:
            kept = self._kept.picture(window.handle) if self._kept is not None else None
            return None if kept is None else _small(kept)
        self._at = window.rect
        try:
            return _small(self._screen.grab().image)
        except DisplayError:
            return None  # it lies outside the screen


def _small(image: Image) -> Image:
    import cv2
    import numpy as np

    height, width = image.shape[:2]
    scale = min(WIDTH_PX / width, HEIGHT_PX / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small, dtype=np.uint8)


def hidden_share(rect: "Rect", above: "Sequence[Rect | None]") -> float:
    """Return the largest share of a window that any one window above it hides, 0 to 1."""
    return max((_overlap(rect, other) for other in above if other is not None), default=0.0)


def _overlap(rect: "Rect", other: "Rect") -> float:
    across = min(rect.left_px + rect.width_px, other.left_px + other.width_px) - max(
        rect.left_px, other.left_px
    )
    down = min(rect.top_px + rect.height_px, other.top_px + other.height_px) - max(
        rect.top_px, other.top_px
    )
    return max(0, across) * max(0, down) / (rect.width_px * rect.height_px)
