"""What X11 does with keys that are held, and must not while the agent holds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recorder.key_codes import require_keys, to_pynput
from recorder.x11_devices import find_keyboards, keys_down


class HeldKeys:
    """Presses keys, keeps held ones from repeating, and releases from those they don't concern.

    The server repeats a key that is down, into whichever window has the focus by then; and it
    sends the release of a key there, although it was pressed elsewhere. What is asked of the server
    waits for `settle`: one round trip for all, where pynput takes one for each key.

    A release by us would end a person's press of the same key, too: to the game it is one key,
    which comes up with the first release (see `recorder.x11_devices`). Whoever lets go of all keys
    minds the hands first: such a key is left down for the person. It comes up in the game when they
    let go, whatever becomes of this process; that it is still down on the device that programs
    press nobody notices but who presses it there the next time, and so it is released before.

    Args:
        controller: pynput's, whose connection to the display is used for as long as it lives.
            Keyboards plugged in later than this are not known to be people's.
    """

    def __init__(self, controller: Any) -> None:  # noqa: ANN401  (pynput has no types)
        self._controller = controller  # which closes the connection when it is collected
        self._display = display = controller._display
        # Which keys repeat, as people have it set; bit n of byte m is key code 8 m + n.
        self._repeating: list[int] = display.get_keyboard_control().auto_repeats
        self._codes: dict[str, int] = {}  # a key comes up as the one it went down as
        found = find_keyboards(display)
        self._real = found.real if found else frozenset()
        self._by_hand: frozenset[int] = frozenset()
        # Down on the device that programs press: left by us, or by a player before.
        self._left = set(keys_down(display, found.injected)) if found else set[int]()

    def require(self, keys: frozenset[str]) -> None:
        """Make sure that the layout has these keys.

        Raises:
            DisplayError: Some are missing; the message names them.
        """
        require_keys(keys)

    def press(self, key: str) -> None:
        """Press a key that the layout has; it does not repeat from now on."""
        from Xlib import X
        from Xlib.ext import xtest

        code = self._code(key)
        if code in self._left:
            self._left.remove(code)
            xtest.fake_input(self._display, X.KeyRelease, code)
        self._repeat(code, X.AutoRepeatModeOff)
        xtest.fake_input(self._display, X.KeyPress, code)

    def release(self, key: str) -> None:
        """Release a key, which may repeat again."""
        from Xlib import X
        from Xlib.ext import xtest

        code = self._code(key)
        self._repeat(code, X.AutoRepeatModeOn)
        if code in self._by_hand:
            self._left.add(code)
        else:
            xtest.fake_input(self._display, X.KeyRelease, code)

    def mind_hands(self) -> None:
        """Leave down, until all has settled, what a person holds now: half a ms with ten keyboards.

        From one decision to the next there is no need: while a hand is on a playing key, the agent
        holds none.
        """
        self._by_hand = keys_down(self._display, self._real)

    def settle(self) -> None:
        """Return when the server has done all that was asked."""
        self._display.sync()
        self._by_hand = frozenset()

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

    def _code(self, key: str) -> int:
        if key not in self._codes:
            self._codes[key] = self._display.keysym_to_keycode(to_pynput(key).vk)
        return self._codes[key]

    def _repeat(self, code: int, mode: int) -> None:
        """Have a key repeat or not, unless people never have it repeat."""
        if self._repeating[code // 8] & 1 << code % 8:
            self._display.change_keyboard_control(key=code, auto_repeat_mode=mode)
