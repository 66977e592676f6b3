"""Trainings from the first click to the report; stopped, killed, closed, and gone on with."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from data.profile import load_profile
from gui.jobs.line import How
from gui.studio import Studio
from gui.train.begun import Begun
from gui.train.choices import DetectorChoices
from gui.train_page import TrainPage
from tests.pitch_pictures import write_pitch_recording
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


def test_a_policy_is_trained_from_a_click_to_its_report(page, studio, qtbot, until, recordings):
    page.open(recordings)
    setup = page.setups["policy"]
    until(lambda: len(setup.chooser.chosen()) == 2)
    setup.form.show_choices(SMALL)
    click(qtbot, setup.start)
    assert page.at_work() == "policy-1 is being trained"
    assert page.tabs.currentWidget() is page.live
    assert not setup.start.isEnabled()
    assert "policy-1" in setup.problem
    until(lambda: page.at_work() is None)
    assert page.live.state.text().startswith("Done: policy-1 learned for 12 steps.")
    assert page.notice.text == ""
    assert [step for step, _ in page.live.loss.points()][-1] == 12
    assert page.live.score.points()[-1][0] == 12
    groups = page.live.bars.groups
    assert [group.name for group in groups] == [h.name for h in load_profile("practice").heads]
    assert "majority" in groups[0].bars[0].rivals
    assert setup.name.text() == "policy-2"
    config = json.loads((studio.runs / "policy-1" / "config.json").read_text())
    assert config["settings"]["policy"]["hidden"] == 16
    click(qtbot, page.live.show_report)
    assert page.tabs.currentWidget() is page.runs
    assert "Policy for practice" in page.runs.report.browser.toPlainText()
    until(lambda: "curves.png" in page.runs.report.browser.pictures)
    went = []
    studio.page_wanted.connect(lambda name, what: went.append((name, what)))
    click(qtbot, page.runs.report.play)
    assert went == [("play", studio.runs / "policy-1")]


def test_a_refused_training_says_why_and_leaves_its_name_free(
    page, studio, until, recordings, tmp_path
):
    lost = tmp_path / "lost.h5"
    page.start("bot", Begun("policy", "practice", (lost,), (), SMALL))
    until(lambda: page.at_work() is None)
    assert "no such file" in page.notice.text
    assert not (studio.runs / "bot").exists()
    page.start("eyes", Begun("detector", "practice", tuple(recordings), (), DetectorChoices()))
    until(lambda: page.at_work() is None)
    assert "holds boxes" in page.notice.text
    assert not (studio.runs / "eyes").exists()


def test_a_training_whose_recording_goes_meanwhile_names_it(page, studio, qtbot, until, tmp_path):
    recordings = toy_recordings(tmp_path)
    begun = Begun("policy", "practice", tuple(recordings), (recordings[1],), LONG, 5.0)
    page.start("bot", begun)
    assert "bot is being trained" in studio.user_of(recordings[1])
    until(lambda: len(page.live.loss.points()) > 2)
    recordings[1].rename(tmp_path / "away.h5")
    click(qtbot, page.live.stop)
    until(lambda: page.at_work() is None)
    told = page.live.state.text()
    assert f"{recordings[1]}: no such file" in told
    assert "put it back there, from the trash or under the old name, and it can go on." in told
    assert studio.user_of(recordings[1]) == ""
    assert page.live.go_on.isVisible()


def test_a_detector_is_trained_and_scored_by_class(page, studio, qtbot, until):
    for seed in range(2):
        write_pitch_recording(studio.recordings / f"{seed}.h5", frames=4, seed=seed)
    page.entered()
    page.tabs.setCurrentIndex(1)
    setup = page.setups["detector"]
    until(lambda: len(setup.chooser.chosen()) == 2)
    setup.form.show_choices(
        DetectorChoices(steps=3, batch=2, evaluations=1, device="cpu", threads=1)
    )
    page.activateWindow()
    until(page.isActiveWindow)
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: page.at_work() is not None)  # Qt shows the button go down first
    until(lambda: page.at_work() is None)
    assert page.live.state.text().startswith("Done: detector-1 learned for 3 steps.")
    assert [step for step, _ in page.live.loss.points()] == [1, 2, 3]
    (group,) = page.live.bars.groups
    assert [bar.name for bar in group.bars] == list(load_profile("practice").object_names)
    assert not page.live.play.isVisible()
    config = json.loads((studio.runs / "detector-1" / "config.json").read_text())
    assert config["training"]["frame_stride"] == 1
    combo = page.setups["policy"].form.widgets["detector"]
    assert combo.itemText(1) == "detector-1"


def test_another_page_can_have_it_train_at_once(page, studio, until, tmp_path):
    lost = tmp_path / "lost.h5"
    page.open(Begun("policy", "practice", (lost,), (), SMALL))
    assert page.at_work() == "policy-1 is being trained"
    until(lambda: page.at_work() is None)
    assert "lost.h5" in page.notice.text


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
    away = recordings[1].rename(recordings[1].with_name("away.h5"))
    click(qtbot, page.live.go_on)
    until(lambda: page.at_work() is None)
    assert f"{recordings[1]}: no such file" in page.notice.text
    away.rename(recordings[1])
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
