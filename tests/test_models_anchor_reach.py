import json
from pathlib import Path

import numpy as np
import pytest

from data.boxes import Box
from models.anchor_reach import fit_reach
from models.detection_metrics import Truth
from tests.conftest import Run
from tests.factories import write_recording


def boxes_of(sizes: list[tuple[float, float]], *, side: int = 300) -> np.ndarray:
    random = np.random.default_rng(0)
    corners = [random.uniform(0, side - 60, 2) for _ in sizes]
    rows = [(*c, c[0] + w, c[1] + h) for c, (w, h) in zip(corners, sizes, strict=True)]
    return np.array(rows, np.float32)


def test_balls_of_three_by_seven_pixels_are_reached():
    """The original bot's anchors met none of its 22 balls of this size, in such a picture."""
    random = np.random.default_rng(2)
    balls = [(3 + random.uniform(-0.5, 0.5), 7 + random.uniform(-1, 1)) for _ in range(100)]
    players = [(6 + random.uniform(-1, 1), 24 + random.uniform(-3, 3)) for _ in range(400)]
    truth = Truth(boxes_of(players + balls), np.array([0] * 400 + [1] * 100))
    found = fit_reach(truth, names=("player", "ball"), size=(300, 300), anchors=6)
    assert all(share >= 0.99 for share in found.best_possible_recall.values())


def test_every_class_of_the_practice_game_is_reached(run: Run, tmp_path: Path):
    for seed in ("3", "4"):
        options = ("--headless", "--coach", "--seconds", "20", "--seed", seed)
        assert run("practice", *options, "--record", f"{seed}.h5")[0] == 0
    status, said, _ = run("boxes", "anchors", "3.h5", "4.h5", "--json")
    assert status == 0
    found = json.loads(said)
    assert set(found["best_possible_recall"]) == {"player", "opponent", "ball", "goal", "marker"}
    assert min(found["best_possible_recall"].values()) >= 0.99
    assert len(found["anchors"]) == 6
    assert all(len(shape) == 2 for shape in found["anchors"])


def test_a_rare_class_counts_like_a_common_one():
    truth = Truth(
        boxes_of([(10, 20)] * 300 + [(20, 10)] * 300 + [(4, 4)] * 3), np.array([0] * 600 + [1] * 3)
    )
    found = fit_reach(truth, names=("player", "ball"), size=(300, 300), anchors=2)
    assert found.best_possible_recall["ball"] == 1


def test_what_is_not_reached_is_said():
    truth = Truth(boxes_of([(40, 40)] * 50 + [(4, 4)] * 2), np.array([0] * 50 + [0] * 2))
    found = fit_reach(truth, names=("player", "ball"), size=(300, 300), anchors=1)
    assert found.best_possible_recall == {"player": pytest.approx(50 / 52), "ball": None}
    assert found.unreachable[0].startswith(
        "player: 2 of 52 boxes are like no anchor: 4 to 4 pixels wide, 4 to 4 high. Fit more"
    )
    assert found.unreachable[1] == "ball: there is no box of it."


def test_a_ball_between_the_places_of_the_grid_is_reached_by_shape_only():
    ball = np.array([[100, 100, 104, 104]], np.float32)  # its centre is half a cell off: 4 apart
    found = fit_reach(Truth(ball, np.array([0])), names=("ball",), size=(300, 300), anchors=1)
    assert found.best_possible_recall == {"ball": 1}
    assert found.placed_recall["ball"] in (0, 1)
    off = fit_reach(Truth(ball + 2, np.array([0])), names=("ball",), size=(300, 300), anchors=1)
    assert {found.placed_recall["ball"], off.placed_recall["ball"]} == {0, 1}
    assert any("between the places of the grid" in s for s in found.unreachable + off.unreachable)


def test_recordings_without_boxes_are_refused(run: Run, tmp_path: Path):
    write_recording(tmp_path / "a.h5", frames=2)
    write_recording(tmp_path / "b.h5", frames=2, boxes=[Box("ball", 1, 1, 7, 7)])
    status, _, said = run("boxes", "anchors", "a.h5")
    assert status == 1
    assert "there are no boxes to fit anchors to" in said
    assert run("boxes", "anchors", "a.h5", "b.h5")[0] == 0
