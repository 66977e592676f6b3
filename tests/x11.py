"""A real window, real key strokes and the real state of the keys, on the X display."""

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.ext import xtest

from data.closing import Closing
from recorder.key_codes import to_pynput


class Desk(Closing):
    """A connection of its own: windows are opened and keys moved as some other program would."""

    def __init__(self) -> None:
        self.display = Display()
        self.screen = self.display.screen()
        self._down: list[str] = []

    def window(
        self,
        title: str,
        *,
        at: tuple[int, int] = (100, 120),
        size: tuple[int, int] = (320, 180),
        colour: tuple[int, int, int] = (200, 120, 40),
        unmanaged: bool = False,
    ):
        """Open a window that is filled with one colour, given as blue, green and red.

        An unmanaged one comes on top and gets no focus, as a notification does.
        """
        blue, green, red = colour
        window = self.screen.root.create_window(
            *at,
            *size,
            0,
            self.screen.root_depth,
            background_pixel=(red << 16) | (green << 8) | blue,
            override_redirect=unmanaged,
            event_mask=X.KeyPressMask | X.KeyReleaseMask | X.StructureNotifyMask,
        )
        utf8 = self.display.intern_atom("UTF8_STRING")
        name = self.display.intern_atom("_NET_WM_NAME")
        window.change_property(name, utf8, 8, title.encode())
        window.change_property(Xatom.WM_NAME, Xatom.STRING, 8, title.encode())
        window.set_wm_hints(flags=1, input=1)
        us_position = 1
        window.set_wm_normal_hints(flags=us_position)
        window.map()
        self.display.sync()
        return window

    def press(self, key: str) -> None:
        self._fake(X.KeyPress, key)
        self._down.append(key)

    def release(self, key: str) -> None:
        self._fake(X.KeyRelease, key)
        self._down.remove(key)

    def tap(self, key: str) -> None:
        self.press(key)
        self.release(key)

    def down(self) -> set[int]:
        """Key codes that the server holds to be down."""
        state = self.display.query_keymap()
        return {code for code in range(256) if state[code // 8] & (1 << (code % 8))}

    def code(self, key: str) -> int:
        return self.display.keysym_to_keycode(to_pynput(key).vk)

    def presses_seen(self, window) -> list[int]:
        """Key codes pressed in a window of ours since the last call."""
        seen = []
        for _ in range(self.display.pending_events()):
            event = self.display.next_event()
            if event.type == X.KeyPress and event.window.id == window.id:
                seen.append(event.detail)
        return seen

    def close(self) -> None:
        for key in list(self._down):
            self.release(key)
        self.display.close()

    def release_code(self, code: int) -> None:
        """Release a key that somebody else has pressed."""
        xtest.fake_input(self.display, X.KeyRelease, code)
        self.display.sync()

    def _fake(self, kind: int, key: str) -> None:
        xtest.fake_input(self.display, kind, self.code(key))
        self.display.sync()
