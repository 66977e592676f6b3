import pytest

from agent.key_sink import DryRunSink, PynputSink
from agent.watchdog import HUNG_S
from data.errors import DisplayError
from recorder.window import find_window
from tests.fakes import wait_until


class Notes:
    """A watchdog that writes down what it is told, and the real state of the keys then."""

    def __init__(self, desk):
        self.desk = desk
        self.told = []
        self.dead = False
        self.closed = False

    def pressing(self, key):
        if self.dead:
            raise DisplayError("the key watchdog has died")
        self.told.append(("+", key, self.desk.code(key) in self.desk.down()))

    def alive(self):
        if self.dead:
            raise DisplayError("the key watchdog has died")

    def released(self, key):
        self.told.append(("-", key, self.desk.code(key) in self.desk.down()))

    def close(self):
        self.closed = True


@pytest.fixture
def sink(virtual_screen):
    opened = PynputSink(None)
    yield opened
    opened.close()


def codes(desk, *keys):
    return {desk.code(key) for key in keys}


def test_exactly_the_given_keys_are_down(desk, sink):
    for keys in ({"d", "left"}, {"left", "up"}, {"up"}, {"d", "shift_l", "space", "1"}, set()):
        sink.set_held(frozenset(keys))
        assert desk.down() == codes(desk, *keys)
        assert sink.held == keys


def test_only_differences_are_sent(desk, sink):
    window = desk.window("Game")
    found = find_window("Game", timeout_s=10)
    wait_until(found.focused, "the window is up")
    for keys in ({"left"}, {"left", "d"}, {"left"}, {"left", "d"}):
        sink.set_held(frozenset(keys))
    sink.release_all()
    found.close()
    desk.display.sync()
    left, d = desk.code("left"), desk.code("d")
    assert desk.presses_seen(window) == [left, d, d]


def test_releasing_is_harmless_when_nothing_is_held(desk, sink):
    sink.release_all()
    sink.set_held(frozenset({"d"}))
    sink.release_all()
    sink.release_all()
    assert desk.down() == set()


def test_the_watchdog_knows_before_a_press_and_after_a_release(desk):
    notes = Notes(desk)
    sink = PynputSink(notes)
    sink.set_held(frozenset({"d"}))
    sink.set_held(frozenset({"up"}))
    sink.close()
    assert notes.told == [
        ("+", "d", False),
        ("+", "up", False),
        ("-", "d", False),
        ("-", "up", False),
    ]
    assert notes.closed
    sink.close()


def test_without_its_watchdog_nothing_is_pressed_and_the_rest_can_be_released(desk):
    notes = Notes(desk)
    sink = PynputSink(notes)
    sink.set_held(frozenset({"d"}))
    notes.dead = True
    with pytest.raises(DisplayError, match="watchdog"):
        sink.set_held(frozenset({"d", "up"}))
    assert desk.down() == codes(desk, "d")
    sink.close()
    assert desk.down() == set()


def test_after_a_silence_in_which_the_watchdog_let_go_keys_are_pressed_anew(desk):
    now_s = [0.0]
    sink = PynputSink(Notes(desk), now_s=lambda: now_s[0])
    sink.set_held(frozenset({"d"}))
    desk.release_code(desk.code("d"))  # as the watchdog does
    now_s[0] += HUNG_S
    sink.set_held(frozenset({"d"}))
    assert desk.down() == codes(desk, "d")
    sink.close()


def test_a_key_that_the_layout_lacks_is_refused_before_anything_is_pressed(desk, sink):
    with pytest.raises(DisplayError, match="no key ж"):
        sink.set_held(frozenset({"d", "ж"}))
    assert desk.down() == set()


def test_no_display_is_refused(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(DisplayError, match="no display"):
        PynputSink(None)


def test_a_dry_run_keeps_what_would_be_held():
    sink = DryRunSink()
    for keys in ("d", "d", "du", ""):
        sink.set_held(frozenset(keys))
    sink.release_all()
    assert sink.changes == [{"d"}, {"d", "u"}, set()]
    sink.set_held(frozenset("x"))
    sink.close()
    assert sink.held == frozenset()
