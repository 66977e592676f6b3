import numpy as np
import pytest
import torch

from data.errors import RecordingError
from data.frames import FrameSize
from data.reader import Recording
from data.writer import RecordingWriter
from models.distributed import World
from models.pictures import Pictures, warp_of
from tests.factories import capture_facts
from tests.textured_play import (
    HEIGHT,
    PROFILE,
    TICKS,
    WIDTH,
    batch_of,
    textured_passages,
    textured_recordings,
)


@pytest.fixture(scope="module")
def recordings():
    return textured_recordings()


@pytest.fixture(scope="module")
def passages():
    return textured_passages()


@pytest.fixture
def pictures():
    with Pictures(PROFILE.capture.size) as opened:
        yield opened


def test_pictures_go_with_the_objects_of_their_window(passages, recordings, pictures):
    batch = batch_of(passages, pictures)
    plain = batch_of(passages, pictures)
    assert torch.equal(batch.pictures, plain.pictures)
    with Recording(recordings[0]) as one, Recording(recordings[1]) as other:
        known = {opened.frame(i).tobytes() for opened in (one, other) for i in range(TICKS)}
    shown = batch.pictures[batch.weights > 0]
    assert len(shown)
    assert all(picture.numpy().tobytes() in known for picture in shown)


def test_processes_together_read_the_pictures_that_one_reads(passages, pictures):
    whole = batch_of(passages, pictures)
    for rank in range(2):
        part = batch_of(passages, pictures, world=World(rank, 2))
        assert torch.equal(part.pictures, whole.pictures[rank::2])
        assert part.colours == whole.colours[rank::2]


def test_a_picture_is_flipped_and_moved_as_its_boxes_are(tmp_path):
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    image[20:30, 40:60] = 255  # rows, columns
    path = tmp_path / "box.h5"
    with RecordingWriter(path, profile=PROFILE, facts=capture_facts()) as writer:
        writer.append_frame(image, 0)
    with Pictures(PROFILE.capture.size) as pictures:
        warp = warp_of(shift_px=(7.0, -3.0), mirror=(1, 40.0))
        moved = pictures.read(path, np.array([0]), warp=warp)[0]
    rows, columns = np.nonzero(moved[..., 0] > 128)
    # y becomes 2 * 40 - y, then all moves by (7, -3): 20 to 30 becomes 47 to 57.
    assert (rows.min(), rows.max() + 1) == (47, 57)
    assert (columns.min(), columns.max() + 1) == (47, 67)
    assert warp_of(shift_px=(0.0, 0.0)) is None


def test_mirrored_windows_show_flipped_pictures(passages, pictures):
    plain, flipped = (batch_of(passages, pictures, mirror=m, streams=8) for m in (False, True))
    same = [torch.equal(a, b) for a, b in zip(plain.pictures, flipped.pictures, strict=True)]
    assert 0 < sum(same) < 8


def test_a_picture_of_another_size_is_refused(recordings):
    with (
        Pictures(FrameSize(64, 64)) as pictures,
        pytest.raises(RecordingError, match="frame 0 is damaged"),
    ):
        pictures.read(recordings[0], np.array([0]))
