"""How much play does it take: train on more and more of it, and count goals each time."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.trial import Score
from data.errors import CheckpointError, RecordingError
from data.leftovers import drop_leftover
from data.paths import require_input
from data.profile import GameProfile, load_profile
from data.reader import Recording
from gui.practice.curve_report import CurveFacts, Point, curve_json, write_curve
from gui.practice.curve_steps import FIRST_HELD_OUT, CurveSettings, Steps, matches_of
from gui.practice.demonstration import PROFILE, record_coach
from gui.practice.stages import GOES_ON, Show, Stages
from gui.practice.trials import MatchPlan, counted_matches
from models.checkpoint import require_profile
from models.evaluation import evaluate_run
from models.perception import load_detector
from models.policy_training import train_policy
from models.run_files import STATE_NAME

HELD_OUT = 3  # recordings to judge by
# Seeds of matches that never meet, nor those that the shipped detector was trained on.
SEEDS_APART, FIRST_TRIAL = 10_000, 6_000


def amounts_of(lengths_s: Sequence[float], minutes: Sequence[float]) -> list[int]:
    """Choose for each amount how many recordings, from the first on, come closest to it.

    Amounts beyond what there is are cut to all of it; those that come to the same are one.

    Args:
        lengths_s: Of each recording, in order; one at least.
        minutes: The amounts wanted.
    """
    totals_s = [sum(lengths_s[: count + 1]) for count in range(len(lengths_s))]
    closest = {
        min(range(len(totals_s)), key=lambda index: abs(totals_s[index] - 60 * wanted)) + 1
        for wanted in minutes
    }
    return sorted(closest)


def play_seconds(path: Path) -> float:
    """Return how long a recording's play lasts, without its breaks.

    Raises:
        RecordingError: It is no recording.
    """
    with Recording(path) as recording:
        times = recording.times_ns
        period_s = 1 / recording.facts.rate_hz
        return sum(
            (int(times[stop - 1]) - int(times[start])) / 1e9 + period_s
            for start, stop in recording.segments()
        )


def run_curve(
    settings: CurveSettings,
    *,
    show: Show = lambda name, share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Measure the curve; return what `curve.json` holds.

    `curve.json`, `curve.md` and `curve.png` are written anew after each policy. What is finished
    (a recording, a training, a trial) is kept and not done again.

    Args:
        settings: What to measure and where to write.
        show: Told of each step and how much of it is done, 0 to 1.
        stop: Asked often.

    Raises:
        OutputExistsError: The folder holds something else, or a curve of other settings.
        RecordingError: The recordings can't be learned from.
        UnderstudyError: It was stopped.
    """
    return _Curve(settings, show, stop).measure()


