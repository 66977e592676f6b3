import os
import signal

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit
from Xlib import X

from data.errors import ProfileError
from data.frames import FrameSize
from data.key_use import KeyUse
from data.profile import load_profile
from data.profile_draft import propose_heads
from gui.jobs.keys import HeardKeys
from gui.start.heads import Draft, Row, made, rows_of
from gui.start.listening import told_focus, told_unusable
from gui.start.maker import HEADS, KEYS, NAME, ProfileMaker
from tests.fakes import PATIENCE_S

PATIENCE_MS = round(1000 * PATIENCE_S)
SIZE = FrameSize(480, 270)
ROWS = (
    Row("movement", "left", "left"),
    Row("movement", "right", "right", "50"),
    Row("action", "shoot", "d"),
)


@pytest.fixture
def maker(studio, qtbot, desk):
    desk.window("Super Ball - level 1", at=(900, 100), size=(320, 240))
    made = ProfileMaker(studio, "Super Ball - level 1")
    made.open()
    qtbot.waitExposed(made)
    yield made
    made.reject()
    qtbot.waitUntil(lambda: not made.running, timeout=PATIENCE_MS)
    made.deleteLater()


def go_on(maker, qtbot):
    qtbot.mouseClick(maker.next, Qt.MouseButton.LeftButton)


def keys_heard(maker):
    table = maker.listening.table
    return [table.item(row, 0).text() for row in range(table.rowCount())]


def hold(desk, qtbot, maker, *keys):
    """Hold keys together until the table shows them all, then let go of them."""
    for key in keys:
        desk.press(key)
    qtbot.waitUntil(lambda: "Heard now" in maker.listening.told, timeout=PATIENCE_MS)
    for key in keys:
        desk.release(key)
    qtbot.waitUntil(lambda: "Heard now" not in maker.listening.told, timeout=PATIENCE_MS)


def listening(maker, qtbot):
    go_on(maker, qtbot)
    qtbot.waitUntil(lambda: "Listening" in maker.listening.told, timeout=PATIENCE_MS)


def draft(rows, **changes):
    return Draft(**{"name": "mine", "title": "^Mine", "rows": tuple(rows), "size": SIZE} | changes)


def test_rows_and_heads_are_two_ways_to_write_the_same():
    heads = load_profile("practice").heads
    assert made(draft(rows_of(heads))).heads == heads


def test_every_decision_may_hold_nothing_and_keeps_its_time():
    profile = made(draft(ROWS))
    movement, action = profile.heads
    assert dict(movement.classes) == {"none": (), "left": ("left",), "right": ("right",)}
    assert (movement.min_hold_ms, action.min_hold_ms) == (50.0, 0.0)
    assert made(draft([Row("run", "stand", ""), Row("run", "go", "e")])).heads[0].names == (
        "stand",
        "go",
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), "add a row"),
        ((Row("", "shoot", "d"),), "row 1"),
        ((Row("action", "", "d"),), "row 1"),
        ((Row("a", "shoot", "d"), Row("a", "shoot", "s")), "two rows are called shoot"),
        ((Row("a", "none", "d"),), "no key"),
        ((Row("a", "shoot", "d", "long"),), "no time"),
        ((Row("a", "shoot", "d", "-5"),), "min_hold_ms"),
        ((Row("a", "shoot", "D"),), "did you mean 'd'"),
        ((Row("a", "shoot", "d"), Row("a", "kick", "d")), "same keys"),
        ((Row("a", "shoot", "d"), Row("b", "kick", "d")), "two heads"),
        ((Row("A B", "shoot", "d"),), "lower-case"),
    ],
)
def test_what_is_wrong_in_the_table_is_told(rows, said):
    with pytest.raises(ProfileError, match=said):
        made(draft(rows))


def test_a_wrong_pattern_is_told():
    with pytest.raises(ProfileError, match="regular expression"):
        made(draft(ROWS, title="("))


def test_where_the_keys_go_is_told():
    away = HeardKeys((), frozenset(), (), focused=False)
    assert "Click into the game" in told_focus(away)
    assert "F10" in told_focus(HeardKeys((), frozenset(), (), focused=True))
    assert told_focus(HeardKeys((), frozenset({"up", "d"}), (), focused=True)) == "Heard now: D ↑"
    assert told_unusable(()) == ""
    assert "media_next" in told_unusable(("media_next",))


def test_a_profile_is_made_by_pressing_the_keys_in_the_games_window(maker, qtbot, desk, studio):
    assert maker.name.text() == "super_ball"
    listening(maker, qtbot)
    hold(desk, qtbot, maker, "up", "right")
    hold(desk, qtbot, maker, "left")
    hold(desk, qtbot, maker, "d")
    qtbot.waitUntil(lambda: keys_heard(maker) == ["↑", "→", "←", "D"], timeout=PATIENCE_MS)
    desk.tap("f10")
    qtbot.waitUntil(lambda: maker.step == HEADS, timeout=PATIENCE_MS)
    rows = maker.heads.rows()
    assert Row("movement", "up_right", "up right") in rows
    assert Row("action", "d", "d") in rows
    table = maker.heads.table
    table.item(rows.index(Row("action", "d", "d")), 1).setText("shoot")
    with qtbot.waitSignal(maker.profile_made, timeout=PATIENCE_MS) as signalled:
        go_on(maker, qtbot)
    profile = load_profile(signalled.args[0])
    assert signalled.args[0] == str(studio.profiles / "super_ball.toml")
    assert profile.title == "^Super Ball"
    assert profile.head("action").classes["shoot"] == ("d",)
    assert (profile.capture.width_px, profile.capture.height_px) == (480, 360)
    assert not maker.isVisible()


