import json
import os
import signal
from pathlib import Path

import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication

from data.boxes import BoxOrigin
from data.profile_toml import write_profile
from data.reader import Recording
from data.writer import RecordingWriter
from gui.label.canvas import Mode
from gui.label.frame_desk import NO_RECORDINGS
from gui.label.session import session_path
from tests.factories import (
    TICK_NS,
    altered_profile,
    capture_facts,
    picture,
    practice_profile,
    write_recording,
)
from tests.labelling import (
    LEFT,
    about,
    boxes,
    click,
    drag,
    label_page,
    opened,
    place,
    press,
    stored,
    wait,
)

Key = Qt.Key


@pytest.fixture
def path(studio) -> Path:
    studio.recordings.mkdir()
    return write_recording(studio.recordings / "one.h5", frames=30)


@pytest.fixture
def page(studio, qtbot, path):
    with label_page(studio, qtbot) as shown:
        opened(shown, qtbot, path)
        yield shown


def drawn(page, qtbot, *corners):
    """Draw a box, and go back to editing."""
    press(page, qtbot, Key.Key_W)
    drag(page, qtbot, corners[:2], corners[2:])
    press(page, qtbot, Key.Key_Escape)
    press(page, qtbot, Key.Key_Escape)


def test_an_empty_folder_says_what_to_do_next(studio, qtbot):
    with label_page(studio, qtbot) as page:
        assert page.editor.canvas._empty == NO_RECORDINGS
        assert not page.train_button.isEnabled()
        assert page.train_button.toolTip() == "Choose a recording first."
        studio.recordings.mkdir()
        write_recording(studio.recordings / "one.h5", frames=5)
        studio.recordings_changed.emit()
        page.chooser.box.setFocus()
        qtbot.keyClick(page.chooser.box, Key.Key_Down)
        wait(qtbot, lambda: page.opened is not None)
        assert page.editor.canvas.has_picture


def test_a_box_is_drawn_by_mouse_and_saved_by_itself(page, qtbot, path):
    qtbot.mouseClick(page.editor.draw_button, LEFT)
    qtbot.mouseClick(page.classes.list.viewport(), LEFT, pos=page.classes.list.visualItemRect(
        page.classes.list.item(2)).center())  # fmt: skip
    drag(page, qtbot, (100, 60), (130, 90))
    ((name, corners),) = boxes(page)
    assert name == "ball"
    assert about(corners, (100, 60, 130, 90))
    assert page.editor.state.text() == "Not saved yet"
    assert "ball: 1 on 1 frame" in page.classes.list.item(2).text()
    wait(qtbot, lambda: page.editor.state.text() == "All saved")
    frame = page.editor.frame
    assert [(b.class_name, b.origin) for b in stored(path)[frame]] == [("ball", BoxOrigin.HUMAN)]
    assert json.loads(session_path(path).read_text())["unsaved"] == {}


def test_a_tiny_box_is_refused_and_one_that_leaves_the_picture_is_cut(page, qtbot):
    told = []
    page.studio.said.connect(told.append)
    press(page, qtbot, Key.Key_N, ctrl=True)
    assert page.editor.canvas.mode is Mode.DRAW
    drag(page, qtbot, (100, 60), (101, 90))
    assert boxes(page) == []
    assert "too small" in told[-1]
    drag(page, qtbot, (450, 250), (479, 400))
    assert boxes(page)[0][1][3] == 270


def test_boxes_are_selected_moved_and_resized_by_mouse(page, qtbot):
    drawn(page, qtbot, 100, 60, 140, 100)
    drag(page, qtbot, (120, 80), (220, 90))
    assert about(boxes(page)[0][1], (200, 70, 240, 110))
    drag(page, qtbot, (240, 110), (300, 150))  # its lower right corner
    assert about(boxes(page)[0][1], (200, 70, 300, 150))
    drag(page, qtbot, (200, 110), (180, 20))  # its left side
    assert about(boxes(page)[0][1], (180, 70, 300, 150))
    click(page, qtbot, 20, 250)
    assert page.editor.canvas.selection == ()


