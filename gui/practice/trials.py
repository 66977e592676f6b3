"""Practice matches of any player, without a window or through the real one."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from agent.desktop import play_desktop
from agent.key_sink import PynputSink
from agent.loop import PlaySettings, play
from agent.runner import Runner
from agent.trial import Score
from agent.watchdog import Watchdog
from data.errors import DisplayError, UnderstudyError
from data.profile import load_profile
from gui.practice.demonstration import PROFILE
from gui.practice.devices import SIZE, HeadlessGame
from gui.practice.players import CoachPlayer, Player, RandomPlayer
from models.checkpoint import load_run, require_profile
from models.engine import PolicyRunner
from recorder.display import require_display
from recorder.pacing import MonotonicClock, Pacer
from recorder.window import find_window

SCRIPTED = ("coach", "random", "idle")
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


def check_player(player: str) -> None:
    """Make sure that a trial can begin.

    Raises:
        CheckpointError: It is neither a scripted player nor a policy of the practice game.
    """
    if player not in SCRIPTED:
        run = load_run(Path(player), kind="policy")
        require_profile(run.config, load_profile(PROFILE), source=player)


def play_headless(plan: MatchPlan, seed: int, *, runner: Runner | None = None) -> Score:
    """Play one match on simulated devices.

    Args:
        plan: Which match.
        seed: Of the match and of the player.
        runner: The policy, when one plays; it starts afresh.
    """
    player: Player | None = None
    if plan.player == "coach":
        player = CoachPlayer(seed, plan.size)
    elif plan.player == "random":
        player = RandomPlayer(load_profile(PROFILE), seed)
    game = HeadlessGame(plan.difficulty, plan.seconds, seed, size=plan.size, player=player)
    if runner is None:
        game.run()
    else:
        play(
            runner=runner,
            screen=game.screen,
            sink=game.sink,
            window=None,
            human=None,
            clock=game.clock,
            settings=PlaySettings(log_inline=True),
            log=None,
            stop=lambda: game.over,
        )
    return Score(*game.state.score)


_runners: dict[str, PolicyRunner] = {}  # one policy per worker process, loaded once


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _play_in_worker(plan: MatchPlan, seed: int) -> Score:
    if plan.player in SCRIPTED:
        return play_headless(plan, seed)
    if plan.player not in _runners:
        _runners[plan.player] = PolicyRunner.load(Path(plan.player), threads=plan.threads)
    return play_headless(plan, seed, runner=_runners[plan.player])


def headless_matches(
    plan: MatchPlan, seeds: Sequence[int], on_match: Callable[[Score], None]
) -> list[Score]:
    """Play matches side by side, one process to a core; scores come in the order of the seeds."""
    workers = min(len(seeds), os.cpu_count() or 1)
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=_leave_interrupts_to_the_parent,
    ) as pool:
        jobs = {pool.submit(_play_in_worker, plan, seed): seed for seed in seeds}
        scores = {}
        try:
            for job in as_completed(jobs):
                scores[jobs[job]] = job.result()
                on_match(scores[jobs[job]])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [scores[seed] for seed in seeds]


@contextmanager
def practice_window(
    plan: MatchPlan, seed: int, result: Path, *, truth: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Open the real window for one match; it is closed on leaving."""
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
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as window:
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
    if not result.is_file():
        raise DisplayError("the practice window closed before full time.")
    found = json.loads(result.read_text(encoding="utf-8"))
    return Score(found["goals_for"], found["goals_against"])


def real_matches(
    plan: MatchPlan,
    seeds: Sequence[int],
    on_match: Callable[[Score], None],
    *,
    stop: Callable[[], bool] = lambda: False,
) -> list[Score]:
    """Play matches one after another in the real window, with real keys.

    Raises:
        DisplayError: There is no display.
        UnderstudyError: It was stopped.
    """
    require_display()
    clock = MonotonicClock()
    runner = None if plan.player in SCRIPTED else PolicyRunner.load(Path(plan.player))
    scores = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "result.json"
            with practice_window(plan, seed, result) as window:
                if runner is not None:
                    play_desktop(
                        runner,
                        runner.profile,
                        settings=PlaySettings(),
                        log=None,
                        stop=stop,
                        wait_s=WINDOW_S,
                    )
                elif plan.player == "random":
                    _press_at_random(seed, stop=lambda: window.poll() is not None or stop())
                while window.poll() is None and not stop():
                    clock.sleep_until_ns(clock.now_ns() + 100_000_000)
                if stop():
                    raise UnderstudyError("stopped before the last match.")
                scores.append(read_result(window, result))
        on_match(scores[-1])
    return scores


def _press_at_random(seed: int, *, stop: Callable[[], bool]) -> None:
    profile = load_profile(PROFILE)
    player = RandomPlayer(profile, seed)
    held: set[str] = set()
    clock = MonotonicClock()
    pacer = Pacer(clock, 20.0)
    with (
        closing(find_window(profile.title, WINDOW_S)) as game,
        closing(PynputSink(Watchdog())) as sink,
    ):
        while not stop() and not game.gone():
            pacer.wait()
            for event in player.act(clock.now_ns(), list):
                (held.add if event.down else held.discard)(event.key)
            sink.set_held(frozenset(held) if game.focused() else frozenset())
