import inspect
import os
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from agent.guard import Reason
from agent.trial import Interval
from gui.jobs.practice import Counted, Goals, MatchRequest, Stage, play_match
from gui.jobs.stock import find_runs
from gui.matches.choices import BOT
from gui.matches.telling import (
    MOST_KEPT,
    Past,
    from_text,
    player_in_words,
    to_text,
    told_count,
    told_end,
    told_stage,
)
from gui.practice.commands import trial as trial_command
from gui.practice_page import PracticePage
from recorder.window import list_windows
from tests.fakes import PATIENCE_S
from tests.toy_play import toy_run

PATIENCE_MS = round(6000 * PATIENCE_S)  # a graph is exported, and a window comes up
TITLE = "Understudy Practice"
WON = Past("2026-03-01 18:30", "coach", "amateur", 60.0, 3, 1)


@pytest.fixture
def page(studio, qtbot):
    made = PracticePage(studio)
    made.choices.length.addItem("2 seconds", 2.0)
    made.resize(1000, 700)
    made.show()
    made.entered()
    yield made
    made.shut_down()
    qtbot.waitUntil(lambda: not made.still_running(), timeout=PATIENCE_MS)
    made.close()
    made.deleteLater()


def start(page, qtbot):
    qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)


def playing(page, qtbot):
    qtbot.waitUntil(lambda: page._stage is Stage.PLAYING, timeout=PATIENCE_MS)


def choose_short(page):
    page.choices.length.setCurrentIndex(page.choices.length.findData(2.0))


def game_windows():
    return [window for window in list_windows() if window.title.startswith(TITLE)]


def gone(qtbot):
    qtbot.waitUntil(lambda: not game_windows(), timeout=PATIENCE_MS)


def test_past_matches_are_kept_and_what_is_none_is_left_out():
    assert from_text(to_text([WON])) == [WON]
    assert len(from_text(to_text([WON] * (MOST_KEPT + 5)))) == MOST_KEPT
    assert from_text("") == from_text("[3]") == from_text('[{"day": "x"}]') == []


@pytest.mark.parametrize(
    ("goals", "told"),
    [
        (Goals(3, 1), "Over: 3 - 1, won."),
        (Goals(0, 1), "Over: 0 - 1, lost."),
        (Goals(1, 1), "Over: 1 - 1, a draw."),
        (None, "The match ended before full time; it is not counted."),
    ],
)
def test_the_end_is_told(goals, told):
    assert told_end(goals) == told


def test_the_state_is_told():
    assert told_stage(Stage.PLAYING, "person").startswith("Playing")
    assert told_stage(Stage.LOADING, "/runs/first") == "Loading first..."
    assert "coach plays" in told_stage(Stage.PLAYING, "coach")
    assert "take over" in told_stage(Stage.PLAYING, "/runs/first")


def test_a_count_is_told_with_its_interval():
    counted = Counted(1, Interval(2.0, 1.5, 2.5), Interval(0.25, 0.0, 0.5))
    told = told_count(counted, "coach")
    assert told.startswith("The coach in 1 match: 2.00 goals a match")
    assert "1.50 to 2.50" in told
    assert "0.25 against" in told
    assert "Stopped" in told_count(None, "coach")
    assert player_in_words("idle") == "Nobody"


def test_a_match_by_hand_has_the_keys_and_its_score_is_remembered(page, qtbot, studio, desk):
    choose_short(page)
    start(page, qtbot)
    assert page.at_work() == "a practice match is being played"
    assert page.stop.isVisible()
    assert not page.start.isVisible()
    playing(page, qtbot)
    qtbot.waitUntil(lambda: any(each.focused for each in game_windows()), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not page.crew.running, timeout=PATIENCE_MS)
    assert page.state.text().startswith("Over: ")
    assert page.at_work() is None
    (match,) = page.history.past
    assert (match.player, match.difficulty, match.seconds) == ("person", "beginner", 2.0)
    assert page.history.table.item(0, 1).text() == "You"
    again = PracticePage(studio)
    assert again.history.past == [match]
    again.deleteLater()
    gone(qtbot)


