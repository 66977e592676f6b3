import os
import signal

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication, QPushButton

from data.keys import By
from gui.library.actions import Action
from gui.library.marks import Mark, Remark, remarks_of, set_mark
from gui.library.piano_roll import LABEL_PX
from gui.library.shelf import Kind
from tests.libraries import FRAMES, flown, library, played, show, shown_frame, wait_for

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(studio, qtbot):
    played(studio.recordings / "one.h5")
    flown(studio.flights / "flight.h5")
    with library(studio, qtbot) as shown:
        show(shown, qtbot, studio.recordings / "one.h5")
        wait_for(qtbot, lambda: not shown.catalogue.running)
        yield shown


def test_an_empty_folder_says_what_to_do_next(studio, qtbot):
    wanted = []
    studio.page_wanted.connect(lambda name, what: wanted.append(name))
    with library(studio, qtbot) as page:
        record = page._empty.findChild(QPushButton)
        wait_for(qtbot, record.isVisible)
        qtbot.mouseClick(record, LEFT)
        assert wanted == ["record"]
        played(studio.recordings / "one.h5")
        studio.recordings_changed.emit()
        wait_for(qtbot, lambda: page.shelf.list.count() == 1)
        assert not record.isVisible()


def test_every_file_is_listed_and_a_damaged_one_says_why(studio, qtbot, page):
    (studio.recordings / "broken.h5").write_text("no recording")
    studio.recordings_changed.emit()
    wait_for(qtbot, lambda: page.shelf.list.count() == 3)
    page.open(studio.recordings / "broken.h5")
    wait_for(qtbot, lambda: page.shelf.list.current.path.name == "broken.h5")
    assert not page.actions_bar.can(Action.TRAIN)
    assert "can't be read" in page.actions_bar.buttons[Action.TRAIN].toolTip()
    assert page.actions_bar.can(Action.TRASH)
    assert not page.player.view.has_picture
    assert page.player.opened is None


def test_filter_and_search_leave_what_was_asked_for(qtbot, page):
    page.shelf.kind.setCurrentText(Kind.FLIGHTS.value)
    assert [item.path.name for item in page.shelf.list._items.values()] == ["flight.h5"]
    page.shelf.kind.setCurrentText(Kind.ALL.value)
    qtbot.keyClicks(page.shelf.search, "ONE")
    assert [item.path.name for item in page.shelf.list._items.values()] == ["one.h5"]
    assert page.shelf.text.startswith("1 file")
    qtbot.keyClicks(page.shelf.search, "xx")
    assert page.shelf.list.count() == 0
    assert "Nothing fits" in page.shelf.text


def test_the_facts_say_how_often_each_class_occurs(qtbot, page):
    wait_for(qtbot, lambda: page.facts.bars)
    movement = page.facts.bars[0].shares
    assert movement["right"] == pytest.approx(15 / FRAMES, abs=0.02)
    assert sum(movement.values()) == pytest.approx(1)
    assert f"in {FRAMES} pictures" in page.facts.text


def test_keys_step_through_the_pictures_and_light_the_pad(qtbot, page):
    player = page.player
    player.setFocus()
    assert shown_frame(page) == 0
    for key, modifier, frame in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 1),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 11),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 10),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, FRAMES - 1),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
    ):
        qtbot.keyClick(player, key, modifier)
        wait_for(qtbot, lambda frame=frame: shown_frame(page) == frame)
        held = {0: set(), 1: set(), 10: {"right", "d"}, 11: {"right", "d"}}.get(frame, set())
        assert player.pad.held == held
    assert [box.label for box in player.view.boxes] == ["ball"]
    player.boxes.setChecked(False)
    assert not player.view.boxes


def test_space_plays_to_the_end_and_pauses(qtbot, page):
    page.player.setFocus()
    qtbot.keyClick(page.player, Qt.Key.Key_Space)
    assert page.player.playing
    wait_for(qtbot, lambda: 0 < shown_frame(page) < FRAMES - 1)
    qtbot.keyClick(page.player, Qt.Key.Key_Space)
    assert not page.player.playing
    qtbot.keyClick(page.shelf.list, Qt.Key.Key_Space)
    assert page.player.playing
    wait_for(qtbot, lambda: shown_frame(page) == FRAMES - 1)
    assert not page.player.playing


def test_playing_stops_on_another_page(qtbot, page):
    page.player.toggle()
    page.left()
    assert not page.player.playing


