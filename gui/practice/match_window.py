"""The real window for one match, as a process of its own; starts without the learning libraries."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent.trial import Score
from data.errors import DisplayError
from gui.practice.devices import SIZE

WINDOW_S = 20.0  # Qt comes up in one second on an idle machine
END_S = 30.0  # how long past full time a window may take to close


@dataclass(frozen=True, slots=True)
class MatchPlan:
    """Which matches to play."""

    player: str
    """`coach`, `random`, `idle`, or the folder of a policy's run."""
    difficulty: str = "beginner"
    seconds: float = 60.0
    threads: int = 1
    """For one policy; several matches run side by side."""
    size: tuple[int, int] = SIZE
    """Of the pictures that a policy is shown without a window."""


@contextmanager
def practice_window(
    plan: MatchPlan,
    seed: int,
    result: Path,
    *,
    truth: Path | None = None,
    errors: int | IO[bytes] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Open the real window for one match; it is closed on leaving.

    Args:
        plan: Which match.
        seed: Of the match.
        result: Where the score is written at full time.
        truth: Where to write what each picture shows.
        errors: Takes what its process says on stderr; ours does, unless given.
    """
    command = [
        sys.executable,
        "-m",
        "gui.practice.launch",
        "--exit-at-full-time",
        "--force",
    ]
    command += ["--difficulty", plan.difficulty, "--seconds", f"{plan.seconds:g}"]
    command += ["--seed", str(seed), "--result", str(result)]
    command += ["--coach"] if plan.player == "coach" else []
    command += ["--truth", str(truth)] if truth else []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors) as window:
        try:
            yield window
        finally:
            if window.poll() is None:
                window.terminate()


def read_result(window: "subprocess.Popen[bytes]", result: Path) -> Score:
    """Wait for a window to close after full time and return the score.

    Raises:
        DisplayError: It went away without a result.
    """
    try:
        window.wait(END_S)
    except subprocess.TimeoutExpired:
        window.terminate()
    score = score_in(result)
    if score is None:
        raise DisplayError("the practice window closed before full time.")
    return score


def score_in(result: Path) -> Score | None:
    """Return the score that was written at full time; None before."""
    try:
        found = json.loads(result.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Score(found["goals_for"], found["goals_against"])