def test_keys_move_delete_copy_and_undo(page, qtbot):
    drawn(page, qtbot, 100, 60, 140, 100)
    first = boxes(page)[0][1]
    click(page, qtbot, 120, 80)
    press(page, qtbot, Key.Key_Right)
    press(page, qtbot, Key.Key_Down, shift=True)
    assert boxes(page)[0][1] == (first[0] + 1, first[1] + 10, first[2] + 1, first[3] + 10)
    press(page, qtbot, Key.Key_Z, ctrl=True)
    assert boxes(page)[0][1] == first
    press(page, qtbot, Key.Key_Y, ctrl=True)
    press(page, qtbot, Key.Key_A, ctrl=True)
    press(page, qtbot, Key.Key_D, ctrl=True)
    assert len(boxes(page)) == 2
    press(page, qtbot, Key.Key_A, ctrl=True)
    press(page, qtbot, Key.Key_C, ctrl=True)
    press(page, qtbot, Key.Key_D)
    assert boxes(page) == []
    press(page, qtbot, Key.Key_V, ctrl=True)
    assert len(boxes(page)) == 2
    press(page, qtbot, Key.Key_Delete)
    assert boxes(page) == []
    press(page, qtbot, Key.Key_Z, ctrl=True, shift=False)
    assert len(boxes(page)) == 2
    press(page, qtbot, Key.Key_A)
    press(page, qtbot, Key.Key_D)
    press(page, qtbot, Key.Key_Z, ctrl=True, shift=True)  # again: the delete
    assert boxes(page) == []


def test_a_number_chooses_the_class_and_changes_that_of_the_selection(page, qtbot):
    press(page, qtbot, Key.Key_4)
    drawn(page, qtbot, 100, 60, 140, 100)
    drawn(page, qtbot, 200, 60, 240, 100)
    assert [name for name, _ in boxes(page)] == ["goal", "goal"]
    click(page, qtbot, 120, 80)
    press(page, qtbot, Key.Key_3)
    assert [name for name, _ in boxes(page)] == ["ball", "goal"]
    click(page, qtbot, 220, 80, more=True)
    press(page, qtbot, Key.Key_2)
    assert [name for name, _ in boxes(page)] == ["opponent", "opponent"]
    press(page, qtbot, Key.Key_9)  # there is no ninth class
    assert [name for name, _ in boxes(page)] == ["opponent", "opponent"]


def test_a_number_while_drawing_is_the_class_of_the_next_box(page, qtbot):
    press(page, qtbot, Key.Key_W)
    drag(page, qtbot, (100, 60), (140, 100))
    press(page, qtbot, Key.Key_3)
    drag(page, qtbot, (200, 60), (240, 100))
    assert [name for name, _ in boxes(page)] == ["player", "ball"]


def test_a_drag_ends_where_undo_takes_its_box_away(page, qtbot):
    drawn(page, qtbot, 100, 60, 140, 100)
    canvas = page.editor.canvas
    qtbot.mousePress(canvas, LEFT, pos=place(page, 120, 80))
    qtbot.mouseMove(canvas, place(page, 180, 90))
    press(page, qtbot, Key.Key_Z, ctrl=True)
    qtbot.mouseRelease(canvas, LEFT, pos=place(page, 200, 90))
    assert boxes(page) == []


