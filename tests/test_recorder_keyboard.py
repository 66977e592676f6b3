import threading

import pytest
from Xlib.error import ConnectionClosedError

from agent.key_sink import PynputSink
from data.errors import DisplayError
from data.key_names import NAMED_KEYS
from recorder import keyboard
from recorder.key_codes import from_pynput, require_keys, to_pynput
from recorder.keyboard import PynputKeys
from recorder.window import find_window
from tests.fakes import wait_until


def collect(keys, count):
    """Wait for so many events and return them as (key, down)."""
    found = []

    def enough():
        found.extend(keys.drain())
        return len(found) >= count

    wait_until(enough, f"{count} key events, got {found}")
    return [(event.key, event.down) for event in found]


def test_strokes_are_heard_in_order_with_rising_times(desk, listen):
    keys = listen({"d", "left"})
    for move in (desk.press, desk.release):
        move("left")
        move("d")
    heard = []
    wait_until(lambda: heard.extend(keys.drain()) or len(heard) == 4, "four events")
    assert [(e.key, e.down) for e in heard] == [
        ("left", True),
        ("d", True),
        ("left", False),
        ("d", False),
    ]
    assert heard == sorted(heard, key=lambda event: event.at_ns)


def test_other_keys_are_not_heard_and_watched_ones_never_handed_over(desk, listen):
    keys = listen({"d"}, watched={"f12"})
    assert keys.presses("f12") == 0
    for key in ("s", "f12", "p", "d"):
        desk.tap(key)
    assert collect(keys, 2) == [("d", True), ("d", False)]
    assert keys.presses("f12") == 1
    assert keys.presses("p") == 0


def test_presses_of_this_process_are_heard_once_however_fast(listen):
    keys, sink = listen({"d", "up"}), PynputSink(None)
    for _ in range(25):
        sink.set_held(frozenset({"d", "up"}))
        sink.set_held(frozenset())
    sink.close()
    one = [("d", True), ("up", True), ("d", False), ("up", False)]
    assert collect(keys, 100) == one * 25


def test_pynputs_own_echo_is_not_heard(desk, listen):
    keys = listen({"d", "up"})
    keys._on_press(to_pynput("d"), True)  # X delivers the press itself as well
    desk.tap("up")
    assert collect(keys, 2) == [("up", True), ("up", False)]


def test_a_keyboard_that_x_does_not_hand_over_is_refused(desk, monkeypatch):
    monkeypatch.setattr(keyboard, "_when_recording", lambda listener: threading.Event())
    monkeypatch.setattr(keyboard, "START_S", 0.01)
    with pytest.raises(DisplayError, match="can't be heard"):
        PynputKeys({"d"})


def test_repeats_of_a_held_key_are_not_heard(desk, listen):
    window = desk.window("Typing")
    found = find_window("Typing", timeout_s=10)
    wait_until(found.focused, "the window is up")
    keys, seen = listen({"d"}), []
    desk.press("d")
    wait_until(lambda: seen.extend(desk.presses_seen(window)) or len(seen) >= 3, "X repeats it")
    desk.release("d")
    assert collect(keys, 2) == [("d", True), ("d", False)]
    found.close()


def test_presses_of_a_watched_key_are_counted_without_its_repeats(desk, listen):
    window = desk.window("Typing")
    found = find_window("Typing", timeout_s=10)
    wait_until(found.focused, "the window is up")
    keys, seen = listen({"d"}, watched={"f9"}), []
    desk.press("f9")
    wait_until(lambda: seen.extend(desk.presses_seen(window)) or len(seen) >= 3, "X repeats it")
    desk.release("f9")
    desk.tap("f9")
    desk.tap("d")
    assert collect(keys, 2) == [("d", True), ("d", False)]
    assert keys.presses("f9") == 2
    found.close()


def test_shift_does_not_turn_a_key_into_another(desk, listen):
    keys = listen({"1", "d", "tab"})
    desk.press("shift_l")
    for key in ("1", "d", "tab"):
        desk.press(key)
    desk.release("shift_l")
    for key in ("1", "d", "tab"):
        desk.release(key)
    expected = [(key, down) for down in (True, False) for key in ("1", "d", "tab")]
    assert collect(keys, 6) == expected


def test_closing_ends_the_listening_thread_without_a_key_stroke(listen):
    keys = listen({"d"})
    thread = keys._listener
    keys.close()
    assert not thread.is_alive()
    keys.close()


@pytest.mark.parametrize("name", [*sorted(NAMED_KEYS), "d", "1", ",", "ä", "я"])
def test_names_go_there_and_back(virtual_screen, name):
    from pynput.keyboard import Key, KeyCode

    code = to_pynput(name)
    assert code.vk, "pressing it must go through the key's code"
    special = {key.value: key for key in Key}
    assert from_pynput(special.get(code) or KeyCode.from_char(name)) == name


def test_capital_letters_are_the_same_key(virtual_screen):
    from pynput.keyboard import Key, KeyCode

    assert from_pynput(KeyCode.from_char("D")) == "d"
    assert from_pynput(Key.alt_gr) == "alt_r"
    assert from_pynput(KeyCode.from_vk(1)) is None
    assert from_pynput(Key.media_next) is None
    assert from_pynput(None) is None


def test_keys_that_the_layout_lacks_are_named(virtual_screen):
    require_keys({"d", "left", "f12", "1"})
    with pytest.raises(DisplayError, match="no key ж, я"):
        require_keys({"d", "я", "ж"})


def test_no_display_is_refused(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(DisplayError, match="no display"):
        PynputKeys({"d"})


class ClosingClock:
    """Tells the time by a display that has just gone."""

    def now_ns(self):
        raise ConnectionClosedError("server: Broken pipe")

    def sleep_until_ns(self, deadline_ns):
        raise NotImplementedError(deadline_ns)


def test_a_display_that_goes_while_a_key_is_heard_is_told_without_a_traceback(
    desk, listen, caplog, capfd
):
    keys = listen({"d"}, clock=ClosingClock())
    desk.press("d")
    desk.release("d")
    wait_until(lambda: not keys._listener.is_alive(), "the thread has ended")
    with pytest.raises(DisplayError, match="the display is gone"):
        keys.drain()
    assert caplog.records == []
    assert capfd.readouterr().err == ""
