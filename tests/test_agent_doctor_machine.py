import os
import resource
import shutil
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.doctor import desktop as doctor_desktop
from agent.doctor import machine as doctor_machine
from agent.doctor.health import Finding, Wanted, answer
from data.errors import DisplayError
from tests.doctor_checks import a_check
from tests.factories import practice_profile
from tests.fakes import FakeClock, wait_until

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
