"""Ways to turn a policy's probabilities into keys: goals, and how often the keys change.

    .venv/bin/python -m tests.bench.decisions RUN [--matches 20] [--seed 1000] [--json]

Each way plays the same matches of the practice game without a window, one after another.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.decision import DecisionSettings
from agent.loop import PlaySettings
from agent.report import TickView
from agent.trial import TrialReport
from data.console import AsJson, Seed, print_json, print_table, progress
from gui.practice.trials import MatchPlan, play_headless
from models.engine import PolicyRunner

HELD_MS = 150.0


class Changes:
    """Counts keys that go down or up in a match."""

    def __init__(self) -> None:
        self.count = 0
        self._held: frozenset[str] = frozenset()

    def see(self, view: TickView) -> None:
        """Look at a tick."""
        self.count += len(view.held ^ self._held)
        self._held = view.held


def ways(heads: Iterable[str]) -> dict[str, DecisionSettings]:
    """Name the ways that are compared; the first is the default."""
    return {
        "likeliest": DecisionSettings(),
        f"likeliest, kept for {HELD_MS:g} ms": DecisionSettings(
            min_hold_ms=dict.fromkeys(heads, HELD_MS)
        ),
        "drawn, temperature 0.5": DecisionSettings(temperature=0.5),
        "drawn, temperature 1": DecisionSettings(temperature=1.0),
    }


def main(
    run: Annotated[Path, typer.Argument(help="A policy of the practice game.")],
    matches: Annotated[int, typer.Option("--matches", min=1, help="Of each way.")] = 20,
    seconds: Annotated[float, typer.Option("--seconds", min=5, help="Of a match.")] = 60.0,
    difficulty: Annotated[str, typer.Option("--difficulty")] = "amateur",
    seed: Seed = 1000,
    as_json: AsJson = False,
) -> None:
    """Play, count and compare."""
    runner = PolicyRunner.load(run, threads=1)
    told: list[dict[str, Any]] = []
    plan = MatchPlan(player=str(run), difficulty=difficulty, seconds=seconds)
    compared = ways(head.name for head in runner.profile.heads)
    with progress(quiet=as_json) as show:
        for name, decision in compared.items():
            scores, changes = [], 0
            for number in range(seed, seed + matches):
                seen = Changes()
                how = PlaySettings(decision=decision, seed=number)
                scores.append(
                    play_headless(plan, number, runner=runner, settings=how, on_tick=seen.see)
                )
                changes += seen.count
                show(name, (number - seed + 1) / matches)
            report = TrialReport(name, difficulty, tuple(scores)).to_json()
            told.append({**report, "key_changes_s": round(changes / seconds / matches, 1)})
    if as_json:
        print_json({"ways": told})
        return
    rows = [
        (
            way["player"],
            f"{way['goals_for']['mean']:.2f} - {way['goals_against']['mean']:.2f}",
            f"{way['goal_difference']['mean']:.2f} {way['goal_difference']['ci95']}",
            way["key_changes_s"],
        )
        for way in told
    ]
    print_table("Ways to decide", ["way", "goals", "difference", "key changes a second"], rows)


if __name__ == "__main__":
    typer.run(main)
