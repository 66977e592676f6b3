from pathlib import Path

import cv2
import numpy as np
import pytest

from data.boxes import Box, BoxOrigin
from data.frames import Image
from data.reader import Recording
from models.anchors import iou_matrix
from models.box_tracker import BoxTracker, TrackerSettings
from tests.conftest import Run


def grass() -> Image:
    noise = np.random.default_rng(0).integers(0, 12, (120, 200, 3))
    return (np.array([40, 110, 50]) + noise).astype(np.uint8)


def with_ball(x: int, y: int) -> Image:
    """A white ball of six pixels with a black spot; x and y are its upper left corner."""
    image = grass()
    image[y : y + 6, x : x + 6] = 240
    image[y + 2 : y + 4, x + 1 : x + 3] = 20
    return image


def ball_at(x: float, y: float) -> Box:
    return Box("ball", x, y, x + 6, y + 6)


def test_a_ball_of_six_pixels_is_carried_as_it_moves():
    tracker = BoxTracker(with_ball(30, 40), (ball_at(30, 40),))
    for step in range(1, 15):
        (found,) = tracker.follow(with_ball(30 + 4 * step, 40 + 2 * step))
        assert found.box.x1 == pytest.approx(30 + 4 * step, abs=0.5)
        assert found.box.y1 == pytest.approx(40 + 2 * step, abs=0.5)
        assert found.box.class_name == "ball"
        assert found.box.origin is BoxOrigin.SUGGESTED


def test_what_speeds_up_is_looked_for_where_its_motion_leads():
    places = [20, 26, 38, 50, 62, 74]  # further in a frame than the tracker reaches around a place
    tracker = BoxTracker(with_ball(places[0], 40), (ball_at(places[0], 40),))
    for x in places[1:]:
        (found,) = tracker.follow(with_ball(x, 40))
        assert found.box.x1 == pytest.approx(x, abs=0.5)


def test_a_large_thing_is_placed_between_pixels():
    texture = np.random.default_rng(3).integers(0, 255, (120, 200, 3)).astype(np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 3)
    moved = cv2.warpAffine(texture, np.array([[1, 0, 3.4], [0, 1, 0]]), (200, 120))
    tracker = BoxTracker(texture, (Box("player", 60, 40, 90, 80),))
    (found,) = tracker.follow(moved.astype(np.uint8))
    assert found.box.x1 == pytest.approx(63.4, abs=0.2)


def test_what_is_gone_is_lost_and_stays_lost():
    tracker = BoxTracker(with_ball(30, 40), (ball_at(30, 40),))
    assert tracker.follow(grass()) == []
    assert tracker.follow(with_ball(30, 40)) == []


def test_what_leaves_the_picture_is_lost():
    tracker = BoxTracker(with_ball(190, 40), (ball_at(190, 40),))
    assert tracker.follow(with_ball(193, 40))
    left = grass()
    left[40:46, 198:200] = 240
    assert tracker.follow(left) == []


def test_a_box_names_which_of_the_drawn_ones_it_was():
    both = with_ball(30, 40)
    both[80:100, 100:110] = (30, 30, 200)
    tracker = BoxTracker(both, (ball_at(30, 40), Box("player", 100, 80, 110, 100)))
    without_ball = grass()
    without_ball[80:100, 102:112] = (30, 30, 200)
    (found,) = tracker.follow(without_ball)
    assert (found.index, found.box.class_name) == (1, "player")
    assert found.box.x1 == pytest.approx(102, abs=0.5)


def test_most_players_of_a_match_are_still_there_after_ten_frames(run: Run, tmp_path: Path):
    options = ("--headless", "--coach", "--seconds", "4", "--seed", "5", "--record", "match.h5")
    assert run("practice", *options)[0] == 0
    with Recording(tmp_path / "match.h5") as recording:
        labelled = {one.frame: one.boxes for one in recording.boxes()}
        drawn = tuple(box for box in labelled[40] if box.class_name == "player")
        tracker = BoxTracker(recording.frame(40), drawn)
        for frame in range(41, 51):
            found = tracker.follow(recording.frame(frame))
        true = [(b.x1, b.y1, b.x2, b.y2) for b in labelled[50] if b.class_name == "player"]
    carried = [(one.box.x1, one.box.y1, one.box.x2, one.box.y2) for one in found]
    overlap = iou_matrix(np.array(carried, np.float32), np.array(true, np.float32))
    assert len(found) >= 0.8 * len(drawn)
    assert (overlap.max(axis=1) >= 0.5).mean() >= 0.9


def test_settings_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="shares lie between 0 and 1"):
        TrackerSettings(least_score=1.5)
