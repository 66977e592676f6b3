import os

import av
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QDialog, QMessageBox

from data.errors import UnderstudyError
from data.reader import Recording
from data.writer import RecordingWriter
from gui.jobs.library_edits import Format
from gui.label.session import Session, session_path, write_session
from gui.library.actions import Action
from gui.library.dialogs import ExportDialog, NameDialog
from gui.library.files import rename
from gui.library.marks import Mark, marks_of, set_mark
from gui.library.shelf import Order, row_words
from gui.page import Page
from tests.factories import TICK_NS, capture_facts, picture, practice_profile
from tests.libraries import FRAMES, left_behind, library, played, show, wait_for

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(studio, qtbot):
    played(studio.recordings / "one.h5")
    with library(studio, qtbot) as shown:
        show(shown, qtbot, studio.recordings / "one.h5")
        yield shown


def dialog(page: Page, qtbot, kind):
    def found():
        return [each for each in page.findChildren(kind) if each.isVisible()]

    wait_for(qtbot, found)
    return found()[0]


def failures(page: Page) -> list[str]:
    """Gather from now on what the player can't show, such as a file that has gone."""
    told: list[str] = []
    page.player.failed.connect(told.append)
    return told


def frames_of(path):
    with Recording(path) as recording:
        return recording.times_ns.tolist()


def mark_second(page, qtbot):
    """Mark the frames 20 to 39, and their stretch with them."""
    player = page.player
    player.setFocus()
    player.step(20)
    qtbot.keyClick(player, Qt.Key.Key_I)
    player.step(19)
    qtbot.keyClick(player, Qt.Key.Key_O)
    assert player.marks.text == "0:01.0 to 0:01.9"


@pytest.mark.parametrize(("keep", "name"), [(True, "one-part.h5"), (False, "one-cut.h5")])
def test_the_marked_stretch_is_kept_or_cut_out(studio, qtbot, page, keep, name):
    assert not page.player.marks.keep.isEnabled()
    mark_second(page, qtbot)
    qtbot.mouseClick(page.player.marks.keep if keep else page.player.marks.cut, LEFT)
    qtbot.mouseClick(dialog(page, qtbot, NameDialog).accept_button, LEFT)
    made = studio.recordings / name
    wait_for(qtbot, lambda: page.player.path == made and page.player.opened)
    marked = range(20, 40)
    kept = [index for index in range(FRAMES) if (index in marked) is keep]
    assert frames_of(made) == [index * TICK_NS for index in kept]
    assert len(frames_of(studio.recordings / "one.h5")) == FRAMES
    assert name in page.notice.text


def test_escape_clears_the_marks(qtbot, page):
    mark_second(page, qtbot)
    qtbot.keyClick(page.player, Qt.Key.Key_Escape)
    assert page.player.marks.text == ""
    assert not page.player.marks.cut.isEnabled()
    assert "Mark a stretch first" in page.player.marks.cut.toolTip()


def test_two_recordings_become_one(studio, qtbot, page):
    played(studio.recordings / "two.h5", frames=10)
    studio.recordings_changed.emit()
    wait_for(qtbot, lambda: page.shelf.list.count() == 2)
    page.shelf.list.selectAll()
    qtbot.mouseClick(page.actions_bar.buttons[Action.MERGE], LEFT)
    named = dialog(page, qtbot, NameDialog)
    named.name.setText("one")
    assert not named.accept_button.isEnabled()
    assert "exists" in named.why.text()
    named.name.setText("both")
    qtbot.mouseClick(named.accept_button, LEFT)
    wait_for(qtbot, lambda: page.player.path == studio.recordings / "both.h5")
    assert len(frames_of(studio.recordings / "both.h5")) == FRAMES + 10


def test_a_new_name_keeps_the_mark_and_the_boxes_that_are_not_saved_yet(studio, qtbot, page):
    set_mark(studio.recordings, "one.h5", Mark.VALIDATION)
    write_session(session_path(studio.recordings / "one.h5"), Session("it", frames=(3,)))
    qtbot.keyClick(page.shelf.list, Qt.Key.Key_F2)
    named = dialog(page, qtbot, NameDialog)
    named.name.selectAll()
    qtbot.keyClicks(named.name, "corners")
    qtbot.keyClick(named.name, Qt.Key.Key_Return)
    wait_for(qtbot, lambda: page.player.path == studio.recordings / "corners.h5")
    assert not (studio.recordings / "one.h5").exists()
    assert marks_of(studio.recordings) == {"corners.h5": Mark.VALIDATION}
    assert '"frames": [3]' in session_path(studio.recordings / "corners.h5").read_text()
    assert not session_path(studio.recordings / "one.h5").exists()


