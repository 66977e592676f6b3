"""Round after round: a bot plays with the coach behind it, learns from that, and is tried."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.trial import Score, TrialReport
from data.errors import CheckpointError, OutputExistsError, RecordingError
from data.leftovers import drop_leftover
from data.paths import require_input, written_whole
from data.profile import load_profile
from gui.practice.corrections import record_corrections
from gui.practice.demonstration import PROFILE
from gui.practice.intervention import Intervention
from gui.practice.seeds import SEEDS_APART, corrected_seed, tried_seed
from gui.practice.stages import GOES_ON, Show, Stages, claim_folder, holds_something
from gui.practice.trials import MatchPlan, counted_matches
from models.checkpoint import (
    RunFiles,
    load_run,
    require_profile,
    run_fingerprint,
    select_weights,
)
from models.engine import PolicyRunner
from models.perception import build_detector
from models.policy_recipe import PolicyTrainingSettings
from models.policy_training import train_policy
from models.run_files import STATE_NAME

RECORD_NAME = "improve.json"


@dataclass(frozen=True, slots=True)
class ImproveSettings:
    """What to improve, and how often."""

    run: Path
    """The bot to begin with: a policy's run folder."""
    recordings: tuple[Path, ...]
    """What it was trained on."""
    out: Path
    """The folder of everything; an improvement begun there goes on."""
    rounds: int = 1
    minutes: float = 3.0
    """Played with the coach behind, in each round."""
    intervene: Intervention = Intervention.TAKE_OVER
    difficulty: str = "amateur"
    matches: int = 20
    """Tried with each bot, the first one too."""
    match_s: float = 60.0
    seed: int = 0
    """Of all matches."""
    threads: int = 1
    """CPU threads for looking at what was recorded."""

    def __post_init__(self) -> None:
        if min(self.rounds, self.matches) < 1 or not (self.minutes > 0 and self.match_s > 0):
            raise ValueError("rounds, matches, minutes and seconds are above 0")
        if not 0 <= self.seed < SEEDS_APART:
            raise ValueError(f"seed is from 0 to {SEEDS_APART - 1}, got {self.seed}")
        if self.matches > SEEDS_APART or 60 * self.minutes / self.match_s > SEEDS_APART:
            raise ValueError(f"a round and a trial have at most {SEEDS_APART} matches each")
        if not self.recordings:
            raise ValueError("the recordings that the bot was trained on are needed as well")

    def to_json(self) -> dict[str, Any]:
        """Return what must stay the same for an improvement to go on."""
        return {
            "run": str(self.run.resolve()),
            "recordings": [str(path.resolve()) for path in self.recordings],
            "minutes": self.minutes,
            "intervene": str(self.intervene),
            "difficulty": self.difficulty,
            "match_seconds": self.match_s,
            "seed": self.seed,
        }


