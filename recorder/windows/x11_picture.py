"""What a window on X11 shows while others cover it, as far as the desktop keeps such pictures."""

from contextlib import suppress

import numpy as np

from data.closing import Closing
from data.frames import Image
from recorder.windows.x11 import connect, window_of


class X11Pictures(Closing):
    """Pictures of windows, wherever they are in the stack.

    A desktop that composes its windows keeps each one's picture (X Composite extension); without
    such a one there are none. A picture costs about 40 ms for a window of 1000x600, for it comes
    over the connection: fit for thumbnails, not for recording.

    Raises:
        DisplayError: There is no display.
    """

    def __init__(self) -> None:
        self._display = connect()
        self._kept = bool(self._display.has_extension("Composite"))

    def picture(self, handle: int) -> Image | None:
        """Return what a window shows, `(height, width, 3)`, BGR; None where that is not kept."""
        from Xlib.error import BadDrawable, BadMatch, BadWindow, ConnectionClosedError

        if not self._kept:
            return None
        with suppress(BadDrawable, BadMatch, BadWindow, ConnectionClosedError):
            return self._grab(handle)
        return None

    def close(self) -> None:
        """Let go of the display."""
        from Xlib.error import ConnectionClosedError

        with suppress(ConnectionClosedError):
            self._display.close()

    def _grab(self, handle: int) -> Image | None:
        from Xlib import X

        window = window_of(self._display, handle)
        root = self._display.screen().root
        frame = window
        while (parent := frame.query_tree().parent) != root:
            frame = parent
        inside, place = frame.translate_coords(window, 0, 0), window.get_geometry()
        kept = frame.composite_name_window_pixmap()
        try:
            shot = kept.get_image(
                inside.x, inside.y, place.width, place.height, X.ZPixmap, 0xFFFFFFFF
            )
        finally:
            kept.free()
        pixels = np.frombuffer(shot.data, dtype=np.uint8)
        if pixels.size != 4 * place.width * place.height:
            return None  # a depth that no game has
        return np.ascontiguousarray(pixels.reshape(place.height, place.width, 4)[..., :3])
