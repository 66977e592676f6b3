import cv2
import numpy as np
import pytest

from data.frames import FrameSize, decode_jpeg, encode_jpeg, fit, placement

STORED = FrameSize(480, 270)


def test_a_picture_of_another_shape_is_letterboxed_not_stretched():
    square = np.full((600, 600, 3), 200, dtype=np.uint8)
    fitted = fit(square, STORED)
    assert fitted.shape == (270, 480, 3)
    assert (fitted[:, 105:375] == 200).all()
    assert not fitted[:, :105].any()
    assert not fitted[:, 375:].any()


def test_a_picture_of_the_stored_size_keeps_its_bytes():
    image = np.random.default_rng(0).integers(0, 255, (270, 480, 3), dtype=np.uint8)
    assert (fit(image, STORED) == image).all()


def test_shrinking_averages_so_that_a_small_ball_does_not_vanish():
    image = np.zeros((1080, 1920, 3), dtype=np.uint8)
    image[500:502, 700:702] = 255
    assert fit(image, STORED).max() > 40


def noise(width_px: int, height_px: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height_px, width_px, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(960, 540), (1000, 563), (700, 501)])
def test_half_the_size_and_odd_sizes_are_averaged_over_their_exact_areas(size: tuple[int, int]):
    image = noise(*size)
    where = placement(FrameSize(*size), STORED)
    inner = (round(size[0] * where.scale), round(size[1] * where.scale))
    exact = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    found = fit(image, STORED)[where.top_px :, where.left_px :][: inner[1], : inner[0]]
    assert (found == exact).all()


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (2560, 1440)])
def test_averaging_in_halves_stays_close_to_averaging_at_once(size: tuple[int, int]):
    image = cv2.GaussianBlur(noise(*size), (0, 0), 4)
    exact = cv2.resize(image, (480, 270), interpolation=cv2.INTER_AREA)
    apart = np.abs(fit(image, STORED).astype(int) - exact)
    assert apart.mean() < 0.6
    assert apart.max() <= 4


def test_averaging_takes_a_small_share_of_a_single_pixel_wherever_it_lies():
    for at in range(8):
        image = np.zeros((720, 1280, 3), dtype=np.uint8)
        image[400, 640 + at] = 255
        assert 10 < fit(image, STORED).max() < 60


def test_a_picture_keeps_to_one_core():
    fit(noise(1280, 720), STORED)
    assert cv2.getNumThreads() == 1


def test_placement_says_where_a_source_pixel_lands():
    where = placement(FrameSize(600, 600), STORED)
    assert (where.left_px, where.top_px, where.scale) == (105, 0, 0.45)


def test_jpeg_comes_back_nearly_equal_and_damage_is_seen():
    image = np.full((270, 480, 3), 90, dtype=np.uint8)
    data = encode_jpeg(image, 90)
    back = decode_jpeg(data)
    assert back is not None
    assert np.abs(back.astype(int) - image).max() < 4
    assert decode_jpeg(np.zeros(50, dtype=np.uint8)) is None


def test_a_small_coloured_thing_keeps_its_colour_through_compression():
    image = np.full((270, 480, 3), (60, 140, 60), dtype=np.uint8)
    image[101:103, 200:204] = (40, 40, 230)
    back = decode_jpeg(encode_jpeg(image, 84))
    assert back is not None
    assert np.abs(back[101:103, 200:204].astype(int) - (40, 40, 230)).mean() < 30
