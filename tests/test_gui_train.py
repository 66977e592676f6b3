import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from data.keys import KeyEvent
from data.profile import load_profile, profile_text
from gui.library.marks import Mark, set_mark
from gui.studio import Studio
from gui.train.begun import Begun
from gui.train.choices import PolicyChoices
from gui.train_page import TrainPage
from tests.factories import write_recording
from tests.fakes import PATIENCE_S
from tests.pitch_pictures import write_pitch_recording

PATIENCE_MS = round(2000 * PATIENCE_S)
KEYS = (KeyEvent(0, "up", True), KeyEvent(500_000_000, "up", False))


@pytest.fixture
def page(studio: Studio, qtbot: QtBot) -> Iterator[TrainPage]:
    """The page, entered, and ended as the window ends it."""
    for folder in (studio.flights, studio.runs):
        folder.mkdir(parents=True)
    made = TrainPage(studio)
    qtbot.addWidget(made)
    made.resize(1080, 700)
    yield made
    made.shut_down()
    qtbot.waitUntil(lambda: not made.still_running(), timeout=PATIENCE_MS)


def come(page: TrainPage, qtbot: QtBot, *, count: int) -> None:
    """Show the page, and wait until so many recordings are listed."""
    page.show()
    page.entered()
    qtbot.waitUntil(lambda: len(listed(page)) == count, timeout=PATIENCE_MS)


def listed(page: TrainPage, kind: str = "policy") -> dict[str, tuple[bool, bool, str]]:
    """Return for each recording whether it can be ticked, whether it is, and what it is for."""
    tree = page.setups[kind].chooser.tree
    items = [tree.topLevelItem(index) for index in range(tree.topLevelItemCount())]
    return {
        item.text(0): (
            not item.isDisabled(),
            item.checkState(0) == Qt.CheckState.Checked,
            item.text(3),
        )
        for item in items
    }


def write_run(studio: Studio, name: str, *, kind: str = "policy", **profile: object) -> Path:
    folder = studio.runs / name
    folder.mkdir(parents=True)
    own = json.loads(load_profile("practice").to_json()) | profile
    config = {"kind": kind, "profile": own, "recordings": {"training": ["a"], "validation": []}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "checkpoint.safetensors").write_bytes(b"weights")
    image = np.full((400, 1400, 3), 200, np.uint8)
    cv2.imwrite(str(folder / "curves.png"), image)
    (folder / "report.md").write_text("# What it learned\n\n![curves](curves.png)\n")
    return folder


def test_an_empty_folder_says_what_to_do_and_goes_there(page, studio, qtbot):
    page.show()
    page.entered()
    went = []
    studio.page_wanted.connect(lambda name, what: went.append(name))
    setup = page.setups["policy"]
    assert setup.chooser._empty.isVisible()
    assert "Tick" in setup.problem
    assert not setup.start.isEnabled()
    (go,) = setup.chooser._empty.findChildren(QPushButton)
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    assert went == ["record"]


def test_recordings_are_listed_with_what_they_are_good_for(page, studio, qtbot):
    write_recording(studio.recordings / "a.h5", keys=KEYS)
    write_recording(studio.recordings / "b.h5", keys=KEYS)
    write_pitch_recording(studio.recordings / "drawn.h5", frames=4, seed=0)
    (studio.recordings / "torn.h5").write_bytes(b"nothing")
    set_mark(studio.recordings, "a.h5", Mark.VALIDATION)
    set_mark(studio.recordings, "b.h5", Mark.UNUSED)
    come(page, qtbot, count=4)
    assert listed(page) == {
        "a": (True, True, "validation"),
        "b": (True, False, "unused"),
        "drawn": (True, True, ""),
        "torn": (False, False, ""),
    }
    assert listed(page, "detector")["a"] == (False, False, "validation")
    assert listed(page, "detector")["drawn"] == (True, True, "")
    assert page.setups["policy"].chooser.held_out() == (studio.recordings / "a.h5",)
    torn = page.setups["policy"].chooser.tree.topLevelItem(3)
    assert torn.toolTip(0).startswith("Not a recording")


