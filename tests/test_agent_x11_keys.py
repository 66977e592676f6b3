import os
import signal
from contextlib import closing

import pytest
from Xlib import X

from agent import x11_keys
from agent.guard import Reason
from agent.key_sink import PynputSink
from agent.loop import PlaySettings, play
from agent.watchdog import Watchdog
from recorder.keyboard import PynputKeys
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.window import find_window
from recorder.x11_devices import keys_down
from tests.factories import practice_profile
from tests.fakes import FakeRunner, wait_until
from tests.test_agent_watchdog import finish, start_player
from tests.x11_keyboard import Hands

PROFILE = practice_profile()


def unhurried_sink():
    """By its clock no time passes: after a silence, all keys are let go of before a press."""
    return PynputSink(None, now_s=lambda: 0.0)


def repeats(desk, key):
    """Whether the server repeats a key while it is held."""
    bits = desk.display.get_keyboard_control().auto_repeats
    return bool(bits[desk.code(key) // 8] & 1 << desk.code(key) % 8)


def heard(desk, window):
    """Presses and releases in a window since the last call: `[(down, code), ...]`."""
    desk.display.sync()
    events = [desk.display.next_event() for _ in range(desk.display.pending_events())]
    return [
        (event.type == X.KeyPress, event.detail)
        for event in events
        if event.type in (X.KeyPress, X.KeyRelease) and event.window.id == window.id
    ]


@pytest.fixture
def letter(desk):
    """Another window, which has the focus."""
    window = desk.window("Letter", at=(700, 120))
    with closing(find_window("Letter", timeout_s=10)) as found:
        found.activate()
        wait_until(found.focused, "it has the focus")
    yield window
    window.destroy()
    desk.display.sync()


def test_a_key_repeats_only_while_the_agent_does_not_hold_it(desk):
    with closing(unhurried_sink()) as sink:
        sink.set_held(frozenset({"d", "e"}))
        assert (repeats(desk, "d"), repeats(desk, "s")) == (False, True)
        sink.set_held(frozenset({"e"}))
        wait_until(lambda: repeats(desk, "d"), "it repeats again")
        assert not repeats(desk, "e")
    wait_until(lambda: repeats(desk, "e"), "it repeats again")


def test_a_key_that_people_keep_from_repeating_stays_so(desk):
    desk.display.change_keyboard_control(key=desk.code("d"), auto_repeat_mode=X.AutoRepeatModeOff)
    desk.display.sync()
    try:
        with closing(unhurried_sink()) as sink:
            sink.set_held(frozenset({"d"}))
        assert not repeats(desk, "d")
    finally:
        on = X.AutoRepeatModeOn
        desk.display.change_keyboard_control(key=desk.code("d"), auto_repeat_mode=on)
        desk.display.sync()


def test_keys_repeat_again_after_a_player_was_killed(desk):
    player = start_player()
    assert not repeats(desk, "d")
    os.killpg(player.pid, signal.SIGKILL)
    wait_until(lambda: repeats(desk, "d") and repeats(desk, "left"), "they repeat again")
    assert desk.down() == set()
    finish(player)


@pytest.mark.parametrize("focused", [True, False])
def test_nobody_hears_a_release_that_is_not_for_the_game(desk, letter, focused):
    sink = PynputSink(None, focused=lambda: focused)
    sink.set_held(frozenset({"d"}))
    wait_until(lambda: desk.down() == {desk.code("d")}, "it is down")
    assert heard(desk, letter) == [(True, desk.code("d"))]
    sink.release_all()
    assert desk.down() == set()
    assert heard(desk, letter) == ([(False, desk.code("d"))] if focused else [])
    desk.tap("s")
    assert len(heard(desk, letter)) == 2, "the keyboard is given back"
    sink.close()


def test_live_no_key_event_reaches_another_window_that_gets_the_focus(desk, letter):
    game = desk.window("Tiny Game", size=(480, 270))
    window = find_window("Tiny Game", timeout_s=10)
    window.activate()
    wait_until(window.focused, "the window is up")
    heard(desk, letter)
    keys, screen = PynputKeys(PROFILE.keys), MssScreen(window.rect)
    sink = PynputSink(Watchdog(), focused=window.focused)
    ticks = {Reason.PLAYING: 0, Reason.FOCUS_LOST: 0}

    def on_tick(view):
        ticks[view.reason] += 1
        turn = ticks[view.reason] % 5
        if view.reason is Reason.PLAYING and turn == 4:
            assert desk.down() == {desk.code("left"), desk.code("e")}
            desk.display.set_input_focus(letter, X.RevertToParent, X.CurrentTime)
        elif view.reason is Reason.FOCUS_LOST and turn == 0:
            assert desk.down() == set()
            desk.display.set_input_focus(game, X.RevertToParent, X.CurrentTime)
        desk.display.sync()

    play(
        runner=FakeRunner(PROFILE, lambda step: {"movement": "left", "sprint": "sprint"}),
        screen=screen,
        sink=sink,
        window=window,
        human=keys,
        clock=MonotonicClock(),
        settings=PlaySettings(seconds=60),
        log=None,
        stop=lambda: ticks[Reason.FOCUS_LOST] >= 14,
        on_tick=on_tick,
    )
    assert heard(desk, letter) == []
    for device in (sink, keys, screen, window):
        device.close()
    game.destroy()
    desk.display.sync()


@pytest.fixture
def hands(desk):
    with Hands() as opened:
        yield opened


def test_what_a_person_holds_too_comes_up_with_the_person(desk, hands, letter):
    """To the game it was held from the agent's press to the person's release."""
    d = desk.code("d")
    with closing(unhurried_sink()) as sink:
        sink.set_held(frozenset({"d", "e"}))
        hands.press("d")
        sink.release_all()
        assert desk.down() == {d}
    assert desk.down() == {d}
    assert repeats(desk, "d")
    hands.release("d")
    assert desk.down() == set()
    assert [move for move in heard(desk, letter) if move[1] == d] == [(True, d), (False, d)]


def test_without_the_devices_a_release_ends_the_persons_press_too(desk, hands, monkeypatch):
    """What the server does with two presses of one key; and how it was before."""
    monkeypatch.setattr(x11_keys, "find_keyboards", lambda display: None)
    sink = PynputSink(None)
    sink.set_held(frozenset({"d"}))
    hands.press("d")
    sink.close()
    assert desk.down() == set()
    assert hands.down() == {desk.code("d")}


@pytest.mark.parametrize("same_player", [True, False])
@pytest.mark.parametrize("still_held", [True, False])
def test_a_key_that_was_left_to_a_person_can_be_pressed_anew(desk, hands, same_player, still_held):
    sink, d = PynputSink(None), desk.code("d")
    sink.set_held(frozenset({"d"}))
    hands.press("d")
    sink.release_all()
    assert d in hands.left_down()
    if not still_held:
        hands.release("d")
    if not same_player:
        sink.close()
        sink = PynputSink(None)
    sink.set_held(frozenset({"d"}))
    assert desk.down() == {d}
    if still_held:
        hands.release("d")
        sink.set_held(frozenset())
        sink.set_held(frozenset({"d"}))
        assert desk.down() == {d}
    sink.close()
    assert desk.down() == hands.left_down() == set()


def test_a_killed_player_leaves_a_person_what_they_hold(desk, hands):
    player = start_player()
    hands.press("d")
    os.killpg(player.pid, signal.SIGKILL)
    finish(player)
    assert desk.down() == {desk.code("d")}
    hands.release("d")
    assert desk.down() == set()
    sink = PynputSink(None)
    sink.set_held(frozenset({"d"}))
    sink.close()
    assert hands.left_down() == set()


def test_a_keyboard_that_is_gone_holds_nothing(desk, hands):
    gone = frozenset({hands.device, 99})
    hands.press("d")
    assert keys_down(hands.display, gone) == {desk.code("d")}
    assert keys_down(hands.display, frozenset({99})) == frozenset()


def test_a_change_of_keys_waits_for_the_server_once(desk, monkeypatch):
    with closing(unhurried_sink()) as sink:
        sink.set_held(frozenset({"left", "d"}))
        display, waits = sink._controller._display, []
        sync = display.sync
        monkeypatch.setattr(display, "sync", lambda: waits.append(sync()))
        sink.set_held(frozenset({"right", "e"}))
        assert len(waits) == 1
        assert desk.down() == {desk.code("right"), desk.code("e")}
        sink.set_held(frozenset({"right", "e"}))
        assert len(waits) == 1, "nothing changed"
    assert desk.down() == set()
