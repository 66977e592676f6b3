import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.box_files.folder import Unreadable
from data.box_files.pictures import picture_size, read_picture
from data.frames import FrameSize, encode_jpeg
from tests.box_folders import pitch

STORED = FrameSize(480, 270)
RED, GREEN = (200, 30, 10), (20, 160, 40)


def two_colours() -> Image.Image:
    image = Image.new("RGB", (64, 48), RED)
    image.paste(GREEN, (32, 0, 64, 48))
    return image


def saved(path: Path, image: Image.Image, kind: str, **options: object) -> Path:
    image.save(path, kind, **options)
    return path


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGB", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("P", "GIF"), ("RGB", "BMP"), ("RGBA", "WEBP"),
     ("CMYK", "JPEG"), ("RGB", "JPEG")],
)  # fmt: skip
def test_colours_are_the_same_whatever_the_picture_is_made_of(tmp_path: Path, mode: str, kind: str):
    image = two_colours().quantize(16) if mode == "P" else two_colours().convert(mode)
    path = saved(tmp_path / "a.png", image, kind)
    assert picture_size(path) == FrameSize(64, 48)
    found = read_picture(path, STORED).image
    assert found.shape == (48, 64, 3)
    np.testing.assert_allclose(found[24, 10], RED[::-1], atol=12)
    np.testing.assert_allclose(found[24, 50], GREEN[::-1], atol=12)


@pytest.mark.parametrize("mode", ["L", "1", "I;16", "LA"])
def test_grey_pictures_are_grey_in_three_colours(tmp_path: Path, mode: str):
    grey = np.full((48, 64), 255 if mode == "1" else 128, dtype=np.uint8)
    image = (
        Image.fromarray(grey.astype(np.uint16) << 8) if mode == "I;16" else Image.fromarray(grey)
    )
    image = image if mode == "I;16" else image.convert(mode)
    found = read_picture(saved(tmp_path / "a.png", image, "PNG"), STORED).image
    np.testing.assert_array_equal(found[20, 20], [int(grey[0, 0])] * 3)


def test_a_jpeg_of_the_stored_size_is_kept_byte_for_byte(tmp_path: Path):
    data = encode_jpeg(pitch(), 84)
    path = tmp_path / "a.jpg"
    path.write_bytes(data.tobytes())
    assert read_picture(path, STORED).jpeg is not None
    np.testing.assert_array_equal(read_picture(path, STORED).jpeg, data)
    assert read_picture(path, FrameSize(64, 48)).jpeg is None
    path.write_bytes(data.tobytes() + b"more")
    assert read_picture(path, STORED).jpeg is None
    saved(path, Image.fromarray(pitch()), "JPEG", progressive=True)
    assert read_picture(path, STORED).jpeg is None


def claiming(width: int, height: int) -> bytes:
    file = io.BytesIO()
    two_colours().save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


@pytest.mark.parametrize(
    ("side", "said"), [(9000, "claims 9000x9000"), (60_000, "3600000000 pixels")]
)
def test_a_claim_is_looked_at_before_anything_is_unfolded(tmp_path: Path, side: int, said: str):
    path = tmp_path / "a.png"
    path.write_bytes(claiming(side, side))
    for read in (picture_size, lambda path: read_picture(path, STORED)):
        with pytest.raises(Unreadable, match=said):
            read(path)


def test_a_progressive_jpeg_of_endless_scans_is_refused(tmp_path: Path):
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (2000, 1000)), "JPEG", progressive=True)
    data = path.read_bytes()
    assert read_picture(path, STORED).size == FrameSize(2000, 1000)
    last = data.rfind(b"\xff\xda")
    path.write_bytes(data[:-2] + data[last:-2] * 200 + b"\xff\xd9")
    with pytest.raises(Unreadable, match="scans"):
        read_picture(path, STORED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_a_picture_that_is_cut_off_is_damaged(tmp_path: Path, kind: str):
    path = saved(tmp_path / "a.x", Image.fromarray(pitch()), kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Unreadable, match="damaged"):
        read_picture(path, STORED)


def test_what_is_no_picture_is_refused(tmp_path: Path):
    path = tmp_path / "a.jpg"
    for data in (b"", b"GIF", b"<svg/>", b"\0" * 100):
        path.write_bytes(data)
        with pytest.raises(Unreadable):
            read_picture(path, STORED)
