"""The one place where a frame is resized or compressed, for training and for play alike."""

import os
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

# opencv-python points Qt at its own plugins on import; PyQt6 must find the ones it came with.
if "cv2" in os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH", ""):
    del os.environ["QT_QPA_PLATFORM_PLUGIN_PATH"]
if "cv2" in os.environ.get("QT_QPA_FONTDIR", ""):
    del os.environ["QT_QPA_FONTDIR"]

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
    method = cv2.INTER_AREA if where.scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(image, inner, interpolation=method)
    if inner == (size.width_px, size.height_px):
        return resized.astype(np.uint8, copy=False)
    fitted = np.zeros((size.height_px, size.width_px, 3), dtype=np.uint8)
    fitted[where.top_px : where.top_px + inner[1], where.left_px : where.left_px + inner[0]] = (
        resized
    )
    return fitted


def encode_jpeg(image: Image, quality: int) -> npt.NDArray[np.uint8]:
    """Compress a BGR picture to JPEG bytes, flat `uint8`."""
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:  # pragma: no cover - OpenCV refuses only images that fit() can't return
        raise ValueError(f"a picture of shape {image.shape} can't be compressed")
    return data.reshape(-1).astype(np.uint8, copy=False)


def decode_jpeg(data: npt.NDArray[np.uint8]) -> Image | None:
    """Decompress JPEG bytes to a BGR picture; None when they are damaged."""
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return None if image is None else image.astype(np.uint8, copy=False)
