import errno
import json
import os
import resource
import shutil
import signal
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console
from Xlib import X

from agent.doctor import desktop as doctor_desktop
from agent.doctor import keys as doctor_keys
from agent.doctor import machine as doctor_machine
from agent.doctor import screen as doctor_screen
from agent.doctor.commands import row
from agent.doctor.health import Check, Checked, Finding, Wanted, answer
from agent.doctor.probe_window import ProbeWindow
from agent.key_sink import DryRunSink, PynputSink
from data.errors import DisplayError
from recorder.display import VirtualScreen
from recorder.screen import Frame
from tests.factories import altered_profile, practice_profile
from tests.fakes import FakeClock, FakeKeys, FakeScreen, wait_until

PROMISED = {"name", "ok", "found", "advice"}


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
def no_engine(monkeypatch):
    monkeypatch.setattr(doctor_machine, "check_engine", lambda wanted: Finding(True, "left out"))


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(doctor_keys, "ARRIVE_S", 0.02)


def checks_in(said: str) -> dict[str, dict]:
    return {check["name"]: check for check in json.loads(said)["checks"]}


def a_check(run, **more) -> Check:
    return Check("engine", "trying", run, **more)


# --- the command ---


def test_a_sound_desktop_passes_and_every_check_keeps_the_promised_form(run, desk):
    status, said, errors = run("doctor", "--json", "--rate", 1)
    checks = checks_in(said)
    assert status == 0, errors + said
    assert errors == ""
    assert all(check.keys() >= PROMISED for check in checks.values())
    assert all(check["ok"] or check["advice"] for check in checks.values())
    assert checks["key presses"]["found"].startswith("20 of 20 presses arrived")
    assert checks["detector"]["ok"]
    assert not checks["game"]["ok"]  # no match is on, and that is no reason to fail
    assert desk.down() == set()


def test_without_a_display_it_says_so_in_one_line_and_still_checks_the_rest(
    run, monkeypatch, no_engine
):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    status, said, errors = run("doctor", "--json")
    checks = checks_in(said)
    assert status == 1
    assert errors.startswith("understudy: not ready: desktop.")
    assert errors.count("\n") == 1
    assert "DISPLAY is not set" in checks["desktop"]["found"]
    assert checks["key presses"]["found"] == "not tested; see desktop"
    assert checks["disk"]["ok"]
    assert checks["PyTorch"]["ok"]
    status, said, errors = run("doctor")
    assert status == 1
    assert "DISPLAY is not set" in said
    assert "Run this on a desktop" in said
    assert "ready" not in said