def test_keys_in_another_window_are_not_heard(maker, qtbot, desk):
    listening(maker, qtbot)
    other = desk.window("A letter", at=(500, 500))
    qtbot.waitUntil(lambda: "Click into the game" in maker.listening.told, timeout=PATIENCE_MS)
    desk.tap("x")
    other.destroy()
    desk.display.sync()
    game = next(w for w in _windows(desk) if w.get_wm_name() == "Super Ball - level 1")
    game.set_input_focus(X.RevertToParent, X.CurrentTime)
    desk.display.sync()
    qtbot.waitUntil(lambda: "Listening" in maker.listening.told, timeout=PATIENCE_MS)
    hold(desk, qtbot, maker, "c")
    assert keys_heard(maker) == ["C"]


def _windows(desk):
    listed = desk.screen.root.get_full_property(
        desk.display.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType
    )
    return [desk.display.create_resource_object("window", each) for each in listed.value]


def test_the_button_ends_the_listening_and_no_key_is_told(maker, qtbot):
    listening(maker, qtbot)
    go_on(maker, qtbot)
    qtbot.waitUntil(lambda: "no key was pressed" in maker.notice.text.lower(), timeout=PATIENCE_MS)
    assert maker.step == KEYS
    assert maker.next.text() == "&Listen again"
    listening(maker, qtbot)


def test_the_enter_key_goes_on(maker, qtbot):
    qtbot.keyClick(maker.name, Qt.Key.Key_Return)
    assert maker.isVisible()
    assert maker.step == KEYS


def test_a_window_whose_title_has_changed_a_little_is_found(studio, qtbot, desk):
    desk.window("Golf - level 2", at=(900, 500), size=(320, 180))
    maker = ProfileMaker(studio, "Golf - level 1")
    maker.open()
    listening(maker, qtbot)
    maker.reject()
    qtbot.waitUntil(lambda: not maker.running, timeout=PATIENCE_MS)


def test_keys_may_be_typed_instead(maker, qtbot):
    go_on(maker, qtbot)
    qtbot.keyClicks(maker.typed, "up, down, D=shoot")
    go_on(maker, qtbot)
    assert "did you mean 'd'" in maker.notice.text
    maker.typed.clear()
    qtbot.keyClicks(maker.typed, "up, down, d=shoot")
    go_on(maker, qtbot)
    assert maker.step == HEADS
    assert Row("action", "shoot", "d") in maker.heads.rows()


def test_the_table_is_checked_while_it_is_edited(maker, qtbot):
    go_on(maker, qtbot)
    qtbot.keyClicks(maker.typed, "d=shoot")
    go_on(maker, qtbot)
    assert maker.next.isEnabled()
    maker.heads.table.item(0, 2).setText("Q")
    assert "did you mean 'q'" in maker.problem.text()
    assert not maker.next.isEnabled()
    maker.heads.table.item(0, 2).setText("q")
    assert maker.next.isEnabled()
    maker.heads.add()
    editor = maker.heads.table.findChild(QLineEdit)
    QTest.keyClicks(editor, "jump")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: maker.heads.table.item(1, 1).text() == "jump", timeout=PATIENCE_MS)
    maker.heads.table.item(1, 2).setText("space")
    assert maker.heads.rows() == (Row("action", "shoot", "q"), Row("action", "jump", "space"))
    maker.heads.table.setCurrentCell(0, 0)
    maker.heads.remove()
    assert maker.heads.rows() == (Row("action", "jump", "space"),)


def test_a_name_that_is_taken_is_told_at_once(maker, studio):
    assert maker.step == NAME
    maker.name.setText("practice")
    assert "already" in maker.problem.text()
    assert not maker.next.isEnabled()
    maker.name.setText("another")
    assert maker.next.isEnabled()


def test_when_the_process_that_listens_is_killed_it_is_told(maker, qtbot):
    listening(maker, qtbot)
    os.kill(maker.listening._worker.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: "killed" in maker.notice.text, timeout=PATIENCE_MS)
    qtbot.mouseClick(maker.back, Qt.MouseButton.LeftButton)
    assert maker.step == NAME


def test_a_window_that_has_gone_is_told(studio, qtbot):
    maker = ProfileMaker(studio, "No such window")
    maker.open()
    go_on(maker, qtbot)
    qtbot.waitUntil(lambda: "no window's title" in maker.notice.text.lower(), timeout=PATIENCE_MS)
    maker.reject()


def test_heads_are_proposed_for_the_table():
    rows = rows_of(propose_heads(KeyUse.of(["left", "right", "e"])))
    assert rows == [
        Row("movement", "right", "right"),
        Row("movement", "left", "left"),
        Row("action", "e", "e"),
    ]