def test_a_long_name_leaves_room_for_what_stands_beside_it(page, studio, qtbot):
    long = "a very long name of a match " * 8
    write_recording(studio.recordings / f"{long.strip()}.h5", keys=KEYS)
    write_recording(studio.recordings / "short.h5", keys=KEYS)
    (studio.recordings / "torn.h5").write_bytes(b"nothing")
    set_mark(studio.recordings, "short.h5", Mark.VALIDATION)
    come(page, qtbot, count=3)
    tree = page.setups["policy"].chooser.tree
    items = [tree.topLevelItem(index) for index in range(3)]
    header = tree.header()
    assert header.length() <= tree.viewport().width()
    for column in (1, 2, 3):
        hint = tree.sizeHintForIndex(tree.indexFromItem(items[1], column)).width()
        assert header.sectionSize(column) >= hint
    assert header.sectionSize(0) > 48
    assert long.strip() in items[0].toolTip(0)
    assert "torn.h5" in items[2].toolTip(0)


def test_recordings_are_sorted_by_their_numbers_and_folders_are_none(page, studio, qtbot):
    for number in (10, 2, 1):
        write_recording(studio.recordings / f"match {number}.h5", keys=KEYS)
    (studio.recordings / "a.h5").mkdir()
    come(page, qtbot, count=3)
    qtbot.waitUntil(lambda: not page.sources.looking, timeout=PATIENCE_MS)
    assert list(listed(page)) == ["match 1", "match 2", "match 10"]


def test_ticks_change_by_key_and_are_remembered(page, studio, qtbot):
    for name in "ab":
        write_recording(studio.recordings / f"{name}.h5", keys=KEYS)
    come(page, qtbot, count=2)
    setup = page.setups["policy"]
    assert setup.start.isEnabled()
    tree = setup.chooser.tree
    tree.setCurrentItem(tree.topLevelItem(0))
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert [source.path.stem for source in setup.chooser.chosen()] == ["b"]
    page.left()
    other = TrainPage(studio)
    qtbot.addWidget(other)
    come(other, qtbot, count=2)
    assert [ticked for _, ticked, _ in listed(other).values()] == [False, True]
    other.shut_down()
    qtbot.waitUntil(lambda: not other.still_running(), timeout=PATIENCE_MS)


def test_settings_are_remembered_and_a_preset_takes_them_back(page, studio, qtbot):
    page.show()
    setup = page.setups["policy"]
    hidden = setup.form.widgets["hidden"]
    assert not hidden.isVisible()
    qtbot.mouseClick(setup.more, Qt.MouseButton.LeftButton)
    assert hidden.isVisible()
    assert isinstance(hidden, QSpinBox)
    hidden.setValue(64)
    mirror = setup.form.widgets["mirror"]
    assert isinstance(mirror, QCheckBox)
    mirror.setChecked(False)
    assert setup._different.text() == "2 settings of your own."
    page.left()
    again = TrainPage(studio).setups["policy"]
    choices = again.form.choices()
    assert isinstance(choices, PolicyChoices)
    assert (choices.hidden, choices.mirror, again.more.isChecked()) == (64, False, True)
    qtbot.mouseClick(setup._back, Qt.MouseButton.LeftButton)
    assert setup.form.choices() == PolicyChoices(device="cpu")


def test_settings_that_fight_keep_it_from_starting(page, studio, qtbot):
    write_recording(studio.recordings / "a.h5", keys=KEYS)
    come(page, qtbot, count=1)
    setup = page.setups["policy"]
    setup.form.show_choices(PolicyChoices(sees="boxes"))
    assert not setup.problem
    end_to_end = setup.form.widgets["end_to_end"]
    assert isinstance(end_to_end, QCheckBox)
    end_to_end.click()
    assert "needs the feature maps" in setup.problem
    assert not setup.start.isEnabled()
    assert setup.start.toolTip() == setup.problem


def test_it_asks_for_a_gpu_in_another_process(page, qtbot):
    import torch

    page.show()
    page.entered()
    radio = page.setups["policy"].presets["best"]
    assert not radio.isEnabled()
    qtbot.waitUntil(lambda: page._gpu is not None, timeout=PATIENCE_MS)
    assert radio.isEnabled() == torch.cuda.is_available()
    assert torch.cuda.is_available() or "no GPU" in radio.toolTip()


def test_of_another_games_recordings_none_is_ticked(page, studio, qtbot):
    write_recording(studio.recordings / "a.h5", keys=KEYS)
    come(page, qtbot, count=1)
    mine = studio.folder / "mine.toml"
    mine.write_text(profile_text("practice").replace('name = "practice"', 'name = "mine"', 1))
    studio.choose_game(str(mine))
    assert listed(page)["a"][:2] == (False, False)
    assert "Tick" in page.setups["policy"].problem