def test_a_check_that_falls_over_is_a_finding_and_the_others_still_run(
    run, monkeypatch, tmp_path, virtual_screen
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(doctor_machine, "check_engine", lambda wanted: 1 / 0)
    status, said, errors = run("doctor", "--json", "--rate", 1)
    checks = checks_in(said)
    assert status == 1
    assert "not ready: detector." in errors
    assert "ZeroDivisionError" in checks["detector"]["found"]
    assert "Traceback" not in said + errors
    assert "Traceback" in next(tmp_path.rglob("faults.log")).read_text()
    assert checks["disk"]["ok"]


def test_ctrl_c_ends_it_before_the_next_check(run, monkeypatch, virtual_screen):
    monkeypatch.setattr(doctor_desktop, "check_system", lambda: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr(doctor_desktop, "check_session", lambda: pytest.fail("went on"))
    status, _, errors = run("doctor")
    assert status == 130
    assert errors == ""


def test_a_private_screen_is_opened_where_there_is_no_other(run, monkeypatch, no_engine):
    if not all(map(shutil.which, ("Xvfb", "openbox"))):
        pytest.skip("Xvfb or openbox not installed")
    monkeypatch.delenv("DISPLAY", raising=False)
    status, said, errors = run("doctor", "--private", "--rate", 1)
    assert status == 0, errors + said
    assert "20 of 20 presses arrived" in said
    assert "This computer is ready" in said
    assert "DISPLAY" not in os.environ


def test_a_wrong_profile_or_rate_is_refused_before_anything_is_tried(run):
    assert run("doctor", "--profile", "gone")[0] == 1
    assert run("doctor", "--rate", 0)[0] == 2


# --- how checks are run and shown ---


def test_an_error_of_ours_is_parted_into_what_was_found_and_what_to_do():
    def fails():
        raise DisplayError("no display: DISPLAY is not set. Run this on a desktop, or so.")

    checked = answer(a_check(fails), [])
    assert checked.failed
    assert checked.finding.found == "no display: DISPLAY is not set"
    assert checked.finding.advice == "Run this on a desktop, or so."


def test_a_device_that_goes_away_is_no_fault_of_the_program():
    def fails():
        raise OSError(errno.EIO, "Input/output error")

    finding = answer(a_check(fails), []).finding
    assert not finding.ok
    assert "Input/output error" in finding.found
    assert "fault" not in finding.found


def test_only_essential_checks_that_were_tried_can_fail():
    amiss = Finding(False, "amiss", "Mend it.")
    desktop = Checked(Check("desktop", "looking", lambda: amiss), amiss)
    assert desktop.failed
    assert not answer(a_check(lambda: amiss, essential=False), []).failed
    untested = answer(a_check(lambda: pytest.fail("tried"), needs="desktop"), [desktop])
    assert not untested.failed
    assert not untested.finding.ok


@pytest.mark.parametrize("width", [80, 100])
def test_rows_fit_the_terminal_and_keep_every_word(width):
    finding = Finding(False, "something long is amiss here, " * 8, "Do this and that. " * 9)
    console = Console(width=width, soft_wrap=True)
    with console.capture() as shown:
        console.print(row(Checked(a_check(lambda: finding), finding), ascii_only=False))
    lines = shown.get().splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("✗ engine")
    assert shown.get().split().count("that.") == 9


@pytest.mark.parametrize(
    ("finding", "essential", "mark"),
    [
        (Finding(True, "well"), True, "+"),
        (Finding(False, "amiss", "Mend it."), True, "x"),
        (Finding(False, "amiss", "Mend it."), False, "!"),
    ],
)
def test_marks_are_plain_where_the_terminal_knows_no_others(finding, essential, mark):
    check = a_check(lambda: finding, essential=essential)
    console = Console(width=80)
    with console.capture() as shown:
        console.print(row(Checked(check, finding), ascii_only=True))
    assert shown.get().startswith(f"{mark} engine")
    assert shown.get().isascii()


# --- the keyboard ---


def test_presses_arrive_and_nothing_is_left_held(wanted, desk):
    finding = doctor_keys.check_loopback(wanted)
    assert finding.ok, finding
    assert "20 of 20 presses arrived" in finding.found
    assert desk.down() == set()


def test_presses_arrive_without_a_window_manager(bare_screen):
    finding = doctor_keys.check_loopback(Wanted(practice_profile(), rate_hz=20))
    assert finding.ok, finding
    assert doctor_desktop.check_window_manager().found == "none"
    assert doctor_screen.check_picture(Wanted(practice_profile(), rate_hz=20)).ok


def test_a_keyboard_that_delivers_nothing_is_told_with_what_to_do(wanted, impatient):
    finding = doctor_keys.check_loopback(wanted, DryRunSink)
    assert not finding.ok
    assert finding.found == "0 of 1 presses reached the window, 0 the listener"
    assert "X11 session" in finding.advice


def test_a_listener_that_hears_nothing_is_told(wanted, impatient, monkeypatch, desk):
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


def test_a_key_that_stays_down_is_told_and_then_released(wanted, impatient, desk):
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


# --- the desktop and the game ---


def test_a_display_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":4321")
    finding = doctor_desktop.check_session()
    assert not finding.ok
    assert ":4321 does not answer" in finding.found
    assert "--private" in finding.advice


def test_a_wayland_desktop_behind_x_is_told(virtual_screen, monkeypatch):
    def refuse(display):
        raise DisplayError("this is a Wayland session. Log in to an X11 session.")

    monkeypatch.setattr("recorder.windows.x11.refuse_xwayland", refuse)
    finding = answer(a_check(doctor_desktop.check_session), []).finding
    assert not finding.ok
    assert "Wayland" in finding.found
    assert "X11 session" in finding.advice


def test_missing_permissions_of_macos_are_named(monkeypatch):
    granted = {"CGPreflightScreenCaptureAccess": True, "AXIsProcessTrusted": True}

    def library(path):
        names = [function for _, function, _ in doctor_desktop.MAC_RIGHTS]
        return SimpleNamespace(**{name: Granted(granted.get(name, False)) for name in names})

    class Granted:
        def __init__(self, given):
            self.given = given

        def __call__(self):
            return self.given

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(doctor_desktop.ctypes, "CDLL", library)
    finding = doctor_desktop.check_session()
    assert not finding.ok
    assert finding.found.endswith("use: Input Monitoring")
    granted["CGPreflightListenEventAccess"] = True
    assert doctor_desktop.check_session().ok


@pytest.mark.parametrize(
    ("size", "found", "advised"),
    [
        ((960, 540), "fills 480x270 without bars", False),
        ((320, 180), "smaller than the stored size", True),
        ((800, 600), "black bars of 60 pixels left and right", True),
        ((1000, 500), "black bars of 15 pixels above and below", True),
    ],
)
def test_the_games_window_is_found_and_how_it_fits_is_told(desk, size, found, advised):
    window = desk.window("Understudy Practice", size=size)
    wait_until(lambda: answer(a_check(find_game), []).finding.ok, "it is up")
    finding = find_game()
    assert found in finding.found
    assert f"{size[0]}x{size[1]} at " in finding.found
    assert bool(finding.advice) is advised
    window.destroy()
    desk.display.sync()


def find_game() -> Finding:
    return doctor_desktop.check_game(practice_profile())


def test_a_missing_window_is_told_with_what_to_do(virtual_screen):
    finding = answer(a_check(find_game), []).finding
    assert not finding.ok
    assert finding.advice.startswith("Start the game first")


def test_the_window_manager_is_named(virtual_screen):
    assert doctor_desktop.check_window_manager() == Finding(True, "Openbox")


def test_programs_that_are_missing_are_named(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    finding = doctor_desktop.check_programs()
    assert not finding.ok
    assert finding.found == "not installed: Xvfb, openbox"


# --- the machine ---


def test_a_slow_detector_is_told_with_a_rate_that_can_be_held(monkeypatch):
    clock = FakeClock()

    class Slow:
        engine = "torch"

        def __init__(self, detector, *, threads):
            self.cost_ns = 40_000_000

        def see(self, image):
            clock.pass_ns(self.cost_ns)

    monkeypatch.setattr("models.perception.Perception", Slow)
    finding = doctor_machine.check_engine(Wanted(practice_profile(), rate_hz=20, clock=clock))
    assert not finding.ok
    assert "PyTorch sees a picture in 40.0 ms" in finding.found
    assert "rate_hz to 12 or less" in finding.advice
    assert doctor_machine.check_engine(Wanted(practice_profile(), rate_hz=12, clock=clock)).ok


def test_a_missing_onnx_runtime_is_told_with_what_to_install(monkeypatch):
    assert doctor_machine.check_onnxruntime().ok
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    finding = doctor_machine.check_onnxruntime()
    assert not finding.ok
    assert "pip install onnxruntime" in finding.advice


def test_the_disk_is_measured_where_recordings_will_go_and_nothing_stays(tmp_path):
    wanted = Wanted(practice_profile(), rate_hz=1)
    finding = doctor_machine.check_disk(wanted, tmp_path / "recordings" / "new")
    assert finding.ok, finding
    assert finding.found.startswith(f"{tmp_path}: ")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 10_000_000))
    finding = doctor_machine.check_disk(Wanted(practice_profile(), rate_hz=20), tmp_path)
    assert not finding.ok
    assert "about 0.0 hours" in finding.found
    assert "Make room" in finding.advice


def test_a_disk_that_takes_no_more_is_told(tmp_path):
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, kept[1]))
    try:
        finding = doctor_machine.check_disk(Wanted(practice_profile(), rate_hz=20), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert not finding.ok
    assert "File too large" in finding.found
    assert "--folder" in finding.advice


def test_a_folder_that_can_not_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for folder in (tmp_path / "file", "/proc"):
        finding = doctor_machine.check_disk(Wanted(practice_profile(), rate_hz=20), Path(folder))
        assert not finding.ok
        assert "--folder" in finding.advice


def test_a_disk_that_is_too_slow_is_told(tmp_path, monkeypatch):
    clock = FakeClock()
    real = os.fsync

    def slow(number):
        real(number)
        clock.pass_ns(10_000_000_000)

    monkeypatch.setattr(os, "fsync", slow)
    wanted = Wanted(practice_profile(), rate_hz=20, clock=clock)
    finding = doctor_machine.check_disk(wanted, tmp_path)
    assert not finding.ok
    assert "faster disk" in finding.advice
