"""Presses keys on Windows by scan code, as a keyboard does.

Games that read the keyboard through DirectInput or raw input go by the key's place, which a virtual
key code alone does not tell them. The codes are those of scan code set 1, from the table "Scan
codes" in Microsoft's "Keyboard Input Overview"; the arrows and what stands around them are
"extended", or they would be keys of the number pad. Never run on Windows by our tests.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol

from data.errors import DisplayError

INPUT_KEYBOARD = 1
KEYEVENTF_EXTENDEDKEY = 0x1
KEYEVENTF_KEYUP = 0x2
KEYEVENTF_SCANCODE = 0x8
MAPVK_VK_TO_VSC = 0

PLAIN = {
    "esc": 0x01,
    "backspace": 0x0E,
    "tab": 0x0F,
    "enter": 0x1C,
    "ctrl_l": 0x1D,
    "shift_l": 0x2A,
    "shift_r": 0x36,
    "alt_l": 0x38,
    "space": 0x39,
    "caps_lock": 0x3A,
    **{f"f{number}": 0x3A + number for number in range(1, 11)},
    "f11": 0x57,
    "f12": 0x58,
}
EXTENDED = {
    "ctrl_r": 0x1D,
    "alt_r": 0x38,
    "home": 0x47,
    "up": 0x48,
    "page_up": 0x49,
    "left": 0x4B,
    "right": 0x4D,
    "end": 0x4F,
    "down": 0x50,
    "page_down": 0x51,
    "insert": 0x52,
    "delete": 0x53,
}


class MouseInput(ctypes.Structure):
    """`MOUSEINPUT`: never sent, but the largest member, which gives the union its size."""

    _fields_: ClassVar = [
        ("dx", ctypes.c_int32),
        ("dy", ctypes.c_int32),
        ("mouse_data", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("time", ctypes.c_uint32),
        ("extra_info", ctypes.c_size_t),
    ]


class KeyboardInput(ctypes.Structure):
    """`KEYBDINPUT`."""

    _fields_: ClassVar = [
        ("virtual_key", ctypes.c_uint16),
        ("scan_code", ctypes.c_uint16),
        ("flags", ctypes.c_uint32),
        ("time", ctypes.c_uint32),
        ("extra_info", ctypes.c_size_t),
    ]


class _AnyInput(ctypes.Union):
    _fields_: ClassVar = [("mouse", MouseInput), ("keyboard", KeyboardInput)]


class Input(ctypes.Structure):
    """`INPUT`, with widths of its own: those in `ctypes.wintypes` are right on Windows only."""

    _fields_: ClassVar = [("type", ctypes.c_uint32), ("any", _AnyInput)]


class InputCalls(Protocol):
    """The functions of user32 that are called."""

    def SendInput(self, count: int, inputs: Any, size: int) -> int:  # noqa: ANN401
        """Insert events into the input stream; return how many were."""
        ...

    def VkKeyScanW(self, char: int) -> int:
        """Return the virtual key of a character in the low byte; -1 when no key has it."""
        ...

    def MapVirtualKeyW(self, code: int, kind: int) -> int:
        """Translate a virtual key; 0 when there is no translation."""
        ...


class WindowsKeys:
    """Presses keys through `SendInput`. Used by one thread.

    Args:
        calls: user32; None loads it.

    Raises:
        DisplayError: This is not Windows.
    """

    def __init__(self, calls: InputCalls | None = None) -> None:
        self._calls = calls or _user32()

    def press(self, key: str) -> None:
        """Press a key.

        Raises:
            DisplayError: No key of the layout has this character.
            OSError: Windows does not let the press through.
        """
        self._send(key, 0)

    def release(self, key: str) -> None:
        """Release a key; raises as `press` does."""
        self._send(key, KEYEVENTF_KEYUP)

    def mind_hands(self) -> None:
        """Do nothing: to Windows all keyboards are one."""

    def settle(self) -> None:
        """Return at once: `SendInput` has inserted the event when it returns."""

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Do nothing: programs that don't have the focus hear of no key."""
        yield

    def require(self, keys: frozenset[str]) -> None:
        """Make sure that the layout has these keys.

        Raises:
            DisplayError: One is missing; the message names it.
        """
        for key in sorted(keys):
            self._placed(key)

    def _send(self, key: str, flags: int) -> None:
        code, extended = self._placed(key)
        flags |= KEYEVENTF_SCANCODE | (KEYEVENTF_EXTENDEDKEY if extended else 0)
        event = Input(type=INPUT_KEYBOARD)
        event.any.keyboard = KeyboardInput(scan_code=code, flags=flags)
        if self._calls.SendInput(1, ctypes.byref(event), ctypes.sizeof(Input)) != 1:
            raise OSError(
                "Windows lets no keys through, as for a game that runs as administrator: run this "
                "program as administrator, too"
            )

    def _placed(self, key: str) -> tuple[int, bool]:
        """Return a key's scan code, and whether it is extended."""
        if key in EXTENDED:
            return EXTENDED[key], True
        if key in PLAIN:
            return PLAIN[key], False
        found = self._calls.VkKeyScanW(ord(key)) if ord(key) <= 0xFFFF else -1  # UTF-16
        code = -1 if found == -1 else self._calls.MapVirtualKeyW(found & 0xFF, MAPVK_VK_TO_VSC)
        if code <= 0:
            raise DisplayError(
                f"the keyboard layout has no key {key}. Switch to a layout that has it, or change "
                "the profile's keys."
            )
        return code, False


def _user32() -> InputCalls:
    if sys.platform != "win32":
        raise DisplayError(f"there is no user32 on {sys.platform}.")
    calls = ctypes.WinDLL("user32", use_last_error=True)
    calls.SendInput.argtypes = (ctypes.c_uint32, ctypes.c_void_p, ctypes.c_int)
    calls.SendInput.restype = ctypes.c_uint32
    calls.VkKeyScanW.argtypes = (ctypes.c_uint16,)
    calls.VkKeyScanW.restype = ctypes.c_int16
    calls.MapVirtualKeyW.argtypes = (ctypes.c_uint32, ctypes.c_uint32)
    calls.MapVirtualKeyW.restype = ctypes.c_uint32
    found: InputCalls = calls
    return found
