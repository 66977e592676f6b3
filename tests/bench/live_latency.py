"""Measure live play from outside: a window changes colour, and the player must press a key.

    python -m tests.bench.live_latency --changes 200

Timed is from the colour being on the screen to the key being down on the X server, asked about
every half millisecond. It contains the wait for the next tick, which is half of one on average.
"""

import argparse
import json
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from agent.report import TickView
from agent.timing import StageTimes
from data.console import print_json
from data.frames import Image
from recorder.display import VirtualScreen
from tests.bench.live_safety import spread
from tests.bench.player import RATE_HZ, TITLE, Runner, in_child, play_window
from tests.fakes import wait_until
from tests.x11 import Desk

COLOURS = {"up": 0x00FF00, "down": 0x0000FF}


def by_colour(step: int, image: Image) -> dict[str, str]:
    """Run up when it is green, down when it is blue (BGR)."""
    blue, green, _ = image[100:120, 100:120].reshape(-1, 3).mean(axis=0)
    return {"movement": "up" if green > blue else "down"}


def paint(desk: Desk, window: Any, key: str) -> None:
    window.change_attributes(background_pixel=COLOURS[key])
    window.clear_area()
    desk.display.sync()


def player(rate_hz: float, told: Path) -> None:
    """Play, and write down now and then how long the ticks took."""
    times, ticks = StageTimes(), 0

    def on_tick(view: TickView) -> None:
        nonlocal ticks
        ticks += 1
        if view.stages_ns:
            times.add(view.stages_ns)
        if ticks % 20 == 0:
            spread_ms = times.total.spread()
            told.with_suffix(".part").write_text(
                json.dumps(
                    {"p50": spread_ms.p50, "p99": spread_ms.p99, "late": view.pace.late_ticks}
                )
            )
            told.with_suffix(".part").replace(told)

    play_window(Runner(by_colour, rate_hz), on_tick=on_tick)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--rate", type=float, default=RATE_HZ)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    with (
        tempfile.TemporaryDirectory() as folder,
        VirtualScreen() as screen,
        screen.active(),
        Desk() as desk,
    ):
        told = Path(folder) / "times.json"
        window = desk.window(TITLE, size=(480, 270))
        child = in_child(lambda: player(chosen.rate, told))
        codes = {key: desk.code(key) for key in COLOURS}
        took_ms = []
        try:
            key = "up"
            paint(desk, window, key)
            wait_until(lambda: desk.down() == {codes[key]}, "it plays", patience_s=60)
            for _ in range(chosen.changes):
                time.sleep(rng.uniform(0.1, 0.2))
                key = "down" if key == "up" else "up"
                paint(desk, window, key)
                began_s = time.monotonic()
                while codes[key] not in desk.down():
                    time.sleep(0.0005)
                    if time.monotonic() - began_s > 10:
                        raise SystemExit("the key never went down")
                took_ms.append(1e3 * (time.monotonic() - began_s))
            inside = json.loads(told.read_text())
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    tick_ms = 1e3 / chosen.rate
    print_json(
        {
            "changes": len(took_ms),
            "rate_hz": chosen.rate,
            "change_to_key_ms": spread(took_ms),
            "grab_to_key_ms": inside,
            "bound_p50_ms": round(tick_ms + inside["p50"], 1),
            "within_bound": bool(np.median(took_ms) <= tick_ms + inside["p50"]),
        }
    )


if __name__ == "__main__":
    main()
