import random

import pytest
from Xlib import X, Xatom
from Xlib.protocol.event import ClientMessage

from data.errors import DisplayError
from recorder.display import refuse_xwayland
from recorder.window import GONE, NOT_SHOWN, Rect, list_windows
from tests.fakes import wait_until
from tests.x11_windows import follow, followed, game_window, unmanaged

BOUNDING, INPUT = 0, 2
SET = 0


@pytest.fixture
def game(desk):
    """The game's window as its program has it, and as it is followed."""
    with game_window(desk) as found:
        yield found


def test_a_window_above_covers_and_one_below_does_not(desk, game):
    window = game[1]
    other = desk.window("Other", at=(500, 300), size=(400, 300))
    wait_until(lambda: window.state().covered, "the other lies above")
    window.activate()
    wait_until(lambda: not window.state().covered, "the game lies above")
    assert window.state().focused
    other.destroy()


def test_a_window_without_frame_covers_as_soon_as_it_is_there(desk, game):
    rect = game[1].rect()
    notice = unmanaged(desk, Rect(rect.left_px + 10, rect.top_px + 10, 200, 60))
    assert game[1].state().covered
    assert game[1].state().focused
    notice.configure(x=rect.left_px + rect.width_px)
    desk.display.sync()
    assert not game[1].state().covered
    notice.configure(x=rect.left_px)
    desk.display.sync()
    assert game[1].state().covered
    notice.unmap()
    desk.display.sync()
    assert not game[1].state().covered
    notice.map()
    desk.display.sync()
    assert game[1].state().covered
    notice.configure(stack_mode=X.Below)
    desk.display.sync()
    assert not game[1].state().covered


def test_windows_that_show_nothing_do_not_cover(desk, game):
    rect = game[1].rect()
    for window in (
        unmanaged(desk, rect, kind=X.InputOnly),
        unmanaged(desk, Rect(rect.left_px, rect.top_px, 10, 10)),
    ):
        assert not game[1].state().covered
        window.destroy()


def test_a_window_covers_only_with_its_shape(desk, game):
    rect = game[1].rect()
    ring = unmanaged(desk, Rect(0, 0, 1400, 900))
    assert game[1].state().covered
    ring.shape_rectangles(SET, BOUNDING, 0, 0, 0, [(0, 0, 1400, rect.top_px - 60)])
    desk.display.sync()
    assert not game[1].state().covered


def test_an_overlay_that_lets_clicks_through_covers_only_without_a_compositor(desk, game):
    overlay = unmanaged(desk, Rect(0, 0, 1400, 900))
    overlay.shape_rectangles(SET, INPUT, 0, 0, 0, [])
    desk.display.sync()
    assert game[1].state().covered
    compositor = desk.display.intern_atom("_NET_WM_CM_S0")
    owner = unmanaged(desk, Rect(0, 0, 1, 1))
    owner.set_selection_owner(compositor, X.CurrentTime)
    overlay.configure(x=1)
    desk.display.sync()
    assert not game[1].state().covered


def test_the_part_outside_the_screen_is_not_covered(desk):
    shown = unmanaged(desk, Rect(1200, 200, 400, 300))
    window = followed(shown)
    unmanaged(desk, Rect(1390, 0, 600, 900)).configure(x=1400)
    desk.display.sync()
    state = window.state()
    assert state.rect == Rect(1200, 200, 400, 300)
    assert not state.covered
    window.close()


def test_a_window_that_its_frame_cuts_off_is_covered(desk):
    frame = unmanaged(desk, Rect(100, 100, 300, 200))
    middle = unmanaged(desk, Rect(0, 20, 300, 180), parent=frame)
    shown = unmanaged(desk, Rect(0, 0, 300, 180), parent=middle)
    window = followed(shown)
    assert window.state().rect == Rect(100, 120, 300, 180)
    assert not window.state().covered
    middle.configure(x=5, height=90)
    desk.display.sync()
    assert window.state().rect == Rect(105, 120, 300, 180)
    assert window.state().covered
    middle.configure(x=0, height=180)
    desk.display.sync()
    assert not window.state().covered
    frame.configure(height=20)
    desk.display.sync()
    assert window.state().covered
    window.close()


def test_a_rolled_up_window_is_not_taken_for_the_game(desk, game):
    shown, window = game
    send(desk, shown, "_NET_WM_STATE", 1, desk.display.intern_atom("_NET_WM_STATE_SHADED"))
    wait_until(lambda: window.rect() is None or window.state().covered, "it is rolled up")


def send(desk, window, kind: str, *numbers: int) -> None:
    data = (32, [*numbers, 0, 0, 0, 0, 0][:5])
    message = ClientMessage(window=window, client_type=desk.display.intern_atom(kind), data=data)
    mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
    desk.screen.root.send_event(message, event_mask=mask)
    desk.display.sync()


def test_a_minimised_window_is_not_shown_and_comes_back(desk, game):
    shown, window = game
    iconic = 3
    send(desk, shown, "WM_CHANGE_STATE", iconic)
    wait_until(lambda: window.state() == NOT_SHOWN, "it is minimised")
    window.activate()
    wait_until(window.focused, "it is back")