def test_the_wheel_enlarges_where_the_mouse_is_and_boxes_stay_true(page, qtbot):
    canvas = page.editor.canvas
    at = QPointF(place(page, 120, 80))
    for _ in range(5):
        turn = QWheelEvent(
            at, canvas.mapToGlobal(at), QPointF(0, 0).toPoint(), QPointF(0, 120).toPoint(),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(canvas, turn)
    assert canvas.zoom > 3
    assert about((place(page, 120, 80).x(), place(page, 120, 80).y()), (at.x(), at.y()))
    drawn(page, qtbot, 110, 70, 130, 90)
    assert about(boxes(page)[0][1], (110, 70, 130, 90))
    before = place(page, 120, 80)
    qtbot.mousePress(canvas, Qt.MouseButton.MiddleButton, pos=before)
    qtbot.mouseMove(canvas, before + QPointF(40, 30).toPoint())
    qtbot.mouseRelease(canvas, Qt.MouseButton.MiddleButton, pos=before + QPointF(40, 30).toPoint())
    moved = place(page, 120, 80) - before
    assert (abs(moved.x() - 40) <= 1, abs(moved.y() - 30) <= 1) == (True, True)
    press(page, qtbot, Key.Key_0)
    assert canvas.zoom == 1


def test_done_frames_are_counted_and_the_next_open_one_is_shown(page, qtbot):
    first = page.editor.frame
    drawn(page, qtbot, 100, 60, 140, 100)
    press(page, qtbot, Key.Key_Return, ctrl=True)
    assert page.editor.frame != first
    assert page.editor.frames_done.text() == "1 of 30 frames done"
    assert page.editor.strip.caption_of(first) == "✓ 1 box"
    press(page, qtbot, Key.Key_A)
    assert page.editor.frame == first


def test_what_was_drawn_is_there_again_the_next_time(studio, qtbot, path):
    with label_page(studio, qtbot) as page:
        opened(page, qtbot, path)
        drawn(page, qtbot, 100, 60, 140, 100)
        press(page, qtbot, Key.Key_Return, ctrl=True)
        frame, sheets = page.editor.document.frames[0], dict(page.editor.document.sheets)
    assert len(stored(path)[frame]) == 1  # closing saved it
    with label_page(studio, qtbot) as page:
        wait(qtbot, lambda: page.opened is not None)  # the recording of last time
        assert dict(page.editor.document.sheets) == sheets
        assert page.offer.text == ""


def what_is_left(qtbot, path) -> dict[Path, bytes]:
    """Return the files as they are after something was noted and before it is saved."""
    wait(qtbot, lambda: session_path(path).exists())
    return {file: file.read_bytes() for file in (path, session_path(path))}


def leave(files: dict[Path, bytes]) -> None:
    """Put files back, as if the program had been killed then."""
    for file, data in files.items():
        file.write_bytes(data)


def test_boxes_that_a_killed_program_had_not_saved_are_offered(studio, qtbot, path):
    with label_page(studio, qtbot) as page:
        opened(page, qtbot, path)
        drawn(page, qtbot, 100, 60, 140, 100)
        left_behind = what_is_left(qtbot, path)
    leave(left_behind)
    with label_page(studio, qtbot) as page:
        wait(qtbot, lambda: page.offer.text != "")
        assert "one frame" in page.offer.text
        assert not page.editor.isEnabled()
        qtbot.mouseClick(page.offer.restore_button, LEFT)
        assert len(boxes(page)) == 1
        wait(qtbot, lambda: page.editor.state.text() == "All saved")
    assert len(stored(path)) == 1


def test_a_failing_save_keeps_the_boxes_and_says_so(page, qtbot, path):
    (path.parent / "one.h5.boxes.part").mkdir()
    drawn(page, qtbot, 100, 60, 140, 100)
    press(page, qtbot, Key.Key_S, ctrl=True)
    wait(qtbot, lambda: "could not be saved" in page.notice.text)
    assert page.keeper.dirty
    assert len(json.loads(session_path(path).read_text())["unsaved"]) == 1
    assert "could not be saved" in page.at_work()
    (path.parent / "one.h5.boxes.part").rmdir()
    press(page, qtbot, Key.Key_S, ctrl=True)
    wait(qtbot, lambda: not page.keeper.dirty)
    assert page.at_work() is None
    assert len(stored(path)) == 1


def test_a_killed_process_is_told_and_the_page_goes_on(page, qtbot, path):
    drawn(page, qtbot, 100, 60, 140, 100)
    qtbot.mouseClick(page.suggestions.suggest_button, LEFT)
    os.kill(page.task._worker.process_id, signal.SIGKILL)
    wait(qtbot, lambda: "killed" in page.notice.text)
    assert page.suggestions.suggest_button.isEnabled()
    press(page, qtbot, Key.Key_S, ctrl=True)
    wait(qtbot, lambda: not page.keeper.dirty)
    assert len(stored(path)) == 1


def own_game(studio, **changes: object) -> str:
    """Write a profile of one's own."""
    file = studio.profiles / "mine.toml"
    file.parent.mkdir(exist_ok=True)
    write_profile(altered_profile(**changes), file)
    return str(file)


def classes(page) -> tuple[str, ...]:
    assert page.opened is not None
    return tuple(kind.name for kind in page.opened.objects)


def test_what_the_game_names_by_now_can_be_drawn_in_older_recordings(page, qtbot, path, studio):
    had = practice_profile()
    drawn(page, qtbot, 20, 20, 60, 60)
    further = [*had.model_dump()["objects"], {"name": "keeper", "most": 2}]
    studio.choose_game(own_game(studio, objects=further))
    wait(qtbot, lambda: page.opened is not None and "keeper" in classes(page))
    wait(qtbot, lambda: not page.task.doing)
    assert classes(page) == (*had.object_names, "keeper")
    assert [name for name, _ in boxes(page)] == ["player"]
    press(page, qtbot, Key.Key_6)
    press(page, qtbot, Key.Key_W)
    drag(page, qtbot, (100, 60), (130, 90))
    wait(qtbot, lambda: page.editor.state.text() == "All saved")
    frame = page.editor.frame
    assert [box.class_name for box in stored(path)[frame]] == ["player", "keeper"]
    with Recording(path) as recording:
        assert recording.profile.object_names == (*had.object_names, "keeper")
    studio.choose_game("practice")
    assert classes(page) == (*had.object_names, "keeper")


def test_boxes_of_a_name_that_is_gone_are_still_offered(studio, qtbot, path):
    further = [*practice_profile().model_dump()["objects"], {"name": "keeper"}]
    studio.choose_game(own_game(studio, objects=further))
    with label_page(studio, qtbot) as page:
        opened(page, qtbot, path)
        press(page, qtbot, Key.Key_6)
        drawn(page, qtbot, 100, 60, 140, 100)
        left_behind = what_is_left(qtbot, path)
    leave(left_behind)
    studio.choose_game("practice")
    with label_page(studio, qtbot) as page:
        wait(qtbot, lambda: page.offer.text != "")
        qtbot.mouseClick(page.offer.restore_button, LEFT)
        wait(qtbot, lambda: page.editor.state.text() == "All saved")
    ((box,),) = stored(path).values()
    assert box.class_name == "keeper"


def test_a_game_without_names_says_where_to_give_them(studio, qtbot):
    studio.recordings.mkdir()
    nothing = altered_profile(objects=[], reference=None)
    path = studio.recordings / "bare.h5"
    with RecordingWriter(path, profile=nothing, facts=capture_facts()) as writer:
        for index in range(5):
            writer.append_frame(picture(index), index * TICK_NS)
    studio.choose_game(own_game(studio, objects=[], reference=None))
    with label_page(studio, qtbot) as page:
        opened(page, qtbot, path)
        assert "page Start" in page.notice.text
        assert not page.train_button.isEnabled()
        studio.choose_game(own_game(studio, objects=[{"name": "ball"}], reference=None))
        wait(qtbot, lambda: page.opened is not None and classes(page) == ("ball",))
        wait(qtbot, lambda: not page.task.doing)
        assert page.notice.text == ""
        press(page, qtbot, Key.Key_W)
        drag(page, qtbot, (100, 60), (130, 90))
        wait(qtbot, lambda: page.editor.state.text() == "All saved")
        assert [box.class_name for box in stored(path)[page.editor.frame]] == ["ball"]
        assert page.train_button.isEnabled()
