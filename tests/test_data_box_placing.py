import math

import pytest

from data.box_files.placing import placed
from data.frames import FrameSize, placement

PICTURE, STORED = FrameSize(640, 480), FrameSize(480, 270)


@pytest.mark.parametrize(
    ("corners", "wanted", "told"),
    [
        ((64, 48, 128, 96), (96, 27, 132, 54), None),
        ((0, 0, 640, 480), (60, 0, 420, 270), None),
        ((-0.001, 0, 640.001, 480), (60, 0, 420, 270), None),
        ((600, 400, 700, 500), (397.5, 225, 420, 270), "reaches 60 pixels out"),
        ((700, 10, 800, 20), None, "outside"),
        ((10, 10, 10, 20), None, "0 wide and 10 high"),
        ((30, 10, 10, 20), None, "-20 wide"),
        ((math.nan, 10, 10, 20), None, "no number"),
        ((10, 10, math.inf, 20), None, "no number"),
        ((100, 100, 100.0000001, 120), None, "too small"),
    ],
)
def test_a_box_moves_with_its_picture_or_is_told_of(corners, wanted, told):
    found, wrong = placed(corners, (1.0, 1.0), PICTURE, placement(PICTURE, STORED), STORED)
    assert found == (None if wanted is None else pytest.approx(wanted))
    assert wrong is None if told is None else told in wrong


def test_shares_count_from_each_side_of_the_picture():
    found, wrong = placed(
        (0.1, 0.1, 0.2, 0.2), (640, 480), PICTURE, placement(PICTURE, STORED), STORED
    )
    assert found == pytest.approx((96, 27, 132, 54))
    assert wrong is None
