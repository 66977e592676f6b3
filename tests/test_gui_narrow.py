"""The window at the size of a small screen: no page scrolls sideways, no button is out of reach."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QApplication, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from data.profile_toml import write_profile
from gui.app import make_pages
from gui.label_page import LabelPage
from gui.library.actions import Action
from gui.library_page import LibraryPage
from gui.main_window import ROOMY_PX, MainWindow
from gui.play_page import PlayPage
from gui.practice_page import PracticePage
from gui.record_page import RecordPage
from gui.studio import Studio
from gui.train_page import TrainPage
from tests.factories import altered_profile
from tests.libraries import played
from tests.play_runs import toy_policy

PATIENCE_MS = 120_000
LAID_OUT_MS = 10_000
SMALL = (1000, 700)
LONG = f"The file /home/somebody/{'a_very_long_name' * 6}.h5 can't be read: it is damaged."
MANY_KEYS = {f"special_{key}": [key] for key in "qrtyuiopfghj"}


class Shown:
    """The program's window with all its pages."""

    def __init__(self, studio: Studio, qtbot: QtBot) -> None:
        self.studio, self.qtbot = studio, qtbot
        self.window = MainWindow(studio, make_pages(studio))
        self.window.show()
        qtbot.waitExposed(self.window)
        self.resize(*SMALL)

    def resize(self, width: int, height: int) -> None:
        self.window.resize(width, height)
        self.until(lambda: self.window.width() == width)

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def fits(self, *named: QPushButton) -> None:
        """Wait until nothing of the page is right of the window, and no button's words are cut."""
        self.qtbot.waitUntil(lambda: self._assert_fits(named), timeout=LAID_OUT_MS)

    def _assert_fits(self, named: Iterable[QPushButton]) -> None:
        page, area = self.window.page, self.window._stack.currentWidget()
        assert hidden_px(area) == 0, page.name
        shown = [each for each in page.findChildren(QPushButton) if each.isVisible()]
        for each in shown:
            left = each.mapTo(self.window, QPoint(0, 0)).x()
            assert 0 <= left <= self.window.width() - each.width(), (page.name, each.text())
            assert each.width() >= each.minimumSizeHint().width(), (page.name, each.text())
        assert {each.text() for each in named} <= {each.text() for each in shown}


def hidden_px(area: QWidget | None) -> int:
    """Return how far an area with bars can be scrolled sideways."""
    assert isinstance(area, QScrollArea)
    bar = area.horizontalScrollBar()
    assert bar is not None
    return bar.maximum()


def scroll_area_of(inner: QWidget) -> QWidget | None:
    around = inner.parentWidget()
    while around is not None and not isinstance(around, QScrollArea):
        around = around.parentWidget()
    return around


@pytest.fixture
def shown(studio: Studio, qtbot: QtBot) -> Iterator[Shown]:
    made = Shown(studio, qtbot)
    yield made
    made.window.end()
    qtbot.waitUntil(lambda: not made.window.isVisible(), timeout=PATIENCE_MS)
    made.window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def recording(studio: Studio) -> Path:
    return played(studio.recordings / "one.h5")


@pytest.mark.parametrize("size", [SMALL, (1024, 768), (ROOMY_PX, 760)])
def test_start_record_and_practice_fit_into_a_small_window(shown: Shown, size: tuple[int, int]):
    shown.resize(*size)
    window = shown.window
    window.go_to("start")
    shown.fits()
    window.go_to("record")
    page = window.page
    assert isinstance(page, RecordPage)
    page.notice.tell(LONG, error=True)
    shown.fits(page.live.record, page.live.forget, page.practice.coach_match)
    page.live.begin(keep_last_s=120.0)  # with another button, and figures beside it
    page._side.setCurrentIndex(1)
    shown.fits(page.live.stop, page.live.save)
    page.live.rest()
    window.go_to("practice")
    page = window.page
    assert isinstance(page, PracticePage)
    shown.fits(page.start, page.record, page.counting.start)


@pytest.mark.parametrize("size", [SMALL, (ROOMY_PX, 760)])
def test_a_recording_is_seen_labelled_and_learned_from_in_a_small_window(
    shown: Shown, recording: Path, size: tuple[int, int]
):
    shown.resize(*size)
    window = shown.window
    window.go_to("library", recording)
    library = window.page
    assert isinstance(library, LibraryPage)
    shown.until(lambda: library.player.shown is not None)
    shown.fits(library.actions_bar.buttons[Action.TRASH], library.player.marks.clear)
    library.notice.tell(LONG, error=True)
    shown.fits()
    window.go_to("label", recording)
    label = window.page
    assert isinstance(label, LabelPage)
    shown.until(lambda: label.opened is not None and not label.task.doing)
    shown.fits(label.train_button, label.suggestions.carry_button, label.editor.done_button)
    window.go_to("train", recording)
    train = window.page
    assert isinstance(train, TrainPage)
    shown.until(lambda: bool(train.setups["policy"].chooser.chosen()))
    for setup in train.setups.values():
        setup.more.setChecked(True)
        train.tabs.setCurrentWidget(setup)
        shown.fits(setup.start)
        assert hidden_px(scroll_area_of(setup.form)) == 0
    train.tabs.setCurrentWidget(train.runs)
    shown.fits(train.runs.show_report, train.runs.trash)


@pytest.mark.parametrize("size", [SMALL, (ROOMY_PX, 760)])
def test_a_bot_is_stopped_and_taken_over_from_in_a_small_window(
    shown: Shown, studio: Studio, size: tuple[int, int]
):
    run = toy_policy(studio.runs / "runner", always="right")
    shown.resize(*size)
    shown.window.go_to("play", run)
    page = shown.window.page
    assert isinstance(page, PlayPage)
    shown.until(lambda: page.run is not None and page.play.isEnabled())
    page.notice.tell(LONG, error=True)
    shown.fits(page.play, page.hands, page.stop, page.corrections.train, page.score.count)
    page._side.setCurrentIndex(1)  # as while it plays
    page.hands.setText("Let the bot play")
    shown.fits(page.hands, page.stop)


def test_many_keys_do_not_widen_a_page(shown: Shown, studio: Studio, tmp_path: Path):
    heads = [{"name": "specials", "classes": {"none": [], **MANY_KEYS}}]
    profile = altered_profile(name="own", title="^Own", heads=heads, mirror=None)
    write_profile(profile, tmp_path / "own.toml")
    shown.window.go_to("record")
    studio.choose_game(str(tmp_path / "own.toml"))
    page = shown.window.page
    assert isinstance(page, RecordPage)
    assert page.live.pad.sizeHint().width() > page.live.view.width()
    shown.fits(page.live.record)


def test_a_small_window_shows_pages_by_their_icons_and_a_wide_one_by_their_names(shown: Shown):
    pages, names = shown.window._list, list(shown.window.pages.values())

    def texts() -> list[str]:
        items = (pages.item(index) for index in range(pages.count()))
        return [item.text() for item in items if item is not None]

    wide_px = pages.width()
    assert texts() == [""] * len(names)
    first = pages.item(0)
    assert first is not None
    assert first.toolTip().startswith("Start (Ctrl+1)")
    shown.resize(1280, 800)
    assert texts() == [page.title for page in names]
    assert pages.width() > wide_px
    shown.resize(*SMALL)
    assert texts() == [""] * len(names)
    assert pages.width() == wide_px