@pytest.mark.parametrize("name", ["WM_STATE", "_NET_WM_STATE", "_NET_WM_DESKTOP"])
def test_a_window_put_away_but_kept_mapped_is_not_shown(desk, name):
    shown = unmanaged(desk, Rect(100, 100, 300, 200))
    window = followed(shown)
    assert window.rect() == Rect(100, 100, 300, 200)
    atom = desk.display.intern_atom
    hidden, elsewhere, iconic = atom("_NET_WM_STATE_HIDDEN"), 7, 3
    value = {"WM_STATE": iconic, "_NET_WM_STATE": hidden, "_NET_WM_DESKTOP": elsewhere}[name]
    shown.change_property(atom(name), Xatom.CARDINAL, 32, [value])
    desk.display.sync()
    assert window.state() == NOT_SHOWN
    shown.delete_property(atom(name))
    desk.display.sync()
    assert window.rect() == Rect(100, 100, 300, 200)
    window.close()


def test_a_new_window_with_the_number_of_a_closed_one_is_not_taken_for_it(desk):
    shown = unmanaged(desk, Rect(100, 100, 300, 200))
    window = followed(shown)
    assert not window.gone()
    shown.destroy()
    desk.display.display.last_resource_id = shown.id & desk.display.display.info.resource_id_mask
    assert unmanaged(desk, Rect(100, 100, 300, 200)).id == shown.id
    assert window.state() == GONE
    assert window.state() == GONE
    window.close()


def test_after_any_change_the_answer_is_what_a_fresh_look_says(desk, virtual_screen):
    chance = random.Random(5)
    frame = unmanaged(desk, Rect(100, 100, 400, 300))
    shown = unmanaged(desk, Rect(5, 20, 380, 260), parent=frame)
    others = [unmanaged(desk, Rect(60 * i, 50 * i, 150, 120)) for i in range(4)]
    window = followed(shown)
    desk.display.set_error_handler(lambda *_: None)  # a window that is not shown takes no focus
    seen = set()
    for _ in range(300):
        change(chance, [frame, *others], shown)
        desk.display.sync()
        known = window.state()
        fresh = follow(shown)
        looked = fresh.state()
        fresh.close()
        # The window manager may take part in between: then the two looks are of two moments.
        if known == window.state():
            assert known == looked
            seen |= {name for name in ("focused", "covered") if getattr(known, name)}
            seen.add("hidden" if known.rect is None else "shown")
    assert seen == {"focused", "covered", "hidden", "shown"}
    window.close()


def change(chance: random.Random, windows, game) -> None:
    window = chance.choice([game, *windows])
    action = chance.randrange(7)
    if action == 0:
        window.configure(x=chance.randrange(-100, 900), y=chance.randrange(-100, 700))
    elif action == 1:
        window.configure(width=chance.randrange(1, 600), height=chance.randrange(1, 500))
    elif action == 2:
        window.configure(stack_mode=chance.choice([X.Above, X.Below]))
    elif action == 3 and chance.random() < 0.4:
        window.unmap()
    elif action == 4:
        chance.choice([game, window]).set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
    else:
        window.map()


def test_windows_are_listed_with_program_place_and_focus_the_topmost_last(desk, game):
    lower = desk.window("Lower", at=(700, 500))
    lower.set_wm_class("lower-name", "LowerProgram")
    dock = desk.window("A panel")
    kind = desk.display.intern_atom("_NET_WM_WINDOW_TYPE")
    panel = desk.display.intern_atom("_NET_WM_WINDOW_TYPE_DOCK")
    dock.change_property(kind, Xatom.ATOM, 32, [panel])
    desk.display.sync()
    wait_until(lambda: len(list_windows()) == 2, "both are listed")
    game[1].activate()
    wait_until(game[1].focused, "the game has the focus")
    below, above = list_windows()
    assert (below.title, below.program, below.focused) == ("Lower", "LowerProgram", False)
    assert (above.title, above.program, above.focused) == ("Tiny Game", "", True)
    assert above.rect == game[1].rect()


class Server:
    """As much of a display as tells whether Wayland is behind it."""

    def __init__(self, extensions=(), outputs=()):
        self.extensions = extensions
        self.outputs = outputs
        self.root = self
        self.config_timestamp = 0

    def list_extensions(self):
        return list(self.extensions)

    def has_extension(self, name):
        return name in self.extensions

    def screen(self):
        return self

    def xrandr_get_screen_resources_current(self):
        return self

    def xrandr_get_output_info(self, output, timestamp):
        class Info:
            name = output

        return Info


@pytest.mark.parametrize(
    "server", [Server(["XWAYLAND"]), Server(["RANDR"], outputs=["XWAYLAND0"])], ids=["new", "old"]
)
def test_the_x11_part_of_a_wayland_session_is_refused_with_what_to_do(server):
    with pytest.raises(DisplayError, match=r"Wayland session.*choose an X11 session.*log in again"):
        refuse_xwayland(server)


def test_a_real_x11_display_is_not_refused(desk):
    refuse_xwayland(desk.display)
    refuse_xwayland(Server(["RANDR"], outputs=["HDMI-1"]))
