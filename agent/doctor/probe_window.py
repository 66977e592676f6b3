"""A small window of our own, to see whether pictures and keys arrive (X11)."""

import select
from contextlib import suppress
from typing import TYPE_CHECKING

from data.closing import Closing
from recorder.pacing import Clock
from recorder.window import Rect
from recorder.windows.x11 import connect

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

TITLE = "Understudy tests the keyboard"
LINES = (
    "Understudy tests the screen and the keyboard here.",
    "This takes a few seconds and closes by itself.",
    "Please leave the keyboard alone, or click here if it waits.",
)
SIZE = (460, 120)
COLOUR_BGR = (200, 120, 40)
FOCUS_S = 8.0  # time enough for a click where the desktop gives new windows no focus
ASK_S = 0.05  # between two requests for the focus


class ProbeWindow(Closing):
    """The window, on a connection of its own; used by one thread.

    Raises:
        DisplayError: The display can't be opened.
    """

    def __init__(self, clock: Clock) -> None:
        self._display: Display = connect()
        self._clock = clock
        self._window = self._open()
        self._colour = self._window.create_gc(foreground=0xFFFFFF)

    def rect(self) -> Rect:
        """Return where the window is on the screen."""
        geometry = self._window.get_geometry()
        corner = self._display.screen().root.translate_coords(self._window, 0, 0)
        return Rect(corner.x, corner.y, geometry.width, geometry.height)

    def focused(self) -> bool:
        """Say whether keys go to this window now."""
        focus = self._display.get_input_focus().focus
        return not isinstance(focus, int) and bool(focus.id == self._window.id)

    def take_focus(self, within_s: float = FOCUS_S) -> bool:
        """Ask for the focus and wait for it; say whether it came."""
        deadline_ns = self._clock.now_ns() + round(within_s * 1e9)
        while not self.focused():
            if self._clock.now_ns() >= deadline_ns:
                return False
            self._ask_for_focus()
            self.key_moved(None, within_s=ASK_S)  # draws the text meanwhile
        return True

    def code(self, key_symbol: int) -> int:
        """Return the key code that carries a key symbol; 0 when none does."""
        return int(self._display.keysym_to_keycode(key_symbol))

    def is_down(self, code: int) -> bool:
        """Say whether the display holds a key to be down."""
        return bool(self._display.query_keymap()[code // 8] & (1 << (code % 8)))

    def key_moved(self, move: tuple[int, bool] | None, *, within_s: float) -> int | None:
        """Wait until a key moves in this window.

        Args:
            move: The key code, and whether it goes down; None waits for nothing and only draws.
            within_s: How long to wait at most.

        Returns:
            The monotonic time at which this program learned of it; None when it did not.
        """
        from Xlib import X

        moves = {X.KeyPress: True, X.KeyRelease: False}
        deadline_ns = self._clock.now_ns() + round(within_s * 1e9)
        while True:
            for _ in range(self._display.pending_events()):
                event = self._display.next_event()
                if event.type == X.Expose:
                    self._draw()
                elif event.type in moves and (event.detail, moves[event.type]) == move:
                    return self._clock.now_ns()
            left_s = (deadline_ns - self._clock.now_ns()) / 1e9
            if left_s <= 0:
                return None
            select.select([self._display.fileno()], [], [], left_s)

    def close(self) -> None:
        """Close the window."""
        from Xlib.error import ConnectionClosedError

        with suppress(ConnectionClosedError, OSError):  # the display may be gone
            self._display.close()

    def _open(self) -> "Window":
        from Xlib import X, Xatom

        screen = self._display.screen()
        left, top = (
            (screen.width_in_pixels - SIZE[0]) // 2,
            (screen.height_in_pixels - SIZE[1]) // 2,
        )
        blue, green, red = COLOUR_BGR
        window = screen.root.create_window(
            left, top, *SIZE, 0, screen.root_depth,
            background_pixel=(red << 16) | (green << 8) | blue,
            event_mask=X.KeyPressMask | X.KeyReleaseMask | X.ExposureMask,
        )  # fmt: skip
        for name, kind in (("_NET_WM_NAME", "UTF8_STRING"), ("WM_NAME", "STRING")):
            atom = self._display.intern_atom(name)
            window.change_property(atom, self._display.intern_atom(kind), 8, TITLE.encode())
        wm_class = b"understudy\0Understudy\0"
        window.change_property(Xatom.WM_CLASS, Xatom.STRING, 8, wm_class)
        takes_input, at_its_place = 1, 1
        window.set_wm_hints(flags=takes_input, input=1)
        window.set_wm_normal_hints(flags=at_its_place)
        window.map()
        self._display.sync()
        return window

    def _draw(self) -> None:
        for index, line in enumerate(LINES):
            self._window.draw_text(self._colour, 20, 40 + 24 * index, line.encode())

    def _ask_for_focus(self) -> None:
        """Ask the window manager, and then the server: either may be all there is to ask."""
        from Xlib import X
        from Xlib.error import BadMatch, CatchError
        from Xlib.protocol.event import ClientMessage

        asked_by_a_tool = 2
        message = ClientMessage(
            window=self._window,
            client_type=self._display.intern_atom("_NET_ACTIVE_WINDOW"),
            data=(32, [asked_by_a_tool, X.CurrentTime, 0, 0, 0]),
        )
        mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
        self._display.screen().root.send_event(message, event_mask=mask)
        not_shown_yet = CatchError(BadMatch)
        self._window.set_input_focus(X.RevertToParent, X.CurrentTime, onerror=not_shown_yet)
        self._display.sync()
