import numpy as np
import pytest

from models.anchors import (
    BACKGROUND,
    IGNORED,
    Floats,
    assign_levels,
    best_possible_recall,
    decode,
    encode,
    fit_anchors,
    iou_matrix,
    match,
    place_anchors,
    placed_recall,
    to_corners,
)


def boxes_of(*sizes: tuple[float, float]) -> Floats:
    return np.array([(10, 20, 10 + w, 20 + h) for w, h in sizes], np.float32)


def test_fitted_anchors_find_the_clusters() -> None:
    random = np.random.default_rng(0)
    balls = random.normal(5.6, 0.1, (40, 2))
    goals = np.stack([random.normal(30, 1, 40), random.normal(100, 2, 40)], axis=1)
    sizes = np.concatenate([balls, goals])
    boxes = np.concatenate([np.zeros_like(sizes), sizes], axis=1).astype(np.float32)
    (w1, h1), (w2, h2) = fit_anchors(boxes, 2)
    assert (w1, h1) == pytest.approx((5.6, 5.6), abs=0.15)
    assert (w2, h2) == pytest.approx((30, 100), abs=2)


def test_weights_let_a_rare_class_have_its_anchor() -> None:
    boxes = boxes_of(*[(8, 16)] * 50, *[(8, 20)] * 50, (5, 5))
    weights = np.array([0.01] * 100 + [1.0], np.float32)
    assert (5.0, 5.0) in fit_anchors(boxes, 2, weights=weights)


def test_no_more_anchors_than_different_boxes() -> None:
    assert fit_anchors(boxes_of((5, 5), (5, 5), (9, 9)), 6) == ((5.0, 5.0), (9.0, 9.0))


def test_fitting_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no boxes"):
        fit_anchors(np.zeros((0, 4), np.float32), 3)


def test_best_possible_recall_counts_shapes_in_reach() -> None:
    boxes = boxes_of((6, 6), (8, 17), (30, 100), (3, 3))
    assert best_possible_recall(boxes, [(6, 6), (8, 17)]) == 0.5
    assert best_possible_recall(boxes, [(6, 6), (8, 17)], threshold=0.2) == 0.75
    assert np.isnan(best_possible_recall(boxes[:0], [(6, 6)]))


def test_placed_recall_knows_the_grid() -> None:
    placed = np.array([[4, 4, 6, 6]], np.float32)
    boxes = np.array([[1, 1, 7, 7], [4, 4, 10, 10]], np.float32)
    assert placed_recall(boxes, placed) == 0.5
    assert best_possible_recall(boxes, [(6, 6)]) == 1.0


def test_shapes_go_to_levels_by_size() -> None:
    shapes = ((5.6, 5.6), (8, 17), (30, 100), (300, 200))
    assert assign_levels(shapes, (4, 8, 32)) == (shapes[:1], shapes[1:2], shapes[2:])


def test_anchors_lie_on_the_grid_row_by_row() -> None:
    placed = place_anchors((((8.0, 8.0), (10.0, 20.0)), ()), (8, 16), (12, 20))
    assert placed.shape == (2 * 3 * 2, 4)  # sizes round up
    np.testing.assert_allclose(placed[:3], [[4, 4, 8, 8], [4, 4, 10, 20], [12, 4, 8, 8]])
    np.testing.assert_allclose(placed[6], [4, 12, 8, 8])


def test_iou_of_known_pairs() -> None:
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    np.testing.assert_allclose(iou_matrix(a, b), [[1, 1 / 3, 0]], rtol=1e-6)


def test_matching_follows_the_thresholds() -> None:
    anchors = np.array([[0, 0, 10, 10], [3, 0, 13, 10], [4, 0, 14, 10], [6, 0, 16, 10]], "f4")
    matched = match(anchors, np.array([[0, 0, 10, 10]], np.float32))
    assert matched.tolist() == [0, 0, IGNORED, BACKGROUND]  # IoU 1, 0.54, 0.43, 0.25


def test_an_anchor_nearly_as_good_as_the_best_is_no_background() -> None:
    """A small box between anchors: IoU 0.25, 0.25, 0.15 and 0.03; shares of the best as told."""
    anchors = np.array([[0, 0, 6, 6], [4, 0, 10, 6], [0, 3, 6, 9], [4, 4, 10, 10]], np.float32)
    matched = match(anchors, np.array([[2, -2, 8, 4]], np.float32))
    assert matched.tolist() == [0, 0, BACKGROUND, BACKGROUND]
    matched = match(anchors, np.array([[2, -2, 8, 4]], np.float32), negative_share=0.1)
    assert matched.tolist() == [0, 0, IGNORED, BACKGROUND]


def test_each_box_has_its_best_anchor_however_poor() -> None:
    anchors = np.array([[0, 0, 10, 10], [30, 0, 40, 10]], np.float32)
    assert match(anchors, np.array([[8, 8, 12, 12]], np.float32)).tolist() == [0, BACKGROUND]


def test_two_boxes_never_share_a_forced_anchor() -> None:
    anchors = np.array([[0, 0, 10, 10], [8, 0, 18, 10]], np.float32)
    boxes = np.array([[0, 0, 10, 9], [1, 0, 11, 10]], np.float32)
    assert match(anchors, boxes).tolist() == [0, 1]


def test_a_box_outside_every_anchor_is_left() -> None:
    anchors = np.array([[0, 0, 10, 10]], np.float32)
    assert match(anchors, np.array([[50, 50, 60, 60]], np.float32)).tolist() == [BACKGROUND]
    assert match(anchors, np.zeros((0, 4), np.float32)).tolist() == [BACKGROUND]


def test_decoding_undoes_coding() -> None:
    anchors = np.array([[10, 10, 6, 6], [100, 50, 30, 100]], np.float32)
    boxes = np.array([[5, 6, 12, 11], [80, 10, 120, 90]], np.float32)
    np.testing.assert_allclose(decode(encode(boxes, anchors), anchors), boxes, atol=1e-4)
    np.testing.assert_allclose(decode(np.zeros((2, 4), "f4"), anchors), to_corners(anchors))


def test_the_code_has_the_published_variances() -> None:
    anchors = np.array([[10, 10, 10, 10]], np.float32)
    deltas = encode(np.array([[6, 5, 16, 15]], np.float32), anchors)
    np.testing.assert_allclose(deltas, [[1, 0, 0, 0]], atol=1e-6)  # a tenth of a width
    wider = encode(np.array([[0, 5, 20, 15]], np.float32), anchors)
    np.testing.assert_allclose(wider, [[0, 0, 5 * np.log(2), 0]], atol=1e-6)


def test_wild_numbers_decode_to_finite_boxes() -> None:
    found = decode(np.full((1, 4), 1e4, np.float32), np.array([[10, 10, 10, 10]], np.float32))
    assert np.isfinite(found).all()
