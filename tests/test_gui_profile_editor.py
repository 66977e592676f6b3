"""A profile of one's own is changed in the window."""

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox

from data.profile import load_profile
from data.profile_toml import write_profile
from gui.start.editor import ProfileEditor
from gui.start.heads import Row
from gui.start.profiles import own_copy
from tests.factories import altered_profile

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def file(studio):
    path = studio.profiles / "mine.toml"
    path.parent.mkdir(parents=True)
    write_profile(altered_profile(name="mine"), path, ["What I play on Sundays."])
    return path


@pytest.fixture
def editor(file, qtbot):
    made = ProfileEditor(load_profile(str(file)), file)
    made.open()
    qtbot.waitExposed(made)
    yield made
    made.discard()
    made.deleteLater()


@pytest.fixture
def page(file, start_page):
    return start_page


def test_what_is_not_touched_stays_as_it_was(editor, file, qtbot):
    before, text = load_profile(str(file)), file.read_text()
    qtbot.mouseClick(editor.save, LEFT)
    assert not editor.isVisible()
    assert load_profile(str(file)) == before
    assert file.read_text() == text
    assert Path(f"{file}~").read_text() == text


def test_keys_objects_and_window_are_changed_and_the_old_file_is_kept(editor, file, qtbot):
    saved = []
    editor.profile_saved.connect(lambda *paths: saved.append(paths))
    text = file.read_text()
    editor.heads.show_rows([*editor.heads.rows(), Row("extra", "jump", "space")])
    editor.pattern.setText("^Sunday Ball")
    editor.objects.setText("player 6, ball, net 2")
    editor.reference.setCurrentText("ball")
    editor.standing.setChecked(True)
    editor.rate.setValue(30)
    assert editor.problem.text() == ""
    qtbot.mouseClick(editor.save, LEFT)
    assert saved == [(str(file), f"{file}~")]
    made = load_profile(str(file))
    assert made.head("extra").classes == {"none": (), "jump": ("space",)}
    assert made.title == "^Sunday Ball"
    assert [(kind.name, kind.most) for kind in made.objects] == [
        ("player", 6),
        ("ball", 1),
        ("net", 2),
    ]
    assert (made.reference, made.may_stand_still, made.capture.rate_hz) == ("ball", True, 30)
    assert "# What I play on Sundays." in file.read_text()
    assert Path(f"{file}~").read_text() == text


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ("Big Ball", "name of what is seen"),
        ("ball many", "how many of it"),
        ("ball 65", "how many of it"),
        ("ball, ball", "two object classes"),
    ],
)
def test_what_cannot_be_seen_is_told_at_once_and_not_saved(editor, file, objects, said):
    text = file.read_text()
    editor.objects.setText(objects)
    assert said in editor.problem.text()
    assert not editor.save.isEnabled()
    editor.objects.setText("ball")
    assert editor.save.isEnabled()
    assert file.read_text() == text


def test_a_hot_key_makes_room_for_a_new_playing_key(editor, file, qtbot):
    editor.heads.show_rows([*editor.heads.rows(), Row("extra", "jump", "f9")])
    qtbot.mouseClick(editor.save, LEFT)
    made = load_profile(str(file))
    assert "f9" in made.keys
    assert made.hotkeys.pause not in {"f9", *made.keys, made.stop_key, made.hotkeys.stop}


def test_mirror_images_are_learned_from_where_left_and_right_can_swap(editor, file):
    editor.mirrored.setChecked(False)
    editor.save.click()
    assert load_profile(str(file)).mirror is None
    again = ProfileEditor(load_profile(str(file)), file)
    again.mirrored.setChecked(True)
    again.save.click()
    mirror = load_profile(str(file)).mirror
    assert mirror is not None
    assert [set(pair) for pair in mirror.swap] == [{"left", "right"}]
    once_more = ProfileEditor(load_profile(str(file)), file)
    once_more.heads.show_rows([Row("jump", "jump", "space")])
    assert "two classes left and right" in once_more.problem.text()
    once_more.mirrored.setChecked(False)
    assert once_more.problem.text() == ""
    for each in (again, once_more):
        each.deleteLater()


def question(editor):
    return next((each for each in editor.findChildren(QMessageBox) if each.isVisible()), None)


def test_what_was_written_is_thrown_away_only_after_a_question(editor, file, qtbot):
    text = file.read_text()
    editor.heads.show_rows([*editor.heads.rows(), Row("extra", "jump", "space")])
    for wanted in ("Cancel", "Discard"):
        qtbot.keyClick(editor, Qt.Key.Key_Escape)
        asked = question(editor)
        assert asked is not None
        assert "Discard the changes?" in asked.text()
        assert editor.isVisible()
        qtbot.mouseClick(next(b for b in asked.buttons() if b.text() == wanted), LEFT)
        assert editor.isVisible() is (wanted == "Cancel")
    assert file.read_text() == text


def test_what_was_not_changed_is_closed_at_once(editor, qtbot):
    rate = editor.rate.value()
    editor.rate.setValue(rate + 1)
    editor.rate.setValue(rate)
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert question(editor) is None
    assert not editor.isVisible()


def test_a_file_that_cannot_be_written_is_told(editor, file):
    file.unlink()
    file.mkdir()
    editor.save.click()
    assert editor.isVisible()
    assert "mine.toml" in editor.notice.text


def show(page, source):
    sources = [each.source for each in page._known]
    page.shelf.list.setCurrentRow(sources.index(source))


def test_the_chosen_game_follows_its_edited_profile(page, studio, file, qtbot):
    studio.choose_game(str(file))
    show(page, str(file))
    page.shelf.edit_button.click()
    page.editor.objects.setText("ball, star")
    page.editor.save.click()
    assert studio.game.profile.object_names == ("ball", "star")
    assert f"{file}~" in page.notice.text
    assert "star" in page.shelf.told


def test_of_a_shipped_profile_a_copy_is_edited(page, studio, qtbot):
    show(page, "practice")
    assert not page.shelf.edit_button.isEnabled()
    for number in ("", "_2"):
        show(page, "fifa18")
        page.shelf.edit_button.click()
        page.editor.standing.setChecked(True)
        page.editor.save.click()
        copy = studio.profiles / f"my_fifa18{number}.toml"
        made = load_profile(str(copy))
        assert (made.name, made.may_stand_still) == (copy.stem, True)
        assert made.heads == load_profile("fifa18").heads
        assert page.shelf.list.currentItem().text() == f"{copy.stem}  (yours)"
        assert page.shelf.told.startswith(load_profile(str(copy)).description)
    assert studio.game.is_practice
    assert "my_fifa18_2.toml" in page.notice.text


def test_a_copy_has_a_name_that_can_be(tmp_path):
    long = altered_profile(name="a" * 40)
    copy, file = own_copy(long, tmp_path)
    write_profile(copy, file)
    assert load_profile(str(file)).name == file.stem
    assert own_copy(long, tmp_path)[1] != file
