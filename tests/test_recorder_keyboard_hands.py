"""Whose keys were those: hands on a keyboard are told from programs that press the same keys."""

import sys

import pytest

from agent.key_sink import PynputSink
from recorder import x11_devices
from recorder.key_codes import to_pynput
from recorder.keyboard import HandEvent
from recorder.window import find_window
from tests.fakes import wait_until
from tests.x11_keyboard import Hands

KEYPAD_4, NUM_LOCK = 0xFF96, 0xFF7F
HAND, PROGRAM = True, False


@pytest.fixture
def hands(virtual_screen):
    with Hands() as opened:
        yield opened


def collect_apart(keys, count):
    """Wait for so many events and return them as (key, down, by hand)."""
    found = []
    wait_until(lambda: found.extend(keys.drain()) or len(found) >= count, f"{count} key events")
    return [(event.key, event.down, isinstance(event, HandEvent)) for event in found]


def test_a_hand_is_told_from_a_program_that_holds_the_same_key(desk, hands, listen):
    keys = listen({"d"})
    assert keys.tell_apart()
    for move in (desk.press, hands.press, hands.release, desk.release):
        move("d")
    hands.press("d")
    desk.tap("d")
    hands.release("d")
    assert collect_apart(keys, 8) == [
        ("d", True, PROGRAM),
        ("d", True, HAND),
        ("d", False, HAND),
        ("d", False, PROGRAM),
        ("d", True, HAND),
        ("d", True, PROGRAM),
        ("d", False, PROGRAM),
        ("d", False, HAND),
    ]


def test_nothing_is_told_apart_unless_asked(hands, listen):
    keys = listen({"d"})
    hands.tap("d")
    assert collect_apart(keys, 2) == [("d", True, PROGRAM), ("d", False, PROGRAM)]


def test_presses_of_this_process_are_a_programs_however_fast(listen):
    keys, sink = listen({"d", "up"}), PynputSink(None)
    assert keys.tell_apart()
    for _ in range(25):
        sink.set_held(frozenset({"d", "up"}))
        sink.set_held(frozenset())
    sink.close()
    moves = [("d", True), ("up", True), ("d", False), ("up", False)]
    assert collect_apart(keys, 100) == [(*move, PROGRAM) for move in moves] * 25


def test_a_key_held_by_hand_from_before_is_not_heard(desk, hands, listen):
    keys = listen({"d", "up"})
    hands.press("d")
    assert keys.tell_apart()
    desk.press("d")
    hands.release("d")
    desk.release("d")
    hands.tap("up")
    assert collect_apart(keys, 4) == [
        ("d", True, PROGRAM),
        ("d", False, PROGRAM),
        ("up", True, HAND),
        ("up", False, HAND),
    ]


def test_repeats_of_a_key_held_by_hand_are_not_heard(desk, hands, listen):
    window = desk.window("Typing")
    found = find_window("Typing", timeout_s=10)
    wait_until(found.focused, "the window is up")
    keys, seen = listen({"d"}), []
    assert keys.tell_apart()
    hands.press("d")
    wait_until(lambda: seen.extend(desk.presses_seen(window)) or len(seen) >= 3, "X repeats it")
    hands.press("d")  # as a keyboard may that repeats by itself
    hands.release("d")
    hands._down.clear()
    assert collect_apart(keys, 2) == [("d", True, HAND), ("d", False, HAND)]
    found.close()


def test_a_keyboard_that_is_unplugged_lets_go_and_is_heard_when_it_is_back(hands, listen):
    keys = listen({"d"})
    assert keys.tell_apart()
    hands.press("d")
    hands.plug(plugged_in=False)
    try:
        assert collect_apart(keys, 2) == [("d", True, HAND), ("d", False, HAND)]
    finally:
        hands.plug(plugged_in=True)
    hands._down.clear()
    hands.tap("d")
    assert collect_apart(keys, 2) == [("d", True, HAND), ("d", False, HAND)]


def test_shift_and_num_lock_mean_by_hand_what_they_mean_otherwise(hands, listen):
    keys = listen({"1", "left", "4"})
    assert keys.tell_apart()
    heard = []
    hands.press("shift_l")
    hands.tap("1")
    heard += collect_apart(keys, 2)
    hands.release("shift_l")
    hands.press_symbol(KEYPAD_4)
    heard += collect_apart(keys, 1)
    hands.tap_symbol(NUM_LOCK)
    hands.release_symbol(KEYPAD_4)
    hands.tap_symbol(KEYPAD_4)
    heard += collect_apart(keys, 3)
    hands.tap_symbol(NUM_LOCK)
    names = ["1", "1", "left", "left", "4", "4"]
    assert heard == [(name, at % 2 == 0, HAND) for at, name in enumerate(names)]


def test_other_keys_and_the_stop_key_are_heard_as_before_while_told_apart(desk, hands, listen):
    keys = listen({"d"}, watched={"f12"})
    assert keys.tell_apart()
    hands.tap("s")
    hands.tap("f12")
    desk.tap("f12")
    hands.tap("d")
    assert collect_apart(keys, 2) == [("d", True, HAND), ("d", False, HAND)]
    wait_until(lambda: keys.presses("f12") == 2, "both are counted")


def test_where_devices_are_not_known_keys_are_heard_as_before(hands, listen, monkeypatch):
    monkeypatch.setattr(x11_devices, "find_keyboards", lambda display: None)
    keys = listen({"d"})
    assert not keys.tell_apart()
    hands.tap("d")
    assert collect_apart(keys, 2) == [("d", True, PROGRAM), ("d", False, PROGRAM)]


def test_a_server_that_does_not_tell_of_devices_is_not_relied_on(hands, listen, monkeypatch):
    monkeypatch.setattr("Xlib.ext.xinput.AllDevices", 99)  # there is no such device
    monkeypatch.setattr(x11_devices, "find_keyboards", lambda display: hands.keyboards)
    assert not listen({"d"}).tell_apart()


def test_on_windows_each_event_tells_whether_a_program_made_it(listen, monkeypatch):
    keys, d = listen({"d"}), to_pynput("d")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        assert keys.tell_apart()
        keys._on_press(d, True)
        keys._on_press(d, False)
        keys._on_press(d, False)  # Windows repeats a held key
        keys._on_release(d, True)
        keys._on_release(d, False)
    assert collect_apart(keys, 4) == [
        ("d", True, PROGRAM),
        ("d", True, HAND),
        ("d", False, PROGRAM),
        ("d", False, HAND),
    ]


def test_closing_ends_every_thread_that_listens(listen):
    keys = listen({"d"})
    assert keys.tell_apart()
    thread = keys._moves._thread
    keys.close()
    assert not thread.is_alive()
    keys.close()
