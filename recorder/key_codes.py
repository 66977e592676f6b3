"""What a key is called: here, in pynput, and on the keyboard's layout."""

import ctypes
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from data.errors import DisplayError
from data.key_names import NAMED_KEYS
from recorder.display import require_display

MAC_KEY_CODES = 128


def load_pynput() -> ModuleType:
    """Import `pynput.keyboard`, which needs a display.

    Raises:
        DisplayError: There is no display, or the keyboard can't be reached.
    """
    require_display()
    try:
        from pynput import keyboard
    except ImportError as error:
        raise DisplayError(f"the keyboard can't be reached: {error}.") from error
    found: ModuleType = keyboard
    return found


def device_errors() -> tuple[type[Exception], ...]:
    """Name the errors with which the keyboard fails when its display goes away."""
    if not sys.platform.startswith("linux"):
        return (OSError,)
    from Xlib.error import ConnectionClosedError

    return (OSError, ConnectionClosedError)


def to_pynput(name: str) -> Any:  # noqa: ANN401  (pynput has no types)
    """Return pynput's `KeyCode` of a canonical key name, ready to be pressed.

    It carries the key's code on the device: given only a character, pynput sends a synthetic event
    on X11 that games and the key state never see.
    """
    keyboard = load_pynput()
    if name in NAMED_KEYS:
        key = getattr(keyboard.Key, name, None)
        if key is None:
            raise DisplayError(f"this system has no key {name}. Change the profile's keys.")
        return key.value
    if sys.platform.startswith("linux"):
        return keyboard.KeyCode.from_vk(_keysym(name))
    return keyboard.KeyCode.from_char(name)


def from_pynput(key: Any) -> str | None:  # noqa: ANN401  (pynput has no types)
    """Return the canonical name of a pynput `Key` or `KeyCode`; None when it has none."""
    keyboard = load_pynput()
    if isinstance(key, keyboard.Key):
        if key is keyboard.Key.alt_gr:
            return "alt_r"
        known = ((name, getattr(keyboard.Key, name, None)) for name in sorted(NAMED_KEYS))
        return next((name for name, found in known if found is key), None)  # macOS has no insert
    char = getattr(key, "char", None)
    if isinstance(char, str) and len(char) == 1:
        return "space" if char == " " else char.lower()
    return None


def require_keys(names: Iterable[str]) -> None:
    """Make sure that the keyboard layout has these keys.

    Raises:
        DisplayError: Some are missing; the message names them.
    """
    if not sys.platform.startswith("linux"):
        return
    missing = sorted(name for name, symbols in _layout(names).items() if not symbols)
    if missing:
        raise DisplayError(
            f"the keyboard layout has no key {', '.join(missing)}. Switch to a layout that has it, "
            "or change the profile's keys."
        )


def names_by_code(keys: frozenset[str]) -> dict[int, str]:
    """Map what pynput calls a key's `vk` to names, so that no other key held changes a name.

    With Shift held, the 1 key says `!`, and is still the 1 key; with Ctrl held, on Windows, the W
    key says a control character.
    """
    if sys.platform == "win32":
        scan = ctypes.WinDLL("user32").VkKeyScanW
        scan.argtypes, scan.restype = (ctypes.c_uint16,), ctypes.c_int16
        return windows_names(keys, scan)
    if sys.platform == "darwin":
        from pynput._util.darwin import keycode_context, keycode_to_string

        with keycode_context() as context:
            return mac_names(keys, lambda code: str(keycode_to_string(context, code)))
    layout = _layout(keys)
    names = {symbol: name for name, symbols in layout.items() for symbol in symbols}
    names.update({symbols[0]: name for name, symbols in layout.items() if symbols})
    return names


def windows_names(keys: Iterable[str], scan: Callable[[int], int]) -> dict[int, str]:
    """Map virtual key codes to characters, the one without Shift where a key has two of them.

    Args:
        keys: Names; others than characters are left out.
        scan: `VkKeyScanW`: a character's key in the low byte, what else is held in the high one;
            -1 where no key has it.
    """
    places = [(scan(ord(key)), key) for key in keys if len(key) == 1 and ord(key) <= 0xFFFF]
    found = sorted((code >> 8, code & 0xFF, key) for code, key in places if code != -1)
    return {code: key for _, code, key in reversed(found)}


def mac_names(keys: Iterable[str], told: Callable[[int], str]) -> dict[int, str]:
    """Map virtual key codes to the characters that they print when nothing else is held.

    Args:
        keys: Names; others than characters are left out.
        told: What a key prints.
    """
    wanted = {key for key in keys if len(key) == 1}
    prints = {code: told(code).lower() for code in range(MAC_KEY_CODES)}
    return {code: key for code, key in prints.items() if key in wanted}


def _layout(names: Iterable[str]) -> dict[str, list[int]]:
    """Find the X key symbols on the key of each name, the plain one first; none when missing."""
    from Xlib.display import Display

    display = Display()
    try:
        found = {}
        for name in names:
            code = display.keysym_to_keycode(to_pynput(name).vk)
            symbols = [display.keycode_to_keysym(code, index) for index in range(4)] if code else []
            found[name] = [to_pynput(name).vk, *filter(None, symbols)] if code else []
        return found
    finally:
        display.close()


def _keysym(char: str) -> int:
    """Return a character's X key symbol: Latin-1 stands for itself, the rest is Unicode-coded."""
    return ord(char) if ord(char) < 0x100 else ord(char) | 0x01000000