def test_stop_closes_the_games_window_and_counts_nothing(page, qtbot):
    page.choices.players["coach"].click()
    start(page, qtbot)
    playing(page, qtbot)
    assert game_windows()
    qtbot.mouseClick(page.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.crew.running, timeout=PATIENCE_MS)
    assert "not counted" in page.state.text()
    assert page.history.past == []
    assert page.start.isVisible()
    gone(qtbot)


def test_closing_the_program_closes_the_games_window(page, qtbot):
    start(page, qtbot)
    playing(page, qtbot)
    page.shut_down()
    assert page.still_running()
    qtbot.waitUntil(lambda: not page.still_running(), timeout=PATIENCE_MS)
    gone(qtbot)


def test_when_the_process_behind_a_match_is_killed_its_window_goes_too(page, qtbot):
    start(page, qtbot)
    playing(page, qtbot)
    os.kill(page.crew.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: "killed" in page.notice.text, timeout=PATIENCE_MS)
    gone(qtbot)
    assert page.start.isEnabled()


def test_a_window_that_crashes_is_told_and_one_that_is_closed_is_not(page, qtbot, desk):
    for how, told in ((signal.SIGKILL, "ended unexpectedly (signal 9)"), (signal.SIGTERM, "")):
        start(page, qtbot)
        playing(page, qtbot)
        (window,) = page.crew.begun
        os.kill(window, how)
        qtbot.waitUntil(lambda: not page.crew.running, timeout=PATIENCE_MS)
        assert told in page.notice.text
        assert bool(told) == bool(page.notice.text)
        assert "not counted" in page.state.text()
        gone(qtbot)


def test_a_bot_plays_in_the_window(page, qtbot, studio):
    page.choices.players[BOT].click()
    assert not page.start.isEnabled()
    assert "No bot" in page.start.toolTip()
    report, _, _ = toy_run()
    shutil.copytree(report.out, studio.runs / "first")
    studio.runs_changed.emit()
    assert page.choices.bot.currentText() == "first"
    choose_short(page)
    start(page, qtbot)
    qtbot.waitUntil(lambda: page._stage is Stage.LOADING, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not page.crew.running, timeout=PATIENCE_MS)
    assert page.history.table.item(0, 1).text() == "first"
    assert page.notice.text == ""


class PlayedOn:
    """A window whose match goes on to full time, whoever is at the keys."""

    pid = 0

    def __init__(self, result: Path) -> None:
        self._result, self._looks = result, 0

    def poll(self) -> int | None:
        self._looks += 1
        if self._looks < 10:
            return None
        self._result.write_text('{"goals_for": 0, "goals_against": 5}')
        return 0


class QuietLine:
    """Tells nobody, and is asked for nothing."""

    def tell(self, message):
        pass

    def stop_asked(self):
        return False


@pytest.mark.parametrize("reason", [Reason.STOP_KEY, Reason.STOPPED])
def test_a_match_whose_bot_was_ended_by_the_stop_key_does_not_count(monkeypatch, reason):
    @contextmanager
    def window(plan, seed, result, *, errors):
        yield PlayedOn(result)

    monkeypatch.setattr("recorder.display.require_display", lambda: None)
    monkeypatch.setattr("gui.practice.match_window.practice_window", window)
    monkeypatch.setattr("gui.jobs.practice._bring_forward", lambda line, over: None)
    monkeypatch.setattr("models.engine.PolicyRunner.load", lambda path: SimpleNamespace(profile=0))
    monkeypatch.setattr(
        "agent.desktop.play_desktop", lambda *_, **__: SimpleNamespace(stop_reason=reason)
    )
    played = play_match(MatchRequest("runs/me", "beginner", 60.0, 1), QuietLine())
    assert played == (None if reason is Reason.STOP_KEY else Goals(0, 5))


