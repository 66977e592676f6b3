"""What live play costs beside the calls that nobody can do without: short slices take turns."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch

from agent.calm import undisturbed
from agent.guard import Reason
from agent.key_sink import PynputSink
from agent.loop import PlaySettings, play
from agent.report import TickView
from agent.watchdog import Watchdog
from data.errors import DisplayError
from data.frames import Image
from data.machine import machine
from data.profile import GameProfile
from data.schema import TICK_STAGES
from models.benchmark import bare_onnxruntime
from models.checkpoint import load_run, select_weights
from models.decisions import no_offsets
from models.engine import PolicyRunner
from models.engines import Choice
from models.perception import Perception, build_detector, load_detector
from models.policy import Policy, PolicySettings
from models.tokens import Tokenizer
from recorder.bench.bare import BareCapture
from recorder.bench.game import WINDOW_S
from recorder.desktop import Desktop, WindowChoice, open_desktop
from recorder.pacing import Pacer
from recorder.window import Rect

SLICE_S = 5.0
WARM_UP_S = 2.0
POLL_NS = 50_000_000
MOVES = 20


@dataclass(slots=True)
class _Tally:
    """What live play did, all slices together."""

    stages_ns: list[tuple[int, ...]] = field(default_factory=list)
    ticks: int = 0
    late_ticks: int = 0
    skipped_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Contest:
    """What is measured, loaded before the game begins: that takes longer than many a match."""

    runner: PolicyRunner
    network: Callable[[Image], object]
    """The detector's graph in ONNX Runtime, and nothing else."""
    profile: GameProfile
    """Names the window and the stored size, at the rate that is measured."""


def load_contest(run: Path | None, *, profile: GameProfile, rate_hz: float) -> Contest:
    """Load a policy, and its detector's graph.

    Args:
        run: A policy's run folder; None takes the shipped detector and a policy that has learned
            nothing, which costs as much.
        profile: Of the game.
        rate_hz: Ticks a second, whatever the policy was trained at.

    Raises:
        CheckpointError: The folder holds no policy, or it doesn't fit the profile.
    """
    paced = profile.model_copy(
        update={"capture": profile.capture.model_copy(update={"rate_hz": rate_hz})}
    )
    if run is None:
        runner = _untrained(paced)
    else:
        runner = PolicyRunner.load(run, profile=profile, engine="onnx", device="cpu")
    runner.profile = paced
    detector = load_detector(None)
    if run is not None:
        files = load_run(run, kind="policy")
        settings, weights = files.config["settings"]["detector"], files.weights
        detector = build_detector(
            settings, select_weights(weights, "detector."), source=files.source
        )
    return Contest(runner, bare_onnxruntime(detector, 1), paced)