def test_a_click_on_the_roll_goes_there_and_the_wheel_looks_closer(qtbot, page):
    roll = page.player.roll
    middle = QPoint((LABEL_PX + roll.width()) // 2, 40)
    qtbot.mouseClick(roll, LEFT, pos=middle)
    wait_for(qtbot, lambda: abs(shown_frame(page) - FRAMES // 2) <= 2)
    before = roll.shown
    QApplication.sendEvent(
        roll,
        QWheelEvent(
            QPointF(middle), QPointF(roll.mapToGlobal(middle)), QPoint(), QPoint(0, 240), LEFT,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip
    assert before[0] < roll.shown[0] < roll.shown[1] < before[1]
    qtbot.mouseClick(page.player._bar, LEFT, pos=QPoint(2, 5))
    wait_for(qtbot, lambda: shown_frame(page) <= 1)
    assert roll.shown[0] <= 0.05


def test_of_many_wishes_the_newest_is_shown(qtbot, page):
    for frame in range(FRAMES):
        page.player.source.wish(frame)
    wait_for(qtbot, lambda: shown_frame(page) == FRAMES - 1)


def test_a_flight_log_shows_who_held_what_and_how_probable_it_was(studio, qtbot, page):
    show(page, qtbot, studio.flights / "flight.h5")
    player = page.player
    player.seek(0.75)
    wait_for(qtbot, lambda: player.shown.frame == 15)
    assert player.shown.held == {"up": By.AGENT}
    assert player.pad.chances["up"] == pytest.approx(1.0)
    assert player.pad.chances["d"] == pytest.approx(1.0)
    player.seek(1.5)
    assert "a person had taken over" in player._time.text()
    wait_for(qtbot, lambda: "A person took over once" in page.facts.text)


def test_marks_and_notes_are_kept_beside_the_recordings(studio, qtbot, page):
    box = page.actions_bar.mark
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    note = page.facts.note
    note.setFocus()
    qtbot.keyClicks(note, "corners")
    qtbot.keyClick(note, Qt.Key.Key_Return)
    kept = remarks_of(studio.recordings)
    assert kept == {"one.h5": Remark(Mark.VALIDATION, "corners")}
    wait_for(qtbot, lambda: page.shelf.list.current.remark == kept["one.h5"])
    set_mark(studio.recordings, "one.h5", Mark.UNUSED)
    page.entered()
    wait_for(qtbot, lambda: box.currentText() == "Use: not used")


def test_chosen_recordings_go_to_the_pages_that_use_them(studio, qtbot, page):
    wanted = []
    studio.page_wanted.connect(lambda name, what: wanted.append((name, what)))
    buttons = page.actions_bar.buttons
    qtbot.mouseClick(buttons[Action.BOXES], LEFT)
    page.shelf.list.selectAll()
    qtbot.mouseClick(buttons[Action.TRAIN], LEFT)
    one, flight = studio.recordings / "one.h5", studio.flights / "flight.h5"
    assert wanted[0] == ("label", one)
    assert wanted[1][0] == "train"
    assert set(wanted[1][1]) == {one, flight}
    assert not buttons[Action.BOXES].isEnabled()


def test_a_player_that_is_killed_says_so_and_comes_back(studio, qtbot, page):
    os.kill(page.player.source.process_id, signal.SIGKILL)
    wait_for(qtbot, lambda: "can't be shown any more" in page.notice.text)
    assert not page.player.running
    show(page, qtbot, studio.flights / "flight.h5")
    show(page, qtbot, studio.recordings / "one.h5")
    assert shown_frame(page) == 0


def test_a_search_that_is_killed_says_so_and_is_made_again(studio, qtbot, page):
    played(studio.recordings / "two.h5")
    page.catalogue.look()
    os.kill(page.catalogue.process_id, signal.SIGKILL)
    wait_for(qtbot, lambda: "Not all recordings" in page.notice.text)
    page.entered()
    wait_for(qtbot, lambda: page.shelf.list.count() == 3)


def test_files_that_have_not_changed_are_not_read_again(qtbot, page):
    wait_for(qtbot, lambda: all(item.facts for item in page.catalogue.items))
    wait_for(qtbot, lambda: not page.catalogue.running)
    page.left()
    page.entered()
    assert not page.catalogue.running


def test_another_folder_shows_its_own_files(studio, qtbot, page, tmp_path):
    played(tmp_path / "other" / "recordings" / "two.h5")
    studio.move_to(str(tmp_path / "other"))
    wait_for(qtbot, lambda: page.player.path == studio.recordings / "two.h5")
    assert page.shelf.list.count() == 1


def test_a_file_that_changed_is_shown_as_it_is_now(studio, qtbot, page):
    (studio.recordings / "one.h5").unlink()
    played(studio.recordings / "one.h5", frames=30)
    studio.recordings_changed.emit()
    wait_for(qtbot, lambda: page.player.opened and len(page.player.opened.times_s) == 30)
    wait_for(qtbot, lambda: "in 30 pictures" in page.facts.text)
