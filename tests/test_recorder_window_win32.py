"""The rules for windows on Windows, against a desktop like one that Windows 11 described."""

import sys
from contextlib import closing
from dataclasses import dataclass, field, replace

import pytest

from data.errors import DisplayError
from recorder import window as recorder_window
from recorder.window import GONE, NOT_SHOWN, Rect, find_window
from recorder.windows.user32 import RealUser32
from recorder.windows.win32_window import Win32Windows
from tests.fakes import FakeClock

LAYERED, TRANSPARENT, TOPMOST = 0x80000, 0x20, 0x8
LEFT, RIGHT, ESCAPE = 1, 2, 0x1B


@dataclass(frozen=True)
class Window:
    title: str = ""
    kind: str = "Window"
    owner: tuple[int, int] = (11, 1)
    program: str = ""
    visible: bool = True
    minimised: bool = False
    cloaked: bool = False
    picture: Rect | None = None
    outline: Rect | None = None
    style: int = 0
    opacity: int = 255


GAME, NOTES = 0x1000, 0x2000
FIFA = Window(
    title="FIFA 18",
    kind="FIFA18",
    owner=(70, 7),
    program="FIFA18.exe",
    picture=Rect(108, 131, 1280, 720),
    outline=Rect(107, 100, 1282, 752),
)


@dataclass
class FakeUser32:
    """A desktop of 1920x1080: the game below an overlay, a tool and hidden helper windows."""

    stack: dict[int, Window] = field(
        default_factory=lambda: {
            0x10: Window("Default IME", "IME", visible=False, outline=Rect(0, 0, 1920, 1080)),
            0x20: Window(
                "NVIDIA GeForce Overlay",
                "CEF-OSC-WIDGET",
                style=LAYERED | TRANSPARENT | TOPMOST,
                outline=Rect(0, 0, 1920, 1080),
            ),
            0x30: Window("Windows Input Experience", cloaked=True, outline=Rect(0, 0, 1920, 1080)),
            0x40: Window("Hidden tool", opacity=0, style=LAYERED, outline=Rect(0, 0, 1920, 1080)),
            0x50: Window("", "Shell_TrayWnd", outline=Rect(0, 1032, 1920, 48)),
            GAME: FIFA,
            NOTES: Window(
                "notes - Editor",
                "Notepad",
                (80, 8),
                "notepad.exe",
                picture=Rect(208, 231, 800, 600),
                outline=Rect(200, 200, 816, 639),
            ),
            0x3000: Window("Program Manager", "Progman", outline=Rect(0, 0, 1920, 1080)),
        }
    )
    front: int = GAME
    under_pointer: int = GAME
    keys: set[int] = field(default_factory=set)
    left_handed: bool = False
    brought_up: list[int] = field(default_factory=list)

    def change(self, handle: int, **changes) -> None:
        self.stack[handle] = replace(self.stack[handle], **changes)

    def raise_(self, handle: int) -> None:
        self.stack = {handle: self.stack.pop(handle)} | self.stack

    def windows(self):
        return list(self.stack)

    def next_above(self, window):
        order = [0, *self.stack]
        return order[order.index(window) - 1]

    def title(self, window):
        return self.stack[window].title

    def kind(self, window):
        return self.stack[window].kind

    def owner(self, window):
        return self.stack[window].owner if window in self.stack else (0, 0)

    def program(self, window):
        return self.stack[window].program

    def exists(self, window):
        return window in self.stack

    def listed(self, window):
        return self.stack[window].visible and not self.stack[window].cloaked

    def shown(self, window):
        return self.listed(window) and not self.stack[window].minimised

    def picture(self, window):
        return self.stack[window].picture

    def outline(self, window):
        return self.stack[window].outline

    def style(self, window):
        return self.stack[window].style

    def opacity(self, window):
        return self.stack[window].opacity

    def foreground(self):
        return self.front

    def at_pointer(self):
        return self.under_pointer

    def screen(self):
        return Rect(0, 0, 1920, 1080)

    def down(self, button):
        return button in self.keys

    def swapped(self):
        return self.left_handed

    def bring_up(self, window):
        self.brought_up.append(window)


