"""What X11 does with keys that are held, and must not while the agent holds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recorder.keyboard import to_pynput


class HeldKeys:
    """Presses keys, keeps held ones from repeating, and releases from those they don't concern.

    The server repeats a key that is down, into whichever window has the focus by then; and it
    sends the release of a key there, although it was pressed elsewhere. What is asked of the server
    waits for `settle`: one round trip for all, where pynput takes one for each key.

    Args:
        display: python-xlib's.
    """

    def __init__(self, display: Any) -> None:  # noqa: ANN401  (python-xlib has no types)
        self._display = display
        # Which keys repeat, as people have it set; bit n of byte m is key code 8 m + n.
        self._repeating: list[int] = display.get_keyboard_control().auto_repeats
        self._codes: dict[str, int] = {}  # a key comes up as the one it went down as

    def press(self, key: str) -> None:
        """Press a key that the layout has; it does not repeat from now on."""
        from Xlib import X

        self._send(key, X.AutoRepeatModeOff, X.KeyPress)

    def release(self, key: str) -> None:
        """Release a key, which may repeat again."""
        from Xlib import X

        self._send(key, X.AutoRepeatModeOn, X.KeyRelease)

    def settle(self) -> None:
        """Return when the server has done all that was asked."""
        self._display.sync()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Take the keyboard for a moment, so that no window hears of what is released.

        Where another program has it, such as a window manager at Alt+Tab, that one hears of it.
        """
        from Xlib import X

        root = self._display.screen().root
        root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        try:
            yield
        finally:
            self._display.ungrab_keyboard(X.CurrentTime)
            self._display.sync()

    def _send(self, key: str, repeat: int, event: int) -> None:
        from Xlib.ext import xtest

        if key not in self._codes:
            self._codes[key] = self._display.keysym_to_keycode(to_pynput(key).vk)
        code = self._codes[key]
        if self._repeating[code // 8] & 1 << code % 8:
            self._display.change_keyboard_control(key=code, auto_repeat_mode=repeat)
        xtest.fake_input(self._display, event, code)


def held_keys(controller: Any) -> HeldKeys | None:  # noqa: ANN401  (pynput has no types)
    """Return what presses keys through a pynput controller's display; None where X11 is not."""
    display = getattr(controller, "_display", None)
    return None if display is None else HeldKeys(display)
