"""What the library decides, without a window."""

from pathlib import Path

import numpy as np
import pytest

from data.keys import By, KeyEvent
from gui.jobs.library import Entry, Facts, Stamp
from gui.jobs.library_player import Hold, holds_of
from gui.library.actions import Action, why_not
from gui.library.mark_bar import with_edge
from gui.library.marks import (
    FILE,
    Mark,
    Remark,
    forget_remark,
    marks_of,
    move_remark,
    remarks_of,
    set_mark,
    set_note,
)
from gui.library.piano_roll import Edge, Scale, followed, tick_step, zoomed
from gui.library.playhead import Playhead
from gui.library.sentences import clock, fault_words, problem_words, when_words
from gui.library.shelf import Item, Kind, Order, chosen, free_name, named, row_words, sum_words


def item(name, *, seconds=60.0, changed=0, flight=False, fault="", frames=10, note=""):
    entry = Entry(
        Path(name),
        Stamp(1000, changed),
        fault=fault,
        seconds=seconds,
        frames=frames,
        game="practice",
        is_flight_log=flight,
    )
    return Item(entry, Remark(note=note))


def names(items):
    return [each.path.name for each in items]


def test_marks_and_notes_are_kept_apart_and_survive_a_rename(tmp_path):
    set_mark(tmp_path, "a.h5", Mark.VALIDATION)
    set_note(tmp_path, "a.h5", " corners ")
    set_mark(tmp_path, "b.h5", Mark.UNUSED)
    assert marks_of(tmp_path) == {"a.h5": Mark.VALIDATION, "b.h5": Mark.UNUSED}
    move_remark(tmp_path, "a.h5", "c.h5")
    assert remarks_of(tmp_path)["c.h5"] == Remark(Mark.VALIDATION, "corners")
    forget_remark(tmp_path, "b.h5")
    assert set(marks_of(tmp_path)) == {"c.h5"}