@pytest.fixture
def desktop(monkeypatch):
    user32 = FakeUser32()
    monkeypatch.setattr(recorder_window, "_system", lambda: Win32Windows(user32))
    return user32


@pytest.fixture
def game(desktop):
    with closing(find_window("^FIFA")) as window:
        yield window


def test_windows_are_listed_the_topmost_last_without_shell_and_hidden_ones(desktop):
    desktop.change(NOTES, minimised=True)
    listed = Win32Windows(desktop).windows()
    notes, game = [each for each in listed if each.handle in (NOTES, GAME)]
    assert (notes.title, notes.program, notes.rect) == ("notes - Editor", "notepad.exe", None)
    assert (game.title, game.program, game.focused) == ("FIFA 18", "FIFA18.exe", True)
    titles = {each.title for each in listed}
    assert not titles & {"Default IME", "Program Manager", "Windows Input Experience", ""}


def test_overlays_and_hidden_windows_do_not_cover_the_game(game):
    state = game.state()
    assert state.rect == FIFA.picture
    assert state.focused
    assert not state.covered
    assert not state.gone


def test_a_window_above_covers_with_what_it_draws(desktop, game):
    desktop.raise_(NOTES)
    assert game.state().covered
    desktop.change(NOTES, outline=Rect(1389, 0, 500, 1000))
    assert not game.state().covered


def test_a_layered_window_that_takes_clicks_covers(desktop, game):
    desktop.change(0x20, style=LAYERED | TOPMOST)
    assert game.state().covered


def test_a_walk_that_never_ends_is_given_up(desktop, game, monkeypatch):
    monkeypatch.setattr(desktop, "next_above", lambda window: 0x10)
    assert not game.state().covered


@pytest.mark.parametrize(
    "change", [{"minimised": True}, {"cloaked": True}, {"visible": False}, {"picture": None}]
)
def test_a_minimised_or_hidden_window_is_not_shown(desktop, game, change):
    desktop.change(GAME, **change)
    assert game.state() == NOT_SHOWN
    assert game.rect() is None


def test_keys_go_to_the_window_in_front(desktop, game):
    desktop.front = NOTES
    assert not game.focused()
    game.activate()
    assert desktop.brought_up == [GAME]


def test_a_closed_window_is_gone_and_so_is_one_whose_number_another_got(desktop, game):
    assert not game.gone()
    desktop.change(GAME, owner=(71, 9))
    assert game.state() == GONE
    desktop.change(GAME, owner=FIFA.owner)
    assert not game.gone()
    del desktop.stack[GAME]
    assert game.state() == GONE


@pytest.mark.parametrize(("left_handed", "button"), [(False, LEFT), (True, RIGHT)])
def test_a_click_picks_the_window_under_the_pointer(desktop, left_handed, button):
    desktop.left_handed = left_handed
    desktop.keys = {button}  # still down from the click that started this: it does not count
    clock = FakeClock()
    clock.plan(100, desktop.keys.clear)
    clock.plan(200, lambda: desktop.keys.add(button))
    with closing(recorder_window.pick_window(30, clock)) as window:
        assert window.title == "FIFA 18"
    assert clock.now_ns() >= 200e6


@pytest.mark.parametrize(
    ("key", "under", "said"),
    [
        (LEFT, 0x3000, "bare desktop"),
        (LEFT, 0, "bare desktop"),
        (ESCAPE, GAME, "no window was chosen"),
        (RIGHT, GAME, "no window was chosen"),
        (None, GAME, "in time"),
    ],
)
def test_what_is_no_choice_is_said(desktop, key, under, said):
    desktop.under_pointer = under
    clock = FakeClock()
    clock.plan(100, lambda: desktop.keys.update({key} - {None}))
    with pytest.raises(DisplayError, match=said):
        recorder_window.pick_window(2, clock)


@pytest.mark.skipif(sys.platform == "win32", reason="there it exists")
def test_elsewhere_windows_itself_is_refused():
    with pytest.raises(DisplayError, match="no user32"):
        RealUser32()
