import numpy as np

from models.anchors import Floats, place_anchors
from models.detection_metrics import Truth
from models.detections import Detections
from models.detector_weakness import weaknesses

NAMES = ("ball", "player")
SHAPES = ((6.0, 6.0), (8.0, 17.0))
PLACED = place_anchors((SHAPES,), (4,), (200, 200))


def boxes(count: int, *, size: tuple[float, float], x: float = 10) -> Floats:
    """Boxes beside one another, whose centres lie on the grid."""
    left = x + 16 * np.arange(count, dtype=np.float32)
    centre = np.stack([left, np.full(count, 50, np.float32)], axis=1)
    half = np.array(size, np.float32) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def truth(ball: Floats, player: Floats) -> Truth:
    kinds = np.repeat([0, 1], [len(ball), len(player)]).astype(np.int64)
    return Truth(np.concatenate([ball, player]), kinds)


def seen(ball: Floats, player: Floats) -> Detections:
    labels = truth(ball, player)
    return Detections(labels.boxes, labels.classes, np.full(len(labels.boxes), 0.9, np.float32))


BALLS, PLAYERS = boxes(10, size=(6, 6)), boxes(10, size=(8, 17), x=12)
NONE = np.zeros((0, 4), np.float32)


def told(
    found: Detections | None = None,
    *,
    train: Truth | None = None,
    validation: Truth | None = None,
    shapes: tuple[tuple[float, float], ...] = SHAPES,
    placed: Floats = PLACED,
) -> str:
    many = truth(np.tile(BALLS, (6, 1)), np.tile(PLAYERS, (6, 1)))
    return "\n".join(
        weaknesses(
            NAMES,
            train=train or many,
            validation=[validation or truth(BALLS, PLAYERS)],
            found=[found or seen(BALLS, PLAYERS)],
            shapes=shapes,
            placed=placed,
        )
    )


def test_a_detector_that_sees_everything_is_not_weak() -> None:
    assert told() == ""


def test_few_labels_are_named() -> None:
    said = told(train=truth(BALLS, NONE))
    assert "ball: only 10 boxes to learn from" in said
    assert "player: no box to learn from, so it is never found" in said


def test_misses_are_told_by_size() -> None:
    large = boxes(10, size=(12, 12), x=16)
    both = np.concatenate([BALLS, large])
    said = told(seen(np.concatenate([BALLS[:4], large]), PLAYERS), validation=truth(both, PLAYERS))
    assert said.count("missed") == 1
    assert "ball: 6 of 10 held-out boxes smaller than 8 px are missed" in said


def test_classes_taken_for_one_another_are_named() -> None:
    said = told(seen(np.concatenate([BALLS, PLAYERS[:6]]), PLAYERS[6:]))
    assert "player: 6 of 10 held-out boxes are taken for ball" in said
    assert "ball: 6 of 16 detections are at no such object" in said


def test_a_second_detection_of_one_object_is_false() -> None:
    said = told(seen(np.concatenate([BALLS, BALLS[:4]]), PLAYERS))
    assert "ball: 4 of 14 detections are at no such object" in said


def test_a_class_never_held_out_is_named() -> None:
    said = told(seen(BALLS, NONE), validation=truth(BALLS, NONE))
    assert "player: no held-out frame shows it" in said


def test_anchors_that_do_not_reach_are_named() -> None:
    said = told(shapes=SHAPES[:1])
    assert "player: 100% of the boxes (about 8x17 px) are like no anchor" in said
    assert "--anchors 4" in said
    assert "ball" not in said


def test_the_grid_is_blamed_only_for_what_is_missed() -> None:
    coarse = place_anchors((SHAPES,), (32,), (200, 200))
    assert told(placed=coarse) == ""
    said = told(seen(NONE, PLAYERS), placed=coarse)
    assert "of the boxes (about 6x6 px) lie between the anchors of the grid" in said
    assert "player" not in said