def test_a_mark_that_is_the_usual_one_is_not_kept(tmp_path):
    set_mark(tmp_path, "a.h5", Mark.UNUSED)
    set_mark(tmp_path, "a.h5", Mark.TRAINING)
    assert marks_of(tmp_path) == {}


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"a.h5": 3, "b.h5": {"mark": "gold"}}', "{"])
def test_notes_that_someone_broke_count_as_none(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert all(mark is Mark.TRAINING for mark in marks_of(tmp_path).values())


def test_the_list_is_filtered_searched_and_sorted():
    items = [
        item("b.h5", seconds=5, changed=1),
        item("a.h5", seconds=9, changed=3, note="Corner kicks"),
        item("c.h5", seconds=7, changed=2, flight=True),
    ]

    def shown(kind=Kind.ALL, text="", order=Order.NEWEST):
        return names(chosen(items, kind=kind, text=text, order=order))

    assert shown() == ["a.h5", "c.h5", "b.h5"]
    assert shown(order=Order.OLDEST) == ["b.h5", "c.h5", "a.h5"]
    assert shown(order=Order.LONGEST) == ["a.h5", "c.h5", "b.h5"]
    assert shown(order=Order.SHORTEST) == ["b.h5", "c.h5", "a.h5"]
    assert shown(order=Order.NAME) == ["a.h5", "b.h5", "c.h5"]
    numbered = [item("match 10.h5"), item("match 2.h5"), item("Match 1.h5")]
    by_name = chosen(numbered, kind=Kind.ALL, text="", order=Order.NAME)
    assert names(by_name) == ["Match 1.h5", "match 2.h5", "match 10.h5"]
    assert shown(kind=Kind.FLIGHTS) == ["c.h5"]
    assert shown(kind=Kind.RECORDINGS) == ["a.h5", "b.h5"]
    assert shown(text="kicks corner") == ["a.h5"]


def test_a_row_says_what_a_file_is():
    assert row_words(item("a.h5")) == "1:00 min · practice"
    assert row_words(item("a.h5", flight=True)) == "1:00 min · flight log"
    assert row_words(item("a.h5", fault="no")) == "can't be read"
    assert row_words(item("a.h5.part")) == "1:00 min · was not closed"
    assert row_words(item("a.h5", frames=0)) == "empty"
    assert sum_words([item("a.h5"), item("b.h5")]) == "2 files, 2:00 min"


@pytest.mark.parametrize(
    ("action", "items", "busy", "why"),
    [
        (Action.TRAIN, [], False, "Select"),
        (Action.TRAIN, [item("a.h5")], True, ""),
        (Action.TRAIN, [item("a.h5", fault="no")], False, "can't be read"),
        (Action.EXPORT, [item("a.h5.part")], False, "Repair"),
        (Action.EXPORT, [item("a.h5")], True, "Wait"),
        (Action.MERGE, [item("a.h5")], False, "two"),
        (Action.MERGE, [item("a.h5"), item("b.h5")], False, ""),
        (Action.BOXES, [item("a.h5"), item("b.h5")], False, "one recording"),
        (Action.TRASH, [item("a.h5", fault="no")], False, ""),
        (Action.RENAME, [item("a.h5", fault="no")], False, ""),
        (Action.RENAME, [item("a.h5.part")], False, "Repair"),
        (Action.TRAIN, [item("a.h5", frames=0)], False, "no pictures"),
    ],
)
def test_what_cannot_be_done_says_why(action, items, busy, why):
    said = why_not(action, items, busy=busy)
    assert (why in said) if why else said == ""


def test_names_that_will_not_do_say_why(tmp_path):
    (tmp_path / "a.h5").touch()
    assert "exists" in named(tmp_path, "a")
    assert "exists" in named(tmp_path, "a.h5")
    assert "can't hold" in named(tmp_path, "../b")
    assert "full stop" in named(tmp_path, ".b")
    assert "80 characters" in named(tmp_path, "b" * 81)
    assert named(tmp_path, "b" * 80).name == "b" * 80 + ".h5"
    assert "Write" in named(tmp_path, "  ")
    assert named(tmp_path, "b") == tmp_path / "b.h5"
    assert free_name(tmp_path / "a.h5", "cut").name == "a-cut.h5"
    (tmp_path / "a-cut.h5").touch()
    assert free_name(tmp_path / "a.h5", "cut").name == "a-cut-2.h5"
    assert named(tmp_path, free_name(tmp_path / f"{'b' * 250}.h5", "cut").name).parent == tmp_path


def test_commands_become_buttons():
    told = problem_words(
        "No key was touched from 1:00 to 2:00. If nobody played, leave it out: 'understudy trim "
        "/my games/a.h5 --cut 1:00-2:01 --out NEW.h5'."
    )
    assert "understudy" not in told
    assert "from 1:00 to 2:01" in told
    assert "--" not in problem_words("Close other programs, or lower --rate.")
    fault = fault_words(item("/x/a.h5", fault="/x/a.h5: damaged (oh). Use a copy of it.").entry)
    assert fault == "a.h5 can't be read. Damaged (oh). Use a copy of it."


def test_moments_are_written_for_people():
    assert when_words("2026-11-21T13:10:03+0000") == "21 November 2026, 13:10"
    assert when_words("yesterday") == ""
    assert clock(65.34) == "1:05.3"


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def playhead():
    clock = Clock()
    made = Playhead(clock)
    made.load(np.arange(100) / 20)
    made.clock = clock
    return made


def test_playing_follows_the_clock_at_its_speed(playhead):
    playhead.play()
    playhead.clock.now_s += 1.0
    assert playhead.advance()
    assert playhead.frame == 20
    assert not playhead.advance()
    playhead.set_speed(4.0)
    playhead.clock.now_s += 0.5
    playhead.advance()
    assert playhead.frame == 60


def test_playing_ends_at_the_last_frame_and_begins_anew(playhead):
    playhead.play()
    playhead.clock.now_s += 60
    assert playhead.advance()
    assert (playhead.frame, playhead.playing) == (99, False)
    playhead.play()
    assert (playhead.frame, playhead.playing) == (0, True)


def test_playing_does_not_wait_for_a_hole_to_pass(playhead):
    playhead.load(np.array([0.0, 0.05, 60.05, 60.1]))
    playhead.play()
    playhead.clock.now_s += 0.1
    playhead.advance()
    assert playhead.frame == 1
    playhead.clock.now_s += 0.25
    playhead.advance()
    assert playhead.frame >= 2


def test_stepping_pauses_and_stays_within_the_recording(playhead):
    playhead.play()
    playhead.step(-5)
    assert (playhead.frame, playhead.playing) == (0, False)
    playhead.step(1000)
    assert playhead.frame == 99
    playhead.seek(1.02)
    assert playhead.frame == 20
    playhead.seek(-3)
    assert playhead.frame == 0


def test_an_empty_recording_can_be_handled(playhead):
    playhead.load(np.zeros(0))
    playhead.play()
    playhead.step(1)
    playhead.seek(1.0)
    assert (playhead.frame, playhead.playing, playhead.at_s) == (0, False, 0.0)


def test_zooming_keeps_what_is_under_the_pointer():
    shown = zoomed((0.0, 100.0), around_s=30.0, factor=2.0, end_s=100.0)
    assert shown == (15.0, 65.0)
    assert Scale(*shown, 0, 100).x_of(30.0) == Scale(0, 100, 0, 100).x_of(30.0)
    assert zoomed(shown, around_s=30.0, factor=0.01, end_s=100.0) == (0.0, 100.0)
    start_s, end_s = zoomed((0.0, 100.0), around_s=30.0, factor=1e9, end_s=100.0)
    assert end_s - start_s == pytest.approx(1.0)


def test_the_roll_turns_its_page():
    assert followed((10.0, 20.0), 15.0, end_s=100.0) == (10.0, 20.0)
    start_s, end_s = followed((10.0, 20.0), 20.5, end_s=100.0)
    assert start_s < 20.5 < end_s
    assert followed((0.0, 20.0), 99.9, end_s=100.0) == (80.0, 100.0)
    assert tick_step(60.0, 600.0) == 10
    assert Scale(10.0, 20.0, 50.0, 150.0).time_of(100.0) == 15.0


def test_an_end_before_the_start_drops_the_other():
    marks = with_edge({}, Edge.IN, 5.0)
    assert with_edge(marks, Edge.OUT, 9.0) == {Edge.IN: 5.0, Edge.OUT: 9.0}
    assert with_edge(marks, Edge.OUT, 4.0) == {Edge.OUT: 4.0}


def test_holds_are_paired_and_know_who_pressed():
    second = 1_000_000_000
    events = [
        KeyEvent(1 * second, "d", True, By.AGENT),
        KeyEvent(2 * second, "e", True),
        KeyEvent(3 * second, "d", False, By.AGENT),
        KeyEvent(3 * second, "a", False),
    ]
    assert holds_of(events, second, 5 * second) == [
        Hold("d", 0.0, 2.0, By.AGENT),
        Hold("e", 1.0, 4.0, By.HUMAN),
    ]


def test_facts_are_told_in_words():
    from gui.library.sentences import facts_words

    facts = Facts(Path("a.h5"), Stamp(1, 1), 59.9, {}, 3, 2, 1, ())
    said = facts_words(item("a.h5", flight=True).entry, facts)
    assert said == (
        "1:00 min of play in 10 pictures. Dropped: 1 picture. 3 boxes. A person took over 2 times."
    )
