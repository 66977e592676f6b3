import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from Xlib.display import Display

from data.errors import DisplayError
from recorder.display import VirtualScreen, has_display, require_display
from recorder.window import find_window
from tests.fakes import wait_until

HOLDER = """
from recorder.display import VirtualScreen
with VirtualScreen(320, 200) as screen:
    print(" ".join(str(child.pid) for child in screen._children), flush=True)
    input()
"""


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_has_the_size_asked_for_and_a_window_manager(virtual_screen):
    display = Display(virtual_screen.name)
    root = display.screen()
    assert (root.width_in_pixels, root.height_in_pixels, root.root_depth) == (1400, 900, 24)
    manager = root.root.get_full_property(display.intern_atom("_NET_SUPPORTING_WM_CHECK"), 0)
    assert manager is not None
    display.close()


def test_programs_are_sent_to_it(virtual_screen, monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    environment = virtual_screen.environment
    assert environment["DISPLAY"] == virtual_screen.name == os.environ["DISPLAY"]
    assert "WAYLAND_DISPLAY" not in environment
    assert environment["QT_QPA_PLATFORM"] == "xcb"


def test_two_live_side_by_side_and_leave_nothing_behind(virtual_screen):
    with VirtualScreen(320, 200) as other:
        assert other.name != virtual_screen.name
        pids = [child.pid for child in other._children]
        assert all(runs(pid) for pid in pids)
    assert not any(runs(pid) for pid in pids)
    with pytest.raises(DisplayError, match="not been started"):
        _ = other.name


def test_a_window_that_opens_at_once_is_not_overlooked(virtual_screen, monkeypatch):
    from tests.x11 import Desk

    for _ in range(8):  # openbox by itself overlooks one in four
        with VirtualScreen(320, 200) as other:
            monkeypatch.setenv("DISPLAY", other.name)
            with Desk() as desk:
                desk.window("First", size=(100, 80))
                find_window("First", timeout_s=2).close()


def test_it_dies_with_its_owner_even_by_kill_9(virtual_screen):
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    pids = [int(pid) for pid in owner.stdout.readline().split()]
    assert len(pids) == 2
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    wait_until(lambda: not any(runs(pid) for pid in pids), "the virtual screen ends")


def test_a_missing_program_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(DisplayError, match=r"Xvfb is not installed.*make setup"):
        VirtualScreen().start()


@pytest.mark.parametrize(
    ("wayland", "message"), [("", "DISPLAY is not set"), ("wayland-0", "Wayland session")]
)
def test_no_display_is_refused_in_one_sentence(monkeypatch, wayland, message):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", wayland)
    with pytest.raises(DisplayError, match=message):
        require_display()
    assert not has_display()


def test_a_display_that_does_not_answer_is_none(monkeypatch, virtual_screen):
    assert has_display()
    monkeypatch.setenv("DISPLAY", ":4321")
    assert not has_display()
