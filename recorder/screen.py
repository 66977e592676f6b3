"""Pictures of the screen."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from data.errors import DisplayError
from data.frames import Image
from recorder.display import require_display
from recorder.pacing import Clock, MonotonicClock
from recorder.window import Rect

if TYPE_CHECKING:
    from mss import MSS
    from mss.screenshot import ScreenShot


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the game."""

    image: Image
    """`(height, width, 3)`, BGR, as large as it is on the screen."""
    at_ns: int
    """Monotonic time just before it was taken."""
    rect: Rect | None = None
    """Where on the screen it was taken; None when it comes from no screen."""


class ScreenSource(Protocol):
    """Takes pictures of the game."""

    def grab(self) -> Frame:
        """Take the newest picture."""
        ...

    def close(self) -> None:
        """Let go of the screen."""
        ...


class MssScreen:
    """Part of the real screen, grabbed through mss (shared memory on X11).

    Args:
        rect: Where to look, in screen pixels; or a function that is asked before every picture, so
            that a window that moves is followed. While it returns None the last place is kept.
        clock: Tells when a picture was taken.

    Raises:
        DisplayError: There is no screen.
    """

    def __init__(self, rect: Rect | Callable[[], Rect | None], clock: Clock | None = None) -> None:
        require_display()
        import mss

        self._rect = rect
        self._last: Rect | None = None
        self._clock = clock or MonotonicClock()
        self._open = mss.MSS
        # On a display that is gone, mss asserts that an answer came.
        self._error = (mss.ScreenShotError, AssertionError)
        self._is_open = False
        self._mss = self._connect()

    def grab(self) -> Frame:
        """Take the newest picture; what lies outside the screen is black.

        Raises:
            DisplayError: The place is unknown or wholly outside, or the screen is gone.
        """
        rect = self._where()
        part = self._visible(rect)
        at_ns = self._clock.now_ns()
        try:
            shot = self._mss.grab(part.monitor)
        except self._error:
            # mss keeps the screen size that it met first; after a resolution change, connect anew.
            self.close()
            self._mss = self._connect()
            part = self._visible(rect)
            at_ns = self._clock.now_ns()
            try:
                shot = self._mss.grab(part.monitor)
            except self._error as error:
                raise DisplayError(f"the screen can't be read: {error}.") from error
        return Frame(image=_placed(_bgr(shot), part, rect), at_ns=at_ns, rect=rect)

    def close(self) -> None:
        """Let go of the screen."""
        if not self._is_open:
            return  # closing twice would free twice, if the display is gone
        self._is_open = False
        with suppress(*self._error):
            self._mss.close()

    def _connect(self) -> "MSS":
        try:
            found = self._open()
        except (*self._error, OSError) as error:  # such as a limit that its shared memory exceeds
            raise DisplayError(f"the screen can't be read: {error}.") from error
        self._is_open = True
        return found

    def _where(self) -> Rect:
        found = self._rect if isinstance(self._rect, Rect) else self._rect()
        self._last = found or self._last
        if self._last is None:
            raise DisplayError("the game's window is not on the screen. Bring it to the front.")
        return self._last

    def _visible(self, rect: Rect) -> "_Part":
        screen = self._mss.monitors[0]
        left = max(rect.left_px, screen["left"])
        top = max(rect.top_px, screen["top"])
        right = min(rect.left_px + rect.width_px, screen["left"] + screen["width"])
        bottom = min(rect.top_px + rect.height_px, screen["top"] + screen["height"])
        if right <= left or bottom <= top:
            raise DisplayError("the game's window lies outside the screen. Move it back.")
        return _Part(left, top, right, bottom)


@dataclass(frozen=True, slots=True)
class _Part:
    left: int
    top: int
    right: int
    bottom: int

    @property
    def monitor(self) -> dict[str, int]:
        return {
            "left": self.left,
            "top": self.top,
            "width": self.right - self.left,
            "height": self.bottom - self.top,
        }


def _bgr(shot: "ScreenShot") -> Image:
    pixels = np.frombuffer(shot.raw, dtype=np.uint8).reshape(shot.height, shot.width, 4)
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR).astype(np.uint8, copy=False)


def _placed(image: Image, part: _Part, rect: Rect) -> Image:
    """Fill up what is outside the screen, so that the picture's proportions stay the window's."""
    if (part.right - part.left, part.bottom - part.top) == (rect.width_px, rect.height_px):
        return image
    scale = image.shape[1] / (part.right - part.left)
    whole = np.zeros(
        (round(rect.height_px * scale), round(rect.width_px * scale), 3), dtype=np.uint8
    )
    top = round((part.top - rect.top_px) * scale)
    left = round((part.left - rect.left_px) * scale)
    space = whole[top : top + image.shape[0], left : left + image.shape[1]]
    space[...] = image[: space.shape[0], : space.shape[1]]
    return whole
