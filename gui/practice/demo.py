"""The whole way once, on real pixels and keys: record the coach, train, play live, report."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch

from agent.desktop import play_desktop
from agent.guard import Reason
from agent.loop import PlaySettings
from agent.report import PlayReport
from agent.trial import Score, TrialReport, run_trial
from data.errors import OutputExistsError, UnderstudyError
from data.export.film import export_mp4, with_keys
from data.keys import held_by
from data.leftovers import drop_leftover
from data.profile import load_profile
from data.reader import Recording
from gui.practice.demo_report import PLAYERS, headline, write_report
from gui.practice.demonstration import PROFILE
from gui.practice.seeds import TRIAL_SEED
from gui.practice.stages import Show, Stages, claim_folder
from gui.practice.trials import (
    WINDOW_S,
    MatchPlan,
    headless_matches,
    practice_window,
    read_result,
)
from models.engine import PolicyRunner
from models.evaluation import evaluate_run
from models.perception import load_detector
from models.policy_recipe import PolicyTrainingSettings
from models.policy_training import train_policy
from recorder.desktop import RecordOptions, WindowChoice, record_desktop
from recorder.display import VirtualScreen
from recorder.parts import Parts

SCREEN = (1366, 768)
TRAINING_SEED, PLAY_SEED = 1, 500  # matches that never meet, nor those of the trials
KEPT = "what was made so far is kept."

# Of the policy's own report, in order of interest.
PICTURES = (
    "piano_roll",
    "mistakes",
    "confusion_movement",
    "confusion_action",
    "confusion_sprint",
    "holds",
    "calibration",
    "curves",
)


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How long each part takes."""

    out: Path
    recorded_matches: int = 6
    """Of these the last is held out for the report."""
    match_s: float = 60.0
    trial_matches: int = 20
    difficulty: str = "beginner"
    on_screen: bool = False
    """Play on the desktop at hand instead of a private one."""
    force: bool = False
    training: PolicyTrainingSettings = field(default_factory=PolicyTrainingSettings)
    """How the policy is trained."""

    def __post_init__(self) -> None:
        if self.recorded_matches < 3:
            raise ValueError("three recordings at least: to learn, to choose and to judge by")


class _Demo:
    def __init__(self, settings: DemoSettings, show: Show, stop: Callable[[], bool]) -> None:
        self.settings = settings
        self.stop = stop
        self.stages = Stages(show, stop, stopped=f"stopped; {KEPT}")
        self.folder = settings.out
        self.run = settings.out / "policy"

    def record(self) -> list[Path]:
        """Record the coach through the real window, one recording to a match."""
        settings, profile = self.settings, load_profile(PROFILE)
        plan = MatchPlan("coach", settings.difficulty, settings.match_s)
        paths = []
        for index in range(settings.recorded_matches):
            path = self.folder / "recordings" / f"coach-{index + 1}.h5"
            result = path.with_suffix(".json")
            told = f"record match {index + 1} of {settings.recorded_matches}"
            with (
                self.stages.step(told) as done,
                practice_window(plan, TRAINING_SEED + index, result) as window,
            ):
                record_desktop(
                    profile,
                    Parts(drop_leftover(path), force=True),
                    rate_hz=profile.capture.rate_hz,
                    stop=self.stop,
                    options=RecordOptions(window=WindowChoice(wait_s=WINDOW_S)),
                    on_status=lambda status, done=done: done(status.seconds / settings.match_s),  # type: ignore[misc]
                )
                self.stages.go_on()
                read_result(window, result)
            paths.append(path)
        return paths

    def train(self, recordings: list[Path]) -> None:
        """Train a policy on all recordings but the last."""
        with self.stages.step("train the policy") as done:
            train_policy(
                recordings[:-1],
                profile=load_profile(PROFILE),
                detector=load_detector(PROFILE),
                out=self.run,
                settings=self.settings.training,
                on_progress=lambda progress: done(progress.of_all),
                stop=self.stop,
            )

    def evaluate(self, recordings: list[Path]) -> Mapping[str, Any]:
        """Judge it on the last one, which it never saw."""
        with self.stages.step("evaluate on a held-out match"):
            return evaluate_run(self.run, recordings[-1:]).to_json()

    def play(self) -> Mapping[str, Any]:
        """Let it play a match in the real window, and film it."""
        settings = self.settings
        log, result = self.folder / "flight.h5", self.folder / "flight.json"
        plan = MatchPlan(str(self.run), settings.difficulty, settings.match_s)
        runner = PolicyRunner.load(self.run)
        with (
            self.stages.step("play in the window") as done,
            practice_window(plan, PLAY_SEED, result) as window,
        ):
            began_ns = time.monotonic_ns()
            report = play_desktop(
                runner,
                runner.profile,
                settings=PlaySettings(),
                log=drop_leftover(log),
                stop=self.stop,
                force=True,
                wait_s=WINDOW_S,
                on_tick=lambda view: done((view.at_ns - began_ns) / 1e9 / plan.seconds),
            )
            self.stages.go_on()
            if report.stop_reason is Reason.STOP_KEY:  # nobody is at the keys from then on
                raise UnderstudyError(f"{report.stop_reason}; {KEPT}")
            score = read_result(window, result)
        with self.stages.step("film it"):
            export_mp4(log, self.folder / "play.mp4", force=True)
            _save_still(log, self.folder / "play.png")
        return _live(report, score)

    def trial(self, name: str) -> TrialReport:
        """Play headless matches of one player."""
        settings = self.settings
        player = str(self.run) if name == "bot" else name
        plan = MatchPlan(player, settings.difficulty, settings.match_s)
        played: list[Score] = []
        with self.stages.step(f"{settings.trial_matches} matches of {name}") as done:

            def count(score: Score) -> None:
                played.append(score)
                done(len(played) / settings.trial_matches)

            return run_trial(
                partial(headless_matches, plan, go_on=self.stages.go_on),
                player=name,
                difficulty=settings.difficulty,
                matches=settings.trial_matches,
                seed=TRIAL_SEED,
                on_match=count,
            )


