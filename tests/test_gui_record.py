import os
import signal
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from data.frames import FrameSize
from data.profile_toml import to_toml
from data.reader import Recording
from data.schema import SpanKind
from gui.jobs.line import Ended
from gui.jobs.preview import NotOpen, PreviewRequest, Seen, preview, sent_size
from gui.matches.practice_game import Match
from gui.record.options import OptionsCard
from gui.record.outcome import NOTHING
from gui.record_page import RecordPage
from gui.studio import Studio
from tests.factories import altered_profile
from tests.fakes import PATIENCE_S
from tests.x11 import Desk

PATIENCE_MS = round(1000 * PATIENCE_S)
MATCH_MS = 60_000  # a match of four seconds, and all the programs around it on a busy machine
BESIDE = (1020, 120)  # of the page


@pytest.fixture
def page(studio: Studio, qtbot: QtBot) -> Iterator[RecordPage]:
    """The page, on a game that is played in a window called Tiny Game."""
    studio.profiles.mkdir(parents=True)
    file = studio.profiles / "tiny.toml"
    file.write_text(to_toml(altered_profile(name="tiny", title="^Tiny Game$")), encoding="utf-8")
    studio.choose_game(str(file))
    made = RecordPage(studio)
    qtbot.addWidget(made)
    made.resize(960, 760)
    made.move(0, 0)
    made.show()
    made.entered()
    yield made
    made.shut_down()
    qtbot.waitUntil(lambda: not made.still_running(), timeout=PATIENCE_MS)


