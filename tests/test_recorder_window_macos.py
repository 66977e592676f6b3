"""The rules for windows on macOS, against window lists like those that macOS describes."""

import sys
from contextlib import closing

import pytest

from data.errors import DisplayError
from recorder import window as recorder_window
from recorder.window import GONE, NOT_SHOWN, Rect, find_window, list_windows, pick_window
from recorder.windows.macos_window import MacWindows
from recorder.windows.quartz import RealQuartz
from tests.fakes import FakeClock

GAME, NOTES = 421, 377
GAME_PROCESS, NOTES_PROCESS = 900, 800


def described(
    number: int,
    owner: str,
    process: int,
    bounds: tuple[float, float, float, float],
    *,
    title: str | None = None,
    layer: int = 0,
    alpha: float = 1.0,
    on_screen: bool = True,
) -> dict:
    x, y, width, height = bounds
    window = {
        "kCGWindowAlpha": alpha,
        "kCGWindowBounds": {"X": x, "Y": y, "Width": width, "Height": height},
        "kCGWindowLayer": layer,
        "kCGWindowMemoryUsage": 1264,
        "kCGWindowNumber": number,
        "kCGWindowOwnerName": owner,
        "kCGWindowOwnerPID": process,
        "kCGWindowSharingState": 1,
        "kCGWindowStoreType": 1,
    }
    if on_screen:
        window["kCGWindowIsOnscreen"] = True
    if title is not None:
        window["kCGWindowName"] = title
    return window


class FakeQuartz:
    """A screen of 1512x982 points: the game above an editor, under menu bar and Dock."""

    def __init__(self) -> None:
        self.stack = [
            described(5, "Window Server", 300, (-50, -50, 2000, 2000), layer=2147483630),
            described(31, "Control Center", 500, (1200, 0, 40, 33), layer=25),
            described(2, "Window Server", 300, (0, 0, 1512, 33), title="Menubar", layer=24),
            described(20, "Dock", 480, (0, 0, 1512, 982), title="Dock", layer=20),
            described(GAME, "Pitch", GAME_PROCESS, (100.0, 80.5, 960, 568), title="Pitch 2"),
            described(NOTES, "TextEdit", NOTES_PROCESS, (300, 200, 600, 500), title="Notes"),
            described(3, "Finder", 470, (0, 0, 1512, 982), layer=-2147483603),
        ]
        self.front: int | None = GAME_PROCESS
        self.seeing = self.hearing = True
        self.mouse = (200.0, 100.0)
        self.buttons: set[int] = set()
        self.escape = False
        self.brought_up: list[int] = []

    def change(self, number: int, **changes) -> None:
        for window in self.stack:
            if window["kCGWindowNumber"] == number:
                window.update({f"kCGWindow{key}": value for key, value in changes.items()})

    def raise_(self, number: int) -> None:
        self.stack.sort(
            key=lambda each: (-each["kCGWindowLayer"], each["kCGWindowNumber"] != number)
        )

    def may_see(self):
        return self.seeing

    def may_hear(self):
        return self.hearing

    def on_screen(self):
        return [each for each in self.stack if each.get("kCGWindowIsOnscreen")]

    def down_to(self, window):
        shown = self.on_screen()
        numbers = [each["kCGWindowNumber"] for each in shown]
        return shown[: numbers.index(window) + 1] if window in numbers else []

    def everywhere(self):
        return self.stack

    def focus(self):
        return self.front

    def screens(self):
        return [(0.0, 0.0, 1512.0, 982.0)]

    def pointer(self):
        return self.mouse

    def pressed(self, button):
        return button in self.buttons

    def escaping(self):
        return self.escape

    def bring_up(self, process):
        self.brought_up.append(process)


@pytest.fixture
def mac(monkeypatch):
    quartz = FakeQuartz()
    monkeypatch.setattr(recorder_window, "_system", lambda: MacWindows(quartz))
    return quartz