def test_exactly_what_another_page_names_is_ticked(page, studio, qtbot):
    paths = [write_recording(studio.recordings / f"{name}.h5", keys=KEYS) for name in "abc"]
    far = write_recording(studio.folder / "far.h5", keys=KEYS)
    page.show()
    page.open([paths[1], far])
    setup = page.setups["policy"]
    qtbot.waitUntil(lambda: len(setup.chooser.chosen()) == 2, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: len(listed(page)) == 4, timeout=PATIENCE_MS)
    assert [source.path for source in setup.chooser.chosen()] == [paths[1], far]
    assert page.tabs.currentWidget() is setup
    page.open(("detector", paths[0]))
    assert page.tabs.currentWidget() is page.setups["detector"]


def test_a_report_is_shown_with_its_pictures_no_wider_than_the_page(page, studio, qtbot):
    folder = write_run(studio, "bot")
    page.show()
    page.open(folder)
    report = page.runs.report
    assert page.tabs.currentWidget() is page.runs
    assert report.isVisible()
    assert "What it learned" in report.browser.toPlainText()
    qtbot.waitUntil(lambda: report.browser.pictures == ("curves.png",), timeout=PATIENCE_MS)
    qtbot.waitUntil(
        lambda: report.browser.document().size().height() > 100, timeout=PATIENCE_MS
    )  # the picture is in the text
    bar = report.browser.horizontalScrollBar()
    assert bar.maximum() == 0
    qtbot.keyClick(report, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: page.runs.table.isVisible(), timeout=PATIENCE_MS)


def test_runs_are_renamed_and_refused_a_taken_name(page, studio, qtbot):
    write_run(studio, "bot")
    write_run(studio, "taken")
    page.entered()
    page.runs.open_report(studio.runs / "nowhere")
    assert "no run nowhere" in page.runs.notice._words.text()
    table = page.runs.table
    table.setCurrentItem(
        next(table.topLevelItem(i) for i in range(2) if table.topLevelItem(i).text(0) == "bot")
    )
    page.runs.rename_chosen("taken")
    assert "already" in page.runs.notice._words.text()
    page.runs.rename_chosen("better")
    assert sorted(each.name for each in studio.runs.iterdir()) == ["better", "taken"]
    assert page.runs.table.topLevelItemCount() == 2


def test_a_run_goes_to_the_trash(page, studio, qtbot, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(studio.folder / "data"))
    folder = write_run(studio, "bot")
    page.show()
    page.entered()
    page.tabs.setCurrentWidget(page.runs)
    qtbot.mouseClick(page.runs.trash, Qt.MouseButton.LeftButton)
    assert not folder.exists()
    assert list((studio.folder / "data").rglob("bot/report.md"))
    assert page.runs.table.topLevelItemCount() == 0
    assert not page.runs.trash.isEnabled()
    assert page.runs.trash.toolTip() == "Choose a run."


def test_what_was_begun_elsewhere_can_not_go_on_here(page, studio, qtbot):
    folder = write_run(studio, "bot")
    (folder / "training.safetensors").write_bytes(b"state")
    page.entered()
    assert "--resume" in page.runs.go_on.toolTip()
    page.go_on(folder)
    assert "--resume" in page.notice._words.text()
    Begun("policy", "practice", (), (), PolicyChoices()).write(folder)
    studio.runs_changed.emit()
    assert page.runs.go_on.isEnabled()


def test_only_detectors_of_this_game_are_offered(page, studio, qtbot):
    write_run(studio, "eyes", kind="detector")
    write_run(
        studio, "others", kind="detector", objects=[{"name": "car", "most": 3}], reference=None
    )
    page.entered()
    combo = page.setups["policy"].form.widgets["detector"]
    offered = [combo.itemText(index) for index in range(combo.count())]
    assert offered == ["The detector that ships", "eyes"]
    weights = page.setups["detector"].form.widgets["weights"]
    assert {weights.itemText(i) for i in range(weights.count())} >= {"eyes", "others"}


def test_let_it_play_goes_to_the_page_play(page, studio, qtbot):
    folder = write_run(studio, "bot")
    went = []
    studio.page_wanted.connect(lambda name, what: went.append((name, what)))
    page.show()
    page.entered()
    page.tabs.setCurrentWidget(page.runs)
    qtbot.mouseClick(page.runs.play, Qt.MouseButton.LeftButton)
    assert went == [("play", folder)]
