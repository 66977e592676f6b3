"""A recording as a film that people can watch, with the keys drawn in."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from data.errors import RecordingError
from data.export.output import Exported, Ticker, size_of, whole_output
from data.frames import Image
from data.keys import held_by
from data.profile import GameProfile
from data.reader import Recording
from data.schema import BREAKS

_SYMBOLS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
_COLOURS = ((60, 60, 60), (80, 220, 255), (255, 170, 90))  # BGR: nobody, a person, the agent
_STRIP_PX = 44
TICKS_HZ = 90_000  # the usual clock of films: every common rate divides it


def export_mp4(
    path: Path,
    out: Path,
    *,
    force: bool = False,
    zoom: int = 2,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Exported:
    """Write an H.264 film of a recording or flight log, every key in a strip below the picture.

    Frames are shown at their own times; pauses and discarded stretches are cut out. A person's
    keys are lit in one colour, the agent's in another.

    Args:
        path: What to export.
        out: The film.
        force: Replace a film that exists.
        zoom: Whole-number enlargement.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every frame.

    Raises:
        OutputExistsError: `out` exists and `force` is off.
        RecordingError: There is nothing to show.
        UnderstudyError: It can't be written.
        ExportStopped: `stop` said so.
    """
    with Recording(path) as recording:
        segments = recording.segments()
        if not segments:
            raise RecordingError(f"{path}: it holds no frame to show.")
        shown = np.concatenate([np.arange(*segment) for segment in segments])
        ticker = Ticker(len(shown), on_progress, stop)
        with whole_output(out, force=force) as part:
            _write_film(recording, part, shown, zoom=zoom, ticker=ticker)
        return Exported(out, 1, len(segments), len(shown), size_of(out))


def _write_film(
    recording: Recording,
    part: Path,
    shown: npt.NDArray[np.int64],
    *,
    zoom: int,
    ticker: Ticker,
) -> None:
    profile, size = recording.profile, recording.profile.capture.size
    by = held_by(recording.key_events(), profile.keys, recording.times_ns)
    ticks = film_ticks(recording, shown)
    with av.open(str(part), "w", format="mp4") as container:
        stream: Any = container.add_stream(
            "libx264", rate=Fraction(recording.facts.rate_hz).limit_denominator(1000)
        )
        stream.codec_context.time_base = Fraction(1, TICKS_HZ)
        stream.width, stream.height = size.width_px * zoom, size.height_px * zoom + _STRIP_PX
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "22", "preset": "veryfast", "movflags": "+faststart"}
        for index, at in zip(shown, ticks, strict=True):
            ticker.tick()
            picture = with_keys(recording.frame(int(index)), by[index], profile, zoom=zoom)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = int(at), Fraction(1, TICKS_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def film_ticks(recording: Recording, shown: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Say when a film shows each of the chosen frames: `(n,)`, in `TICKS_HZ`, rising from 0.

    Between two frames passes as much time as in the recording. Where a pause or a discarded
    stretch lies between them, one frame time passes.
    """
    times = recording.times_ns[shown]
    usual_ns = round(1e9 / recording.facts.rate_hz)
    gaps = np.diff(times)
    for span in recording.spans():
        if span.kind in BREAKS:
            gaps[(times[:-1] <= span.end_ns) & (times[1:] >= span.start_ns)] = usual_ns
    ticks = np.round(np.cumsum([0, *gaps]) * (TICKS_HZ / 1e9)).astype(np.int64)
    # Two frames of one tick would not be a film; a clock that stepped backwards made them.
    rising: npt.NDArray[np.int64] = np.maximum.accumulate(ticks - np.arange(len(ticks)))
    return rising + np.arange(len(ticks))


def with_keys(
    image: Image, held: npt.NDArray[np.uint8 | np.bool_], profile: GameProfile, *, zoom: int
) -> Image:
    """Draw a frame with a strip of its profile's keys below, those held lit.

    Args:
        image: A stored frame.
        held: For each key of the profile whether it is held, or by whom: 1 a person, 2 the
            agent; `(keys,)`.
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
            x = draw_key(canvas, key, (x, top, bottom), by=int(held[profile.keys.index(key)])) + 6
        x += 18
    return canvas


def draw_key(canvas: Image, key: str, where: tuple[int, int, int], *, by: int) -> int:
    """Draw one key from left, top to bottom, in the colour of who holds it; return its right."""
    left, top, bottom = where
    right = left + (28 if key in _SYMBOLS else max(28, 12 + 9 * len(key)))
    cv2.rectangle(canvas, (left, top), (right, bottom), _COLOURS[by], -1)
    centre = (left + right) // 2, (top + bottom) // 2
    colour = (20, 20, 20) if by else (200, 200, 200)
    if key in _SYMBOLS:
        dx, dy = _SYMBOLS[key]
        start = (centre[0] - 8 * dx, centre[1] - 8 * dy)
        end = (centre[0] + 8 * dx, centre[1] + 8 * dy)
        cv2.arrowedLine(canvas, start, end, colour, 2, cv2.LINE_AA, tipLength=0.5)
        return right
    (width, height), _ = cv2.getTextSize(key, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)
    at = (centre[0] - width // 2, centre[1] + height // 2)
    cv2.putText(canvas, key, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
    return right