@pytest.fixture
def game(mac):
    with closing(find_window("^Pitch")) as window:
        yield window


def test_windows_are_listed_the_topmost_last_without_menu_bar_and_dock(mac):
    notes, game = list_windows()
    assert (notes.title, notes.program, notes.focused) == ("Notes", "TextEdit", False)
    assert (game.title, game.program, game.focused) == ("Pitch 2", "Pitch", True)
    assert game.rect == Rect(100, 80, 960, 568)


def test_menu_bar_dock_and_pointer_do_not_cover_the_game(game):
    state = game.state()
    assert state.rect == Rect(100, 80, 960, 568)
    assert state.focused
    assert not state.covered
    assert not state.gone


def test_a_window_above_covers_and_takes_the_focus_with_its_program(mac, game):
    mac.raise_(NOTES)
    mac.front = NOTES_PROCESS
    assert game.state().covered
    assert not game.focused()
    mac.change(NOTES, Alpha=0.0)
    assert not game.state().covered


@pytest.mark.parametrize(("layer", "covers"), [(3, True), (25, False), (101, True), (1000, True)])
def test_floating_windows_menus_and_the_screen_saver_cover(mac, game, layer, covers):
    mac.stack.insert(0, described(50, "Other", 77, (0, 0, 1512, 982), layer=layer))
    assert game.state().covered is covers


def test_another_window_of_the_game_in_front_has_the_focus(mac, game):
    mac.stack.insert(4, described(430, "Pitch", GAME_PROCESS, (1100, 80, 300, 200)))
    assert not game.focused()


def test_without_word_of_the_focus_keys_are_nobodys(mac, game):
    mac.front = None
    assert not game.focused()


def test_a_minimised_window_is_not_shown_and_a_closed_one_is_gone(mac, game):
    mac.change(GAME, IsOnscreen=False)
    assert game.state() == NOT_SHOWN
    mac.stack = [each for each in mac.stack if each["kCGWindowNumber"] != GAME]
    assert game.state() == GONE
    assert game.gone()


def test_a_window_of_another_program_with_its_number_is_not_taken_for_it(mac, game):
    mac.change(GAME, IsOnscreen=False, OwnerPID=1234)
    assert game.gone()


def test_it_is_brought_up_with_its_program(mac, game):
    game.activate()
    assert mac.brought_up == [GAME_PROCESS]


def test_missing_permissions_name_the_settings(mac):
    mac.hearing = False
    with pytest.raises(DisplayError, match=r"keyboard.*Privacy & Security > Accessibility"):
        find_window("Pitch")
    assert list_windows()
    mac.seeing = False
    with pytest.raises(DisplayError, match="Privacy & Security > Screen & System Audio Recording"):
        list_windows()


def test_a_click_picks_the_topmost_window_under_the_pointer(mac):
    mac.mouse = (350.0, 250.0)  # both windows are there
    clock = FakeClock()
    clock.plan(100, lambda: mac.buttons.add(0))
    with closing(pick_window(30, clock)) as window:
        assert window.title == "Pitch 2"


def give_up(mac: FakeQuartz) -> None:
    mac.escape = True


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (lambda mac: mac.buttons.add(0), "bare desktop"),
        (lambda mac: mac.buttons.add(1), "no window was chosen"),
        (give_up, "no window was chosen"),
        (lambda mac: None, "in time"),
    ],
)
def test_what_is_no_choice_is_said(mac, action, said):
    mac.mouse = (1500.0, 900.0)
    clock = FakeClock()
    clock.plan(100, lambda: action(mac))
    with pytest.raises(DisplayError, match=said):
        pick_window(2, clock)


@pytest.mark.skipif(sys.platform == "darwin", reason="there it exists")
def test_elsewhere_macos_itself_is_refused():
    with pytest.raises(DisplayError, match="no Quartz"):
        RealQuartz()
