"""How long seeing one frame takes, beside PyTorch eager and bare ONNX Runtime on the same graph."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from data.errors import RecordingError
from data.frames import Image
from data.machine import machine
from data.reader import Recording
from models.detector_data import normalise
from models.perception import Graph, Perception, export_graph, fingerprint
from models.ssd import Detector

ROUNDS = 5


def bench_infer(
    detector: Detector,
    *,
    images: Sequence[Image],
    frames: int,
    threads: int,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Time the ways to see one frame, taking turns so that noise meets all of them alike.

    Args:
        detector: What sees.
        images: Fitted frames of the game, taken in turn; noise would be full of false objects.
        frames: Per way and round; there are five rounds.
        threads: CPU threads for each of them.
        stop: Asked between rounds.

    Returns:
        What `understudy bench infer --json` prints; times are medians in ms. `ours` decodes boxes
        as well, which the references leave out; `network_ms` leaves it out, too.
    """
    torch.set_num_threads(threads)
    perception = Perception(detector, engine="onnx", threads=threads)
    ways: dict[str, Callable[[Image], object]] = {
        "ours_ms": perception.see,
        "network_ms": perception.network,
        "onnxruntime_ms": bare_onnxruntime(detector, threads),
        "eager_ms": _eager(detector),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(ROUNDS + 1):
        if stop():
            break
        for name, see in ways.items():
            for index in range(frames if round_ else 3):
                began = time.perf_counter_ns()
                see(images[index % len(images)])
                if round_:  # the first round warms up
                    times[name].append((time.perf_counter_ns() - began) / 1e6)
    medians = {name: round(statistics.median(of), 3) for name, of in times.items() if of}
    if len(medians) < len(ways):
        return {}
    return {
        "ours": {"ms": medians["ours_ms"]},
        "reference": {"name": "onnxruntime", "ms": medians["onnxruntime_ms"]},
        "ratio": round(medians["ours_ms"] / medians["onnxruntime_ms"], 3),
        "eager_ratio": round(medians["eager_ms"] / medians["network_ms"], 3),
        **medians,
        "machine": machine(
            threads=threads, torch=torch.__version__, onnxruntime=onnxruntime.__version__
        ),
    }


def frames_of(recording: Path, *, count: int = 16) -> list[Image]:
    """Read frames spread over a recording.

    Raises:
        RecordingError: It is no recording, or an empty one.
    """
    with Recording(recording) as opened:
        if not opened.frame_count:
            raise RecordingError(f"{recording}: it holds no frame.")
        chosen = np.linspace(0, opened.frame_count - 1, count).astype(int)
        return [opened.frame(int(index)) for index in chosen]


def bare_onnxruntime(detector: Detector, threads: int) -> Callable[[Image], object]:
    """Return a function that runs a detector's graph on a fitted picture, and nothing else."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        export_graph(Graph(detector), fingerprint(detector)),
        options,
        providers=["CPUExecutionProvider"],
    )
    return lambda image: session.run(None, {"image": image})


def _eager(detector: Detector) -> Callable[[Image], object]:
    detector.eval()

    def run(image: Image) -> object:
        with torch.inference_mode():
            return detector(normalise(torch.from_numpy(image).unsqueeze(0)))

    return run
