"""Record in the desktop program, and watch how long its window keeps a person waiting.

    .venv/bin/python -m tests.bench.gui_stalls --seconds 60 --rate 30 --training a.h5

The whole program runs on a private screen beside the practice game, which its coach plays and the
page Record records. A timer of 5 ms in the window's thread is late whenever something keeps that
thread busy: the longest time between two ticks is what a click may have to wait. CPU time is that
of the window's process alone, without the recorder. With --training a policy is trained on these
recordings at the same time, with a priority as low as that of the page Train.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from data.errors import UnderstudyError
from recorder.display import VirtualScreen

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.record_page import RecordPage

SCREEN = (2700, 1100)  # window and game side by side: a covered game is not recorded
WINDOW = (1280, 800)
TICK_MS = 5
STALL_MS = 100.0
START_S = 60.0
NICENESS = 10


class Ticks:
    """A timer in the window's thread, and when it ticked."""

    def __init__(self) -> None:
        from PyQt6.QtCore import Qt, QTimer

        self.at_s: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.at_s.append(time.perf_counter()))
        self._timer.start(TICK_MS)

    def gaps_ms(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """Return the milliseconds between ticks."""
        return np.diff(np.array(self.at_s)) * 1e3


def main(
    seconds: Annotated[float, typer.Option("--seconds", min=5)] = 60.0,
    rate: Annotated[int, typer.Option("--rate", min=1, max=120)] = 30,
    training: Annotated[
        list[Path] | None, typer.Option("--training", help="Recordings to train on meanwhile.")
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Dark colours.")] = False,
) -> None:
    """Record, and print what the window took as one JSON object."""
    with (
        VirtualScreen(*SCREEN) as screen,
        screen.active(),
        tempfile.TemporaryDirectory(prefix="understudy-stalls-") as folder,
        _trained(training, Path(folder)) if training else nullcontext(),
    ):
        found = _measure(Path(folder), seconds=seconds, rate=rate, dark=dark)
    told = {
        "seconds": seconds,
        "rate_hz": rate,
        "training": [str(path) for path in training or ()],
    } | found
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def _measure(folder: Path, *, seconds: float, rate: int, dark: bool) -> dict[str, object]:
    from PyQt6.QtWidgets import QApplication

    from gui.app import make_pages
    from gui.main_window import MainWindow
    from gui.preferences import Preferences
    from gui.record.practice_card import Match
    from gui.record_page import RecordPage
    from gui.studio import Studio
    from gui.theme import Mode, apply_theme

    application = QApplication(["understudy"])
    apply_theme(application, Mode.DARK if dark else Mode.LIGHT)
    studio = Studio(folder, Preferences(folder / "preferences.ini"))
    studio.log_file = folder / "understudy.log"
    window = MainWindow(studio, make_pages(studio))
    window.resize(*WINDOW)
    window.move(0, 0)
    window.show()
    window.go_to("record")
    page = window.pages["record"]
    assert isinstance(page, RecordPage)
    page.options.rate.setValue(rate)
    page.practice.coach_match_pressed.emit(Match(True, "beginner", seconds + 2 * START_S))
    try:
        _turn(lambda: page.figures.shown()["Time"] not in ("-", "0:00"), START_S, "a recording")
        found = _watch(seconds)
        pictures = page.figures.shown()
        page.live.stop_pressed.emit()
        _turn(lambda: not page.recording, START_S, "the end of the recording")
        return found | {"recorder": pictures}
    finally:
        _close(window, page)


def _watch(seconds: float) -> dict[str, object]:
    """Measure for so long."""
    ticks, began_s, cpu_s = Ticks(), time.perf_counter(), _cpu_s()
    _turn(lambda: time.perf_counter() - began_s > seconds, seconds + START_S, "the end")
    took_s, cpu_s = time.perf_counter() - began_s, _cpu_s() - cpu_s
    gaps = ticks.gaps_ms()
    return {
        "ticks": len(gaps),
        "gap_ms": {
            "p50": round(float(np.percentile(gaps, 50)), 2),
            "p99": round(float(np.percentile(gaps, 99)), 2),
            "longest": round(float(gaps.max()), 2),
        },
        "gaps_over_100_ms": int((gaps > STALL_MS).sum()),
        "cpu_percent_of_a_core": round(100 * cpu_s / took_s, 1),
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _turn(condition: Callable[[], bool], patience_s: float, what: str) -> None:
    """Let the window work until something is so."""
    from PyQt6.QtCore import QEventLoop, QTimer

    loop, looks = QEventLoop(), QTimer()
    deadline_s = time.perf_counter() + patience_s
    looks.timeout.connect(
        lambda: loop.quit() if condition() or time.perf_counter() > deadline_s else None
    )
    looks.start(20)
    loop.exec()
    looks.stop()
    if not condition():
        raise UnderstudyError(f"never came: {what}")


def _close(window: "MainWindow", page: "RecordPage") -> None:
    window.end()
    _turn(lambda: not any(each.still_running() for each in window.pages.values()), 30, "its end")


@contextmanager
def _trained(recordings: list[Path], folder: Path) -> Iterator[None]:
    """Train a policy until the block ends."""
    command = [sys.executable, "-m", "understudy", "train", "policy"]
    command += ["--out", str(folder / "trained"), "--recordings", *map(str, recordings)]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_step_back,
    ) as training:
        try:
            yield
            if training.poll() not in (None, 0):
                raise UnderstudyError(f"the training failed with status {training.returncode}")
        finally:
            training.kill()


def _step_back() -> None:
    os.nice(NICENESS)


if __name__ == "__main__":
    typer.run(main)
