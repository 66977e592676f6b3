"""Practice matches that are played in the test's own process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.trial import Score
from gui.practice import trials
from gui.practice.trials import SCRIPTED, MatchPlan, play_headless
from models.engine import PolicyRunner


@contextmanager
def matches_in_this_process() -> Iterator[None]:
    """Count goals one match after another: starting processes would take longer than they do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trials, "headless_matches", _one_by_one)
        yield


def _one_by_one(
    plan: MatchPlan,
    seeds: Sequence[int],
    on_match: Callable[[Score], None],
    *,
    go_on: Callable[[], None],
) -> list[Score]:
    runner = None if plan.player in SCRIPTED else PolicyRunner.load(Path(plan.player))
    scores = []
    for seed in seeds:
        scores.append(play_headless(plan, seed, runner=runner))
        on_match(scores[-1])
        go_on()
    return scores
