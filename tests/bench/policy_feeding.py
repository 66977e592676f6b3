"""Windows a minute from the disk to a policy's training, on one core and on two.

    .venv/bin/python -m tests.bench.policy_feeding RECORDING... [--seconds 10] [--json]

A window is 32 ticks of one stream: read from the cache, mirrored, shifted, described as tokens and
joined with the pooled features, as a training does it. Beside it the bare reading of the same rows.
Two cores are two processes, each with its half of the streams. The time is the clock's, and once
more the processor's, which other programs disturb less.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from data.console import AsJson, Files, print_json, print_table, progress
from data.profile import load_profile
from models.demonstrations import load_demonstration
from models.distributed import World
from models.perception import Perception, load_detector
from models.policy_batches import Streams
from models.policy_material import Material, gather
from models.policy_recipe import FitSettings

WINDOW = 32
NEEDED = 20_000
Rate = tuple[float, float]
"""Windows a minute by the clock, and a minute of the processor."""


def material_of(recordings: Sequence[Path], cache: Path, fit: FitSettings) -> Material:
    """Look at recordings, or take what is cached."""
    profile = load_profile("practice")
    eyes = Perception(load_detector(), threads=1)
    seen = [load_demonstration(path, profile, eyes, folder=cache) for path in recordings]
    return gather(seen, (), profile, fit, shift_ms=100.0)


def feed_rate(material: Material, fit: FitSettings, world: World, seconds: float) -> Rate:
    """Draw windows for a while."""
    streams = Streams(
        material.learned,
        material.tokenizer,
        material.profile,
        streams=fit.streams,
        window=WINDOW,
        windows_in_stretch=fit.windows_in_stretch * fit.window // WINDOW,
        mirror=fit.mirror,
        use_features=fit.features,
        seed=fit.seed,
        idle_share=fit.idle_share,
        most_shift_px=fit.most_shift_px,
        world=world,
    )
    return timed(lambda: len(streams.next().fresh), seconds)


def bare_rate(material: Material, seconds: float) -> Rate:
    """Only read what the windows are made of, at random places."""
    rng = np.random.default_rng(0)

    def read() -> int:
        passage = material.learned[int(rng.integers(len(material.learned)))]
        start = int(rng.integers(len(passage) - WINDOW))
        passage.rows(start, start + WINDOW, int(rng.integers(passage.versions)))
        passage.features(start, start + WINDOW)
        return 1

    return timed(read, seconds)


def timed(draw: Callable[[], int], seconds: float) -> Rate:
    """Call again and again; return how many windows came in a minute."""
    draw()
    count, began_s, spent_s = 0, time.monotonic(), time.process_time()
    while time.monotonic() < began_s + seconds:
        count += draw()
    lasted_s, worked_s = time.monotonic() - began_s, time.process_time() - spent_s
    return 60 * count / lasted_s, 60 * count / worked_s


def _half(
    recordings: Sequence[Path], cache: Path, fit: FitSettings, rank: int, seconds: float
) -> Rate:
    torch.set_num_threads(1)
    return feed_rate(material_of(recordings, cache, fit), fit, World(rank, 2), seconds)


def two_processes(
    recordings: Sequence[Path], cache: Path, fit: FitSettings, seconds: float
) -> Rate:
    """Draw in two processes side by side; rates are summed, the processor's averaged."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_half, recordings, cache, fit, rank, seconds) for rank in (0, 1)]
        rates = [job.result() for job in jobs]
    return sum(rate[0] for rate in rates), sum(rate[1] for rate in rates) / 2


def main(
    recordings: Files,
    cache: Annotated[Path, typer.Option("--cache", help="Kept from one run to the next.")] = Path(
        "runs/bench/seen"
    ),
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, help="Of each way.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    fit = replace(FitSettings(), most_shift_px=4.0)
    with progress(quiet=as_json) as show:
        show("look and track", 0.0)
        material = material_of(recordings, cache, fit)
        show("look and track", 1.0)
    ways = {
        "bare reading": bare_rate(material, seconds),
        "one process": feed_rate(material, fit, World(), seconds),
        "two processes": two_processes(recordings, cache, fit, seconds),
    }
    found: dict[str, Any] = {
        "ticks": sum(len(passage) for passage in material.learned),
        "versions": material.learned[0].versions,
        "windows_per_minute": {name: round(rate[0]) for name, rate in ways.items()},
        "windows_per_processor_minute": {name: round(rate[1]) for name, rate in ways.items()},
        "ratio": round(ways["one process"][0] / ways["bare reading"][0], 3),
        "needed": NEEDED,
    }
    if as_json:
        print_json(found)
        return
    rows = [(name, f"{rate[0]:.0f}", f"{rate[1]:.0f}") for name, rate in ways.items()]
    head = ["", "by the clock", "by the processor"]
    print_table(f"Windows of {WINDOW} ticks a minute (wanted: {NEEDED})", head, rows)


if __name__ == "__main__":
    typer.run(main)
