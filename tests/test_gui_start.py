import os
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog
from Xlib.ext.composite import RedirectAutomatic

from data.profile import Head, load_profile
from data.profile_toml import write_profile
from data.schema import SpanKind
from data.writer import RecordingWriter
from gui.jobs.stock import Run, Stock, StockRequest, take_stock
from gui.jobs.train import Source, scan
from gui.jobs.windows import ShownWindow, hidden_share
from gui.start.gallery import HANDLE, PRACTICE_TITLE
from gui.start.profiles import (
    about,
    head_in_words,
    known_profiles,
    name_of,
    name_problem,
    profile_for,
    window_in_words,
)
from gui.start.telling import (
    Step,
    next_step,
    told_length,
    told_play,
    told_recordings,
    told_training,
)
from gui.start_page import CHOSEN
from gui.train.words import enough
from recorder.window import Rect
from tests.factories import (
    TICK_NS,
    altered_profile,
    capture_facts,
    picture,
    practice_profile,
    write_recording,
)
from tests.fakes import PATIENCE_S
from tests.x11 import Desk

PATIENCE_MS = round(1000 * PATIENCE_S)
BOT = Run(Path("runs/first"), "policy", "practice")


@pytest.fixture
def page(start_page):
    return start_page


def card(page, title):
    items = [page.gallery.item(index) for index in range(page.gallery.count())]
    return next((item for item in items if item.text().startswith(title)), None)


def click(page, qtbot, title):
    qtbot.waitUntil(lambda: card(page, title) is not None, timeout=PATIENCE_MS)
    at = page.gallery.visualItemRect(card(page, title)).center()
    qtbot.mouseClick(page.gallery.viewport(), Qt.MouseButton.LeftButton, pos=at)


@pytest.mark.parametrize(
    ("stock", "step"),
    [
        (Stock(), Step.RECORD),
        (Stock((("practice", 60.0),)), Step.RECORD),
        (Stock((("fifa18", 900.0),)), Step.RECORD),
        (Stock((("practice", 100.0), ("practice", 60.0))), Step.RECORD),
        (Stock((("practice", 59.95),) * 3), Step.TRAIN),  # what docs/first_bot.md records
        (Stock((), (BOT,)), Step.PLAY),
        (Stock((), (Run(Path("eyes"), "detector", "practice"),)), Step.RECORD),
        (Stock((("practice", 900.0),), (Run(Path("x"), "policy", "fifa18"),)), Step.TRAIN),
    ],
)
def test_the_next_step_follows_from_what_there_is_of_the_game(stock, step):
    assert next_step(stock, "practice") is step


def test_what_there_is_is_told_in_words():
    stock = Stock((("practice", 61.0), ("practice", 300.0), ("other", 9.0)), (BOT,))
    assert told_recordings(stock, "practice") == "2 recordings, 6 minutes."
    assert "Three minutes" in told_recordings(stock, "nothing")
    assert "Record first" in told_training(stock, "nothing")
    assert told_play(stock, "practice") == "Ready: first."
    assert [told_length(s) for s in (1, 60, 600, 7300)] == [
        "1 second",
        "60 seconds",
        "10 minutes",
        "2 h 2 min",
    ]


@pytest.mark.parametrize("minutes", [0.5, 2, 3, 9, 10, 40])
def test_the_pages_start_and_train_say_the_same_of_what_is_enough(minutes):
    lengths = (30.0 * minutes, 30.0 * minutes)
    sources = [Source(Path(f"{index}.h5"), seconds) for index, seconds in enumerate(lengths)]
    stock = Stock(tuple(("practice", seconds) for seconds in lengths))
    assert told_training(stock, "practice").endswith(f" {enough('policy', sources)}")
    assert "Record first" not in told_training(stock, "practice")


