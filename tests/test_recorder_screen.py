import resource

import pytest

from data.errors import DisplayError
from recorder.screen import MssScreen
from recorder.window import Rect, find_window
from tests.fakes import FakeClock, wait_until

COLOUR = [200, 120, 40]  # BGR of the desk's windows


@pytest.fixture
def game(desk):
    shown = desk.window("Tiny Game", at=(100, 120), size=(320, 180))
    window = find_window("Tiny Game", timeout_s=10)
    wait_until(window.focused, "the window is up")
    yield shown, window
    window.close()


def filled(screen) -> bool:
    return bool((screen.grab().image == COLOUR).all())


def test_a_picture_is_bgr_and_of_the_windows_size(game):
    screen = MssScreen(game[1].rect)
    wait_until(lambda: filled(screen), "the window is drawn")
    image = screen.grab().image
    assert image.shape == (180, 320, 3)
    assert image.flags.c_contiguous
    screen.close()


def test_a_window_that_moves_is_followed_without_its_surroundings(game, desk):
    shown, window = game
    screen = MssScreen(window.rect)
    shown.configure(x=700, y=500, width=200, height=100)
    desk.display.sync()
    wait_until(lambda: screen.grab().image.shape == (100, 200, 3), "the new size is seen")
    wait_until(lambda: filled(screen), "the window is drawn")
    screen.close()


def test_a_picture_tells_where_it_was_taken_so_that_one_of_a_moving_window_is_known(game, desk):
    shown, window = game
    screen = MssScreen(window.rect)
    frame = screen.grab()
    assert frame.rect == window.state().rect
    shown.configure(x=700)
    desk.display.sync()
    wait_until(lambda: window.state().rect != frame.rect, "it has moved")
    wait_until(lambda: screen.grab().rect == window.state().rect, "it is at rest")
    screen.close()


def test_what_lies_outside_the_screen_is_black_and_keeps_its_place(game):
    rect = game[1].rect()
    inside = MssScreen(rect)
    wait_until(lambda: filled(inside), "the window is drawn")
    inside.close()
    screen = MssScreen(Rect(-30, rect.top_px, rect.left_px + 80, 900))
    image = screen.grab().image
    assert image.shape == (900, rect.left_px + 80, 3)
    assert (image[:, :30] == 0).all()
    assert (image[900 - rect.top_px :] == 0).all()
    assert (image[:180, rect.left_px + 30 :] == COLOUR).all()
    screen.close()


def test_a_picture_is_dated_before_it_is_taken(virtual_screen):
    clock = FakeClock(now_ns=42)

    def rect():
        clock.pass_ns(10)  # where to look is asked first
        return Rect(0, 0, 20, 10)

    screen = MssScreen(rect, clock)
    assert [screen.grab().at_ns for _ in range(2)] == [52, 62]
    screen.close()


def test_the_last_place_is_kept_while_the_window_is_hidden(virtual_screen):
    places = [None, Rect(0, 0, 20, 10), None]
    screen = MssScreen(lambda: places.pop(0))
    with pytest.raises(DisplayError, match="not on the screen"):
        screen.grab()
    assert screen.grab().image.shape == (10, 20, 3)
    assert screen.grab().image.shape == (10, 20, 3)
    screen.close()


def test_a_window_wholly_outside_is_refused(virtual_screen):
    screen = MssScreen(Rect(5000, 0, 100, 100))
    with pytest.raises(DisplayError, match="outside the screen"):
        screen.grab()
    screen.close()


def test_no_display_is_refused(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(DisplayError, match="no display"):
        MssScreen(Rect(0, 0, 10, 10))


def test_a_file_size_limit_below_a_screenful_is_told_in_one_line(virtual_screen):
    """The pictures come through shared memory, which counts as a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(DisplayError, match="can't be read"):
            MssScreen(Rect(0, 0, 100, 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
