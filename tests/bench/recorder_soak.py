"""Record the practice game for minutes with the real command, and watch what it takes.

    .venv/bin/python -m tests.bench.recorder_soak --seconds 600 --rate 60 --out soak.h5

The game runs beside it on a private screen. CPU time and memory are those of `understudy record`
alone, with all its threads. With --terminal it draws its status line on a terminal of its own; rich
then remembers the widths of the last 4096 different lines, which takes 12 minutes and 2.3 MB to
fill up: leave it out, or record for longer, to see the slope of the recorder's memory. Linux only.
"""

import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from data.console import Force, err
from data.inspection.summary import Summary, summarise
from data.paths import claim_output
from recorder.bench.game import practice_game

WARM_UP_S = 60.0  # by then all that is loaded once has been loaded; of short runs a quarter
START_S = 15.0  # the game and the recorder start on a busy machine
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the recorder took so far."""

    at_s: float
    cpu_s: float
    rss_mb: float


def main(
    target: Annotated[Path, typer.Option("--out", help="The recording to write (.h5).")],
    seconds: Annotated[float, typer.Option("--seconds", min=5)] = 600.0,
    rate: Annotated[float, typer.Option("--rate", min=1, max=240)] = 60.0,
    width: Annotated[int, typer.Option("--width", min=320)] = 1280,
    every: Annotated[float, typer.Option("--every", min=0.5, help="Seconds.")] = 10.0,
    terminal: Annotated[bool, typer.Option("--terminal", help="Draw the status line.")] = False,
    force: Force = False,
) -> None:
    """Record, and print what it took as one JSON object; samples go to standard error."""
    if seconds < 5 * every:
        raise typer.BadParameter("a slope needs more samples: five times --every, at least")
    claim_output(target, force=force)
    with practice_game(seconds=seconds + START_S, width_px=width, on_screen=False):
        samples = _record(target, seconds=seconds, rate_hz=rate, every_s=every, terminal=terminal)
    found = summarise(target)
    sys.stdout.write(json.dumps(_told(samples, found, seconds=seconds), indent=2) + "\n")


def _record(
    target: Path, *, seconds: float, rate_hz: float, every_s: float, terminal: bool
) -> list[Sample]:
    command = [sys.executable, "-m", "understudy", "record", "--out", str(target), "--force"]
    command += ["--seconds", f"{seconds:g}", "--rate", f"{rate_hz:g}"]
    command += ["--wait", f"{START_S:g}", "--countdown", "1"]
    with (
        _outlet(terminal=terminal) as told,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told) as recorder,
    ):
        samples = _watch(recorder, every_s)
    if recorder.returncode:
        err.print(f"understudy record ended with {recorder.returncode}")
        raise typer.Exit(1)
    return samples


def _watch(recorder: "subprocess.Popen[bytes]", every_s: float) -> list[Sample]:
    samples: list[Sample] = []
    began_s = time.monotonic()
    while True:
        try:
            recorder.wait(max(0.0, began_s + (len(samples) + 1) * every_s - time.monotonic()))
            return samples
        except subprocess.TimeoutExpired:
            samples.append(_sample(recorder.pid, time.monotonic() - began_s))
            err.print(samples[-1], highlight=False)


@contextmanager
def _outlet(*, terminal: bool) -> Iterator[int]:
    """Give the recorder somewhere to speak: nowhere, or a terminal that nobody looks at."""
    if not terminal:
        yield subprocess.DEVNULL
        return
    master, slave = pty.openpty()
    threading.Thread(target=_drain, args=(master,), daemon=True).start()
    try:
        yield slave
    finally:
        os.close(slave)


def _drain(master: int) -> None:
    """Read what goes to the terminal, until nobody writes there any more."""
    try:
        while os.read(master, 65536):
            pass
    except OSError:  # Linux says so when the other side is closed
        os.close(master)


def _sample(pid: int, at_s: float) -> Sample:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    rss_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return Sample(round(at_s, 2), (int(stat[11]) + int(stat[12])) / TICKS, rss_kb / 1e3)


def _told(samples: list[Sample], found: Summary, *, seconds: float) -> dict[str, object]:
    warm_s = min(WARM_UP_S, seconds / 4)
    steady = [sample for sample in samples if sample.at_s >= warm_s]
    hours = [sample.at_s / 3600 for sample in steady]
    slope = float(np.polyfit(hours, [sample.rss_mb for sample in steady], 1)[0])
    cpu = (steady[-1].cpu_s - steady[0].cpu_s) / (steady[-1].at_s - steady[0].at_s)
    return {
        "frames": found.frames,
        "seconds": round(found.seconds, 2),
        "rate_hz": round(found.rate_hz, 3),
        "dropped": found.dropped,
        "dropped_percent": round(100 * found.dropped / max(1, found.frames + found.dropped), 4),
        "jitter_ms": {name: round(value, 3) for name, value in found.jitter_ms.items()},
        "gb_an_hour": round(found.bytes / found.seconds * 3600 / 1e9, 3),
        "cpu_percent_of_a_core": round(100 * cpu, 2),
        "cpu_ms_a_picture": round(1e3 * cpu / found.rate_hz, 3),
        "rss_mb": {"first": steady[0].rss_mb, "last": steady[-1].rss_mb},
        "rss_slope_mb_an_hour": round(slope, 2),
        "problems": found.problems,
    }


if __name__ == "__main__":
    typer.run(main)
