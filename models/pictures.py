"""The pictures of recordings, for whatever learns from them: read in turn, decoded side by side."""

import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from data.closing import Closing
from data.errors import RecordingError
from data.frames import FrameSize, Image, decode_jpeg
from data.reader import Recording

Warp = npt.NDArray[np.float64]
"""`(2, 3)`: where the middle of each pixel goes, as OpenCV's `warpAffine` takes it."""

_MOST_OPEN = 32  # recordings; each takes a file handle and about 1 MB
_MOST_DECODERS = 8  # threads; each decodes about 2,700 pictures of 480x270 a second


class Pictures(Closing):
    """Read pictures by recording and frame; one thread at a time may ask.

    A recording is opened when it is first asked for, in the process that asks, and stays open
    until others were asked for more recently.
    """

    def __init__(self, size: FrameSize) -> None:
        """Begin with nothing open; all pictures are of `size`."""
        self.size = size
        self._open: OrderedDict[Path, Recording] = OrderedDict()
        self._decoders = ThreadPoolExecutor(
            min(_MOST_DECODERS, os.cpu_count() or 1), thread_name_prefix="pictures"
        )

    def read(
        self, source: Path, frames: npt.NDArray[np.int64], *, warp: Warp | None = None
    ) -> npt.NDArray[np.uint8]:
        """Return pictures of a recording, BGR `(n, H, W, 3)`, each moved by `warp` if given.

        Raises:
            RecordingError: One of them is damaged, or of another size.
        """
        recording = self._opened(source)
        jpegs = [recording.jpeg(frame) for frame in frames.tolist()]
        found = np.zeros((len(jpegs), self.size.height_px, self.size.width_px, 3), dtype=np.uint8)

        def decode(index: int) -> None:
            image = decode_jpeg(jpegs[index], self.size)
            if image is None:
                raise RecordingError(f"{source}: frame {frames[index]} is damaged.")
            found[index] = image if warp is None else _moved(image, warp)

        for _ in self._decoders.map(decode, range(len(jpegs))):
            pass  # what a decoder raised is raised here
        return found

    def close(self) -> None:
        """Close all recordings and end the decoders."""
        self._decoders.shutdown()
        while self._open:
            self._open.popitem()[1].close()

    def _opened(self, source: Path) -> Recording:
        if source not in self._open:
            self._open[source] = Recording(source)
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(source)
        return self._open[source]


def warp_of(
    *, shift_px: tuple[float, float], mirror: tuple[int, float] | None = None
) -> Warp | None:
    """Return how a picture is to be flipped, then moved, to go with its boxes; None for not at all.

    Args:
        shift_px: To the right, and down.
        mirror: Which coordinate is flipped (0: x, 1: y), and about which value.
    """
    if mirror is None and shift_px == (0.0, 0.0):
        return None
    warp = np.array([[1.0, 0.0, shift_px[0]], [0.0, 1.0, shift_px[1]]])
    if mirror is not None:
        axis, about_px = mirror
        warp[axis, axis] = -1.0
        warp[axis, 2] += 2.0 * about_px - 1.0  # a pixel's middle lies half a pixel from its edge
    return warp


def _moved(image: Image, warp: Warp) -> Image:
    height, width = image.shape[:2]
    moved = cv2.warpAffine(
        image, warp, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return moved.astype(np.uint8, copy=False)
