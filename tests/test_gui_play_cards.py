import os
import shutil
import signal

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from agent.trial import Interval
from gui.jobs.line import Ended, How
from gui.jobs.practice import COACH, Counted
from gui.play import kept_score, score_card
from gui.play.kept_score import score_path
from gui.play.score_card import ScoreCard
from gui.play_page import PlayPage
from gui.studio import Studio
from gui.train.begun import Begun
from gui.train.choices import PolicyChoices
from tests.fakes import strokes
from tests.flights import toy_flight
from tests.play_runs import toy_policy
from tests.toy_play import toy_run

PATIENCE_MS = 120_000  # processes that import torch are started, and other tests may run beside
LEFT = Qt.MouseButton.LeftButton


def test_corrections_of_a_run_are_counted_and_trained_on(studio: Studio, qtbot: QtBot):
    report, recordings, _ = toy_run()
    logs = [studio.flights / f"log-{number}.h5" for number in range(3)]
    studio.flights.mkdir(parents=True)
    toy_flight(logs[0], human=strokes("w", 1020, 1320))
    toy_flight(logs[1])
    toy_flight(logs[2], human=strokes("w", 520, 620))
    (studio.flights / "broken.h5").write_bytes(b"nothing")
    page, asked = PlayPage(studio), []
    studio.page_wanted.connect(lambda name, what: asked.append((name, what)))
    page.show()
    page.entered()
    page.open(report.out)
    qtbot.waitUntil(lambda: page.corrections.text.startswith("You took"), timeout=PATIENCE_MS)
    assert page.corrections.text.startswith("You took over 2 times, 2.5 s in all, in 2 flight")
    assert "toy0" in page.corrections.text
    assert not page.corrections.train.isEnabled(), "it would forget what it was trained on"
    for path in recordings:
        shutil.copy(path, studio.recordings)
    studio.recordings_changed.emit()
    qtbot.waitUntil(page.corrections.train.isEnabled, timeout=PATIENCE_MS)
    qtbot.mouseClick(page.corrections.train, LEFT)
    (name, begun), *more = asked
    assert not more
    assert name == "train"
    assert isinstance(begun, Begun)
    assert (begun.kind, begun.choices) == ("policy", PolicyChoices())
    assert sorted(path.name for path in begun.recordings) == sorted(
        [*(path.name for path in recordings), "log-0.h5", "log-2.h5"]
    )
    page.shut_down()
    qtbot.waitUntil(lambda: not page.still_running(), timeout=PATIENCE_MS)
    page.close()


@pytest.fixture
def card(studio: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    for module in (kept_score, score_card):
        monkeypatch.setattr(module, "MATCHES", 2)
        monkeypatch.setattr(module, "MATCH_S", 3.0)
    monkeypatch.setattr(score_card, "NICENESS", 0)  # the machine may be busy
    made = ScoreCard(studio)
    made.show_run(toy_policy(studio.runs / "toy"), "beginner")
    made.show()
    yield made
    made.end()
    qtbot.waitUntil(lambda: not made.busy, timeout=PATIENCE_MS)
    made.close()


def test_goals_are_counted_beside_the_coachs_and_kept(card: ScoreCard, studio, qtbot: QtBot):
    refused: list[str] = []
    card.refused.connect(refused.append)
    assert card.text == "Nobody has counted its goals against beginner players yet."
    qtbot.mouseClick(card.count, LEFT)
    assert card.busy
    assert not card.count.isVisible()
    qtbot.waitUntil(lambda: "The coach plays" in card.text, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not card.busy, timeout=PATIENCE_MS)
    assert "In the same matches the coach scores" in card.text
    assert refused == []
    assert score_path(studio.runs / "toy", "beginner").is_file()
    again = ScoreCard(studio)
    again.show_run(studio.runs / "toy", "beginner")
    assert again.text == card.text
    again.show_run(studio.runs / "toy", "amateur")
    assert again.text.startswith("Nobody has counted")
    again.close()


def is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_counting_that_is_killed_is_told_and_can_begin_again(card: ScoreCard, qtbot: QtBot):
    refused: list[str] = []
    card.refused.connect(refused.append)
    qtbot.mouseClick(card.count, LEFT)
    assert card.crew.process_id is not None
    qtbot.waitUntil(lambda: bool(card.crew.begun), timeout=PATIENCE_MS)
    helpers = card.crew.begun
    os.kill(card.crew.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: not card.busy, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not any(map(is_there, helpers)), timeout=PATIENCE_MS)
    assert len(refused) == 1
    assert "killed (signal 9)" in refused[0]
    assert card.count.isEnabled()


def test_a_stop_between_the_bots_count_and_the_coachs_is_heeded(
    card: ScoreCard, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    begun: list[str] = []
    monkeypatch.setattr(card.crew, "start", lambda job, request, **_: begun.append(request.player))
    counted = Counted(2, Interval(1.0, 0.0, 2.0), Interval(0.0, 0.0, 0.0))
    qtbot.mouseClick(card.count, LEFT)
    card.end()  # the bot's job is over, and its process about to go
    card.crew.ended.emit(Ended(How.DONE, result=counted))
    assert len(begun) == 1
    assert card.text.startswith("Stopped. In 2 matches it scores 1.0 goals")
    qtbot.mouseClick(card.count, LEFT)
    card.crew.ended.emit(Ended(How.DONE, result=counted))
    assert begun[1:] == [begun[0], COACH]


def test_counting_stops_when_asked(card: ScoreCard, qtbot: QtBot):
    endings = []
    qtbot.mouseClick(card.count, LEFT)
    card.crew.ended.connect(endings.append)
    qtbot.mouseClick(card.stop, LEFT)
    qtbot.waitUntil(lambda: not card.busy, timeout=PATIENCE_MS)
    assert endings[0].how is How.STOPPED
    assert card.count.isVisible()
