import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from agent.guard import Reason
from data.reader import Recording
from data.schema import SpanKind
from gui.jobs.play import PlayTick, Stage
from gui.play.choices import ChoicesForm
from gui.play_page import PlayPage
from gui.studio import Studio
from tests.play_runs import TinyGame, toy_policy
from tests.x11 import Desk

PATIENCE_MS = 60_000  # torch is imported, and other tests may run beside
LEFT = Qt.MouseButton.LeftButton


class Shown:
    """The page on the screen, and every tick that it was told."""

    def __init__(self, studio: Studio, qtbot: QtBot) -> None:
        self.qtbot, self.page = qtbot, PlayPage(studio)
        self.ticks: list[PlayTick] = []
        self.page.player.ticked.connect(self.ticks.append)
        self.page.resize(1000, 640)
        self.page.show()
        self.page.entered()
        self.wait(lambda: self.page._roster.runs is not None)

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def click(self, which) -> None:
        assert which.isEnabled(), which.toolTip()
        self.qtbot.mouseClick(which, LEFT)

    def choose(self, *, log: bool = True, dry_run: bool = False) -> None:
        self.page.choices.log.setChecked(log)
        self.page.choices.dry_run.setChecked(dry_run)

    def until(self, reason: Reason) -> None:
        self.ticks.clear()
        self.wait(lambda: any(tick.reason is reason for tick in self.ticks))

    def end(self) -> None:
        self.page.shut_down()
        self.wait(lambda: not self.page.still_running())
        self.page.close()


@pytest.fixture
def shown(studio: Studio, qtbot: QtBot) -> Iterator[Shown]:
    toy_policy(studio.runs / "runner", always="right")
    made = Shown(studio, qtbot)
    yield made
    made.end()


@pytest.fixture
def game(qtbot: QtBot) -> Iterator[TinyGame]:
    made = TinyGame("Understudy Practice")
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()


def test_an_empty_folder_says_what_to_do_next(studio: Studio, qtbot: QtBot):
    shown = Shown(studio, qtbot)
    asked: list[str] = []
    studio.page_wanted.connect(lambda name, what: asked.append(name))
    assert shown.page.empty.isVisible()
    assert not shown.page.play.isEnabled()
    assert shown.page.play.toolTip() == "Train a bot first"
    shown.click(shown.page.train)
    assert asked == ["train"]
    shown.end()


def test_a_policy_plays_a_window_and_is_seen_doing_so(
    shown: Shown, game: TinyGame, desk: Desk, studio: Studio
):
    page = shown.page
    shown.choose()
    shown.click(page.play)
    assert page.at_work() == "the bot plays"
    shown.wait(lambda: Qt.Key.Key_Right in game.keys)
    shown.wait(lambda: page.live.pad.held == {"right"} and page.live.picture.has_picture)
    tick = shown.ticks[-1]
    assert tick.image is not None
    assert abs(tick.image.astype(int) - [200, 120, 40]).max() < 12
    assert page.live.pad.chances["right"] > 0.99 > 0.01 > page.live.pad.chances["left"]
    assert page.live.state.text() == "The bot plays"
    assert "ms from screen to key" in page.live.figures.text()
    shown.wait(lambda: len(page.plots.latency.points()) > 5)
    assert desk.down() == {desk.code("right")}
    page.activateWindow()
    shown.until(Reason.FOCUS_LOST)
    desk.tap("esc")
    shown.wait(lambda: not page.player.busy)
    assert desk.down() == set()
    assert page.live.pad.held == set()
    assert "stopped." in page.summary.text
    logs = list(studio.flights.glob("runner-*-1.h5"))
    assert len(logs) == 1
    assert logs[0].name in page.summary.text
    with Recording(logs[0]) as log:
        assert log.complete
        assert log.flight_facts is not None
        assert Path(log.flight_facts.run) == studio.runs / "runner"


def test_the_stop_key_ends_a_dry_run_that_leaves_no_trace(
    shown: Shown, game: TinyGame, desk: Desk, studio: Studio
):
    shown.choose(log=False, dry_run=True)
    shown.click(shown.page.play)
    shown.until(Reason.PLAYING)
    shown.wait(lambda: shown.page.live.pad.held == {"right"})
    assert shown.page.live.state.text() == "The bot thinks, and presses nothing"
    assert desk.down() == set()
    desk.tap("f12")
    shown.wait(lambda: not shown.page.player.busy)
    assert Qt.Key.Key_Right not in game.keys
    assert "the stop key was pressed" in shown.page.summary.text
    assert not studio.flights.exists()


def test_a_person_who_asks_to_play_gets_the_keys_until_they_are_given_back(
    shown: Shown, game: TinyGame, desk: Desk, studio: Studio
):
    shown.choose()
    shown.click(shown.page.play)
    shown.until(Reason.PLAYING)
    shown.click(shown.page.hands)
    shown.until(Reason.TAKEOVER)
    assert desk.down() == set()
    assert shown.page.live.picture.banner == "You play: the bot watches"
    assert shown.page.hands.text() == "Let the bot play"
    shown.click(shown.page.hands)
    shown.wait(lambda: shown.ticks[-1].reason is not Reason.TAKEOVER)
    assert shown.page.hands.text() == "Let me play"
    shown.click(shown.page.stop)
    shown.wait(lambda: not shown.page.player.busy and not shown.page._roster.running)
    with Recording(next(studio.flights.glob("*.h5"))) as log:
        assert SpanKind.TAKEOVER in {span.kind for span in log.spans()}
    assert shown.page.corrections.text.startswith("You took over once")


