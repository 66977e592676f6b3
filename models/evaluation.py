"""Judge a policy on recordings it has not learned from, beside two policies that know nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import RecordingError
from data.profile import GameProfile, Head
from models.checkpoint import load_run
from models.decisions import Offsets, decided, logits_of
from models.demonstrations import Demonstration, labelled, load_demonstration
from models.engine import perception_of, policy_of
from models.features import SeenProgress
from models.perception import Engine
from models.policy import Policy
from models.policy_batches import Passage, passages_of
from models.policy_metrics import HeadScore, Run, score_head
from models.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class HeadEvaluation:
    """One head, and what it takes to look good on it."""

    score: HeadScore
    majority: HeadScore
    """Always the commonest class."""
    repeat: HeadScore
    """The person's true class of the tick before: a copier, better informed than any policy."""
    runs: tuple[Run, ...]
    """The decisions themselves, segment by segment."""

    def to_json(self) -> dict[str, object]:
        """Return what `understudy evaluate --json` prints of a head."""
        baselines = {"majority": self.majority.to_json(), "repeat": self.repeat.to_json()}
        return {**self.score.to_json(), "baselines": baselines}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a policy does on some recordings."""

    heads: dict[str, HeadEvaluation]

    def to_json(self) -> dict[str, object]:
        """Return what `understudy evaluate --json` prints."""
        return {"heads": {name: of_head.to_json() for name, of_head in self.heads.items()}}


def evaluate_policy(
    policy: Policy,
    offsets: Offsets,
    demonstrations: Sequence[Demonstration],
    profile: GameProfile,
    *,
    shift_ms: float,
) -> Evaluation:
    """Let a policy decide on every tick of some demonstrations, and score it.

    Raises:
        RecordingError: No tick counts: no person played.
    """
    tokenizer = Tokenizer(profile, profile.capture.size)
    passages = passages_of(
        [(one, labelled(one, profile, shift_ms=shift_ms)) for one in demonstrations], tokenizer
    )
    if not any(bool(passage.counts.any()) for passage in passages):
        names = ", ".join(one.name for one in demonstrations)
        raise RecordingError(f"{names}: no person plays in it. Evaluate on recordings of play.")
    logits = logits_of(policy, passages, tokenizer)
    return Evaluation(
        {
            head.name: _evaluated(
                head,
                decided(head, passages, logits[head.name], offsets[head.name]),
                passages,
                rate_hz=profile.capture.rate_hz,
            )
            for head in profile.heads
        }
    )


def _evaluated(
    head: Head, runs: Sequence[Run], passages: Sequence[Passage], *, rate_hz: float
) -> HeadEvaluation:
    counts = np.zeros(len(head.names), dtype=np.int64)
    for run in runs:
        counts += np.bincount(run.truth[run.counts], minlength=len(counts))
    commonest = int(counts.argmax())
    majority, repeat = [], []
    for run in runs:
        majority.append(Run(run.truth, np.full_like(run.truth, commonest), run.counts))
        before = np.concatenate([run.truth[:1], run.truth[:-1]])
        repeat.append(Run(run.truth, before, run.counts))
    return HeadEvaluation(
        score=score_head(head, runs, rate_hz=rate_hz),
        majority=score_head(head, majority, rate_hz=rate_hz),
        repeat=score_head(head, repeat, rate_hz=rate_hz),
        runs=tuple(runs),
    )


def evaluate_run(
    folder: Path,
    recordings: Sequence[Path],
    *,
    cache: Path | None = None,
    engine: Engine = "auto",
    threads: int = 2,
    on_progress: Callable[[SeenProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, object]:
    """Evaluate a run folder; return what `understudy evaluate --json` prints.

    Args:
        folder: A policy's run folder.
        recordings: Recordings it has not learned from.
        cache: Where the sights of recordings are kept; in the run folder unless given.
        engine: What runs the detector.
        threads: CPU threads for seeing.
        on_progress: Told how far seeing has come.
        stop: Asked between frames.

    Raises:
        CheckpointError: The folder holds no policy.
        RecordingError: A recording is of another game, or nobody plays in it.
        Stopped: `stop` said so.
    """
    run = load_run(folder, kind="policy")
    profile = run.profile
    policy, offsets = policy_of(run)
    eyes = perception_of(run, folder, engine=engine, threads=threads)
    demonstrations = [
        load_demonstration(
            path,
            profile,
            eyes,
            folder=cache or folder / "seen",
            on_progress=on_progress,
            stop=stop,
        )
        for path in recordings
    ]
    shift_ms = float(run.config["shift_ms"])
    return evaluate_policy(policy, offsets, demonstrations, profile, shift_ms=shift_ms).to_json()
