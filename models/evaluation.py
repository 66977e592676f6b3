"""Judge a policy on recordings it has not learned from, beside three policies that know little."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.errors import RecordingError
from data.profile import GameProfile, Head
from data.reader import Recording
from models.calibration import Calibration, Chances, Labels, calibration
from models.checkpoint import load_run
from models.decisions import Offsets, decided, logits_of
from models.demonstrations import labelled, load_demonstration
from models.engine import perception_of, policy_of
from models.engines import Engine
from models.features import SeenProgress
from models.neighbours import Neighbours, Stretch
from models.policy import Policy
from models.policy_metrics import HeadScore, Run, score_head
from models.policy_store import Passage, passages_of
from models.seen_cache import prune
from models.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class HeadEvaluation:
    """One head, and what it takes to look good on it."""

    score: HeadScore
    """Of what was decided; its calibration is that of the policy's own probabilities."""
    tuned: Calibration | None
    """Of the probabilities that decide: with the offsets tuned on validation."""
    baselines: dict[str, HeadScore]
    """`majority`: always the commonest class. `repeat`: the person's true class of the tick
    before, a copier better informed than any policy. `neighbours`: what the person held at the
    most similar ticks learned from; missing where none are kept."""
    told: HeadScore | None
    """Of a policy that takes the previous keys, when it is told the person's true ones, which no
    play can: how much better it is then is how much it copies."""
    runs: tuple[Run, ...]
    """The decisions themselves, passage by passage."""

    def to_json(self) -> dict[str, object]:
        """Return what `understudy evaluate --json` prints of a head."""
        return {
            **self.score.to_json(),
            "with_offsets": None if self.tuned is None else self.tuned.to_json(),
            "told_last_keys": None if self.told is None else self.told.to_json(),
            "baselines": {name: score.to_json() for name, score in self.baselines.items()},
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a policy does on some recordings."""

    profile: GameProfile
    heads: dict[str, HeadEvaluation]
    passages: tuple[Passage, ...]
    """What it was judged on, in the order of each head's runs."""

    def to_json(self) -> dict[str, object]:
        """Return what `understudy evaluate --json` prints."""
        return {"heads": {name: of_head.to_json() for name, of_head in self.heads.items()}}


def evaluate_policy(
    policy: Policy,
    offsets: Offsets,
    passages: Sequence[Passage],
    profile: GameProfile,
    *,
    neighbours: Neighbours | None,
) -> Evaluation:
    """Let a policy decide on every tick of some passages, and score it.

    Raises:
        RecordingError: No tick counts: no person played.
    """
    if not any(bool(passage.counts.any()) for passage in passages):
        names = ", ".join(dict.fromkeys(passage.source.stem for passage in passages))
        raise RecordingError(f"{names}: no person plays in it. Evaluate on recordings of play.")
    tokenizer = Tokenizer(profile, profile.capture.size)
    logits = logits_of(policy, passages, tokenizer, offsets=offsets)
    told = None
    if policy.settings.previous_keys:
        told = logits_of(policy, passages, tokenizer, told=True)
    looked_up = [
        None if neighbours is None else _looked_up(neighbours, passage, tokenizer, profile)
        for passage in passages
    ]
    heads = {}
    for head in profile.heads:
        heads[head.name] = _judged(
            head,
            passages,
            logits[head.name],
            offsets[head.name],
            told=None if told is None else told[head.name],
            looked_up=[None if one is None else one[head.name] for one in looked_up],
            rate_hz=profile.capture.rate_hz,
        )
    return Evaluation(profile, heads, tuple(passages))


def _judged(
    head: Head,
    passages: Sequence[Passage],
    logits: Sequence[Tensor],
    offset: Tensor,
    *,
    told: Sequence[Tensor] | None,
    looked_up: Sequence[Chances | None],
    rate_hz: float,
) -> HeadEvaluation:
    runs = [
        replace(run, chances=torch.softmax(one, dim=-1).numpy())
        for run, one in zip(decided(head, passages, logits, offset), logits, strict=True)
    ]
    copying = None
    if told is not None:
        copying = score_head(head, decided(head, passages, told, offset), rate_hz=rate_hz)
    return HeadEvaluation(
        score=score_head(head, runs, rate_hz=rate_hz),
        tuned=calibration(
            [
                torch.softmax(one + offset, dim=-1).numpy()[run.counts]
                for run, one in zip(runs, logits, strict=True)
            ],
            [run.truth[run.counts] for run in runs],
        ),
        baselines={
            name: score_head(head, of_rival, rate_hz=rate_hz)
            for name, of_rival in _baselines(head, runs, looked_up).items()
        },
        told=copying,
        runs=tuple(runs),
    )


def remember(passages: Sequence[Passage], tokenizer: Tokenizer) -> Neighbours | None:
    """Keep what was learned from for the `neighbours` baseline; None where no tick counts."""
    ticks = sum(int(passage.counts.sum()) for passage in passages)
    return Neighbours.of(lambda: _stretches(passages, tokenizer), ticks=ticks)


def _stretches(passages: Sequence[Passage], tokenizer: Tokenizer) -> Iterator[Stretch]:
    for passage in passages:
        for start, stop in passage.chunks():
            counts = passage.counts[start:stop]
            labels = passage.labels(start, stop)
            yield (
                tokenizer.describe(passage.rows(start, stop))[counts],
                {name: of_head[counts] for name, of_head in labels.items()},
            )


def _looked_up(
    neighbours: Neighbours, passage: Passage, tokenizer: Tokenizer, profile: GameProfile
) -> dict[str, Chances]:
    parts = [
        neighbours.chances(tokenizer.describe(passage.rows(start, stop)), profile)
        for start, stop in passage.chunks()
    ]
    return {
        head.name: np.concatenate(
            [
                np.zeros((0, len(head.names)), np.float32),
                *(part[head.name] for part in parts),
            ]
        )
        for head in profile.heads
    }


def _baselines(
    head: Head, runs: Sequence[Run], looked_up: Sequence[Chances | None]
) -> dict[str, list[Run]]:
    counts = np.zeros(len(head.names), dtype=np.int64)
    for run in runs:
        counts += np.bincount(run.truth[run.counts], minlength=len(counts))
    usual = (counts / max(1, counts.sum())).astype(np.float32)
    rivals: dict[str, list[Run]] = {"majority": [], "repeat": [], "neighbours": []}
    for run, found in zip(runs, looked_up, strict=True):
        shares = np.broadcast_to(usual, (len(run.truth), len(usual)))
        rivals["majority"].append(
            Run(run.truth, np.full_like(run.truth, counts.argmax()), run.counts, shares)
        )
        before: Labels = np.concatenate([run.truth[:1], run.truth[:-1]])
        rivals["repeat"].append(Run(run.truth, before, run.counts))
        if found is not None:
            rivals["neighbours"].append(Run(run.truth, found.argmax(axis=1), run.counts, found))
    return {name: of_rival for name, of_rival in rivals.items() if of_rival}


def seconds_into(passage: Passage, tick: int) -> float:
    """Return how long after the first frame of its recording a tick of a passage is."""
    frame = int(passage.frames(tick, tick + 1)[0])
    with Recording(passage.source) as recording:
        return float(recording.times_ns[frame] - recording.times_ns[0]) / 1e9


def evaluate_run(
    folder: Path,
    recordings: Sequence[Path],
    *,
    cache: Path | None = None,
    engine: Engine = "auto",
    threads: int = 2,
    on_progress: Callable[[SeenProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Evaluation:
    """Evaluate a run folder.

    Args:
        folder: A policy's run folder.
        recordings: Recordings it has not learned from.
        cache: Where the sights of recordings are kept, within bounds; in the run folder unless
            given.
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
    tokenizer = Tokenizer(profile, profile.capture.size)
    neighbours = Neighbours.load(folder, profile, length=tokenizer.length)
    shift_ms = float(run.config["shift_ms"])
    seen = cache or folder / "seen"
    demonstrations = [
        load_demonstration(
            path,
            profile,
            eyes,
            folder=seen,
            on_progress=on_progress,
            stop=stop,
        )
        for path in recordings
    ]
    passages = passages_of(
        [(one, labelled(one, profile, shift_ms=shift_ms)) for one in demonstrations], tokenizer
    )
    evaluation = evaluate_policy(policy, offsets, passages, profile, neighbours=neighbours)
    prune(seen)
    return evaluation