def run_demo(
    settings: DemoSettings,
    *,
    show: Show = lambda name, share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Run the demo and return what `report.json` holds.

    Unless `on_screen` is set it happens on a private virtual screen, and no desktop is touched.

    Args:
        settings: What to do and where to write.
        show: Told of each step and how much of it is done, 0 to 1.
        stop: Asked often.

    Raises:
        OutputExistsError: The folder holds a report and `force` is off.
        UnderstudyError: Something it needs is missing, or it was stopped.
    """
    if (settings.out / "report.json").exists() and not settings.force:
        raise OutputExistsError(
            f"{settings.out} holds a report. Choose another --out, or pass --force."
        )
    claim_folder(settings.out)
    demo = _Demo(settings, show, stop)
    started_s = time.monotonic()
    with _screen(on_screen=settings.on_screen):
        recordings = demo.record()
        demo.train(recordings)
        evaluation = demo.evaluate(recordings)
        live = demo.play()
    trials = {name: demo.trial(name) for name in PLAYERS}
    report: dict[str, Any] = {name: trial.to_json() for name, trial in trials.items()}
    report |= {
        "difficulty": settings.difficulty,
        "match_seconds": settings.match_s,
        "recorded_minutes": settings.recorded_matches * settings.match_s / 60,
        "recorded_through": "the real window",
        "detector": "the weights shipped with Understudy (models/weights/practice.safetensors)",
        "evaluation": evaluation,
        "live": live,
        "steps": demo.stages.seconds,
        "total_seconds": round(time.monotonic() - started_s, 1),
        "machine": _machine(),
    }
    if (setup_s := os.environ.get("UNDERSTUDY_SETUP_SECONDS", "")).isdigit():
        report["setup_seconds"] = int(setup_s)
    report["headline"] = headline(report)
    write_report(settings.out, report, pictures=_pictures(demo.run))
    return report


@contextmanager
def _screen(*, on_screen: bool) -> Iterator[None]:
    if on_screen:
        yield
        return
    with VirtualScreen(*SCREEN) as screen, screen.active():
        yield


def _pictures(run: Path) -> list[Path]:
    paths = [run / f"{name}.png" for name in PICTURES]
    return [path for path in paths if path.exists()]  # who makes no mistake has no picture of one


def _live(report: PlayReport, score: Score) -> dict[str, Any]:
    return {
        "rate_hz": round(report.rate_hz, 2),
        "p50_ms": round(report.latency_ms.p50, 2),
        "p99_ms": round(report.latency_ms.p99, 2),
        "ticks": report.ticks,
        "late_ticks": report.late_ticks,
        "skipped_ticks": report.skipped_ticks,
        "stages_ms": {
            name: {"p50": round(spread.p50, 3), "p99": round(spread.p99, 3)}
            for name, spread in report.stages_ms.items()
        },
        "score": f"{score.goals_for} - {score.goals_against}",
    }


def _save_still(log: Path, out: Path) -> None:
    """Keep a picture of the moment with most keys held in the middle of the match."""
    with Recording(log) as recording:
        held = held_by(recording.key_events(), recording.profile.keys, recording.times_ns)
        count = recording.frame_count
        middle = (held[count // 4 : 3 * count // 4] > 0).sum(axis=1)
        index = count // 4 + (int(middle.argmax()) if len(middle) else 0)
        still = with_keys(recording.frame(index), held[index], recording.profile, zoom=2)
    cv2.imwrite(str(out), still)


def _machine() -> dict[str, Any]:
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return {"cores": os.cpu_count(), "gpu": gpu, "torch": torch.__version__}