def bench_live(
    contest: Contest,
    *,
    seconds: float,
    show: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Play the game's window with real keys, and make the bare calls at the same rate, in turns.

    The bare calls are `mss` grabbing the window, OpenCV shrinking the picture and ONNX Runtime
    running the detector's graph on it, one after another.

    Args:
        contest: What is measured.
        seconds: Of both together.
        show: Told the share done, from 0 to 1.
        stop: Asked on every tick.

    Returns:
        What `understudy bench live --json` prints; empty when it was stopped.

    Raises:
        DisplayError: There is no such window, or it does not have the focus all the time.
    """
    profile, rate_hz = contest.profile, contest.profile.capture.rate_hz
    rounds = max(1, round(seconds / 2 / SLICE_S))
    slice_s = seconds / 2 / rounds
    ours, bare_ns = _Tally(), list[tuple[int, ...]]()
    with open_desktop(profile, WindowChoice(wait_s=WINDOW_S)) as desktop:
        rect = _wait_for_the_game(desktop)
        with (
            closing(PynputSink(Watchdog(), focused=desktop.window.focused)) as sink,
            BareCapture(rect, profile.capture) as bare,
            undisturbed(),
        ):

            def look() -> tuple[int, ...]:
                return _timed(bare.grab, bare.shrink, contest.network)

            _play(_Tally(), contest.runner, desktop, sink, WARM_UP_S, stop)
            _time_bare(look, [], desktop, rate_hz, WARM_UP_S, stop)
            for index in range(rounds):
                _play(ours, contest.runner, desktop, sink, slice_s, stop)
                _time_bare(look, bare_ns, desktop, rate_hz, slice_s, stop)
                if stop():
                    return {}
                show((index + 1) / rounds)
    return _compared(ours, bare_ns, window=f"{rect.width_px}x{rect.height_px}", rate_hz=rate_hz)


def _untrained(profile: GameProfile) -> PolicyRunner:
    torch.manual_seed(0)
    choice = Choice("onnx", "cpu")  # as the reference
    eyes = Perception(load_detector(None), engine=choice.engine, device=choice.device, threads=1)
    tokenizer = Tokenizer(profile, profile.capture.size)
    settings = PolicySettings(
        heads=tuple((head.name, len(head.names)) for head in profile.heads),
        tokens=tokenizer.length,
        features=eyes.feature_count,
        layout=tokenizer.layout,
    )
    return PolicyRunner(profile, Policy(settings), no_offsets(profile), eyes, choice=choice)


def _wait_for_the_game(desktop: Desktop) -> Rect:
    """Wait until the window has the focus and its picture moves; return where it is."""
    clock = desktop.clock
    deadline_ns = clock.now_ns() + round(WINDOW_S * 1e9)
    last, moves = None, 0
    while moves < MOVES:
        if clock.now_ns() > deadline_ns:
            raise DisplayError("the game's window does not get the focus, or stands still.")
        clock.sleep_until_ns(clock.now_ns() + POLL_NS)
        if desktop.window.focused():
            image = desktop.screen.grab().image
            if last is not None and image.shape == last.shape:
                moves += bool((image != last).any())
            last = image
    rect = desktop.window.rect()
    if rect is None:
        raise DisplayError("the game's window is not shown.")
    return rect


def _play(
    tally: _Tally,
    runner: PolicyRunner,
    desktop: Desktop,
    sink: PynputSink,
    seconds: float,
    stop: Callable[[], bool],
) -> None:
    def count(view: TickView) -> None:
        if view.stages_ns:
            tally.stages_ns.append(view.stages_ns)

    report = play(
        runner=runner,
        screen=desktop.screen,
        sink=sink,
        window=desktop.window,
        human=desktop.keys,
        clock=desktop.clock,
        settings=PlaySettings(seconds=seconds),
        log=None,
        stop=stop,
        on_tick=count,
    )
    disturbed = [wait.why for wait in report.waits if wait.why is not Reason.RATE_LOST]
    if not stop() and (disturbed or report.stop_reason is not Reason.TIME):
        raise DisplayError(
            f"play was disturbed ({disturbed[0] if disturbed else report.stop_reason}). Leave the "
            "game's window, mouse and keys alone, or measure without --on-screen."
        )
    tally.ticks += report.ticks
    tally.late_ticks += report.late_ticks
    tally.skipped_ticks += report.skipped_ticks


def _timed(
    grab: Callable[[], Image], shrink: Callable[[Image], Image], network: Callable[[Image], object]
) -> tuple[int, ...]:
    times_ns = [time.perf_counter_ns()]
    image = grab()
    times_ns.append(time.perf_counter_ns())
    small = shrink(image)
    times_ns.append(time.perf_counter_ns())
    network(small)
    times_ns.append(time.perf_counter_ns())
    return tuple(after - before for before, after in pairwise(times_ns))


def _time_bare(
    look: Callable[[], tuple[int, ...]],
    times_ns: list[tuple[int, ...]],
    desktop: Desktop,
    rate_hz: float,
    seconds: float,
    stop: Callable[[], bool],
) -> None:
    pacer, clock = Pacer(desktop.clock, rate_hz), desktop.clock
    until_ns = clock.now_ns() + round(seconds * 1e9)
    while clock.now_ns() < until_ns and not stop():
        pacer.wait()
        times_ns.append(look())


def _compared(
    ours: _Tally, bare_ns: Sequence[tuple[int, ...]], *, window: str, rate_hz: float
) -> Mapping[str, Any]:
    told, reference = _spreads(ours.stages_ns), _spreads(bare_ns)
    return {
        "ours": told,
        "reference": {"name": "mss, cv2.resize, onnxruntime", **reference},
        "ratio": round(told["p50_ms"] / reference["p50_ms"], 3),
        "p50_ms": told["p50_ms"],
        "p99_ms": told["p99_ms"],
        "ticks": ours.ticks,
        "late_ticks": ours.late_ticks,
        "skipped_ticks": ours.skipped_ticks,
        "rate_hz": rate_hz,
        "window": window,
        "machine": machine(
            torch=torch.__version__,
            onnxruntime=onnxruntime.__version__,
            cv2=cv2.__version__,
            mss=version("mss"),
        ),
    }


def _spreads(times_ns: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    """Tell the sum of the stages, and each of them; the bare calls have only the first ones."""
    times_ms = np.array(times_ns, dtype=np.float64) / 1e6
    stages = zip(TICK_STAGES, times_ms.T, strict=False)
    return {
        **_told(times_ms.sum(axis=1)),
        "stages_ms": {name: _told(of_stage) for name, of_stage in stages},
    }


def _told(times_ms: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {f"p{share}_ms": round(float(np.percentile(times_ms, share)), 3) for share in (50, 99)}