def test_a_recording_keeps_its_name_when_its_boxes_cant_follow(tmp_path):
    path, other = tmp_path / "a.h5", tmp_path / "b.h5"
    path.touch()
    write_session(session_path(path), Session("it"))
    (session_path(other) / "in the way").mkdir(parents=True)
    with pytest.raises(UnderstudyError, match="can't be renamed"):
        rename(path, other)
    assert path.is_file()
    assert session_path(path).is_file()
    assert not other.exists()


def test_deleting_asks_and_moves_to_the_trash(studio, qtbot, page, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = studio.recordings / "one.h5"
    write_session(session_path(path), Session("it"))
    for agreed in (False, True):
        qtbot.keyClick(page.shelf.list, Qt.Key.Key_Delete)
        asked = dialog(page, qtbot, QMessageBox)
        wanted = "Move to trash" if agreed else "Cancel"
        buttons = {each.text().replace("&", ""): each for each in asked.buttons()}
        assert path.is_file()
        qtbot.mouseClick(buttons[wanted], LEFT)
        wait_for(qtbot, lambda agreed=agreed: path.exists() is not agreed)
        wait_for(qtbot, lambda: not page.findChildren(QMessageBox))
    thrown = {each.name for each in (tmp_path / "data" / "Trash" / "files").iterdir()}
    assert thrown == {"one.h5", "one.h5.boxes.json"}
    wait_for(qtbot, lambda: page.catalogue.empty)
    wait_for(qtbot, page._empty.isVisible)


def agree(qtbot, page):
    asked = dialog(page, qtbot, QMessageBox)
    assert not page.notice.text
    qtbot.mouseClick(asked.buttons()[0], LEFT)


def test_what_was_thrown_away_is_not_opened_again_and_the_keys_go_on_to_the_list(
    studio, qtbot, page, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    paths = [studio.recordings / f"{name}.h5" for name in ("one", "three", "two")]
    for path in paths[1:]:
        played(path, frames=10)
    page.shelf.order.setCurrentText(Order.NAME.value)
    studio.recordings_changed.emit()
    wait_for(qtbot, lambda: page.shelf.list.count() == 3 and not page.catalogue.running)
    show(page, qtbot, paths[1])
    told = failures(page)
    qtbot.mouseClick(page.actions_bar.buttons[Action.TRASH], LEFT)
    agree(qtbot, page)
    wait_for(qtbot, lambda: page.player.path == paths[2] and page.player.opened)
    assert page.focusWidget() is page.shelf.list
    qtbot.keyClick(page.shelf.list, Qt.Key.Key_Delete)
    agree(qtbot, page)
    wait_for(qtbot, lambda: page.player.path == paths[0] and page.player.opened)
    wait_for(qtbot, lambda: not page.catalogue.running)
    assert (told, page.notice.text) == ([], "")


def test_what_was_renamed_is_not_opened_under_its_old_name(studio, qtbot, page):
    told = failures(page)
    qtbot.mouseClick(page.actions_bar.buttons[Action.RENAME], LEFT)
    named = dialog(page, qtbot, NameDialog)
    named.name.setText("other")
    qtbot.mouseClick(named.accept_button, LEFT)
    wait_for(qtbot, lambda: page.player.path == studio.recordings / "other.h5")
    wait_for(qtbot, lambda: page.player.opened and not page.catalogue.running)
    assert (told, page.notice.text) == ([], "")
    assert page.focusWidget() is page.shelf.list


@pytest.mark.parametrize("action", [Action.TRASH, Action.RENAME])
def test_what_a_training_reads_stays_where_it_is(studio, qtbot, page, action):
    studio.use("first is being trained on it", [studio.recordings / "one.h5"])
    qtbot.mouseClick(page.actions_bar.buttons[action], LEFT)
    assert page.notice.property("error")
    assert "one.h5 can't be" in page.notice.text
    assert "first is being trained" in page.notice.text
    assert not page.findChildren(QDialog)
    studio.use("first is being trained on it", [])
    qtbot.mouseClick(page.actions_bar.buttons[action], LEFT)
    dialog(page, qtbot, QDialog).reject()
    assert not page.notice.text


def test_a_name_that_is_too_long_is_told_while_it_is_typed(studio, qtbot, page):
    qtbot.keyClick(page.shelf.list, Qt.Key.Key_F2)
    named = dialog(page, qtbot, NameDialog)
    for name, said in (("x" * 300, "80 characters"), ("\U0001f600" * 70, "shorter")):
        named.name.setText(name)
        assert said in named.why.text()
        assert not named.accept_button.isEnabled()
    named.reject()
    qtbot.mouseClick(page.actions_bar.buttons[Action.EXPORT], LEFT)
    asked = dialog(page, qtbot, ExportDialog)
    asked.out.setText(f"/tmp/{'x' * 300}.mp4")
    assert "80 characters" in asked.why.text()
    asked.out.setText(f"/tmp/{'x' * 300}/a.mp4")
    assert "too long" in asked.why.text()
    assert not asked.accept_button.isEnabled()


def test_a_film_is_exported(studio, qtbot, page):
    qtbot.mouseClick(page.actions_bar.buttons[Action.EXPORT], LEFT)
    asked = dialog(page, qtbot, ExportDialog)
    assert asked.out.text() == str(studio.folder / "exports" / "one.mp4")
    qtbot.mouseClick(asked.accept_button, LEFT)
    wait_for(qtbot, lambda: "one.mp4" in page.notice.text)
    with av.open(str(studio.folder / "exports" / "one.mp4")) as film:
        assert film.streams.video[0].frames == FRAMES


@pytest.mark.parametrize("form", [Format.FRAMES, Format.ROBOMIMIC, Format.MINARI])
def test_other_formats_are_named_after_what_their_tools_want(studio, qtbot, page, form):
    qtbot.mouseClick(page.actions_bar.buttons[Action.EXPORT], LEFT)
    asked = dialog(page, qtbot, ExportDialog)
    asked.forms[form].click()
    out = asked.request.out
    qtbot.mouseClick(asked.accept_button, LEFT)
    wait_for(qtbot, lambda: "Written" in page.notice.text or page.notice.property("error"))
    assert "Written" in page.notice.text
    assert out.exists()


def test_an_export_can_be_stopped_and_closing_asks(studio, qtbot, page):
    path = played(studio.recordings / "long.h5", frames=2000)
    show(page, qtbot, path)
    qtbot.mouseClick(page.actions_bar.buttons[Action.EXPORT], LEFT)
    asked = dialog(page, qtbot, ExportDialog)
    qtbot.mouseClick(asked.accept_button, LEFT)
    wait_for(qtbot, lambda: page.work._progress.value() > 0)
    assert page.at_work()
    assert not page.actions_bar.can(Action.EXPORT)
    qtbot.mouseClick(page.work.stop, LEFT)
    wait_for(qtbot, lambda: not page.work.busy)
    assert page.at_work() is None
    assert list((studio.folder / "exports").iterdir()) == []
    assert page.actions_bar.can(Action.EXPORT)


def test_what_cannot_be_written_is_said(studio, qtbot, page):
    (studio.folder / "exports").write_text("a file, where a folder should be")
    qtbot.mouseClick(page.actions_bar.buttons[Action.EXPORT], LEFT)
    qtbot.mouseClick(dialog(page, qtbot, ExportDialog).accept_button, LEFT)
    wait_for(qtbot, lambda: page.notice.text)
    assert page.notice.property("error")
    assert "exports is a file" in page.notice.text


def test_a_recording_that_is_paused_is_known_and_shown_when_it_is_whole(studio, qtbot, page):
    path = studio.recordings / "now.h5"
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(FRAMES):
            writer.append_frame(picture(index), index * TICK_NS)
        writer.flush()
        os.utime(writer.part, (1, 1))
        page.open(writer.part)
        wait_for(qtbot, lambda: page.player.path == writer.part)
        wait_for(qtbot, lambda: not page.catalogue.running)
        assert row_words(page.shelf.list.current).endswith("being recorded")
        assert not page.facts.repair.isEnabled()
    wait_for(qtbot, lambda: page.player.path == path and page.player.opened)


def test_a_leftover_is_repaired_once_nobody_writes_it(studio, qtbot, page):
    part = left_behind(studio.recordings / "lost.h5")
    show(page, qtbot, part)
    for action in (Action.TRAIN, Action.TRASH, Action.RENAME):
        assert not page.actions_bar.can(action)
        assert "being recorded" in page.actions_bar.buttons[action].toolTip()
    assert not page.facts.repair.isEnabled()
    assert row_words(page.shelf.list.current).endswith("being recorded")
    assert "being recorded" in page.facts.text
    os.utime(part, (1, 1))
    page.entered()
    wait_for(qtbot, lambda: page.facts.repair.isEnabled() and not page.catalogue.running)
    assert row_words(page.shelf.list.current).endswith("was not closed")
    told = failures(page)
    qtbot.mouseClick(page.facts.repair, LEFT)
    asked = dialog(page, qtbot, QMessageBox)
    repair = next(each for each in asked.buttons() if each.text() == "Repair")
    qtbot.mouseClick(repair, LEFT)
    wait_for(qtbot, lambda: page.player.path == studio.recordings / "lost.h5")
    wait_for(qtbot, lambda: page.shelf.list.count() == 2)
    assert len(frames_of(studio.recordings / "lost.h5")) == FRAMES
    assert not part.exists()
    assert told == []
    QApplication.processEvents()
    assert not page.facts.repair.isVisible()
