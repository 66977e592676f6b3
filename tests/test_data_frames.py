import numpy as np

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
