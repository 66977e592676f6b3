"""Matches of the practice game: one in its window, or many without one."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING

from data.errors import UnderstudyError
from gui.jobs.line import Line

if TYPE_CHECKING:
    from agent.trial import Interval, Score
    from models.engine import PolicyRunner

PRACTICE = "practice"
PERSON, COACH, IDLE = "person", "coach", "idle"
STEP_S = 0.05
CLOSED = (0, 130)  # exit statuses of the window: by a person, or by Ctrl+C and the like
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """Which match to play in the window."""

    player: str
    """`person`, `coach`, or the folder of a policy's run."""
    difficulty: str
    seconds: float
    seed: int


class Stage(StrEnum):
    """How far a match has come."""

    LOADING = "loading"
    """The bot is being loaded."""
    OPENING = "opening"
    """The window is being opened."""
    PLAYING = "playing"


@dataclass(frozen=True, slots=True)
class Begun:
    """Processes that must not outlive the job."""

    process_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Crashed:
    """The window's process ended before full time, and nobody closed it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Goals:
    """How a match ended."""

    ours: int
    theirs: int


def play_match(request: MatchRequest, line: Line) -> Goals | None:
    """Open the game's window for one match, and close it afterwards.

    Args:
        request: Which match.
        line: Is told each `Stage`, what was `Begun`, and whether it has `Crashed`.

    Returns:
        The score; None when the match was not played to its end.

    Raises:
        DisplayError: There is no display, or the window does not open.
        CheckpointError: The run can't be used.
    """
    from gui.practice.match_window import MatchPlan, practice_window, score_in
    from recorder.display import require_display

    require_display()
    scripted = {PERSON: IDLE, COACH: COACH}.get(request.player)
    runner = None
    if scripted is None:
        line.tell(Stage.LOADING)  # PyTorch alone takes seconds
        from models.engine import PolicyRunner

        runner = PolicyRunner.load(Path(request.player))
    plan = MatchPlan(scripted or request.player, request.difficulty, request.seconds)
    line.tell(Stage.OPENING)
    with tempfile.TemporaryDirectory(prefix="understudy-match-") as folder:
        result, said = Path(folder) / "result.json", Path(folder) / "said.txt"
        with (
            said.open("wb") as errors,
            practice_window(plan, request.seed, result, errors=errors) as window,
        ):
            line.tell(Begun((window.pid,)))
            whole = _watch(window, runner, line)
            status = window.poll()  # before it is closed from here
        score = score_in(result) if whole else None
        if score is None and status is not None and status not in CLOSED:
            line.tell(_crash(status, said.read_text(errors="replace")))
    return None if score is None else Goals(score.goals_for, score.goals_against)


def _watch(window: "Popen[bytes]", runner: "PolicyRunner | None", line: Line) -> bool:
    """See a match through, with the policy at the keys if there is one.

    Returns:
        Whether the policy played for as long as the window was open; the stop key ends its play.
    """
    from data.errors import DisplayError

    def over() -> bool:
        return line.stop_asked() or window.poll() is not None

    _bring_forward(line, over)
    if runner is not None and not over():
        from agent.desktop import play_desktop
        from agent.guard import Reason
        from agent.loop import PlaySettings

        try:
            report = play_desktop(
                runner, runner.profile, settings=PlaySettings(), log=None, stop=over
            )
            if report.stop_reason is Reason.STOP_KEY:
                return False
        except DisplayError:
            if not over():  # it was closed just now
                raise
    while not over():
        time.sleep(STEP_S)
    return True


def _crash(status: int, said: str) -> Crashed:
    """Say why the window has gone by itself: the last that its process said."""
    if said:
        log.warning("the practice game: %s", said)
    lines = said.strip().splitlines()
    last = lines[-1].removeprefix("understudy: ").rstrip(".") if lines else ""
    why = f"signal {-status}" if status < 0 else last or f"status {status}"
    return Crashed(f"The practice game ended unexpectedly ({why}). Try again.")


def _bring_forward(line: Line, over: Callable[[], bool]) -> None:
    """Wait for the window, and give it the keys."""
    from data.errors import DisplayError
    from data.profile import load_profile
    from gui.practice.match_window import WINDOW_S
    from recorder.window import find_window

    title, ends_s = load_profile(PRACTICE).title, time.monotonic() + WINDOW_S
    while not over():
        try:
            with closing(find_window(title)) as found:
                found.activate()
        except DisplayError:
            if time.monotonic() > ends_s:
                raise
            time.sleep(STEP_S)
        else:
            line.tell(Stage.PLAYING)
            return


@dataclass(frozen=True, slots=True)
class CountRequest:
    """Which matches to play without a window, faster than they would be played."""

    player: str
    """`coach`, `idle`, or the folder of a policy's run."""
    difficulty: str
    seconds: float
    """Of each match."""
    matches: int
    seed: int
    """Of the first match."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Goals of all matches that were played to their end."""

    matches: int
    scored: "Interval"
    """A match, with its 95% interval."""
    conceded: "Interval"


def count_goals(request: CountRequest, line: Line) -> Counted | None:
    """Play matches side by side and add up their goals.

    Stopped early, it counts the matches that were over by then; None where there were none.

    Raises:
        CheckpointError: The run can't be used.
        UnderstudyError: A process that played the matches has died.
    """
    from agent.trial import TrialReport, run_trial
    from gui.practice.trials import MatchPlan, check_player, headless_matches

    check_player(request.player)
    plan = MatchPlan(request.player, request.difficulty, request.seconds)
    scores: list[Score] = []

    def on_match(score: "Score") -> None:
        scores.append(score)
        line.progress(f"{len(scores)} of {request.matches} matches", len(scores) / request.matches)

    with _helpers_end_when_asked(line):
        try:
            run_trial(
                partial(headless_matches, plan),
                player=request.player,
                difficulty=request.difficulty,
                matches=request.matches,
                seed=request.seed,
                on_match=on_match,
            )
        except UnderstudyError:
            if not line.stop_asked():  # which ends the processes that play
                raise
    if not scores:
        return None
    report = TrialReport(request.player, request.difficulty, tuple(scores))
    return Counted(len(scores), report.goals_for, report.goals_against)


@contextmanager
def _helpers_end_when_asked(line: Line) -> Iterator[None]:
    """Tell of the processes that play, and end them at once when a stop is asked for."""
    finished = threading.Event()

    def watch() -> None:
        told: set[int] = set()
        while not finished.wait(STEP_S):
            helpers = active_children()
            new = {each.pid for each in helpers if each.pid is not None} - told
            if new:
                told |= new
                line.tell(Begun(tuple(sorted(new))))
            if line.stop_asked():
                for each in helpers:
                    each.terminate()

    watcher = threading.Thread(target=watch, name="helpers")
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()