def test_a_folder_without_a_trained_run_holds_no_bot(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "checkpoint.safetensors").write_bytes(b"")
    (tmp_path / "a" / "config.json").write_text("[]")
    (tmp_path / "b").mkdir()
    assert find_runs(tmp_path) == find_runs(tmp_path / "none") == []


def test_what_was_chosen_is_remembered(page, studio):
    page.choices.skills["professional"].click()
    page.choices.players["coach"].click()
    page.choices.length.setCurrentIndex(0)
    again = PracticePage(studio)
    assert (again.choices.difficulty, again.choices.player) == ("professional", "coach")
    assert again.choices.seconds == 60.0
    again.deleteLater()


def test_recording_a_match_goes_to_the_page_for_it(page, qtbot, studio):
    studio.choose_game("tuxfootball")
    with qtbot.waitSignal(studio.page_wanted) as wanted:
        qtbot.mouseClick(page.record, Qt.MouseButton.LeftButton)
    assert wanted.args == ["record", None]
    assert studio.game.is_practice


def test_it_says_whose_goals_would_be_counted(page):
    def told():
        return " ".join(label.text() for label in page.counting.findChildren(QLabel))

    page.choices.players["person"].click()
    assert "Your team standing still against " in told()
    page.choices.players["coach"].click()
    assert "The coach against " in told()
    assert "standing still" not in told()


def test_goals_of_many_matches_are_counted(page, qtbot):
    choose_short(page)
    page.counting.matches.setValue(2)
    qtbot.mouseClick(page.counting.start, Qt.MouseButton.LeftButton)
    assert page.at_work() == "goals are being counted"
    qtbot.waitUntil(lambda: not page.counting.crew.running, timeout=PATIENCE_MS)
    assert page.counting.result.text().startswith("Nobody in 2 matches: 0.00 goals a match")


def test_goals_are_counted_in_the_matches_of_a_trial_and_not_in_those_trained_on(
    page, qtbot, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        page.counting.crew, "start", lambda job, request, **_: asked.append(request)
    )
    page.choices.players["coach"].click()
    page.counting.matches.setValue(7)
    qtbot.mouseClick(page.counting.start, Qt.MouseButton.LeftButton)
    (request,) = asked
    trial = inspect.signature(trial_command).parameters["seed"].default
    assert (request.player, request.matches) == ("coach", 7)
    assert request.seed == trial == 1000


def test_a_count_that_is_stopped_ends_at_once(page, qtbot):
    page.choices.length.setCurrentIndex(page.choices.length.findData(600.0))
    page.choices.players["coach"].click()
    page.counting.matches.setValue(200)
    qtbot.mouseClick(page.counting.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.counting.crew.begun), timeout=PATIENCE_MS)
    helpers = page.counting.crew.begun
    qtbot.mouseClick(page.counting.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.counting.crew.running, timeout=PATIENCE_MS)
    assert "Stopped before the first match" in page.counting.result.text()
    for helper in helpers:
        with pytest.raises(ProcessLookupError):
            os.kill(helper, 0)


def test_when_the_process_that_counts_is_killed_its_helpers_go_too(page, qtbot):
    page.choices.length.setCurrentIndex(page.choices.length.findData(600.0))
    page.counting.matches.setValue(200)
    qtbot.mouseClick(page.counting.start, Qt.MouseButton.LeftButton)
    crew = page.counting.crew
    qtbot.waitUntil(lambda: bool(crew.begun), timeout=PATIENCE_MS)
    helpers = crew.begun
    os.kill(crew.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: "killed" in page.counting.result.text(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not any(map(alive, helpers)), timeout=PATIENCE_MS)
    assert page.counting.start.isVisible()


def alive(process):
    """Say whether a process runs; one that only waits to be taken note of does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
