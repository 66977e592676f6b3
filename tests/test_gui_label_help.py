"""Suggestions, boxes carried on, further frames, and files of other tools."""

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialogButtonBox, QLineEdit

import gui.label_page
from data.boxes import Box, BoxOrigin
from data.frames import fit
from data.writer import RecordingWriter
from gui.label import assistant
from gui.label.detectors import sources
from gui.label.dialogs import ExportDialog, ImportDialog, ProblemsDialog
from gui.label.exchange import free
from gui.label.keeper import MOST_SAVE_MS, SAVE_MS, save_after_ms
from gui.label.strip import State, state_of
from gui.practice.devices import HeadlessGame
from tests.box_folders import pitch, save, xml
from tests.factories import TICK_NS, capture_facts, practice_profile, write_recording
from tests.labelling import LEFT, boxes, label_page, opened, press, stored, wait

Key = Qt.Key


@pytest.fixture
def page(studio, qtbot):
    studio.recordings.mkdir()
    with label_page(studio, qtbot) as shown:
        yield shown


def played(path: Path, *, frames: int) -> Path:
    """Record real pictures of the practice game, half a second apart, without boxes."""
    game = HeadlessGame(seed=3)
    game.clock.sleep_until_ns(4_000_000_000)
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(frames):
            game.clock.sleep_until_ns(4_000_000_000 + 500_000_000 * index)
            image = fit(game.screen.grab().image, practice_profile().capture.size)
            writer.append_frame(image, index * TICK_NS)
    return path


def click(qtbot, widget) -> None:
    wait(qtbot, widget.isEnabled)
    qtbot.mouseClick(widget, LEFT)


def done(page, qtbot) -> None:
    wait(qtbot, lambda: not page.task.doing)


def test_a_detector_suggests_and_one_key_each_answers(page, studio, qtbot):
    path = played(studio.recordings / "play.h5", frames=3)
    opened(page, qtbot, path)
    assert page.suggestions.sources.currentData() == "practice"
    click(qtbot, page.suggestions.suggest_button)
    done(page, qtbot)
    document = page.editor.document
    assert all(state_of(document.sheet(f)) is State.SUGGESTED for f in document.frames)
    first = page.editor.sheet.marks
    assert len(first) >= 8
    assert all(mark.suggested and mark.score >= 0.3 for mark in first)
    assert page.editor.canvas.selection == (0,)
    press(page, qtbot, Key.Key_Return)
    press(page, qtbot, Key.Key_X)
    now = page.editor.sheet
    assert (len(now.drawn), len(now.marks)) == (1, len(first) - 1)
    assert now.drawn[0].box.origin is BoxOrigin.HUMAN
    assert now.drawn[0].corners == first[0].corners
    assert page.editor.canvas.selection == (1,)
    press(page, qtbot, Key.Key_Backspace)
    press(page, qtbot, Key.Key_Return, shift=True)
    assert page.editor.sheet.suggestions == ()
    assert len(page.editor.sheet.drawn) == len(first) - 2
    press(page, qtbot, Key.Key_S, ctrl=True)
    wait(qtbot, lambda: not page.keeper.dirty)
    origins = {f: {box.origin for box in several} for f, several in stored(path).items()}
    assert origins[0] == {BoxOrigin.HUMAN}
    assert origins[1] == {BoxOrigin.SUGGESTED}


def test_suggestions_in_a_recording_wait_as_they_were_made(page, studio, qtbot):
    waiting = Box("ball", 100, 60, 110, 70, BoxOrigin.SUGGESTED)
    path = write_recording(studio.recordings / "one.h5", frames=5, boxes=[waiting])
    opened(page, qtbot, path)
    assert [mark.box for mark in page.editor.sheet.marks] == [waiting]
    assert page.editor.canvas.selection == (0,)
    assert page.editor.frames_done.text() == "0 of 5 frames done, 5 with suggestions to answer"
    assert page.editor.document.unsaved == {}
    page.left()
    assert [file.name for file in studio.recordings.iterdir()] == ["one.h5"]