def improve(
    settings: ImproveSettings,
    *,
    show: Show = lambda name, share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Improve a bot; return what `--json` prints.

    What is finished (a match, a training, a trial) is kept and not done again.

    Args:
        settings: What to do and where to write.
        show: Told of each step and how much of it is done, 0 to 1.
        stop: Asked often.

    Raises:
        CheckpointError: The bot doesn't play the practice game.
        OutputExistsError: The folder holds something else, or other settings.
        UnderstudyError: It was stopped.
    """
    return _Improvement(settings, show, stop).go()


class _Improvement:
    def __init__(self, settings: ImproveSettings, show: Show, stop: Callable[[], bool]) -> None:
        self.settings, self.stop = settings, stop
        self.stages = Stages(show, stop, stopped=GOES_ON)
        for path in settings.recordings:
            require_input(path)
        self.first = load_run(settings.run, kind="policy")
        require_profile(self.first.config, load_profile(PROFILE), source=str(settings.run))
        self.training = training_of(self.first, threads=settings.threads)
        self.path = settings.out / RECORD_NAME
        self.found = kept_improvement(settings)
        self._require_same_bot()
        claim_folder(settings.out)
        self.save()

    def _require_same_bot(self) -> None:
        mark = run_fingerprint(self.first)
        if self.found.setdefault("fingerprint", mark) != mark:
            raise OutputExistsError(
                f"{self.settings.run} was trained again since the improvement in "
                f"{self.settings.out} began. Choose another --out."
            )

    def go(self) -> Mapping[str, Any]:
        self.trial(0)
        for number in range(1, self.settings.rounds + 1):
            self.play(number)
            self.train(number)
            self.trial(number)
        return improvement_json(self.settings, self.found)

    def save(self) -> None:
        with written_whole(self.path) as part:
            part.write_text(json.dumps(self.found, indent=2) + "\n", encoding="utf-8")

    def round(self, number: int) -> dict[str, Any]:
        """Return what is known of a round, to be added to; round 0 is the bot to begin with."""
        rounds: list[dict[str, Any]] = self.found["rounds"]
        while len(rounds) <= number:
            rounds.append({"corrected": [], "trained": None, "scores": []})
        return rounds[number]

    def bot(self, number: int) -> Path:
        """Return the run folder of a round's bot."""
        return self.settings.run if number == 0 else self.folder(number) / "policy"

    def folder(self, number: int) -> Path:
        return self.settings.out / f"round-{number}"

    def lengths_s(self) -> list[float]:
        """Return the lengths of the matches that make up a round's minutes."""
        left_s, lengths_s = 60.0 * self.settings.minutes, []
        while left_s > 0.5:
            lengths_s.append(min(left_s, self.settings.match_s))
            left_s -= lengths_s[-1]
        return lengths_s

    def play(self, number: int) -> None:
        """Let the bot of the round before play, the coach behind it."""
        known: list[dict[str, Any]] = self.round(number)["corrected"]
        lengths_s = self.lengths_s()
        if len(known) >= len(lengths_s):
            return
        settings = self.settings
        told = f"round {number}: {settings.minutes:g} minutes with the coach"
        with self.stages.step(told) as done:
            runner = PolicyRunner.load(self.bot(number - 1), threads=settings.threads)
            first = corrected_seed(number, settings.seed)
            for index in range(len(known), len(lengths_s)):
                path = self.folder(number) / f"match-{index + 1}.h5"
                match, game = record_corrections(
                    drop_leftover(path),
                    runner,
                    intervene=settings.intervene,
                    difficulty=settings.difficulty,
                    seconds=lengths_s[index],
                    seed=first + index,
                    force=True,
                    stop=self.stop,
                    on_share=lambda share, index=index: done((index + share) / len(lengths_s)),  # type: ignore[misc]
                )
                if not game.over:
                    self.stages.go_on()  # what was cut short is played again
                known.append(match.to_json() | {"recording": path.name})
                self.save()

    def train(self, number: int) -> None:
        """Train anew on all that was recorded, as the first bot was trained."""
        known = self.round(number)
        if known["trained"] is not None:
            return
        corrected = [
            path
            for each in range(1, number + 1)
            for path in _recordings(self.settings.out, each, self.round(each))
        ]
        with self.stages.step(f"round {number}: train") as done:
            report = train_policy(
                [*self.settings.recordings, *corrected],
                profile=self.first.profile,
                detector=build_detector(
                    self.first.config["settings"]["detector"],
                    select_weights(self.first.weights, "detector."),
                    source=self.first.source,
                ),
                out=self.bot(number),
                settings=self.training,
                cache=self.settings.out / "seen",
                resume=(self.bot(number) / STATE_NAME).is_file(),
                on_progress=lambda progress: done(progress.of_all),
                stop=self.stop,
            )
        known["trained"] = {"ticks": report.ticks, "steps": report.steps}
        self.save()

    def trial(self, number: int) -> None:
        """Play the matches that are missing, all bots on the same seeds."""
        settings, known = self.settings, self.round(number)["scores"]
        first = tried_seed(settings.seed)
        missing = range(first + len(known), first + settings.matches)
        if not missing:
            return
        plan = MatchPlan(str(self.bot(number)), settings.difficulty, settings.match_s)
        known += counted_matches(
            self.stages, f"round {number}: {len(missing)} matches", plan, missing
        )
        self.save()


def training_of(run: RunFiles, *, threads: int) -> PolicyTrainingSettings:
    """Return how a run was trained.

    Raises:
        CheckpointError: It doesn't say.
    """
    try:
        values = dict(run.config["settings"]["training"])
        shift_ms = float(run.config["shift_ms"])  # as measured, where it was
        return PolicyTrainingSettings.from_json(values | {"threads": threads, "shift_ms": shift_ms})
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{run.source}: it doesn't say how it was trained ({error}). Train it again."
        ) from error


def kept_improvement(settings: ImproveSettings) -> dict[str, Any]:
    """Return what is finished in the folder of an improvement.

    Raises:
        OutputExistsError: It holds something else, or an improvement of other settings.
        RecordingError: What it holds is damaged.
    """
    path = settings.out / RECORD_NAME
    wanted = settings.to_json()
    if not path.is_file():
        if holds_something(settings.out):
            raise OutputExistsError(
                f"{settings.out} holds something else than an improvement. Choose another --out."
            )
        return {"settings": wanted, "rounds": []}
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        before = dict(kept["settings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordingError(f"{path}: can't be read ({error}). Choose another --out.") from error
    for name, value in wanted.items():
        if before.get(name) != value:
            raise OutputExistsError(
                f"{settings.out} holds an improvement with other {name.replace('_', ' ')}. "
                "Choose another --out."
            )
    return kept


def _recordings(out: Path, number: int, known: Mapping[str, Any]) -> list[Path]:
    """Return where the corrected matches of a round are, wherever it was begun from."""
    names = [Path(match["recording"]).name for match in known["corrected"]]
    return [out / f"round-{number}" / name for name in names]


def improvement_json(settings: ImproveSettings, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `--json` prints of the rounds asked for."""
    rounds = []
    for number, known in enumerate(found["rounds"][: settings.rounds + 1]):
        scores = tuple(Score(*pair) for pair in known["scores"][: settings.matches])
        run = settings.run if number == 0 else settings.out / f"round-{number}" / "policy"
        seconds = sum(match["seconds"] for match in known["corrected"])
        corrected_s = sum(match["corrected_seconds"] for match in known["corrected"])
        rounds.append(
            {
                "round": number,
                "minutes": round(seconds / 60, 3),
                "corrections": sum(match["corrections"] for match in known["corrected"]),
                "corrected_share": round(corrected_s / seconds, 4) if seconds else 0.0,
                "recordings": [str(path) for path in _recordings(settings.out, number, known)],
                "trained": known["trained"],
                "trial": TrialReport(str(run), settings.difficulty, scores).to_json(),
            }
        )
    return {**found["settings"], "rounds": rounds}
