import numpy as np
import pytest

from data.keys import KeyEvent, chord_of, class_of, held_at, labels_at, without_repeats
from tests.factories import TICK_NS, practice_profile


def event(tick: float, key: str, down: bool) -> KeyEvent:
    return KeyEvent(round(tick * TICK_NS), key, down)


def test_doubled_and_repeated_events_vanish():
    events = [event(0, "d", True), event(0, "d", True), event(2, "d", False), event(2, "d", False)]
    assert without_repeats(events) == [events[0], events[2]]


def test_a_release_that_was_never_pressed_vanishes():
    assert without_repeats([event(0, "d", False)]) == []


@pytest.mark.parametrize(
    ("held", "name"),
    [
        ({"up"}, "up"),
        ({"up", "right"}, "up_right"),
        ({"left", "down", "d"}, "down_left"),
        (set(), "none"),
    ],
)
def test_the_largest_held_chord_is_the_class(held: set[str], name: str):
    movement = practice_profile().head("movement")
    assert movement.names[class_of(movement, frozenset(held))] == name


def test_frames_are_labelled_with_the_keys_held_shift_later():
    events = [event(2.5, "d", True), event(5.5, "d", False)]
    times = np.arange(10, dtype=np.int64) * TICK_NS
    shoot = practice_profile().head("action").names.index("shoot")
    now = labels_at(practice_profile(), events, times, shift_ns=0)["action"]
    early = labels_at(practice_profile(), events, times, shift_ns=2 * TICK_NS)["action"]
    assert np.flatnonzero(now == shoot).tolist() == [3, 4, 5]
    assert np.flatnonzero(early == shoot).tolist() == [1, 2, 3]


def test_a_tap_between_two_frames_is_not_lost():
    events = [event(3.2, "d", True), event(3.6, "d", False)]
    times = np.arange(6, dtype=np.int64) * TICK_NS
    held = held_at(events, ["d"], times)
    assert np.flatnonzero(held[:, 0]).tolist() == [4]


def test_a_tap_before_the_first_frame_is_not_its_label():
    events = [event(-3, "d", True), event(-2, "d", False)]
    assert not held_at(events, ["d"], np.array([0, TICK_NS])).any()


def test_classes_become_the_keys_to_hold():
    profile = practice_profile()
    chosen = {
        "movement": profile.head("movement").names.index("up_left"),
        "action": profile.head("action").names.index("pass"),
        "sprint": profile.head("sprint").none_index,
    }
    assert chord_of(profile, chosen) == {"up", "left", "s"}
