from contextlib import closing

import pytest
from Xlib import X, Xatom
from Xlib.ext import xtest

from data.errors import DisplayError
from recorder.window import find_window, pick_window
from tests.fakes import FakeClock, wait_until

LEFT, RIGHT = 1, 3


@pytest.fixture
def game(desk):
    shown = desk.window("Tiny Game", at=(300, 200), size=(400, 300))
    window = find_window("Tiny Game", timeout_s=10)
    window.activate()
    wait_until(window.focused, "the window is up")
    shown.change_attributes(event_mask=X.ButtonPressMask | X.ButtonReleaseMask | X.KeyPressMask)
    desk.display.sync()
    yield shown, window
    window.close()


def click(desk, x: int, y: int, button: int = LEFT) -> None:
    xtest.fake_input(desk.display, X.MotionNotify, x=x, y=y)
    xtest.fake_input(desk.display, X.ButtonPress, button)
    xtest.fake_input(desk.display, X.ButtonRelease, button)
    desk.display.sync()


def picked(action) -> str:
    """Pick while somebody does something; return the title."""
    clock = FakeClock()
    clock.plan(100, action)
    with closing(pick_window(30, clock)) as window:
        return window.title


def test_a_click_chooses_a_window_and_reaches_no_program(desk, game):
    window = game[1]
    desk.window("Other", at=(800, 500))
    other = find_window("Other", timeout_s=10)
    wait_until(lambda: other.rect() is not None, "the other is up")
    rect = window.rect()
    inside = (rect.left_px + 5, rect.top_px + 5)
    assert picked(lambda: click(desk, *inside)) == "Tiny Game"
    title_bar = (rect.left_px + 50, rect.top_px - 5)
    assert picked(lambda: click(desk, *title_bar)) == "Tiny Game"
    place = other.rect()
    assert picked(lambda: click(desk, place.left_px + 5, place.top_px + 5)) == "Other"
    clicks = (X.ButtonPress, X.ButtonRelease)
    assert not [event for event in news(desk) if event.type in clicks]
    click(desk, *inside)  # afterwards the mouse is everyone's again
    wait_until(lambda: any(e.type == X.ButtonPress for e in news(desk)), "a click arrives")
    other.close()


def news(desk):
    for _ in range(desk.display.pending_events()):
        yield desk.display.next_event()


def test_the_mouse_is_held_until_the_button_is_released(desk, game):
    rect = game[1].rect()
    xtest.fake_input(desk.display, X.MotionNotify, x=rect.left_px + 5, y=rect.top_px + 5)
    desk.display.sync()
    clock = FakeClock()

    def move(kind):
        xtest.fake_input(desk.display, kind, LEFT)
        desk.display.sync()

    clock.plan(100, lambda: move(X.ButtonPress))
    clock.plan(5000, lambda: move(X.ButtonRelease))
    pick_window(30, clock).close()
    assert clock.now_ns() >= 5000e6


def test_a_window_without_window_manager_and_title_can_be_picked(desk, virtual_screen):
    shown = desk.screen.root.create_window(
        50, 600, 200, 100, 0, desk.screen.root_depth, override_redirect=True
    )
    shown.map()
    desk.display.sync()
    clock = FakeClock()
    clock.plan(100, lambda: click(desk, 60, 610))
    with closing(pick_window(30, clock)) as window:
        assert window.rect().left_px == 50
        assert window.title == ""


def test_the_bare_desktop_is_no_window(desk, game):
    with pytest.raises(DisplayError, match=r"bare desktop\. Click on the game's window"):
        picked(lambda: click(desk, 1390, 890))


def test_a_window_that_shows_the_desktop_is_no_window(desk, game):
    rect = game[1].rect()
    kind = desk.display.intern_atom("_NET_WM_WINDOW_TYPE")
    background = desk.display.intern_atom("_NET_WM_WINDOW_TYPE_DESKTOP")
    game[0].change_property(kind, Xatom.ATOM, 32, [background])
    desk.display.sync()
    with pytest.raises(DisplayError, match="bare desktop"):
        picked(lambda: click(desk, rect.left_px + 5, rect.top_px + 5))


@pytest.mark.parametrize("way", ["Esc", "another button"])
def test_the_person_can_give_up(desk, game, way):
    rect = game[1].rect()

    def give_up():
        if way == "Esc":
            desk.tap("esc")
        else:
            click(desk, rect.left_px + 5, rect.top_px + 5, RIGHT)

    with pytest.raises(DisplayError, match="no window was chosen"):
        picked(give_up)
    assert not [e for e in news(desk) if e.type in (X.ButtonPress, X.KeyPress)]


def test_without_a_click_it_ends_in_time(desk, game):
    clock = FakeClock()
    with pytest.raises(DisplayError, match="no window was clicked on in time"):
        pick_window(2, clock)
    assert 2e9 <= clock.now_ns() < 2.1e9


def test_a_mouse_that_another_program_holds_is_waited_for_and_then_said(desk, game):
    game[0].grab_pointer(False, 0, X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE, X.CurrentTime)
    with pytest.raises(DisplayError, match="another program holds the mouse"):
        picked(lambda: None)
    desk.display.ungrab_pointer(X.CurrentTime)
    desk.display.sync()
