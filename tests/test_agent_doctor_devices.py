import numpy as np
import pytest
from Xlib import X

from agent.doctor import desktop as doctor_desktop
from agent.doctor import keys as doctor_keys
from agent.doctor import screen as doctor_screen
from agent.doctor.health import Wanted, answer
from agent.doctor.probe_window import ProbeWindow
from agent.key_sink import DryRunSink, PynputSink
from recorder.display import VirtualScreen
from recorder.screen import Frame
from tests.doctor_checks import a_check
from tests.factories import altered_profile, practice_profile
from tests.fakes import FakeClock, FakeKeys, FakeScreen, wait_until


@pytest.fixture
def wanted(virtual_screen):
    return Wanted(practice_profile(), rate_hz=20)


@pytest.fixture
def bare_screen(virtual_screen, monkeypatch):
    """A screen without a window manager."""
    with VirtualScreen(640, 400) as screen:
        manager = screen._children.pop()
        manager.kill()
        manager.wait()
        monkeypatch.setenv("DISPLAY", screen.name)
        yield screen


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(doctor_keys, "ARRIVE_S", 0.02)


# --- the keyboard ---


def test_presses_arrive_and_nothing_is_left_held(wanted, desk):
    finding = doctor_keys.check_loopback(wanted)
    assert finding.ok, finding
    assert "20 of 20 presses arrived" in finding.found
    assert desk.down() == set()


@pytest.mark.usefixtures("bare_screen")
def test_presses_arrive_without_a_window_manager():
    finding = doctor_keys.check_loopback(Wanted(practice_profile(), rate_hz=20))
    assert finding.ok, finding
    assert doctor_desktop.check_window_manager().found == "none"
    assert doctor_screen.check_picture(Wanted(practice_profile(), rate_hz=20)).ok


@pytest.mark.usefixtures("impatient")
def test_a_keyboard_that_delivers_nothing_is_told_with_what_to_do(wanted):
    finding = doctor_keys.check_loopback(wanted, DryRunSink)
    assert not finding.ok
    assert finding.found == "0 of 1 presses reached the window, 0 the listener"
    assert "X11 session" in finding.advice


@pytest.mark.usefixtures("impatient")
def test_a_listener_that_hears_nothing_is_told(wanted, monkeypatch, desk):
    monkeypatch.setattr(doctor_keys, "PynputKeys", lambda keys, clock: FakeKeys(clock))
    finding = doctor_keys.check_loopback(wanted)
    assert not finding.ok
    assert finding.found == "1 of 1 presses reached the window, but only 0 the listener"
    assert desk.down() == set()


def test_no_key_is_pressed_in_a_window_that_takes_the_focus(wanted, desk):
    class Disturbed(PynputSink):
        presses = 0

        def set_held(self, keys):
            super().set_held(keys)
            if keys:
                return
            Disturbed.presses += 1
            if Disturbed.presses == 3:
                window = desk.window("Foreign")
                foreign.append(window)
                wait_until(lambda: window.get_attributes().map_state == X.IsViewable, "it is shown")
                window.set_input_focus(X.RevertToParent, X.CurrentTime)
                wait_until(
                    lambda: getattr(desk.display.get_input_focus().focus, "id", 0) == window.id,
                    "it has the focus",
                )

    foreign = []
    finding = doctor_keys.check_loopback(wanted, lambda: Disturbed(None))
    assert finding.found == "another window took the focus after 3 presses"
    assert not finding.ok
    desk.display.sync()
    assert desk.presses_seen(foreign[0]) == []
    foreign[0].destroy()


def test_without_the_focus_nothing_is_pressed_at_all(wanted, monkeypatch):
    sink = DryRunSink()
    monkeypatch.setattr(ProbeWindow, "take_focus", lambda self: False)
    finding = doctor_keys.check_loopback(wanted, lambda: sink)
    assert not finding.ok
    assert "click on the window" in finding.advice
    assert sink.changes == []


