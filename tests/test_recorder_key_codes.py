"""What keys are called where their tests can't run: from recorded answers of the systems."""

import enum
from types import SimpleNamespace

import pytest

from data.errors import DisplayError
from recorder import key_codes
from recorder.key_codes import from_pynput, mac_names, to_pynput, windows_names

SHIFT = 0x100
US = {"w": 0x57, "1": 0x31, "!": 0x31 | SHIFT}
FRENCH = {"w": 0x57, "1": 0x31 | SHIFT, "&": 0x31}


CODES = {"down": 0x7D, "left": 0x7B, "shift_l": 0x38, "alt_gr": 0x3D}
# Some of pynput's keys on macOS, where there is no insert.
MacKey = enum.Enum("MacKey", {name: SimpleNamespace(vk=code) for name, code in CODES.items()})


@pytest.fixture
def _on_mac(monkeypatch):
    pynput = SimpleNamespace(Key=MacKey, KeyCode=SimpleNamespace(from_char=lambda char: char))
    monkeypatch.setattr(key_codes, "load_pynput", lambda: pynput)
    monkeypatch.setattr(key_codes, "sys", SimpleNamespace(platform="darwin"))


def scan(layout):
    return lambda char: layout.get(chr(char), -1)


def test_on_windows_a_key_is_known_by_its_place_whatever_else_is_held():
    assert windows_names({"w", "1", "left"}, scan(US)) == {0x57: "w", 0x31: "1"}
    assert windows_names({"1"}, scan(FRENCH)) == {0x31: "1"}
    for order in (["1", "&"], ["&", "1"]):
        assert windows_names(order, scan(FRENCH)) == {0x31: "&"}
    assert windows_names({"ß", "\U0001f600"}, scan(US)) == {}


def test_on_macos_a_key_is_known_by_what_it_prints_alone():
    printed = {0x0D: "w", 0x12: "1", 0x53: "1", 0x31: " ", 0x7E: "\x1e"}
    names = mac_names({"w", "1", "space", "up"}, lambda code: printed.get(code, ""))
    assert names == {0x0D: "w", 0x12: "1", 0x53: "1"}


@pytest.mark.usefixtures("_on_mac")
def test_a_key_that_a_system_lacks_hides_no_other():
    assert [from_pynput(key) for key in MacKey] == ["down", "left", "shift_l", "alt_r"]
    assert to_pynput("left") is MacKey.left.value
    assert to_pynput("w") == "w"
    with pytest.raises(DisplayError, match="no key insert"):
        to_pynput("insert")
