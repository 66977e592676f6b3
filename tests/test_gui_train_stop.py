"""Trainings that are stopped, killed, closed with the window, and gone on with."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.jobs.line import How
from gui.studio import Studio
from gui.train.begun import Begun
from gui.train_page import TrainPage
from tests.trainings import LONG, PATIENCE_MS, SMALL, shown_page, toy_recordings

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return toy_recordings(tmp_path_factory.mktemp("toys"))


@pytest.fixture
def page(studio: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainPage]:
    monkeypatch.setattr("gui.train_page.NICENESS", 0)  # the machine may be busy
    with shown_page(studio, qtbot) as made:
        yield made


@pytest.fixture
def until(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    return lambda true: qtbot.waitUntil(true, timeout=PATIENCE_MS)


def click(qtbot, widget):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_a_killed_training_is_told_and_goes_on(page, studio, qtbot, until, recordings):
    begun = Begun("policy", "practice", tuple(recordings), (recordings[1],), LONG, 5.0)
    page.start("bot", begun)
    until(lambda: len(page.live.loss.points()) > 2)
    os.kill(page._worker.process_id, signal.SIGKILL)
    until(lambda: page.at_work() is None)
    assert "signal 9" in page.notice.text
    assert "Go on" in page.live.state.text()
    assert page.live.go_on.isVisible()
    (entry,) = [page.runs.table.topLevelItem(i) for i in range(1)]
    assert (entry.text(0), entry.text(5)) == ("bot", "unfinished")
    click(qtbot, page.live.go_on)
    assert page.notice.text == ""
    until(lambda: bool(page.live.loss.points()))
    click(qtbot, page.live.stop)
    assert not page.live.stop.isEnabled()
    until(lambda: page.at_work() is None)
    assert page.live.state.text().startswith("Stopped after")
    assert (studio.runs / "bot" / "checkpoint.safetensors").is_file()
    config = json.loads((studio.runs / "bot" / "config.json").read_text())
    assert config["recordings"] == {"training": ["0"], "validation": ["1"]}, "as it was marked"
    assert page.live.play.isVisible()
    assert page.runs.table.topLevelItem(0).text(5) == "unfinished"


def test_stopped_while_it_looks_it_can_go_on(page, studio, qtbot, until, recordings):
    ended = []
    page.start("bot", Begun("policy", "practice", tuple(recordings), (), SMALL))
    page._worker.ended.connect(ended.append)
    until(lambda: page.live.state.text().startswith("Looking"))
    click(qtbot, page.live.stop)
    until(lambda: bool(ended))
    assert ended[0].how is How.STOPPED
    assert page.live.go_on.isVisible()
    assert page.notice.text == ""


def test_closing_ends_a_training_in_good_order(page, studio, until, recordings):
    page.start("bot", Begun("policy", "practice", tuple(recordings), (), LONG))
    until(lambda: len(page.live.loss.points()) > 1)
    page.shut_down()
    until(lambda: not page.still_running())
    assert (studio.runs / "bot" / "training.safetensors").is_file()