def test_pauses_are_counted_as_play_by_neither_page(tmp_path):
    path = tmp_path / "a.h5"
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in (*range(10), *range(1000, 1010)):
            writer.append_frame(picture(index), index * TICK_NS)
        writer.append_span(SpanKind.PAUSED, 10 * TICK_NS, 1000 * TICK_NS - 1)
    told = []
    scan([path], SimpleNamespace(stop_asked=lambda: False, tell=told.append))
    stock = take_stock(StockRequest(tmp_path, tmp_path), SimpleNamespace(stop_asked=lambda: False))
    assert stock.seconds_of("practice") == [told[0].seconds]
    assert 0.0 < told[0].seconds < 1.0


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Super Ball 3 - level 1", "super_ball_3"),
        ("2048", "game_2048"),
        ("Été", "t"),
        ("足球", "game"),
    ],
)
def test_a_name_is_proposed_from_the_title(title, name):
    assert name_of(title) == name
    assert name_problem(name_of(title), ()) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "short name"), ("My Game", "lower-case"), ("mine", "already"), ("game_2", "")],
)
def test_a_name_that_cannot_be_is_told(name, said):
    assert said in name_problem(name, {"mine"})
    assert bool(said) == bool(name_problem(name, {"mine"}))


def test_profiles_are_told_in_words(tmp_path):
    practice = load_profile("practice")
    assert head_in_words(practice.head("sprint")) == "sprint: sprint E"
    assert head_in_words(practice.head("movement")) == "movement: ↑ → ↓ ←, also held together"
    assert head_in_words(Head(name="a", classes={"none": (), "d": ("d",), "kick": ("s",)})) == (
        "a: D, kick S"
    )
    assert window_in_words(practice.title) == "title begins with “Understudy Practice”"
    assert window_in_words("a|b") == "title matches a|b"
    (tmp_path / "broken.toml").write_text("name = 3")
    (broken,) = [each for each in known_profiles(tmp_path) if each.own]
    assert broken.profile is None
    assert "name" in about(broken)[0]


def test_an_own_profile_goes_before_a_shipped_one_of_the_same_window(tmp_path):
    write_profile(altered_profile(name="mine"), tmp_path / "mine.toml")
    found = profile_for(PRACTICE_TITLE, known_profiles(tmp_path))
    assert found is not None
    assert found.name == "mine"
    assert profile_for("A letter", known_profiles(tmp_path)) is None


def test_a_window_counts_as_hidden_by_what_lies_above_it():
    below = Rect(0, 0, 100, 100)
    assert hidden_share(below, [Rect(50, 0, 100, 100), None, Rect(0, 90, 10, 100)]) == 0.5
    assert hidden_share(below, [Rect(100, 0, 100, 100)]) == 0.0


def test_open_windows_are_shown_live_and_this_one_is_not(page, qtbot, desk):
    page.window().move(0, 0)
    page.window().setWindowTitle("Our own")
    window = desk.window("Super Ball", at=(1100, 500), size=(240, 135), colour=(40, 200, 90))
    qtbot.waitUntil(lambda: card(page, "Super Ball") is not None, timeout=PATIENCE_MS)
    shown = page.gallery.window_of(card(page, "Super Ball"))
    qtbot.waitUntil(
        lambda: page.gallery.window_of(card(page, "Super Ball")).picture is not None,
        timeout=PATIENCE_MS,
    )
    picture = page.gallery.window_of(card(page, "Super Ball")).picture
    assert picture.shape == (135, 240, 3)
    assert np.array_equal(picture[60, 120], (40, 200, 90))
    assert shown.handle == card(page, "Super Ball").data(HANDLE)
    assert card(page, "Our own") is None
    window.destroy()
    desk.display.sync()
    qtbot.waitUntil(lambda: card(page, "Super Ball") is None, timeout=PATIENCE_MS)
    assert card(page, "Practice game") is not None


def test_a_covered_window_is_seen_where_the_desktop_keeps_its_picture(page, qtbot, desk):
    desk.window("Below", at=(1100, 500), size=(240, 135), colour=(40, 200, 90))
    desk.window("Above", at=(1050, 450), size=(340, 235))
    qtbot.waitUntil(lambda: card(page, "Above") is not None, timeout=PATIENCE_MS)
    assert page.gallery.window_of(card(page, "Below")).picture is None
    with Desk() as composer:
        composer.screen.root.composite_redirect_subwindows(RedirectAutomatic)
        composer.display.sync()
        qtbot.waitUntil(
            lambda: page.gallery.window_of(card(page, "Below")).picture is not None,
            timeout=PATIENCE_MS,
        )
    picture = page.gallery.window_of(card(page, "Below")).picture
    assert np.array_equal(picture[60, 120], (40, 200, 90))


