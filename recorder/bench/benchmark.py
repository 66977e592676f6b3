"""What recording costs, beside the bare calls, in one run: short slices of each take turns."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from data.errors import DisplayError
from data.frames import encode_jpeg, fit
from data.machine import machine
from data.profile import GameProfile
from data.reader import Recording
from recorder.bench.bare import BareCapture, BareRecorder
from recorder.bench.game import WINDOW_S
from recorder.controls import HotKeyControls
from recorder.desktop import WindowChoice, open_desktop
from recorder.pacing import MonotonicClock
from recorder.parts import begin
from recorder.screen import MssScreen
from recorder.session import record
from recorder.status import Ending
from recorder.targets import straight_to_disk
from recorder.window import Rect, find_window

CAPTURE_SLICE_S = 0.5
RECORD_SLICE_S = 5.0
WARM_UP_S = 1.0
POLL_NS = 50_000_000
CHOICE = WindowChoice(wait_s=WINDOW_S)

Show = Callable[[float], None]


@dataclass(slots=True)
class Tally:
    """What one of the two ways did, all its slices together."""

    frames: int = 0
    dropped: int = 0
    wall_s: float = 0.0
    cpu_ms: list[float] = field(default_factory=list)
    """CPU time of one picture, slice by slice."""
    strays_ms: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _cpu_s: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Time a slice; CPU time is that of all threads of this process. Then `count` it."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self._cpu_s = time.process_time() - cpu_s
            self.wall_s += time.perf_counter() - wall_s

    def count(self, frames: int, *, dropped: int = 0) -> None:
        """Take in what became of the slice that was timed."""
        self.frames += frames
        self.dropped += dropped
        if frames:
            self.cpu_ms.append(1e3 * self._cpu_s / frames)

    def see_times(self, times_ns: npt.NDArray[np.int64]) -> None:
        """Take in when the pictures of one slice were taken."""
        gaps = np.diff(times_ns) / 1e6
        if len(gaps):
            self.strays_ms.append(np.abs(gaps - np.median(gaps)))

    def to_json(self) -> dict[str, Any]:
        """Return the figures that are printed; of CPU time the median slice, as machines hiccup."""
        told: dict[str, Any] = {
            "cpu_ms": round(statistics.median(self.cpu_ms), 3),
            "rate_hz": round(self.frames / self.wall_s, 2),
        }
        if self.strays_ms:
            strays = np.concatenate(self.strays_ms)
            told["jitter_ms"] = {
                f"p{share}": round(float(np.percentile(strays, share)), 3) for share in (50, 99)
            }
        return told


def bench_capture(
    profile: GameProfile,
    *,
    seconds: float,
    rate_hz: float | None,
    show: Show = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Take, shrink and compress pictures of the game's window, ours and bare in turns.

    Args:
        profile: Names the window and the stored size.
        seconds: Of both together.
        rate_hz: Pictures a second; None for as many as there is time for.
        show: Told how much is done.
        stop: Asked after every picture.

    Returns:
        What `understudy bench capture --json` prints; empty when it was stopped.

    Raises:
        DisplayError: There is no such window, or it does not get the focus.
    """
    capture, rect = profile.capture, _place_of(profile)
    with closing(MssScreen(rect)) as screen, BareCapture(rect, capture) as bare:

        def ours() -> object:
            return encode_jpeg(fit(screen.grab().image, capture.size), capture.jpeg_quality)

        tallies = _take_turns(
            (ours, bare.picture), seconds=seconds, rate_hz=rate_hz, show=show, stop=stop
        )
    return {} if stop() else _compared(*tallies, name="mss, cv2.resize, cv2.imencode", rect=rect)


def _take_turns(
    ways: tuple[Callable[[], object], Callable[[], object]],
    *,
    seconds: float,
    rate_hz: float | None,
    show: Show,
    stop: Callable[[], bool],
) -> tuple[Tally, Tally]:
    tallies = (Tally(), Tally())
    for way in ways:
        way()  # opens what it needs
    rounds = max(1, round(seconds / 2 / CAPTURE_SLICE_S))
    for index in range(rounds):
        for way, tally in zip(ways, tallies, strict=True):
            with tally.timed():
                frames, start_s = 0, time.perf_counter()
                while time.perf_counter() < start_s + CAPTURE_SLICE_S and not stop():
                    way()
                    frames += 1
                    due_s = start_s + (frames / rate_hz if rate_hz else 0.0)
                    time.sleep(max(0.0, due_s - time.perf_counter()))
            tally.count(frames)
        show((index + 1) / rounds)
    return tallies


