"""The one place where a frame is resized or compressed, for training and for play alike."""

import os
import struct
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

# opencv-python points Qt at its own plugins on import; PyQt6 must find the ones it came with.
if "cv2" in os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH", ""):
    del os.environ["QT_QPA_PLATFORM_PLUGIN_PATH"]
if "cv2" in os.environ.get("QT_QPA_FONTDIR", ""):
    del os.environ["QT_QPA_FONTDIR"]

# A picture is too small to share between cores: at 60 a second two threads were no faster, and took
# 0.5 ms more of a core for each.
cv2.setNumThreads(1)

# Colour at every other column (4:2:2), not at a quarter of the pixels (4:2:0): small things keep
# theirs. At quality 84 a picture is smaller than with 4:2:0 at 90, and the detector finds more
# balls in it (average precision 0.856 beside 0.848, tests/bench/picture_quality.py).
SAMPLING = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422

MOST_PIXELS = 3840 * 2160

Image = npt.NDArray[np.uint8]
"""`(height, width, 3)`, BGR, 0 to 255."""


@dataclass(frozen=True, slots=True)
class FrameSize:
    """Width and height in pixels."""

    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a fitted picture lies: stored pixel = source pixel times `scale` plus the offset."""

    scale: float
    left_px: int
    top_px: int


def placement(source: FrameSize, size: FrameSize) -> Placement:
    """Centre a source picture in a stored size without stretching it."""
    scale = min(size.width_px / source.width_px, size.height_px / source.height_px)
    width, height = round(source.width_px * scale), round(source.height_px * scale)
    return Placement(scale, (size.width_px - width) // 2, (size.height_px - height) // 2)


def fit(image: Image, size: FrameSize) -> Image:
    """Resize a BGR picture to the stored size, letterboxed with black, never stretched.

    Area averaging keeps small objects such as a ball from vanishing between samples.
    """
    height, width = image.shape[:2]
    if (width, height) == (size.width_px, size.height_px):
        return np.ascontiguousarray(image)
    where = placement(FrameSize(width, height), size)
    inner = (round(width * where.scale), round(height * where.scale))
    resized = _shrunk(image, inner) if where.scale < 1 else _resized(image, inner, cv2.INTER_LINEAR)
    if inner == (size.width_px, size.height_px):
        return resized
    fitted = np.zeros((size.height_px, size.width_px, 3), dtype=np.uint8)
    fitted[where.top_px : where.top_px + inner[1], where.left_px : where.left_px + inner[0]] = (
        resized
    )
    return fitted


def _shrunk(image: Image, inner: tuple[int, int]) -> Image:
    """Average areas; in halves as long as that is possible.

    OpenCV averages 2 by 2 pixels with vector instructions, other areas without: from 1280x720 this
    takes 1.0 ms instead of 2.0, and the detector finds as many balls.
    """
    height, width = image.shape[:2]
    while width % 2 == height % 2 == 0 and width >= 2 * inner[0] and height >= 2 * inner[1]:
        width, height = width // 2, height // 2
        image = _resized(image, (width, height), cv2.INTER_AREA)
    return image if (width, height) == inner else _resized(image, inner, cv2.INTER_AREA)


def _resized(image: Image, inner: tuple[int, int], method: int) -> Image:
    return cv2.resize(image, inner, interpolation=method).astype(np.uint8, copy=False)


def encode_jpeg(image: Image, quality: int) -> npt.NDArray[np.uint8]:
    """Compress a BGR picture to JPEG bytes, flat `uint8`."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLING]
    ok, data = cv2.imencode(".jpg", image, settings)
    if not ok:  # pragma: no cover - OpenCV refuses only images that fit() can't return
        raise ValueError(f"a picture of shape {image.shape} can't be compressed")
    return data.reshape(-1).astype(np.uint8, copy=False)


def decode_jpeg(data: npt.NDArray[np.uint8], size: FrameSize | None = None) -> Image | None:
    """Decompress JPEG bytes to a BGR picture; None when they are damaged, or of another size.

    What the bytes claim is looked at first: without `size` a picture may have at most the pixels
    of the largest profile.
    """
    claimed = _claimed_size(data.tobytes())
    if claimed is None or (size is not None and claimed != size):
        return None
    if claimed.width_px * claimed.height_px > MOST_PIXELS:
        return None
    try:  # a turned picture would no longer be of the size that was claimed
        image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


def _claimed_size(data: bytes) -> FrameSize | None:
    """Read the size from the frame header (ITU T.81, B.2.2); None for what is no plain JPEG.

    Progressive ones are refused: a few bytes of them can keep a decoder busy for minutes.
    """
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while data[at : at + 1] == b"\xff" and at + 9 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in (0xC0, 0xC1):  # baseline, extended sequential
            height, width = struct.unpack_from(">HH", data, at + 5)
            return FrameSize(width, height) if width and height else None
        if not (0xE0 <= marker <= 0xEF or marker in (0xDB, 0xC4, 0xDD, 0xFE)) or length < 2:
            return None
        at += 2 + length
    return None