def test_a_game_without_the_focus_is_told_in_words(shown: Shown, game: TinyGame, desk: Desk):
    shown.choose(log=False)
    shown.click(shown.page.play)
    shown.until(Reason.PLAYING)
    shown.page.activateWindow()
    shown.until(Reason.FOCUS_LOST)
    assert shown.page.live.picture.banner == "The game has lost the focus: click into it"
    assert desk.down() == set()
    assert shown.page.live.picture.has_picture, "the last one stays"


def test_killing_what_plays_lifts_the_keys_and_leaves_the_window_working(
    shown: Shown, game: TinyGame, desk: Desk
):
    shown.choose(log=False)
    shown.click(shown.page.play)
    shown.wait(lambda: desk.down() == {desk.code("right")})
    process_id = shown.page.player.process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    shown.wait(lambda: not shown.page.player.busy)
    shown.wait(lambda: desk.down() == set())
    assert "killed (signal 9)" in shown.page.notice.text
    assert "The keys have been let go." in shown.page.notice.text
    shown.click(shown.page.play)
    shown.wait(lambda: desk.down() == {desk.code("right")})
    assert shown.page.notice.text == ""


def test_the_practice_game_is_opened_played_to_its_end_and_scored(shown: Shown, desk: Desk):
    shown.choose()
    shown.page.choices.match_min.setValue(0.1)
    shown.click(shown.page.play)
    shown.until(Reason.PLAYING)
    assert shown.page.player.stage is Stage.PLAYING
    shown.wait(lambda: not shown.page.still_running())
    assert shown.page.notice.text == ""
    assert shown.page.summary.text.startswith("The match ended ")
    assert "the game's window was closed" in shown.page.summary.text
    assert desk.down() == set()


def test_a_practice_game_that_crashes_is_told(shown: Shown, desk: Desk):
    shown.choose(log=False)
    shown.click(shown.page.play)
    shown.until(Reason.PLAYING)
    (window,) = shown.page.player.game.crew.begun
    os.kill(window, signal.SIGKILL)
    shown.wait(lambda: not shown.page.player.busy)
    assert "The practice game ended unexpectedly (signal 9)" in shown.page.notice.text
    assert not shown.page.summary.text.startswith("The match ended")
    assert desk.down() == set()


def test_closing_while_it_plays_ends_everything_in_good_order(
    shown: Shown, game: TinyGame, desk: Desk, studio
):
    shown.choose()
    shown.click(shown.page.play)
    shown.wait(lambda: desk.down() == {desk.code("right")})
    shown.page.shut_down()
    assert shown.page.still_running()
    shown.wait(lambda: not shown.page.still_running())
    assert desk.down() == set()
    with Recording(next(studio.flights.glob("*.h5"))) as log:
        assert log.complete


def test_another_run_can_be_opened_and_is_chosen_again_next_time(shown: Shown, studio: Studio):
    elsewhere = toy_policy(studio.folder / "elsewhere")
    shown.page.open(elsewhere)
    shown.wait(lambda: shown.page.run is not None and shown.page.run.folder == elsewhere)
    toy_policy(studio.runs / "newer")
    studio.runs_changed.emit()
    shown.wait(lambda: shown.page.runs.count() == 3)
    assert shown.page.run is not None
    assert shown.page.run.folder == elsewhere, "what was chosen stays chosen"
    assert studio.preferences.get("play/run", "") == str(elsewhere)


def test_a_damaged_run_is_told_and_the_others_still_play(studio: Studio, qtbot: QtBot):
    toy_policy(studio.runs / "good")
    (toy_policy(studio.runs / "bad") / "config.json").write_text('{"kind": "policy"}')
    shown = Shown(studio, qtbot)
    assert [shown.page.runs.itemData(i).name for i in range(shown.page.runs.count())] == ["good"]
    assert "Bad: what it says of itself can't be read" in shown.page.notice.text
    shown.end()


def test_what_was_chosen_is_remembered(studio: Studio, qtbot: QtBot):
    first = ChoicesForm(studio.preferences)
    first.log.setChecked(False)
    first.temperature.setValue(0.4)
    first.hold_ms.setValue(100)
    first.limit_min.setValue(2)
    first.engine.setCurrentIndex(first.engine.findData("torch"))
    first.difficulty.setCurrentIndex(first.difficulty.findData("professional"))
    first.remember()
    second = ChoicesForm(studio.preferences)
    for form in (first, second):
        qtbot.addWidget(form)
    assert second.chosen == first.chosen
    assert (second.chosen.temperature, second.chosen.min_hold_ms) == (0.4, 100)
    assert (second.chosen.seconds, second.chosen.engine) == (120, "torch")