@pytest.mark.usefixtures("impatient")
def test_a_key_that_stays_down_is_told_and_then_released(wanted, desk):
    class Sticky(PynputSink):
        def set_held(self, keys):
            if keys:
                super().set_held(keys)

        def release_all(self):
            super().set_held(frozenset())

    finding = doctor_keys.check_loopback(wanted, lambda: Sticky(None))
    assert finding.found == "the key stayed down"
    assert desk.down() == set()


def test_a_key_that_the_layout_lacks_is_named(virtual_screen):
    profile = altered_profile(hotkeys={"pause": "я"})
    finding = answer(a_check(lambda: doctor_keys.check_layout(profile)), []).finding
    assert not finding.ok
    assert "no key я" in finding.found
    assert "Switch to a layout" in finding.advice
    assert doctor_keys.check_layout(practice_profile()).ok


def test_a_key_that_another_program_keeps_is_named(desk):
    profile = altered_profile(hotkeys={"pause": "я"})
    root = desk.screen.root
    for key in ("f10", "p"):  # p is none of the profile's, and the layout has no я
        root.grab_key(desk.code(key), 0, False, X.GrabModeAsync, X.GrabModeAsync)
    desk.display.sync()
    finding = doctor_keys.check_shortcuts(profile)
    assert not finding.ok
    assert finding.found == "another program keeps f10 for itself"
    for key in ("f10", "p"):
        root.ungrab_key(desk.code(key), 0)
    desk.display.sync()
    assert doctor_keys.check_shortcuts(profile).ok


def test_the_watchdog_starts(virtual_screen):
    assert doctor_keys.check_watchdog(FakeClock()).ok


# --- the screen ---


def test_a_window_of_known_colour_is_found_in_the_picture(wanted):
    assert doctor_screen.check_picture(wanted).ok


@pytest.mark.parametrize(("grey", "word"), [(0, "black"), (90, "can't be seen")])
def test_a_picture_that_is_not_what_the_screen_shows_is_told(wanted, monkeypatch, grey, word):
    class Wrong(FakeScreen):
        def grab(self):
            return Frame(np.full((90, 160, 3), grey, dtype=np.uint8), 0)

    monkeypatch.setattr(doctor_screen, "MssScreen", lambda rect, clock: Wrong(clock))
    monkeypatch.setattr(doctor_screen, "SHOWN_S", 0.0)
    finding = doctor_screen.check_picture(wanted)
    assert not finding.ok
    assert word in finding.found
    assert finding.advice


@pytest.mark.parametrize(("cost_ms", "ok", "found"), [(10, True, "20.0 of 20"), (80, False, "12.")])
def test_the_rate_that_is_reached_decides(virtual_screen, cost_ms, ok, found):
    clock = FakeClock()
    wanted = Wanted(practice_profile(), rate_hz=20, clock=clock)
    finding = doctor_screen.check_capture(
        wanted,
        lambda rect: FakeScreen(clock, cost_ms=cost_ms),
        cpu_s=lambda: clock.now_ns() / 1e9 * 0.25,
    )
    assert finding.ok is ok
    assert finding.found.startswith(found)
    assert f"{cost_ms:.1f} ms each" in finding.found
    assert "25 % of a core" in finding.found
    assert bool(finding.advice) is not ok


def test_real_pictures_are_taken_of_the_real_screen(wanted):
    finding = doctor_screen.check_capture(Wanted(wanted.profile, rate_hz=1))
    assert finding.ok
    assert "from 1280x720" in finding.found


@pytest.mark.parametrize(
    ("across", "down", "advice"),
    [(1, 1, ""), (2, 2, "scaling to 100 %"), (2, 1, "both directions")],
)
def test_a_picture_of_another_scale_is_told(wanted, monkeypatch, across, down, advice):
    class Scaled(FakeScreen):
        def grab(self):
            return Frame(np.zeros((720 * down, 1280 * across, 3), dtype=np.uint8), 0)

    monkeypatch.setattr(doctor_screen, "MssScreen", lambda rect, clock: Scaled(clock))
    finding = doctor_screen.check_scaling(wanted)
    assert finding.ok is (advice == "")
    assert advice in finding.advice
