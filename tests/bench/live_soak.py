"""Play for an hour, and watch memory and latency.

    .venv/bin/python -m tests.bench.live_soak RUN [--minutes 60] [--log FLIGHT.h5] [--real-time]

`understudy play --headless` plays the practice window on a screen of its own, with a flight log and
telemetry, as a person would start it. Told are the slope of its memory after a minute (least
squares over one look every five seconds), with and without the pages of files, which the kernel
takes away when others need memory; the latency from grab to key in the first and in the last ten
minutes (or sixths, when shorter); and whether `inspect` finds anything wrong in the log.
`--real-time` puts player and game before other programs (`chrt -r`, which needs root or a limit).
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from data.console import print_json
from data.inspection.summary import summarise
from data.reader import Recording
from gui.practice.trials import MatchPlan, practice_window
from recorder.display import VirtualScreen
from tests.bench.policy_memory import memory_mb

EVERY_S = 5.0
SETTLED_S = 60.0
TEN_MINUTES_S = 600.0
LONGER_S = 120.0  # the match outlasts the play


def main(
    run: Path,
    *,
    minutes: Annotated[float, typer.Option("--minutes", min=1.0)] = 60.0,
    log: Annotated[Path | None, typer.Option("--log", help="Where the flight log goes.")] = None,
    real_time: Annotated[bool, typer.Option("--real-time")] = False,
) -> None:
    """Play, then print one JSON object."""
    with (
        tempfile.TemporaryDirectory() as folder,
        VirtualScreen(1400, 900) as screen,
        screen.active(),
    ):
        flight = log or Path(folder) / "flight.h5"
        plan = MatchPlan(str(run), "amateur", 60 * minutes + LONGER_S)
        with practice_window(plan, 0, Path(folder) / "result.json") as window:
            command = ["chrt", "-r", "5"] if real_time else []
            if real_time:
                subprocess.run(["chrt", "-r", "-p", "5", str(window.pid)], check=True)
            command += [sys.executable, "-m", "understudy", "play", str(run), "--headless"]
            command += ["--seconds", f"{60 * minutes:g}", "--log", str(flight), "--force", "--json"]
            command += ["--telemetry", str(Path(folder) / "telemetry.jsonl"), "--wait", "20"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as player:
                memory = watched(player)
                told, _ = player.communicate()
        if player.returncode:
            raise SystemExit(f"play ended with status {player.returncode}")
        print_json(
            {
                "minutes": minutes,
                "memory": slope([(at_s, mb) for at_s, mb, _ in memory]),
                "memory_without_files": slope([(at_s, mb) for at_s, _, mb in memory]),
                "log": inspected(flight, 60 * minutes),
                "report": json.loads(told),
            }
        )


def watched(player: "subprocess.Popen[str]") -> list[tuple[float, float, float]]:
    """Return seconds, MB resident, and MB of these that no file holds, until the process ends."""
    began_s, looks = time.monotonic(), []
    while player.poll() is None:
        try:
            resident, own = (memory_mb(name, player.pid) for name in ("VmRSS", "RssAnon"))
            looks.append((time.monotonic() - began_s, resident, own))
        except (OSError, StopIteration):  # it ended meanwhile
            break
        time.sleep(EVERY_S)
    return looks


def slope(memory: list[tuple[float, float]]) -> dict[str, Any]:
    """Return MB an hour of the straight line through what came after the first minute."""
    settled = np.array([look for look in memory if look[0] >= SETTLED_S])
    per_second = np.polyfit(settled[:, 0], settled[:, 1], 1)[0]
    return {
        "mb_an_hour": round(float(3600 * per_second), 3),
        "mb_after_a_minute": round(float(settled[0, 1]), 1),
        "mb_at_most": round(float(settled[:, 1].max()), 1),
        "mb_at_the_end": round(float(settled[-1, 1]), 1),
        "mb_every_five_minutes": [round(mb, 1) for _, mb in memory[:: round(300 / EVERY_S)]],
    }


def inspected(flight: Path, seconds: float) -> dict[str, Any]:
    """Return what the log says: its latency at the two ends, and what `inspect` finds."""
    told = summarise(flight)
    with Recording(flight) as recording:
        since_s = (recording.tick_times_ns() - recording.tick_times_ns()[0]) / 1e9
        took_ms = recording.latencies().sum(axis=1) / 1e6
    end_s = min(TEN_MINUTES_S, seconds / 6)
    first, last = took_ms[since_s <= end_s], took_ms[since_s >= since_s[-1] - end_s]
    p99 = [float(np.percentile(ticks, 99)) for ticks in (first, last)]
    return {
        "latency_ms": {
            "first": {"p50": round(float(np.median(first)), 2), "p99": round(p99[0], 2)},
            "last": {"p50": round(float(np.median(last)), 2), "p99": round(p99[1], 2)},
            "p99_ratio": round(p99[1] / p99[0], 3),
        },
        "frames": told.frames,
        "seconds": round(told.seconds, 1),
        "dropped": told.dropped,
        "bytes": told.bytes,
        "problems": list(told.problems),
    }


if __name__ == "__main__":
    typer.run(main)
