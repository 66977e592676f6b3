import pytest

from recorder.window import NOT_SHOWN, Rect, WindowState
from recorder.windows.cover import Cover, around, hidden_share, state_on

VIEW = Rect(100, 50, 200, 100)
SCREEN = Rect(0, 0, 1000, 800)


def alone(*rects: Rect) -> Cover:
    return Cover((rects,))


def test_windows_beside_hide_nothing():
    assert hidden_share(VIEW, [alone(Rect(0, 0, 100, 800)), alone(Rect(300, 0, 50, 800))]) == 0


def test_what_two_windows_hide_together_counts_once():
    half, overlapping = Rect(0, 0, 200, 800), Rect(150, 0, 100, 800)
    assert hidden_share(VIEW, [alone(half)]) == 0.5
    assert hidden_share(VIEW, [alone(half), alone(overlapping)]) == 0.75


def test_a_window_hides_what_lies_in_all_its_regions():
    left, right = (Rect(100, 50, 120, 100),), (Rect(200, 50, 100, 100),)
    assert hidden_share(VIEW, [Cover((left, right))]) == pytest.approx(0.1)
    assert hidden_share(VIEW, [Cover((left, ()))]) == 0


def test_less_than_a_hundredth_is_let_pass():
    def covered(by: Rect) -> bool:
        return state_on(SCREEN, VIEW, [alone(by)], focused=True).covered

    assert not covered(Rect(100, 50, 20, 10))
    assert covered(Rect(100, 50, 21, 10))


def test_only_the_part_on_the_screen_counts():
    hanging_out, beyond = Rect(900, 50, 200, 100), Rect(1000, 50, 100, 100)
    state = state_on(SCREEN, hanging_out, [alone(beyond)], focused=True)
    assert state == WindowState(hanging_out, focused=True, covered=False, gone=False)


def test_a_window_wholly_outside_is_not_shown():
    assert state_on(SCREEN, Rect(2000, 0, 10, 10), [], focused=True) == NOT_SHOWN


@pytest.mark.parametrize(
    ("hole", "area"),
    [
        (Rect(150, 60, 50, 20), 200 * 100 - 50 * 20),
        (Rect(0, 0, 1000, 800), 0),
        (Rect(0, 0, 200, 800), 100 * 100),
        (Rect(500, 500, 10, 10), 200 * 100),
        (None, 200 * 100),
    ],
)
def test_what_is_around_a_hole_does_not_overlap(hole, area):
    pieces = around(VIEW, hole)
    assert sum(piece.width_px * piece.height_px for piece in pieces) == area
    assert hidden_share(VIEW, [alone(*pieces)]) == pytest.approx(area / (200 * 100))