@pytest.fixture
def waits(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    return lambda condition: qtbot.waitUntil(condition, timeout=PATIENCE_MS)


@pytest.fixture
def click(qtbot: QtBot, waits) -> Callable[[QPushButton], None]:
    def press(button: QPushButton) -> None:
        waits(lambda: button.isEnabled() and button.isVisible())
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    return press


@pytest.fixture
def begin(page: RecordPage, desk: Desk, click, waits) -> Callable[[], object]:
    """Open the game, record it from now on, and return its window."""

    def start() -> object:
        window = desk.window("Tiny Game", at=BESIDE)
        waits(lambda: page.live.view.has_picture)
        page.options.countdown.setValue(0)
        click(page.live.record)
        waits(lambda: page.figures.shown()["Size"] != "-" and not page.live.view.banner)
        return window

    return start


def ended(page: RecordPage) -> bool:
    return page.shows_summary and not page.summary.running


def test_a_click_records_the_game_and_shows_what_it_became(page, studio, desk, click, waits):
    waits(lambda: "Start the game" in page.live.record.toolTip() or _missing(page))
    assert not page.live.record.isEnabled()
    desk.window("Tiny Game", at=BESIDE)
    waits(lambda: page.live.view.has_picture)
    page.options.countdown.setValue(1)
    page.options.name.setText("first")
    click(page.live.record)
    waits(lambda: page.live.view.banner == "Begins in 1")
    waits(lambda: page.figures.shown()["Time"] != "-" and not page.live.view.banner)
    assert page.at_work() == "a recording runs"
    desk.press("right")
    waits(lambda: page.live.pad.held == {"right"})
    desk.release("right")
    waits(lambda: not page.live.pad.held)
    click(page.live.stop)
    waits(lambda: ended(page))
    assert page.at_work() is None
    assert page.summary.path == studio.recordings / "first.h5"
    assert "pictures" in page.summary.line
    assert len(page.summary.bars) == len(studio.game.profile.heads)
    assert page.summary.problems
    with Recording(page.summary.path) as recording:
        assert recording.complete
        assert [(e.key, e.down) for e in recording.key_events()] == [
            ("right", True),
            ("right", False),
        ]
    assert page.options.name.text() != "first"


def _missing(page: RecordPage) -> bool:
    return "not open" in page.live.record.toolTip()


def test_buttons_pause_go_on_and_forget(page, begin, click, waits):
    begin()
    click(page.live.pause)
    waits(lambda: page.live.view.banner == "Paused")
    assert "Go on" in page.live.pause.text().replace("&", "")
    click(page.live.pause)
    waits(lambda: not page.live.view.banner)
    click(page.live.forget)
    click(page.live.stop)
    waits(lambda: ended(page))
    assert "it was paused" in page.summary.remarks
    with Recording(page.summary.path) as recording:
        kinds = {span.kind for span in recording.spans()}
    assert {SpanKind.PAUSED, SpanKind.DISCARDED} <= kinds


def test_a_lost_focus_is_told_and_nothing_is_stored_meanwhile(page, begin, desk, click, waits):
    begin()
    desk.window("Other", at=(1020, 500))
    waits(lambda: page.live.view.banner == "Click into the game to go on")
    click(page.live.stop)
    waits(lambda: ended(page))
    assert "another window had the keys" in page.summary.remarks


def test_a_killed_recorder_is_told_and_its_leftover_repaired(page, studio, begin, click, waits):
    begin()
    waits(lambda: page.figures.shown()["Time"] not in ("-", "0:00"))
    os.kill(page.recorder_id, signal.SIGKILL)
    waits(lambda: not page.recording)
    assert "signal 9" in page.notice.text
    assert page.leftovers.isVisible()
    click(page.leftovers.repair)
    waits(lambda: "whole again" in page.notice.text)
    assert not page.leftovers.isVisible()
    (path,) = studio.recordings.iterdir()
    with Recording(path) as recording:
        assert recording.complete
        assert recording.frame_count > 0
    waits(lambda: page.live.record.isEnabled())


def test_a_closed_game_ends_the_recording_whole(page, begin, desk, waits):
    window = begin()
    window.destroy()
    desk.display.sync()
    waits(lambda: ended(page))
    assert "window was closed" in page.notice.text
    with Recording(page.summary.path) as recording:
        assert recording.complete


def test_closing_the_program_saves_the_recording(page, studio, begin, waits):
    begin()
    page.shut_down()
    assert page.still_running()
    waits(lambda: not page.still_running())
    (path,) = studio.recordings.iterdir()
    with Recording(path) as recording:
        assert recording.complete


def test_a_recording_that_is_stopped_before_it_begins_leaves_nothing(
    page, studio, desk, click, waits, qtbot
):
    desk.window("Tiny Game", at=BESIDE)
    waits(lambda: page.live.view.has_picture)
    page.options.countdown.setValue(60)
    page.activateWindow()
    waits(page.isActiveWindow)
    qtbot.keyClick(page, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    waits(lambda: page.live.view.banner.startswith("Begins in"))
    click(page.live.stop)
    waits(lambda: not page.recording)
    assert page.notice.text == NOTHING
    assert not list(studio.recordings.glob("*"))


def test_only_the_last_stretch_is_saved_when_asked(page, studio, desk, click, waits):
    desk.window("Tiny Game", at=BESIDE)
    waits(lambda: page.live.view.has_picture)
    page.options.countdown.setValue(0)
    page.options.keep.setValue(30)
    click(page.live.record)
    waits(lambda: page.figures.shown()["Time"] not in ("-", "0:00"))
    click(page.live.save)
    waits(lambda: bool(list(studio.recordings.glob("*.h5"))))
    desk.tap(studio.game.profile.hotkeys.stop)
    waits(lambda: ended(page))
    assert page.live.record.isEnabled()


def test_a_match_of_the_coach_is_recorded_until_it_ends(page, studio, qtbot, waits):
    studio.choose_game("practice")
    waits(lambda: _missing(page))
    page.practice.coach_match_pressed.emit(Match(True, "beginner", 4.0))
    qtbot.waitUntil(lambda: ended(page) and not page.game.running, timeout=MATCH_MS)
    assert not page.notice.text
    assert "The match ended" in page.summary.remarks
    with Recording(page.summary.path) as recording:
        assert recording.frame_count > 20
        assert recording.key_events()


def test_a_practice_game_that_crashes_is_told(page, studio, click, waits):
    studio.choose_game("practice")
    waits(lambda: _missing(page))
    click(page.practice.open_button)
    waits(lambda: bool(page.game.crew.begun))
    (window,) = page.game.crew.begun
    os.kill(window, signal.SIGKILL)
    waits(lambda: not page.game.running)
    assert "ended unexpectedly (signal 9)" in page.notice.text


def test_a_recording_goes_to_the_trash(page, studio, begin, click, waits, monkeypatch, tmp_path):
    (tmp_path / "share").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    begin()
    click(page.live.stop)
    waits(lambda: ended(page))
    path = page.summary.path
    click(page.summary.trash)
    assert not path.exists()
    assert not page.shows_summary
    assert not page.notice.text


def test_other_pages_are_asked_to_show_the_recording(page, studio, begin, click, waits):
    asked = []
    studio.page_wanted.connect(lambda name, what: asked.append((name, what)))
    begin()
    click(page.live.stop)
    waits(lambda: ended(page))
    path = page.summary.path
    click(page.summary.look)
    assert asked == [("library", path)]


def test_a_name_that_is_taken_keeps_recording_from_beginning(page, studio, desk, waits):
    desk.window("Tiny Game", at=BESIDE)
    waits(page.live.record.isEnabled)
    studio.recordings.mkdir()
    (studio.recordings / "taken.h5").touch()
    page.options.name.setText("taken")
    assert not page.live.record.isEnabled()
    assert "already" in page.live.record.toolTip()
    page.options.name.setText("free")
    assert page.live.record.isEnabled()


def test_a_dead_preview_is_told_and_recording_still_possible(page, desk, waits):
    desk.window("Tiny Game", at=BESIDE)
    waits(lambda: page.live.view.has_picture)
    os.kill(page.preview.process_id, signal.SIGKILL)
    waits(lambda: "live picture has stopped" in page.notice.text)
    assert page.live.record.isEnabled()


def test_the_preview_ends_with_the_page(page, desk, waits):
    desk.window("Tiny Game", at=BESIDE)
    waits(lambda: page.live.view.has_picture)
    page.left()
    waits(lambda: not page.preview.running)
    page.entered()
    waits(lambda: page.preview.on and page.live.record.isEnabled())


def test_choices_are_remembered(studio):
    first = OptionsCard(studio)
    first.rate.setValue(30)
    first.countdown.setValue(5)
    first.minutes.setValue(10)
    first.keep.setValue(60)
    chosen = first.chosen()
    assert (chosen.rate_hz, chosen.countdown_s) == (30.0, 5.0)
    assert (chosen.seconds, chosen.keep_last_s) == (600.0, 60.0)
    second = OptionsCard(studio).chosen()
    assert (second.rate_hz, second.countdown_s, second.seconds) == (30.0, 5.0, 600.0)


def test_the_preview_shows_the_window_and_says_when_it_is_covered(studio, qtbot, desk):
    told: list[object] = []
    endings: list[Ended] = []
    worker = studio.worker(preview, PreviewRequest("^Tiny Game$", FrameSize(480, 270)))
    worker.told.connect(told.append)
    worker.ended.connect(endings.append)
    worker.start()

    def newest() -> Seen | None:
        return next((each for each in reversed(told) if isinstance(each, Seen)), None)

    def wait(condition: Callable[[Seen], bool]) -> None:
        qtbot.waitUntil(lambda: newest() is not None and condition(newest()), timeout=PATIENCE_MS)

    qtbot.waitUntil(lambda: NotOpen() in told, timeout=PATIENCE_MS)
    desk.window("Tiny Game", at=BESIDE, colour=(200, 120, 40))
    wait(lambda seen: seen.image is not None and _is(seen.image, (200, 120, 40)))
    assert newest().image.shape == (270, 480, 3)
    cover = desk.window("Cover", at=BESIDE, colour=(0, 0, 0))
    wait(lambda seen: seen.covered)
    cover.destroy()
    desk.display.sync()
    wait(lambda seen: not seen.covered)
    worker.stop()
    qtbot.waitUntil(lambda: bool(endings), timeout=PATIENCE_MS)


def _is(image: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(image[135, 240].astype(int) - colour).max() <= 2)


def test_large_pictures_are_sent_smaller():
    assert sent_size(FrameSize(480, 270)) == FrameSize(480, 270)
    assert sent_size(FrameSize(1920, 1080)) == FrameSize(960, 540)
