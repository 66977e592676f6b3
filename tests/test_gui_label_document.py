import json

import numpy as np
import pytest

from data.boxes import Box, BoxOrigin
from data.frames import FrameSize
from data.profile import ObjectClass
from gui.label.choosing import chosen_frames
from gui.label.document import Document, Mark, Sheet
from gui.label.enough import ClassCount, counted, progress, told
from gui.label.geometry import Handle, box_at, drawn, handle_at, moved, resized
from gui.label.session import Session, read_session, session_path, write_session

SIZE = FrameSize(480, 270)
BALL = Mark(Box("ball", 10, 10, 20, 20))
PLAYER = Mark(Box("player", 100, 50, 120, 90, BoxOrigin.TRUTH))
GUESS = Mark(Box("ball", 200, 100, 210, 110, BoxOrigin.SUGGESTED), 0.8)


def document(*marks: Mark) -> Document:
    made = Document(SIZE)
    made.add_frames({5: Sheet(marks), 9: Sheet()})
    return made


def test_every_change_can_be_undone_and_made_again():
    doc = document(BALL, PLAYER, GUESS)
    changes = [
        lambda: doc.add(5, [GUESS]),
        lambda: doc.move(5, [0], 7, -3),
        lambda: doc.reshape(5, 1, (1, 2, 30, 40)),
        lambda: doc.rename(5, [0, 1], "goal"),
        lambda: doc.accept(5, [2]),
        lambda: doc.duplicate(5, [0]),
        lambda: doc.refuse(5, [3]),
        lambda: doc.suggest({9: [GUESS]}),
        lambda: doc.set_done(9, done=True),
        lambda: doc.delete(5, [0, 1]),
    ]
    seen = [dict(doc.sheets)]
    for change in changes:
        change()
        assert doc.sheets != seen[-1]
        seen.append(dict(doc.sheets))
    for before in reversed(seen[:-1]):
        assert doc.undo() in (5, 9)
        assert doc.sheets == before
    assert doc.undo() is None
    for after in seen[1:]:
        doc.redo()
        assert doc.sheets == after
    assert doc.redo() is None


def test_a_change_after_undo_forgets_what_was_undone():
    doc = document(BALL)
    doc.delete(5, [0])
    doc.undo()
    doc.move(5, [0], 1, 0)
    assert (doc.undoes, doc.redoes) == ("move", "")


def test_steps_of_the_same_boxes_are_undone_as_one():
    doc = document(BALL, PLAYER)
    for _ in range(5):
        doc.move(5, [0], 1, 0)
    doc.move(5, [1], 1, 0)
    doc.undo()
    assert doc.sheet(5).marks[0].corners == (15, 10, 25, 20)
    doc.undo()
    assert doc.sheet(5).marks == (BALL, PLAYER)


def test_what_a_person_placed_is_a_label_of_theirs():
    doc = document(PLAYER, GUESS)
    doc.move(5, [0, 1], 1, 1)
    assert {mark.box.origin for mark in doc.sheet(5).marks} == {BoxOrigin.HUMAN}
    assert doc.sheet(5).marks[1].score is None


def test_only_suggestions_are_accepted_and_refused():
    doc = document(PLAYER, GUESS)
    doc.refuse(5, [0])
    assert doc.sheet(5).marks == (PLAYER, GUESS)
    doc.accept(5, [0, 1])
    assert [m.box.origin for m in doc.sheet(5).marks] == [BoxOrigin.TRUTH, BoxOrigin.HUMAN]


def test_new_suggestions_replace_old_ones_and_leave_out_what_is_drawn():
    doc = document(BALL, GUESS)
    near = Mark(Box("ball", 11, 10, 21, 20, BoxOrigin.SUGGESTED), 0.9)
    other = Mark(Box("player", 11, 10, 21, 20, BoxOrigin.SUGGESTED), 0.4)
    assert doc.suggest({5: [near, other]}) == 1
    assert doc.sheet(5).marks == (BALL, other)


def test_a_done_frame_has_no_suggestions_left_and_a_suggestion_undoes_it():
    doc = document(BALL, GUESS)
    doc.set_done(5, done=True)
    assert doc.sheet(5) == Sheet((BALL,), done=True)
    doc.suggest({5: [GUESS]})
    assert not doc.sheet(5).done


def test_unsaved_is_what_differs_from_what_is_stored():
    doc = document(BALL)
    doc.add(9, [PLAYER])
    doc.move(5, [0], 5, 0)
    first = doc.unsaved
    assert set(first) == {5, 9}
    doc.move(5, [0], 5, 0)
    doc.mark_stored(first)
    assert set(doc.unsaved) == {5}
    doc.undo()
    doc.set_done(9, done=True)
    doc.mark_stored(doc.unsaved)
    assert doc.unsaved == {}


