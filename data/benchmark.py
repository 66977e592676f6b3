"""How fast a recording's pictures are read, beside bare decoding of the same bytes."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import numpy.typing as npt

from data.errors import RecordingError
from data.machine import machine
from data.reader import Recording

PIECE = 50  # frames that one way decodes before the next has its turn: noise meets all alike
MOST_BYTES = 128_000_000  # of compressed pictures kept in memory for the bare way


def bench_load(
    path: Path,
    *,
    seconds: float,
    show: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Decode frames in turn, shuffled, and without the loader, the three ways taking turns.

    Args:
        path: A recording.
        seconds: How long to measure.
        show: Told the share done, from 0 to 1.
        stop: Asked between pieces.

    Returns:
        What `understudy bench load --json` prints, in frames a second; empty when stopped. The
        `ratio` is that of frames in turn to bare `cv2.imdecode` of bytes in memory.

    Raises:
        RecordingError: It is no recording, or an empty one.
    """
    with Recording(path) as recording, Recording(path) as another:
        if not recording.frame_count:
            raise RecordingError(f"{path}: it holds no frame.")
        fits = int(np.searchsorted(np.cumsum(recording.jpeg_sizes()), MOST_BYTES, side="right"))
        jpegs = [recording.jpeg(index).copy() for index in range(max(1, fits))]
        ways: dict[str, Callable[[int], object]] = {
            "bare": lambda index: _bare(jpegs[index]),
            "sequential": recording.frame,
            "shuffled": another.frame,  # it would spoil what is read ahead for the other
        }
        order = np.random.default_rng(0).permutation(len(jpegs))
        turns = {name: order if name == "shuffled" else np.arange(len(jpegs)) for name in ways}
        spent = _take_turns(ways, turns, seconds=seconds, show=show, stop=stop)
        if stop():
            return {}
        rates = {name: count / took_s for name, (count, took_s) in spent.items()}
        return {
            "ours": {name: round(rates[name], 1) for name in ("sequential", "shuffled")},
            "reference": {"name": "cv2.imdecode", "frames_per_s": round(rates["bare"], 1)},
            "ratio": round(rates["sequential"] / rates["bare"], 3),
            "frames": sum(count for count, _ in spent.values()),
            "bytes_per_frame": round(recording.byte_count / recording.frame_count),
            "machine": machine(opencv=cv2.__version__, h5py=h5py.__version__),
        }


def _bare(data: npt.NDArray[np.uint8]) -> object:
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def _take_turns(
    ways: Mapping[str, Callable[[int], object]],
    turns: Mapping[str, npt.NDArray[np.int64]],
    *,
    seconds: float,
    show: Callable[[float], None],
    stop: Callable[[], bool],
) -> dict[str, tuple[int, float]]:
    """Return how many frames each way decoded, and in how many seconds."""
    spent = dict.fromkeys(ways, (0, 0.0))
    began = time.perf_counter()
    piece = 0
    while not stop() and (time.perf_counter() - began < seconds or not piece):
        for name, decode in ways.items():
            chosen = [turns[name][i % len(turns[name])] for i in range(piece, piece + PIECE)]
            at = time.perf_counter()
            for index in chosen:
                decode(int(index))
            count, took_s = spent[name]
            spent[name] = (count + PIECE, took_s + time.perf_counter() - at)
        piece += PIECE
        show(min(1.0, (time.perf_counter() - began) / seconds))
    return spent
