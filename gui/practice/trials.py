"""Practice matches of any player, without a window or through the real one."""

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, ProcessPoolExecutor, wait
from contextlib import closing, contextmanager
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

from agent.desktop import play_desktop
from agent.guard import Reason
from agent.key_sink import PynputSink
from agent.loop import PlaySettings, play
from agent.report import TickView
from agent.runner import Runner
from agent.trial import Score, TrialStopped
from agent.watchdog import Watchdog
from data.errors import UnderstudyError
from data.profile import load_profile
from gui.practice.demonstration import PROFILE
from gui.practice.devices import HeadlessGame
from gui.practice.match_window import WINDOW_S as WINDOW_S
from gui.practice.match_window import MatchPlan as MatchPlan
from gui.practice.match_window import practice_window as practice_window
from gui.practice.match_window import read_result as read_result
from gui.practice.players import CoachPlayer, Player, RandomPlayer
from gui.practice.stages import Stages
from models.checkpoint import load_run, require_profile
from models.engine import PolicyRunner
from recorder.display import require_display
from recorder.pacing import MonotonicClock, Pacer
from recorder.window import find_window

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

SCRIPTED = ("coach", "random", "idle")
LOOK_S = 0.2
STOPPED = "stopped before the last match."
DIED = "a process that played the matches has died. Close other programs, and try again."


def check_player(player: str) -> None:
    """Make sure that a trial can begin.

    Raises:
        CheckpointError: It is neither a scripted player nor a policy of the practice game.
    """
    if player not in SCRIPTED:
        run = load_run(Path(player), kind="policy")
        require_profile(run.config, load_profile(PROFILE), source=player)


def play_headless(
    plan: MatchPlan,
    seed: int,
    *,
    runner: Runner | None = None,
    settings: PlaySettings | None = None,
    on_tick: Callable[[TickView], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Score:
    """Play one match on simulated devices.

    Args:
        plan: Which match.
        seed: Of the match and of the player.
        runner: The policy, when one plays; it starts afresh.
        settings: How the policy plays; the usual way if None.
        on_tick: Told about every tick of the policy.
        stop: Asked on every tick; the score is then that of an unfinished match.
    """
    player: Player | None = None
    if plan.player == "coach":
        player = CoachPlayer(seed, plan.size)
    elif plan.player == "random":
        player = RandomPlayer(load_profile(PROFILE), seed)
    game = HeadlessGame(plan.difficulty, plan.seconds, seed, size=plan.size, player=player)
    if runner is None:
        game.run(stop=stop)
    else:
        play(
            runner=runner,
            screen=game.screen,
            sink=game.sink,
            window=None,
            human=None,
            clock=game.clock,
            settings=settings or PlaySettings(),
            log=None,
            stop=lambda: game.over or stop(),
            on_tick=on_tick,
        )
    return Score(*game.state.score)


_runners: dict[str, PolicyRunner] = {}  # one policy per worker process, loaded once
_stopped: "Event | None" = None  # set when a worker process is to leave its match


def _begin_worker(stopped: "Event") -> None:
    global _stopped
    _stopped = stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts are for the parent
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """End this process once its parent has gone, killed as it may be."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back: processes begun meanwhile never see one, not even while they import."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _play_in_worker(plan: MatchPlan, seed: int) -> Score:
    assert _stopped is not None
    runner = None
    if plan.player not in SCRIPTED:
        if plan.player not in _runners:
            _runners[plan.player] = PolicyRunner.load(Path(plan.player), threads=plan.threads)
        runner = _runners[plan.player]
    return play_headless(plan, seed, runner=runner, stop=_stopped.is_set)


def headless_matches(
    plan: MatchPlan,
    seeds: Sequence[int],
    on_match: Callable[[Score], None],
    *,
    go_on: Callable[[], None] = lambda: None,
) -> list[Score]:
    """Play matches side by side, one process to a core; scores come in the order of the seeds.

    Args:
        plan: Which matches.
        seeds: One for each match and its player.
        on_match: Told of each match that has ended.
        go_on: Called several times a second; what it raises ends all matches at once.

    Raises:
        UnderstudyError: A process that played has died.
    """
    context = get_context("spawn")
    stopped = context.Event()
    workers = min(len(seeds), os.cpu_count() or 1)
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin_worker, initargs=(stopped,)
    ) as pool:
        scores = {}
        try:
            with _interrupts_held():
                jobs = {pool.submit(_play_in_worker, plan, seed): seed for seed in seeds}
            waiting = set(jobs)
            while waiting:
                ended, waiting = wait(waiting, LOOK_S, FIRST_COMPLETED)
                for job in ended:
                    scores[jobs[job]] = job.result()
                    on_match(scores[jobs[job]])
                go_on()
        except BrokenExecutor as error:
            go_on()  # what ended them was perhaps meant for all
            raise UnderstudyError(DIED) from error
        except BaseException:
            stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [scores[seed] for seed in seeds]


def counted_matches(
    stages: Stages, name: str, plan: MatchPlan, seeds: Sequence[int]
) -> list[list[int]]:
    """Play matches as one stage of a long command.

    Returns:
        The goals for and against of each, in the order of the seeds.

    Raises:
        UnderstudyError: It is to stop.
    """
    with stages.step(name) as done:
        ended: list[Score] = []

        def count(score: Score) -> None:
            ended.append(score)
            done(len(ended) / len(seeds))

        scores = headless_matches(plan, seeds, count, go_on=stages.go_on)
    return [[score.goals_for, score.goals_against] for score in scores]


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
        TrialStopped: It was stopped, or the stop key was pressed; the matches that were over by
            then are told with it.
    """
    require_display()
    clock = MonotonicClock()
    runner = None if plan.player in SCRIPTED else PolicyRunner.load(Path(plan.player))
    scores: list[Score] = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "result.json"
            with practice_window(plan, seed, result) as window:
                if runner is not None:
                    report = play_desktop(
                        runner,
                        runner.profile,
                        settings=PlaySettings(),
                        log=None,
                        stop=stop,
                        wait_s=WINDOW_S,
                    )
                    if report.stop_reason is Reason.STOP_KEY:
                        raise _stopped_by(str(Reason.STOP_KEY), scores, seeds)
                elif plan.player == "random":
                    _press_at_random(seed, stop=lambda: window.poll() is not None or stop())
                while window.poll() is None and not stop():
                    clock.sleep_until_ns(clock.now_ns() + 100_000_000)
                if stop():
                    raise _stopped_by(STOPPED, scores, seeds)
                scores.append(read_result(window, result))
        on_match(scores[-1])
    return scores


def _stopped_by(why: str, scores: Sequence[Score], seeds: Sequence[int]) -> TrialStopped:
    return TrialStopped(why, scores, matches=len(seeds), asked=True)


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