def test_boxes_are_carried_on_to_frames_after_this_one(page, studio, qtbot, monkeypatch):
    monkeypatch.setattr(gui.label_page, "FRAMES", 8)
    path = write_recording(studio.recordings / "one.h5", frames=120)
    opened(page, qtbot, path)
    assert page.suggestions.carry_button.toolTip() == "Draw a box on this frame first."
    taken = set(page.editor.document.frames)
    assert len(taken) == 8
    frame = page.editor.frame
    left = (frame * 7) % 460
    press(page, qtbot, Key.Key_W)
    page.editor.canvas.drawn.emit((left + 0.0, 40.0, left + 20.0, 110.0))
    press(page, qtbot, Key.Key_Escape)
    click(qtbot, page.suggestions.carry_button)
    done(page, qtbot)
    document = page.editor.document
    carried = [f for f in document.frames if document.sheet(f).suggestions]
    assert carried
    assert max(carried) <= frame + assistant.AHEAD_FRAMES
    assert set(document.frames) > taken
    for at in carried:
        mark = document.sheet(at).suggestions[0]
        assert mark.corners[0] == pytest.approx((at * 7) % 460, abs=2)
        assert mark.box.class_name == "player"


def test_more_frames_are_further_ones(page, studio, qtbot):
    opened(page, qtbot, write_recording(studio.recordings / "one.h5", frames=100))
    before = set(page.editor.document.frames)
    click(qtbot, page.editor.more_button)
    done(page, qtbot)
    after = set(page.editor.document.frames)
    assert after > before
    assert len(after) == len(before) + assistant.MORE_FRAMES == page.editor.strip.count()


def test_boxes_on_frames_that_are_not_shown_are_counted_too(page, studio, qtbot):
    truth = Box("ball", 5, 5, 15, 15, BoxOrigin.TRUTH)
    path = write_recording(studio.recordings / "one.h5", frames=100, boxes=[truth])
    opened(page, qtbot, path)
    assert "✓ ball: 100 on 100 frames" in page.classes.list.item(2).text()


def test_another_recording_takes_the_place_of_the_first_once_that_is_saved(page, studio, qtbot):
    one = write_recording(studio.recordings / "one.h5", frames=20)
    two = write_recording(studio.recordings / "two.h5", frames=10)
    opened(page, qtbot, one)
    page.editor.canvas.drawn.emit((10.0, 10.0, 40.0, 40.0))
    opened(page, qtbot, two)
    assert page.editor.document.frames == tuple(range(10))
    assert boxes(page) == []
    assert len(stored(one)) == 1


def test_of_many_frames_with_boxes_some_are_shown_and_all_are_counted(page, studio, qtbot):
    path = write_recording(
        studio.recordings / "one.h5", frames=700, boxes=[Box("ball", 5, 5, 15, 15)]
    )
    opened(page, qtbot, path)
    assert 200 <= page.editor.strip.count() <= 300
    assert page.editor.strip.frames == page.editor.document.frames
    assert "✓ ball: 700 on 700 frames" in page.classes.list.item(2).text()


def test_train_is_told_the_recording_once_it_is_saved(page, studio, qtbot):
    path = write_recording(studio.recordings / "one.h5", frames=10)
    opened(page, qtbot, path)
    page.editor.canvas.drawn.emit((10.0, 10.0, 40.0, 40.0))
    wanted = []
    studio.page_wanted.disconnect()
    studio.page_wanted.connect(lambda name, what: wanted.append((name, what, len(stored(path)))))
    click(qtbot, page.train_button)
    wait(qtbot, lambda: wanted != [])
    assert wanted == [("train", ("detector", [path]), 1)]