def test_boxes_stay_inside_the_picture():
    assert moved((10, 10, 30, 20), -50, 400, SIZE) == (0, 260, 20, 270)
    assert drawn((-30, -4), (40, 900), SIZE) == (0, 0, 40, 270)
    assert resized((10, 10, 30, 20), Handle.BOTTOM_RIGHT, (600, 600), SIZE) == (10, 10, 480, 270)
    assert resized((10, 10, 30, 20), Handle.LEFT, (-8, 500), SIZE) == (0, 10, 30, 20)


def test_tiny_boxes_are_refused_and_sides_never_turn_over():
    assert drawn((10, 10), (12, 80), SIZE) is None
    assert drawn((80, 80), (10, 10), SIZE) == (10, 10, 80, 80)
    assert resized((10, 10, 30, 20), Handle.TOP_LEFT, (99, 99), SIZE) == (27, 17, 30, 20)


def test_the_mouse_takes_the_smallest_box_and_the_nearest_handle():
    boxes = [(0, 0, 100, 100), (40, 40, 60, 60), (30, 30, 80, 80)]
    assert box_at(boxes, (50, 50), 1) == 1
    assert box_at(boxes, (35, 35), 1) == 2
    assert box_at(boxes, (200, 50), 1) is None
    assert handle_at(boxes[1], (39, 61), 3) is Handle.BOTTOM_LEFT
    assert handle_at(boxes[1], (50, 50), 30) is None
    assert handle_at(boxes[1], (50, 58), 30) is Handle.BOTTOM


def test_frames_are_chosen_for_variety_and_from_all_of_the_recording():
    rng = np.random.default_rng(0)
    still = np.full((600, 14, 24), 90, np.uint8)
    still[100:160] = rng.integers(0, 256, (60, 14, 24))  # a wild stretch
    still[450] = 250  # one that is like no other
    chosen = chosen_frames(still, 30)
    assert len(set(chosen)) == 30
    assert chosen == sorted(chosen)
    assert 450 in chosen
    for quarter in range(4):
        assert any(quarter * 150 <= index < (quarter + 1) * 150 for index in chosen)
    assert sum(100 <= index < 160 for index in chosen) > 10


def test_more_frames_are_others():
    same = np.zeros((50, 14, 24), np.uint8)
    first = chosen_frames(same, 20)
    more = chosen_frames(same, 20, taken=first)
    assert len({*first, *more}) == 40
    assert len(chosen_frames(same, 99, taken=first + more)) == 10
    assert max(np.diff(first)) <= 8  # where all look the same, they are spread over time


@pytest.mark.parametrize(
    ("most", "boxes", "frames", "missing"),
    [
        (1, 48, 48, "12 more frames with a ball"),
        (1, 59, 59, "1 more frame with a ball"),
        (1, 60, 60, ""),
        (22, 90, 60, "10 more boxes of a ball"),
        (22, 400, 30, "30 more frames with a ball"),
        (22, 100, 60, ""),
    ],
)
def test_what_is_missing_is_said(most: int, boxes: int, frames: int, missing: str):
    kind = ObjectClass(name="ball", most=most)
    found = progress(kind, ClassCount(boxes, frames))
    assert found.missing == missing
    assert (found.share == 1) == (missing == "")


def test_progress_tells_the_rarest_class_first():
    kinds = [ObjectClass(name="ball"), ObjectClass(name="own_goal"), ObjectClass(name="post")]
    counts = [ClassCount(50, 50), ClassCount(2, 2), ClassCount(60, 60)]
    all_ = [progress(kind, count) for kind, count in zip(kinds, counts, strict=True)]
    assert told(all_) == (
        "Until it is enough: 58 more frames with an own goal, and more of 1 other class."
    )
    assert told(all_[2:]).startswith("Enough")


def test_suggestions_are_not_counted():
    assert counted({1: Sheet((BALL, GUESS)), 2: Sheet((GUESS,)), 3: Sheet((BALL, BALL))}) == {
        "ball": ClassCount(3, 2)
    }


def test_a_session_is_read_as_it_was_written(tmp_path):
    path = session_path(tmp_path / "a.h5")
    kept = Session("it", (1, 5, 9), frozenset({5}), {9: (BALL, GUESS), 1: ()})
    write_session(path, kept)
    facts = {"frame_count": 10, "size": SIZE}
    assert path.name == "a.h5.boxes.json"
    assert read_session(path, recording="it", **facts) == kept
    assert read_session(path, recording="another", **facts) is None
    assert [kind.name for kind in kept.objects] == sorted({"ball", GUESS.box.class_name})
    assert read_session(path, recording="it", **(facts | {"frame_count": 9})) is None


NAMELESS = json.dumps(
    {"version": 1, "recording": "it", "frames": [], "done": [],
     "unsaved": {"1": [["No Name!", 1, 1, 9, 9, 1, None]]}}
)  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1, "recording": "it"}', "[" * 9999, NAMELESS]
)
def test_a_session_that_makes_no_sense_is_none(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    facts = {"frame_count": 10, "size": SIZE}
    assert read_session(path, recording="it", **facts) is None
