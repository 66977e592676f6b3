"""A person's hands on the keyboard of the X display, beside what programs press through XTEST."""

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xinput
from Xlib.protocol import rq

from data.closing import Closing
from recorder.key_codes import to_pynput
from recorder.x11_devices import find_keyboards, keys_down

FAKE_INPUT = 2
KEY_PRESS, KEY_RELEASE = 1, 2  # after the extension's first event
ENABLED = "Device Enabled"


class FakeDeviceInput(rq.Request):
    """XTEST's way to move a key of a certain device: to the server the device itself moved it."""

    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(FAKE_INPUT),
        rq.RequestLength(),
        rq.Card8("event"),
        rq.Card8("code"),
        rq.Pad(2),
        rq.Card32("time"),
        rq.Pad(23),
        rq.Card8("device"),
    )


class Hands(Closing):
    """Moves keys on the keyboard itself, where Xvfb has one."""

    def __init__(self) -> None:
        self.display = Display()
        found = find_keyboards(self.display)
        assert found is not None
        self.keyboards = found
        (self.device,) = found.real
        self._down: list[str] = []

    def press(self, key: str) -> None:
        self._move(to_pynput(key).vk, KEY_PRESS)
        self._down.append(key)

    def release(self, key: str) -> None:
        self._move(to_pynput(key).vk, KEY_RELEASE)
        self._down.remove(key)

    def press_symbol(self, symbol: int) -> None:
        """Press a key that has no canonical name."""
        self._move(symbol, KEY_PRESS)

    def release_symbol(self, symbol: int) -> None:
        self._move(symbol, KEY_RELEASE)

    def tap_symbol(self, symbol: int) -> None:
        self.press_symbol(symbol)
        self.release_symbol(symbol)

    def tap(self, key: str) -> None:
        self.press(key)
        self.release(key)

    def down(self) -> frozenset[int]:
        """Codes of the keys that the keyboard holds."""
        return keys_down(self.display, self.keyboards.real)

    def left_down(self) -> frozenset[int]:
        """Codes of the keys that programs hold."""
        return keys_down(self.display, self.keyboards.injected)

    def plug(self, *, plugged_in: bool) -> None:
        """Enable or disable the keyboard."""
        atom = self.display.intern_atom(ENABLED)
        kind = self.display.xinput_get_device_property(self.device, atom, 0, 0, 1).type
        value = (8, [int(plugged_in)])
        mode = X.PropModeReplace
        self.display.xinput_change_device_property(self.device, atom, kind, mode, value)
        self.display.sync()

    def close(self) -> None:
        for key in list(self._down):
            self.release(key)
        self.display.close()

    def _move(self, symbol: int, kind: int) -> None:
        first = self.display.query_extension(xinput.extname).first_event
        FakeDeviceInput(
            display=self.display.display,
            opcode=self.display.display.get_extension_major("XTEST"),
            event=first + kind,
            code=self.display.keysym_to_keycode(symbol),
            time=0,
            device=self.device,
        )
        self.display.sync()
