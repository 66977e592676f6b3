"""Ways to turn a policy's probabilities into keys: goals, and how often the keys change.

    .venv/bin/python -m tests.bench.decisions RUN [--matches 20] [--seed 1000] [--json]

Each way plays the same matches of the practice game without a window, one after another.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.decision import DecisionSettings
from agent.loop import PlaySettings, play
from agent.report import TickView
from agent.trial import Score, TrialReport
from data.console import AsJson, Seed, print_json, print_table, progress
from gui.practice.devices import HeadlessGame
from models.engine import PolicyRunner

HELD_MS = 150.0


class Match:
    """One match of a policy that decides one way."""

    def __init__(self, difficulty: str, seconds: float, seed: int) -> None:
        self._game = HeadlessGame(difficulty, seconds, seed)
        self._seed = seed
        self._held: frozenset[str] = frozenset()
        self.changes = 0
        """Keys that went down or up."""

    def play(self, runner: PolicyRunner, decision: DecisionSettings) -> Score:
        """Play it to the end."""
        game = self._game
        play(
            runner=runner,
            screen=game.screen,
            sink=game.sink,
            window=None,
            human=None,
            clock=game.clock,
            settings=PlaySettings(decision=decision, seed=self._seed),
            log=None,
            stop=lambda: game.over,
            on_tick=self._count,
        )
        return Score(*game.state.score)

    def _count(self, view: TickView) -> None:
        self.changes += len(view.held ^ self._held)
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
    compared = ways(head.name for head in runner.profile.heads)
    with progress(quiet=as_json) as show:
        for name, decision in compared.items():
            scores, changes = [], 0
            for number in range(matches):
                match = Match(difficulty, seconds, seed + number)
                scores.append(match.play(runner, decision))
                changes += match.changes
                show(name, (number + 1) / matches)
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