@pytest.mark.parametrize("kind", ["voc", "coco", "yolo"])
def test_what_is_exported_can_be_imported(page, studio, qtbot, kind):
    path = write_recording(studio.recordings / "one.h5", frames=4)
    opened(page, qtbot, path)
    page.editor.canvas.drawn.emit((10.0, 10.0, 40.0, 40.0))
    click(qtbot, page.export_button)
    wait(qtbot, lambda: isinstance(page.exchange.dialog, ExportDialog))
    fill(page.exchange.dialog, qtbot, studio.folder / "out", kind)
    wait(qtbot, lambda: "were written" in page.notice.text)
    click(qtbot, page.import_button)
    wait(qtbot, lambda: isinstance(page.exchange.dialog, ImportDialog))
    fill(page.exchange.dialog, qtbot, studio.folder / "out", kind)
    wait(qtbot, lambda: page.opened is not None and page.opened.path.name == "out.h5")
    assert boxes(page) == [("player", (10, 10, 40, 40))]


def fill(dialog, qtbot, folder: Path, kind: str) -> None:
    """Fill in a dialog, and accept it."""
    line = dialog.findChild(QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, str(folder))
    dialog.kind.setCurrentIndex(dialog.kind.findData(kind))
    buttons = dialog.findChild(QDialogButtonBox)
    role = QDialogButtonBox.ButtonRole.AcceptRole
    accept = next(one for one in buttons.buttons() if buttons.buttonRole(one) is role)
    assert accept.isEnabled()
    qtbot.mouseClick(accept, LEFT)


def test_what_is_wrong_in_a_folder_is_listed_and_ends_nothing(page, studio, qtbot):
    folder = studio.folder / "from elsewhere"
    save(folder / "a.png", pitch())
    ball = ("ball", (5, 5, 20, 20))
    (folder / "a.xml").write_text(xml([ball, ("unicorn", (9, 9, 30, 30))], filename="a.png"))
    (folder / "b.xml").write_text("<annotation><obj")
    click(qtbot, page.import_button)
    fill(page.exchange.dialog, qtbot, folder, "voc")
    wait(qtbot, lambda: isinstance(page.exchange.dialog, ProblemsDialog))
    listed = page.exchange.dialog.text.toPlainText()
    assert "unicorn" in listed
    assert "b.xml" in listed
    page.exchange.dialog.close()
    wait(qtbot, lambda: page.opened is not None)
    assert page.opened.path == studio.recordings / "from-elsewhere.h5"
    assert boxes(page) == [("ball", (5, 5, 20, 20))]


def test_a_folder_without_boxes_is_told_in_a_sentence(page, studio, qtbot):
    save(studio.folder / "pictures" / "a.png", pitch())
    click(qtbot, page.import_button)
    fill(page.exchange.dialog, qtbot, studio.folder / "pictures", "coco")
    wait(qtbot, lambda: "no picture of the folder has boxes" in page.notice.text.lower())
    assert page.opened is None
    assert list(studio.recordings.iterdir()) == []


def test_a_file_that_is_no_recording_is_told_in_a_sentence(page, studio, qtbot):
    broken = studio.recordings / "broken.h5"
    broken.write_text("no recording")
    page.open(broken)
    wait(qtbot, lambda: "not a recording" in page.notice.text)
    assert page.opened is None


def test_detectors_trained_here_come_first_and_policies_are_left_out(tmp_path):
    for name, kind in (("eyes", "detector"), ("hands", "policy")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(f'{{\n  "kind": "{kind}"\n}}')
        (tmp_path / name / "checkpoint.safetensors").touch()
    (tmp_path / "empty").mkdir()
    found = sources(tmp_path)
    assert [source.by for source in found] == [str(tmp_path / "eyes"), "practice", "coco"]
    assert sources(tmp_path / "none") == found[1:]


def test_large_recordings_are_written_less_often():
    assert save_after_ms(1_000_000) == SAVE_MS
    assert save_after_ms(2_000_000_000) == 10 * SAVE_MS
    assert save_after_ms(10**12) == MOST_SAVE_MS


def test_nothing_is_written_over(tmp_path):
    for name in ("a.h5", "a-2.h5"):
        (tmp_path / name).write_text("")
    assert free(tmp_path / "a.h5") == tmp_path / "a-3.h5"
    assert free(tmp_path / "b.h5") == tmp_path / "b.h5"
