"""Read a stranger's picture; what its header claims is looked at before anything is unfolded."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from PIL.ImageFile import ImageFile

from data.box_files.folder import Unreadable, read_bytes
from data.frames import FrameSize, Image, decode_jpeg

MOST_PIXELS = 34_000_000  # a screen of 7680x4320
MOST_WEBP_PIXELS = 24_000_000  # which takes twice the memory
MOST_SCANNED = 10 * MOST_PIXELS  # pixels times scans, each of which visits them all
MOST_BYTES = 64_000_000
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF")
# What Pillow raises on damaged files; which of them it is depends on where the damage lies.
_DAMAGE = (
    OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, OverflowError,
    AttributeError, MemoryError, RuntimeError, struct.error, zlib.error,
    Pillow.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and its bytes where they can be stored as they are."""

    image: Image
    jpeg: npt.NDArray[np.uint8] | None

    @property
    def size(self) -> FrameSize:
        """Its size."""
        return FrameSize(self.image.shape[1], self.image.shape[0])


def picture_size(path: Path) -> FrameSize:
    """Read a picture's size from its header.

    Raises:
        Unreadable: It is damaged, no picture, or too large.
    """
    try:
        with path.open("rb") as file:
            if path.stat().st_size > MOST_BYTES:  # some kinds are read whole for their header
                raise Unreadable("it is too large")
            with _opened(file) as picture:
                return FrameSize(*picture.size)
    except OSError as error:
        raise Unreadable(f"it can't be read ({error.strerror})") from error


def read_picture(path: Path, stored: FrameSize | None = None) -> Picture:
    """Read a picture in BGR, whatever its colours; transparency is ignored.

    Args:
        path: The file.
        stored: A JPEG of this size is kept as it is, where a recording can hold it.

    Raises:
        Unreadable: It is damaged, no picture, or too large.
    """
    data = read_bytes(path, most=MOST_BYTES)
    with _opened(io.BytesIO(data)) as picture:
        scans = data.count(b"\xff\xda") if "progressive" in picture.info else 1
        if scans * picture.width * picture.height > MOST_SCANNED:
            raise Unreadable(f"it is a progressive JPEG of {scans} scans; save it as a plain one")
        is_jpeg = picture.format == "JPEG" and FrameSize(*picture.size) == stored
        if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut, not scale
            grey = (np.asarray(picture) >> 8).clip(0, 255).astype(np.uint8)
            image: Image = np.repeat(grey[:, :, None], 3, axis=2)
        else:
            pixels = np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
            image = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)
    if is_jpeg and data.endswith(b"\xff\xd9"):  # else something hangs on behind the picture
        jpeg = np.frombuffer(data, dtype=np.uint8)
        if decode_jpeg(jpeg, stored) is not None:
            return Picture(image, jpeg)
    return Picture(image, None)


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[ImageFile]:
    """Open a picture without unfolding it; what it raises afterwards is ours, too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is wrong, we tell ourselves
            with Pillow.open(file, formats=_FORMATS) as picture:
                most = MOST_WEBP_PIXELS if picture.format == "WEBP" else MOST_PIXELS
                if picture.width * picture.height > most:
                    raise Unreadable(
                        f"it claims {picture.width}x{picture.height} pixels; "
                        f"at most {most // 1_000_000} million are read"
                    )
                yield picture
    except UnidentifiedImageError as error:
        raise Unreadable("it is no JPEG, PNG, BMP, WebP or GIF picture") from error
    except _DAMAGE as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unreadable(f"it is damaged ({said[:100]})") from error