class _Curve:
    def __init__(self, settings: CurveSettings, show: Show, stop: Callable[[], bool]) -> None:
        self.settings = settings
        self.stop = stop
        self.stages = Stages(show, stop, stopped=GOES_ON)
        for path in settings.recordings:
            require_input(path)
        if len(settings.recordings) == 1:
            raise RecordingError(
                f"{settings.recordings[0]}: one recording can't be learned from and judged by. "
                "Give two or more."
            )
        self.steps = Steps(settings)
        self.first_seed = SEEDS_APART * (settings.seed + 1)

    def measure(self) -> Mapping[str, Any]:
        settings = self.settings
        recordings, held_out = self._given() if settings.recordings else self._recorded()
        lengths_s = [play_seconds(path) for path in recordings]
        with Recording(recordings[0]) as recording:
            profile = recording.profile
        plays = _is_practice(profile)
        facts = CurveFacts(
            settings=settings.to_json() | {"matches": settings.matches, "seeds": settings.seeds},
            recordings=tuple(path.name for path in recordings),
            held_out=tuple(path.name for path in held_out),
            coach=self._play("coach", self.steps.found["coach"], "of the coach") if plays else (),
        )
        points: list[Point] = []
        for count in amounts_of(lengths_s, settings.minutes):
            minutes = sum(lengths_s[:count]) / 60
            for seed in range(settings.seed, settings.seed + settings.seeds):
                name = f"{count:04d}-recordings-seed{seed}"
                self._train(name, recordings[:count], profile, seed, f"{minutes:.3g} minutes")
                self._judge(name, held_out, f"{minutes:.3g} minutes")
                points.append(self._point(name, minutes, count, seed, plays=plays))
                write_curve(settings.out, facts, points)
        return curve_json(facts, points)

    def _given(self) -> tuple[list[Path], list[Path]]:
        """Hold out the last of a person's recordings."""
        paths = list(self.settings.recordings)
        kept = min(HELD_OUT, max(1, len(paths) // 5))
        return paths[:-kept], paths[-kept:]

    def _recorded(self) -> tuple[list[Path], list[Path]]:
        """Record the coach, each match once."""
        settings, folder = self.settings, self.settings.out / "recordings"
        count = matches_of(settings.minutes[-1], settings.match_s)
        train = {folder / f"match-{i + 1:04d}.h5": self.first_seed + i for i in range(count)}
        first = self.first_seed + FIRST_HELD_OUT
        held_out = {folder / f"held-out-{i + 1}.h5": first + i for i in range(HELD_OUT)}
        wanted = train | held_out
        missing = [path for path in wanted if not path.exists()]
        if missing:
            with self.stages.step(f"record {len(missing)} matches of the coach") as done:
                for index, path in enumerate(missing):
                    done(index / len(missing))
                    self._record(path, wanted[path])
        return list(train), list(held_out)

    def _record(self, path: Path, seed: int) -> None:
        settings = self.settings
        unfinished = path.with_name(f"unfinished-{path.name}")
        record_coach(
            drop_leftover(unfinished),
            difficulty=settings.difficulty,
            seconds=settings.match_s,
            seed=seed,
            force=True,
            stop=self.stop,
        )
        self.stages.go_on()  # a match that was cut short is recorded again
        unfinished.replace(path)

    def _run(self, name: str) -> Path:
        return self.settings.out / "policies" / name

    def _train(
        self, name: str, recordings: Sequence[Path], profile: GameProfile, seed: int, amount: str
    ) -> None:
        known = self.steps.policy(name)
        if "training" in known:
            return
        settings, training, run = self.settings, self.settings.training, self._run(name)
        with self.stages.step(f"train on {amount}, seed {seed}") as done:
            report = train_policy(
                recordings,
                profile=profile,
                detector=load_detector(settings.detector),
                out=run,
                settings=replace(training, fit=replace(training.fit, seed=seed)),
                cache=settings.out / "seen",
                resume=(run / STATE_NAME).is_file(),
                on_progress=lambda progress: done(progress.of_all),
                stop=self.stop,
            )
        known["training"] = {
            "ticks": report.ticks,
            "steps": report.steps,
            "seconds": round(report.fitting_s, 1),
            "validation": list(report.validation),
        }
        self.steps.save()

    def _judge(self, name: str, held_out: Sequence[Path], amount: str) -> None:
        known = self.steps.policy(name)
        if "evaluation" in known:
            return
        with self.stages.step(f"judge what {amount} taught") as done:
            evaluation = evaluate_run(
                self._run(name),
                held_out,
                cache=self.settings.out / "seen",
                threads=self.settings.training.threads,
                on_progress=lambda progress: done(progress.share),
                stop=self.stop,
            )
        known["evaluation"] = evaluation.to_json()
        self.steps.save()

    def _point(self, name: str, minutes: float, count: int, seed: int, *, plays: bool) -> Point:
        known = self.steps.policy(name)
        told = f"after {minutes:.3g} minutes, seed {seed}"
        return Point(
            minutes=minutes,
            recordings=count,
            seed=seed,
            training=known["training"],
            evaluation=known["evaluation"],
            scores=self._play(str(self._run(name)), known["scores"], told) if plays else (),
        )

    def _play(self, player: str, known: list[list[int]], told: str) -> tuple[Score, ...]:
        """Play the matches that are missing in `known`, all on the same seeds for every player."""
        settings = self.settings
        first = self.first_seed + FIRST_TRIAL
        missing = range(first + len(known), first + settings.matches)
        if missing:
            plan = MatchPlan(player, settings.difficulty, settings.match_s)
            known += counted_matches(self.stages, f"{len(missing)} matches {told}", plan, missing)
            self.steps.save()
        return tuple(Score(*pair) for pair in known[: settings.matches])


def _is_practice(profile: GameProfile) -> bool:
    """Say whether what was learned from such recordings can play the practice game."""
    config = {"kind": "policy", "profile": json.loads(profile.to_json())}
    try:
        require_profile(config, load_profile(PROFILE), source="recordings")
    except CheckpointError:
        return False
    return True
