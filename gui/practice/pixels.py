"""The bytes of Qt's pictures as arrays."""

from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
from PyQt6.QtGui import QImage

from data.frames import Image


def bgrx(image: QImage) -> npt.NDArray[np.uint8]:
    """View a picture of format RGB32 as `(height, width, 4)`: blue, green, red, unused.

    Nothing is copied: writing to it paints. Keep the picture as long as the array.

    Raises:
        ValueError: The picture is null.
    """
    bits = image.bits()
    if bits is None:
        raise ValueError("the picture has no pixels")
    bits.setsize(image.sizeInBytes())
    flat = np.frombuffer(cast(memoryview, bits), dtype=np.uint8)
    return flat.reshape(image.height(), image.width(), 4)


def bgr(image: QImage) -> Image:
    """Copy a picture of format RGB32 into `(height, width, 3)` BGR."""
    copied: Image = cv2.cvtColor(bgrx(image), cv2.COLOR_BGRA2BGR).astype(np.uint8, copy=False)
    return copied
