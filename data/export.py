"""A recording as a film that people can watch, with the keys drawn in."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from data.errors import RecordingError
from data.frames import Image
from data.keys import held_at
from data.paths import claim_output, part_path
from data.profile import GameProfile
from data.reader import Recording

_SYMBOLS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
_LIT, _DARK = (80, 220, 255), (60, 60, 60)


def export_mp4(path: Path, out: Path, *, force: bool = False, zoom: int = 2) -> Path:
    """Write an H.264 film of a recording or flight log, every key in a strip below the picture.

    Raises:
        OutputExistsError: `out` exists and `force` is off.
        RecordingError: There is nothing to show.
    """
    claim_output(out, force=force)
    with Recording(path) as recording:
        if not recording.frame_count:
            raise RecordingError(f"{path}: it holds no frame.")
        profile = recording.profile
        held = held_at(recording.key_events(), profile.keys, recording.times_ns)
        part = part_path(out)
        with av.open(str(part), "w", format="mp4") as container:
            stream: Any = container.add_stream(
                "libx264", rate=Fraction(recording.facts.rate_hz).limit_denominator(1000)
            )
            size = profile.capture.size
            stream.width, stream.height = size.width_px * zoom, size.height_px * zoom + _STRIP_PX
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "22", "preset": "veryfast", "movflags": "+faststart"}
            for index in range(recording.frame_count):
                picture = with_keys(recording.frame(index), held[index], profile, zoom=zoom)
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    part.replace(out)
    return out


_STRIP_PX = 44


def with_keys(
    image: Image, held: npt.NDArray[np.bool_], profile: GameProfile, *, zoom: int
) -> Image:
    """Draw a frame with a strip of its profile's keys below, those held lit.

    Args:
        image: A stored frame.
        held: One flag per key of the profile.
        profile: Whose keys.
        zoom: Whole-number enlargement.
    """
    height, width = image.shape[0] * zoom, image.shape[1] * zoom
    canvas = np.zeros((height + _STRIP_PX, width, 3), dtype=np.uint8)
    canvas[:height] = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    canvas[height:] = (28, 28, 28)
    x, top, bottom = 12, height + 8, height + _STRIP_PX - 8
    for head in profile.heads:
        cv2.putText(
            canvas, head.name, (x, bottom - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (170, 170, 170), 1,
            cv2.LINE_AA,
        )  # fmt: skip
        x += 8 * len(head.name) + 10
        for key in sorted(head.keys):
            lit = bool(held[profile.keys.index(key)])
            box = max(28, 12 + 9 * len(key)) if key not in _SYMBOLS else 28
            cv2.rectangle(canvas, (x, top), (x + box, bottom), _LIT if lit else _DARK, -1)
            _draw_key(canvas, key, (x + box // 2, (top + bottom) // 2), lit=lit)
            x += box + 6
        x += 18
    return canvas


def _draw_key(canvas: Image, key: str, centre: tuple[int, int], *, lit: bool) -> None:
    colour = (20, 20, 20) if lit else (200, 200, 200)
    if key in _SYMBOLS:
        dx, dy = _SYMBOLS[key]
        start = (centre[0] - 8 * dx, centre[1] - 8 * dy)
        end = (centre[0] + 8 * dx, centre[1] + 8 * dy)
        cv2.arrowedLine(canvas, start, end, colour, 2, cv2.LINE_AA, tipLength=0.5)
        return
    (width, height), _ = cv2.getTextSize(key, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    at = (centre[0] - width // 2, centre[1] + height // 2)
    cv2.putText(canvas, key, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
