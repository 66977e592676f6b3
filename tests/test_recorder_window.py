import pytest
from Xlib import Xatom

from data.errors import DisplayError
from recorder.window import Rect, find_window
from tests.fakes import FakeClock, wait_until


@pytest.fixture
def find(virtual_screen):
    opened = []

    def find(pattern):
        opened.append(find_window(pattern, timeout_s=10))
        return opened[-1]

    yield find
    for window in opened:
        window.close()


def test_the_rectangle_is_the_picture_without_frame_and_title_bar(desk, find):
    shown = desk.window("Tiny Game", at=(100, 120), size=(320, 180))
    window = find("^Tiny G")
    assert window.title == "Tiny Game"
    wait_until(lambda: window.rect() is not None, "the window is shown")
    rect = window.rect()
    corner = desk.screen.root.translate_coords(shown, 0, 0)
    assert rect == Rect(corner.x, corner.y, 320, 180)
    assert rect.top_px > 120  # openbox puts a title bar above it


def test_a_window_that_moves_and_grows_is_followed(desk, find):
    shown = desk.window("Tiny Game")
    window = find("Tiny Game")
    shown.configure(x=400, y=300, width=500, height=400)
    desk.display.sync()
    wait_until(lambda: (window.rect() or Rect(0, 0, 1, 1)).width_px == 500, "it has grown")
    assert window.rect().left_px >= 400


def test_the_focus_goes_where_it_is_asked_to(desk, find):
    desk.window("First Game")
    desk.window("Second Game", at=(500, 120))
    first, second = find("First"), find("Second")
    for wanted, other in ((first, second), (second, first), (first, second)):
        wanted.activate()
        wait_until(wanted.focused, f"{wanted.title} gets the focus")
        assert not other.focused()


def test_where_keys_go_counts_not_what_the_window_manager_says_late(desk, find):
    shown = desk.window("First Game")
    desk.window("Second Game", at=(500, 120))
    first, second = find("First"), find("Second")
    second.activate()
    wait_until(second.focused, "the second has the focus")
    active = desk.display.intern_atom("_NET_ACTIVE_WINDOW")
    desk.screen.root.change_property(active, Xatom.WINDOW, 32, [shown.id])
    desk.display.sync()
    assert second.focused()
    assert not first.focused()


def test_of_several_the_focused_one_is_found(desk, find):
    desk.window("Game one")
    desk.window("Game two", at=(500, 120))
    for title in ("Game one", "Game two"):
        window = find(title)
        window.activate()
        wait_until(window.focused, f"{title} gets the focus")
        assert find("^Game").title == title


def test_a_hidden_window_has_no_place_but_is_not_gone(desk, find):
    shown = desk.window("Tiny Game")
    window = find("Tiny Game")
    wait_until(lambda: window.rect() is not None, "it is shown")
    shown.unmap()
    desk.display.sync()
    wait_until(lambda: window.rect() is None, "it is hidden")
    assert not window.gone()
    wait_until(lambda: not window.focused(), "the focus leaves it")


def test_a_closed_window_is_gone(desk, find):
    shown = desk.window("Tiny Game")
    window = find("Tiny Game")
    assert not window.gone()
    shown.destroy()
    desk.display.sync()
    wait_until(window.gone, "it is gone")
    assert window.rect() is None
    assert not window.focused()
    window.activate()


def test_a_window_that_opens_later_is_waited_for(desk):
    clock = FakeClock()
    clock.plan(2000, lambda: desk.window("Late Game"))
    clock.plan(2001, lambda: wait_until(lambda: is_listed(desk, "Late Game"), "it is listed"))
    window = find_window("Late Game", timeout_s=5, clock=clock)
    assert 2000e6 <= clock.now_ns() < 2200e6
    window.close()


def is_listed(desk, title):
    try:
        find_window(title).close()
    except DisplayError:
        return False
    return True


def test_no_such_window_says_which_there_are(desk, find):
    desk.window("Other Game")
    find("Other Game")
    with pytest.raises(DisplayError, match=r"no window's title matches '\^FIFA'.*'Other Game'"):
        find_window("^FIFA")


def test_an_empty_rectangle_is_refused():
    with pytest.raises(ValueError, match="0x5"):
        Rect(0, 0, 0, 5)
