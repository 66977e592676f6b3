import itertools
from contextlib import closing

import pytest
from Xlib import X, Xatom

from recorder.window import Rect, find_window, list_windows
from recorder.windows import x11_window as window_x11
from recorder.windows.x11 import active, holds_focus, window_of
from recorder.windows.x11_place import measure
from tests.fakes import wait_until
from tests.x11 import Desk
from tests.x11_windows import followed, game_window, unmanaged


@pytest.fixture
def game(desk):
    """The game's window as its program has it, and as it is followed."""
    with game_window(desk) as found:
        yield found


def test_while_another_program_holds_the_keyboard_keys_do_not_go_to_the_game(desk, game):
    other = unmanaged(desk, Rect(0, 0, 50, 50))
    for grabbing in (other, desk.screen.root):
        grabbing.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        assert not game[1].focused()
        desk.display.ungrab_keyboard(X.CurrentTime)
        desk.display.sync()
        assert game[1].focused()


def test_a_game_that_grabs_the_keyboard_keeps_the_focus(desk, game):
    shown, window = game
    shown.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    assert window.focused()
    desk.display.ungrab_keyboard(X.CurrentTime)
    desk.display.sync()
    assert window.focused()


def test_focus_in_a_child_is_the_games_and_its_end_is_not_the_games(desk, game):
    shown, window = game
    child = unmanaged(desk, Rect(0, 0, 10, 10), parent=shown)
    child.set_input_focus(X.RevertToParent, X.CurrentTime)
    desk.display.sync()
    assert window.focused()
    child.destroy()
    desk.display.sync()
    assert not window.gone()


@pytest.fixture
def stranger(virtual_screen):
    """Another program than the one whose windows `desk` opens."""
    with Desk() as opened:
        yield opened


def test_a_child_that_leaves_the_game_takes_the_focus_along(desk, stranger):
    shown = unmanaged(desk, Rect(100, 100, 300, 200))
    inside = window_of(stranger.display, shown.id)
    child = unmanaged(stranger, Rect(0, 0, 10, 10), parent=inside)
    window = followed(shown)
    child.set_input_focus(X.RevertToParent, X.CurrentTime)
    stranger.display.sync()
    assert window.focused()
    stranger.display.grab_server()
    child.reparent(stranger.screen.root, 0, 0)  # this takes the focus away,
    child.set_input_focus(X.RevertToParent, X.CurrentTime)  # which comes back before anyone looks
    stranger.display.ungrab_server()
    stranger.display.sync()
    assert not window.focused()
    window.close()


def test_a_helper_window_with_the_focus_counts_only_when_it_is_the_games(desk, stranger, game):
    shown, window = game
    ours, theirs = (unmanaged(each, Rect(1300, 800, 10, 10)) for each in (desk, stranger))
    theirs.set_input_focus(X.RevertToParent, X.CurrentTime)
    stranger.display.sync()
    wait_until(lambda: active(desk.display) != shown.id, "the window manager has noticed")
    name = desk.display.intern_atom("_NET_ACTIVE_WINDOW")
    desk.screen.root.change_property(name, Xatom.WINDOW, 32, [shown.id])
    desk.display.sync()
    assert not window.focused()
    ours.set_input_focus(X.RevertToParent, X.CurrentTime)
    desk.display.sync()
    assert window.focused()
    theirs.set_input_focus(X.RevertToParent, X.CurrentTime)
    stranger.display.sync()
    assert not window.focused()


def test_a_window_with_the_focus_that_goes_while_we_look_is_not_taken_for_the_game(
    desk, game, monkeypatch
):
    shown, window = game
    child = unmanaged(desk, Rect(0, 0, 10, 10), parent=shown)
    child.set_input_focus(X.RevertToParent, X.CurrentTime)
    desk.display.sync()

    def look(*asked):
        child.destroy()
        desk.display.sync()
        return holds_focus(*asked)

    monkeypatch.setattr(window_x11, "holds_focus", look)
    assert not window.gone()
    assert window.focused()


def test_while_everything_moves_keys_are_nobodys_until_it_rests(desk, monkeypatch):
    shown = unmanaged(desk, Rect(100, 100, 300, 200))
    shown.set_input_focus(X.RevertToParent, X.CurrentTime)
    desk.display.sync()
    window = followed(shown)
    assert window.focused()
    places = itertools.cycle([110, 120])

    def look(*asked):
        found = measure(*asked)
        shown.configure(x=next(places))
        desk.display.sync()
        return found

    with monkeypatch.context() as moving:
        moving.setattr(window_x11, "measure", look)
        shown.configure(x=90)
        desk.display.sync()
        assert not window.focused()
    assert window.focused()
    window.close()


def test_of_several_the_focused_one_is_found_though_another_lies_above(desk):
    lower = desk.window("Game one", at=(100, 100))
    desk.window("Game two", at=(500, 120))
    wait_until(lambda: len(list_windows()) == 2, "both are up")
    lower.set_input_focus(X.RevertToParent, X.CurrentTime)
    desk.display.sync()
    with closing(find_window("^Game")) as window:
        assert window.title == "Game one"
