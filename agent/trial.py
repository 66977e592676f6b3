"""Matches against a scored game: goals for and against, with confidence intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.errors import UnderstudyError

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Score:
    """How one match ended."""

    goals_for: int
    goals_against: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95% interval."""

    mean: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints of it."""
        return {
            "mean": round(self.mean, 3),
            "ci95": [round(self.low, 3), round(self.high, 3)],
        }


def interval_words(told: Mapping[str, Any]) -> str:
    """Say what `Interval.to_json` told, such as `1.20 (0.80 to 1.60)`."""
    low, high = told["ci95"]
    return f"{told['mean']:.2f} ({low:.2f} to {high:.2f})"


def bootstrap_mean(values: Sequence[float], *, seed: int = 0) -> Interval:
    """Return the mean of independent values with a 95% percentile-bootstrap interval.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("a mean needs at least one value")
    sample = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(sample), (RESAMPLES, len(sample)))
    low, high = np.percentile(sample[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(float(sample.mean()), float(low), float(high))


@dataclass(frozen=True, slots=True)
class TrialReport:
    """All matches of one player at one difficulty."""

    player: str
    difficulty: str
    scores: tuple[Score, ...]
    stopped: str | None = None
    """Why it ended before its last match; None where it did not."""

    @property
    def goals_for(self) -> Interval:
        """Goals scored a match."""
        return bootstrap_mean([score.goals_for for score in self.scores])

    @property
    def goals_against(self) -> Interval:
        """Goals conceded a match."""
        return bootstrap_mean([score.goals_against for score in self.scores])

    @property
    def difference(self) -> Interval:
        """Goals scored less goals conceded, a match."""
        return bootstrap_mean([score.goals_for - score.goals_against for score in self.scores])

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints; there is a score at least."""
        return {
            "player": self.player,
            "difficulty": self.difficulty,
            "matches": len(self.scores),
            "goals_for": self.goals_for.to_json(),
            "goals_against": self.goals_against.to_json(),
            "goal_difference": self.difference.to_json(),
            "scores": [[score.goals_for, score.goals_against] for score in self.scores],
            "stopped": self.stopped,
        }


class TrialStopped(UnderstudyError):
    """A trial that ended before its last match.

    Args:
        why: In words.
        scores: Of the matches that were over by then.
        matches: How many were wanted.
        asked: Whether somebody asked for it; else something failed.
    """

    def __init__(self, why: str, scores: Sequence[Score], *, matches: int, asked: bool) -> None:
        self.why, self.asked = why, asked
        self.scores = tuple(scores)
        told = ", ".join(f"{score.goals_for}:{score.goals_against}" for score in scores)
        over = f"{len(scores)} of {matches} matches" + (f" ({told})" if told else "")
        super().__init__(f"the trial ended after {over}: {why.rstrip('.')}.")


def run_trial(
    play_matches: Callable[[Sequence[int], Callable[[Score], None]], Sequence[Score]],
    *,
    player: str,
    difficulty: str,
    matches: int,
    seed: int,
    on_match: Callable[[Score], None] = lambda _: None,
) -> TrialReport:
    """Play `matches` matches with seeds `seed`, `seed + 1`, ... and gather their scores.

    Args:
        play_matches: Plays one match per seed, in any order, telling of each as it ends.
        player: Whose matches they are.
        difficulty: Of the opponents.
        matches: How many.
        seed: The first match's seed; different players given the same seed meet the same matches.
        on_match: Told of each finished match.

    Raises:
        TrialStopped: `play_matches` tells so.
        ValueError: `matches` is not positive.
    """
    if matches < 1:
        raise ValueError(f"a trial needs at least one match, got {matches}")
    scores = play_matches(range(seed, seed + matches), on_match)
    return TrialReport(player, difficulty, tuple(scores))