def bench_record(
    profile: GameProfile,
    *,
    seconds: float,
    rate_hz: float,
    show: Show = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Record the game's window with the whole recorder and with the bare calls, in turns.

    Args:
        profile: Names the window, the stored size and the keys.
        seconds: Of both together.
        rate_hz: Pictures a second.
        show: Told how much is done.
        stop: Asked on every tick.

    Returns:
        What `understudy bench record --json` prints; empty when it was stopped.

    Raises:
        DisplayError: There is no such window, or it does not have the focus all the time.
    """
    ours, bare = Tally(), Tally()
    rounds = max(1, round(seconds / 2 / RECORD_SLICE_S))
    slice_s = seconds / 2 / rounds
    rect = _place_of(profile)
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        plan = _Plan(profile, rect, Path(folder), rate_hz, stop)
        plan.record_ours(Tally(), WARM_UP_S)
        plan.record_bare(Tally(), WARM_UP_S)
        for index in range(rounds):
            plan.record_ours(ours, slice_s)
            plan.record_bare(bare, slice_s)
            if stop():
                return {}
            show((index + 1) / rounds)
    found = _compared(ours, bare, name="mss, cv2.resize, cv2.imencode, h5py", rect=rect)
    return {
        **found,
        "frames": ours.frames,
        "dropped": ours.dropped,
        "reference_dropped": bare.dropped,
    }


@dataclass(frozen=True, slots=True)
class _Plan:
    profile: GameProfile
    rect: Rect
    folder: Path
    rate_hz: float
    stop: Callable[[], bool]

    def record_ours(self, tally: Tally, seconds: float) -> None:
        """Record one slice as `understudy record` does, and see what is in the file.

        Raises:
            DisplayError: The recording was disturbed, so that its figures are worth nothing.
        """
        path = self.folder / "ours.h5"
        with open_desktop(self.profile, CHOICE) as desktop:
            parts = begin(path, force=True)
            facts = desktop.facts(rate_hz=self.rate_hz)
            controls = HotKeyControls(self.profile, desktop.keys.presses)
            with (
                straight_to_disk(parts, profile=self.profile, facts=facts) as target,
                tally.timed(),
            ):
                report = record(
                    screen=desktop.screen,
                    keys=desktop.keys,
                    window=desktop.window,
                    writer=target.sink,
                    clock=desktop.clock,
                    rate_hz=self.rate_hz,
                    seconds=seconds,
                    stop=self.stop,
                    on_status=lambda status: None,
                    controls=controls,
                    free_bytes=target.free_bytes,
                )
        if not self.stop() and (report.waits or report.ending is not Ending.TIME):
            why = report.waits[0].why if report.waits else report.ending
            raise DisplayError(
                f"the recording was disturbed ({why}). Leave the game's window, mouse and keys "
                "alone, or measure without --on-screen."
            )
        tally.count(report.frames, dropped=report.dropped)
        with Recording(path) as recording:
            tally.see_times(recording.times_ns)

    def record_bare(self, tally: Tally, seconds: float) -> None:
        """Record one slice with the bare calls."""
        path = self.folder / "bare.h5"
        with BareRecorder(self.rect, self.profile.capture, path) as bare, tally.timed():
            run = bare.record(rate_hz=self.rate_hz, seconds=seconds, stop=self.stop)
        tally.count(len(run.times_ns), dropped=run.dropped)
        tally.see_times(run.times_ns)


def _place_of(profile: GameProfile) -> Rect:
    """Return where the game's picture is, once its window has the focus.

    Raises:
        DisplayError: There is no such window, or it does not get the focus.
    """
    with closing(find_window(profile.title, WINDOW_S)) as window:
        clock = MonotonicClock()
        deadline_ns = clock.now_ns() + round(WINDOW_S * 1e9)
        while clock.now_ns() < deadline_ns:
            found = window.state()
            if found.rect is not None and found.focused and not found.covered:
                return found.rect
            clock.sleep_until_ns(clock.now_ns() + POLL_NS)
    raise DisplayError("the game's window does not get the focus, or others cover it.")


def _compared(ours: Tally, bare: Tally, *, name: str, rect: Rect) -> dict[str, Any]:
    told = {"ours": ours.to_json(), "reference": {"name": name} | bare.to_json()}
    return {
        **told,
        "ratio": round(told["ours"]["cpu_ms"] / told["reference"]["cpu_ms"], 3),
        "window": f"{rect.width_px}x{rect.height_px}",
        "machine": machine(mss=version("mss"), cv2=cv2.__version__, h5py=version("h5py")),
    }