def test_a_click_on_a_known_games_window_chooses_its_profile(page, qtbot, desk, studio):
    desk.window("Tux Football", at=(1100, 500))
    click(page, qtbot, "Tux Football")
    assert studio.game.source == "tuxfootball"
    qtbot.waitUntil(lambda: CHOSEN in card(page, "Tux Football").text(), timeout=PATIENCE_MS)
    click(page, qtbot, "Practice game")
    assert studio.game.is_practice
    assert CHOSEN in card(page, "Practice game").text()


def test_for_an_unknown_window_a_profile_is_offered(page, qtbot, desk, studio):
    desk.window("Super Ball", at=(1100, 500))
    click(page, qtbot, "Super Ball")
    assert page._make.isVisible()
    assert studio.game.is_practice
    qtbot.mouseClick(page._make, Qt.MouseButton.LeftButton)
    assert page.maker.isVisible()
    assert page.maker.name.text() == "super_ball"


def test_the_keyboard_chooses_a_profile(page, qtbot, studio):
    page.shelf.list.setFocus()
    page.shelf.list.setCurrentRow(0)
    assert "fifa18" in page.shelf.list.currentItem().text()
    qtbot.keyClick(page.shelf.list, Qt.Key.Key_Return)
    assert studio.game.source == "fifa18"
    assert "chosen" in page.shelf._name.text()
    assert not page.shelf._choose_button.isEnabled()
    assert page.shelf._choose_button.toolTip()


def test_the_keyboard_chooses_a_card(page, qtbot, studio):
    studio.choose_game("fifa18")
    page.gallery.setFocus()
    page.gallery.setCurrentRow(0)
    qtbot.keyClick(page.gallery, Qt.Key.Key_Return)
    assert studio.game.is_practice


def test_the_steps_count_what_is_there(page, qtbot, studio):
    studio.recordings.mkdir()
    write_recording(studio.recordings / "a.h5", frames=5)
    (studio.recordings / "broken.h5").write_bytes(b"no recording")
    with qtbot.waitSignal(page.steps.step_wanted) as wanted:
        qtbot.mouseClick(page.steps.buttons[Step.RECORD], Qt.MouseButton.LeftButton)
    assert wanted.args == ["record"]
    assert page.steps.next is Step.RECORD
    studio.recordings_changed.emit()
    qtbot.waitUntil(
        lambda: page.steps.told(Step.RECORD).startswith("1 recording,"), timeout=PATIENCE_MS
    )


def test_a_profiles_file_is_opened_or_all_that_is_wrong_is_told(
    page, qtbot, studio, tmp_path, monkeypatch
):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    write_profile(altered_profile(name="mine"), good)
    bad.write_text(good.read_text().replace("rate_hz = 20", "rate_hz = 0\nfoo = 1"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(bad), ""))
    page.shelf.file_wanted.emit()
    assert "rate_hz" in page.notice.text
    assert "foo" in page.notice.text
    assert studio.game.is_practice
    page.open(str(good))
    assert studio.game.profile.name == "mine"
    assert page.shelf.list.currentItem().text() == "mine  (yours)"


def test_when_the_process_that_watches_is_killed_the_page_says_so_and_works(page, qtbot, studio):
    qtbot.waitUntil(lambda: page._watcher.process_id is not None, timeout=PATIENCE_MS)
    os.kill(page._watcher.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: "can't be shown" in page.notice.text, timeout=PATIENCE_MS)
    page.shelf.list.setCurrentRow(0)
    qtbot.mouseClick(page.shelf._choose_button, Qt.MouseButton.LeftButton)
    assert studio.game.source == "fifa18"


def test_leaving_the_page_ends_the_live_pictures(page, qtbot):
    process = page._watcher.process_id
    page.left()
    qtbot.waitUntil(lambda: not _alive(process), timeout=PATIENCE_MS)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_window_without_a_picture_says_why(page):
    hidden = ShownWindow(7, "Behind", "", None)
    page.gallery.show_windows([hidden], own=(), told=lambda _: "told")
    item = card(page, "Behind")
    assert item.text() == "Behind\ntold"
    assert not item.icon().isNull()
