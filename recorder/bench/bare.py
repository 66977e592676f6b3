"""The calls that no recorder can do without, written down plainly: what ours is measured beside.

It follows no window, hears no key, and what it writes is lost when it is killed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import h5py
import numpy as np
import numpy.typing as npt

from data.closing import Closing
from data.frames import SAMPLING, Image
from data.profile import Capture
from recorder.display import require_display
from recorder.window import Rect

APPEND_S = 0.25  # HDF5 takes many rows at once for less than one at a time
COLUMNS = (("bytes", np.uint8, 1 << 20), ("end", np.int64, 4096), ("at_ns", np.int64, 4096))


class BareCapture(Closing):
    """mss, OpenCV's resize and OpenCV's JPEG, one after another.

    Args:
        rect: Where to look, in screen pixels.
        capture: The stored size and quality.
    """

    def __init__(self, rect: Rect, capture: Capture) -> None:
        require_display()
        import mss

        self._mss = mss.MSS()
        self._place = {
            "left": rect.left_px,
            "top": rect.top_px,
            "width": rect.width_px,
            "height": rect.height_px,
        }
        self._size = (capture.width_px, capture.height_px)
        self._jpeg = [cv2.IMWRITE_JPEG_QUALITY, capture.jpeg_quality]
        self._jpeg += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLING]

    def look(self) -> Image:
        """Grab and resize one picture; return it as BGR."""
        return self.shrink(self.grab())

    def grab(self) -> Image:
        """Grab one picture; return it as BGR, as large as it is on the screen."""
        shot = self._mss.grab(self._place)
        pixels = np.frombuffer(shot.raw, dtype=np.uint8).reshape(shot.height, shot.width, 4)
        return cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR)  # type: ignore[return-value]

    def shrink(self, image: Image) -> Image:
        """Resize a picture to the stored size."""
        small: Image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return small

    def picture(self) -> npt.NDArray[np.uint8]:
        """Grab, resize and compress one picture; return JPEG bytes."""
        data: npt.NDArray[np.uint8] = cv2.imencode(".jpg", self.look(), self._jpeg)[1]
        return data.reshape(-1)

    def close(self) -> None:
        """Let go of the screen."""
        self._mss.close()


@dataclass(frozen=True, slots=True)
class BareRun:
    """What a bare recording did."""

    times_ns: npt.NDArray[np.int64]
    """When each picture was taken."""
    dropped: int
    """Deadlines that passed unused."""


class BareRecorder(Closing):
    """Pictures at a steady rate into an HDF5 file, a quarter second of them at a time.

    Args:
        rect: Where to look, in screen pixels.
        capture: The stored size and quality.
        out: The file to write.
    """

    def __init__(self, rect: Rect, capture: Capture, out: Path) -> None:
        self._capture = BareCapture(rect, capture)
        self._file = h5py.File(out, "w")
        self._rows = [
            self._file.create_dataset(name, (0,), kind, maxshape=(None,), chunks=(chunk,))
            for name, kind, chunk in COLUMNS
        ]

    def record(self, *, rate_hz: float, seconds: float, stop: Callable[[], bool]) -> BareRun:
        """Record for a while."""
        times: list[int] = []
        pending: list[npt.NDArray[np.uint8]] = []
        dropped, index, count = 0, 0, round(rate_hz * seconds)
        start_ns = time.monotonic_ns()
        while index < count and not stop():
            due_ns = start_ns + round(index * 1e9 / rate_hz)
            while (left_ns := due_ns - time.monotonic_ns()) > 0:
                time.sleep(left_ns / 1e9)
            times.append(time.monotonic_ns())
            pending.append(self._capture.picture())
            if len(pending) >= APPEND_S * rate_hz:
                self._append(pending, times)
            passed = min(count, int((time.monotonic_ns() - start_ns) * rate_hz / 1e9))
            dropped += max(0, passed - index - 1)
            index = max(index + 1, passed)
        self._append(pending, times)
        return BareRun(np.array(times, dtype=np.int64), dropped)

    def close(self) -> None:
        """Close the file, and let go of the screen."""
        self._file.close()
        self._capture.close()

    def _append(self, pending: list[npt.NDArray[np.uint8]], times_ns: list[int]) -> None:
        if not pending:
            return
        ends = self._rows[0].shape[0] + np.cumsum([len(picture) for picture in pending])
        columns = (np.concatenate(pending), ends, times_ns[-len(pending) :])
        for dataset, new in zip(self._rows, columns, strict=True):
            start = dataset.shape[0]
            dataset.resize(start + len(new), axis=0)
            dataset[start:] = new
        pending.clear()
