"""What Windows is told: compared byte by byte with `INPUT` as Microsoft lays it out for 64 bits."""

import ctypes
import struct
import sys
from typing import Any

import pytest

from agent.windows_keys import EXTENDED, PLAIN, WindowsKeys
from data.errors import DisplayError
from data.key_names import NAMED_KEYS

MISSING = -1


class RecordedUser32:
    """Records the bytes given to `SendInput`; has the layout of a German keyboard for y and z."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.lets_through = 1
        self._virtual = {"d": 0x44, "y": 0x59, "z": 0x5A, "1": 0x31}
        self._scan = {0x44: 0x20, 0x59: 0x2C, 0x5A: 0x15, 0x31: 0x02}

    def SendInput(self, count: int, inputs: Any, size: int) -> int:
        self.sent.append(ctypes.string_at(inputs, count * size))
        return self.lets_through

    def VkKeyScanW(self, char: int) -> int:
        return self._virtual.get(chr(char), MISSING)

    def MapVirtualKeyW(self, code: int, kind: int) -> int:
        assert kind == 0
        return self._scan.get(code, 0)


@pytest.fixture
def user32() -> RecordedUser32:
    return RecordedUser32()


@pytest.fixture
def keys(user32: RecordedUser32) -> WindowsKeys:
    return WindowsKeys(user32)


def keyboard_input(scan_code: int, flags: int) -> bytes:
    """Lay out an `INPUT` of 40 bytes: type, gap, wVk, wScan, dwFlags, time, gap, extra, gap."""
    return struct.pack("<I4xHHII4xQ8x", 1, 0, scan_code, flags, 0, 0)


@pytest.mark.parametrize(
    ("key", "scan_code", "down", "up"),
    [
        ("right", 0x4D, 0x9, 0xB),
        ("ctrl_r", 0x1D, 0x9, 0xB),
        ("ctrl_l", 0x1D, 0x8, 0xA),
        ("enter", 0x1C, 0x8, 0xA),
        ("f10", 0x44, 0x8, 0xA),
        ("f12", 0x58, 0x8, 0xA),
        ("d", 0x20, 0x8, 0xA),
    ],
)
def test_a_key_goes_down_and_up_by_its_scan_code(
    keys: WindowsKeys, user32: RecordedUser32, key: str, scan_code: int, down: int, up: int
):
    keys.press(key)
    keys.release(key)
    keys.settle()
    assert user32.sent == [keyboard_input(scan_code, down), keyboard_input(scan_code, up)]


def test_a_character_is_where_the_layout_has_it(keys: WindowsKeys, user32: RecordedUser32):
    keys.press("z")
    assert user32.sent == [keyboard_input(0x15, 0x8)]


def test_every_named_key_has_one_place():
    assert set(PLAIN) | set(EXTENDED) == NAMED_KEYS
    assert not set(PLAIN) & set(EXTENDED)
    places = [(code, False) for code in PLAIN.values()] + [
        (code, True) for code in EXTENDED.values()
    ]
    assert len(set(places)) == len(NAMED_KEYS)


@pytest.mark.parametrize("key", ["ß", "\U0001f600"])
def test_a_character_that_the_layout_lacks_is_named(
    keys: WindowsKeys, user32: RecordedUser32, key: str
):
    with pytest.raises(DisplayError, match=f"no key {key}"):
        keys.require(frozenset({key, "d"}))
    with pytest.raises(DisplayError, match=f"no key {key}"):
        keys.press(key)
    assert user32.sent == []


def test_keys_that_windows_keeps_away_are_an_error(keys: WindowsKeys, user32: RecordedUser32):
    user32.lets_through = 0
    with pytest.raises(OSError, match="administrator"):
        keys.press("d")


@pytest.mark.skipif(sys.platform == "win32", reason="there is one on Windows")
def test_elsewhere_there_is_no_user32():
    with pytest.raises(DisplayError, match="no user32"):
        WindowsKeys()
