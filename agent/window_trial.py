"""Matches of any game in its window, with the goals read from the screen."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing

from agent.decision import settings_for
from agent.desktop import play_desktop
from agent.guard import Reason
from agent.key_sink import PynputSink
from agent.loop import PlaySettings
from agent.report import PlayReport
from agent.runner import Runner
from agent.score_reader import ScoreReader, ScoreWatch
from agent.trial import Score, TrialStopped
from agent.watchdog import Watchdog
from data.errors import DisplayError, ProfileError, UnderstudyError
from data.profile import GameProfile
from data.score_board import ScoreBoard
from recorder.display import require_display
from recorder.keyboard import PynputKeys
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.window import OpenWindow, find_window

LOOK_S = 0.2
TAP_S, BETWEEN_TAPS_S = 0.12, 1.0
RUNNING_S = 3.0
"""How long to look for the score of a match that runs already."""
BEGIN_S = 60.0
"""How long a match may take to begin, with its score in sight."""
AGAIN_S = 20.0
"""The keys that begin a match are tapped again after so long: the last one may still be ending."""
WINDOW_S = 20.0


def board_of(profile: GameProfile) -> ScoreBoard:
    """Return where a game shows its score.

    Raises:
        ProfileError: The profile does not say.
    """
    if profile.score is None:
        raise ProfileError(
            f"profile {profile.name}: it does not say where the score stands. Add a part [score]; "
            "'understudy profile digits' makes its pictures."
        )
    return profile.score


def window_matches(
    runner: Runner,
    profile: GameProfile,
    seeds: Sequence[int],
    on_match: Callable[[Score], None],
    *,
    seconds: float,
    stop: Callable[[], bool],
) -> list[Score]:
    """Play as many matches as there are seeds, which the game itself knows nothing of.

    No key is pressed while the score is out of sight, so that none gets into a menu. A match that
    runs already is played on, and counted from there. The stop key ends them all, between two
    matches as well; a match that was cut short is not counted.

    Args:
        runner: The policy.
        profile: Of the game; names the window and the score board.
        seeds: One for each match.
        on_match: Told of each match as it ends.
        seconds: How long to play a match at most; it ends before when the score
            falls or stays out of sight.
        stop: Asked all the while.

    Raises:
        DisplayError: No display.
        ProfileError: The profile names no score board.
        TrialStopped: It was stopped, the window was closed or not there, or its score could not be
            read; the matches that were over by then are told with it.
    """
    board = board_of(profile)
    require_display()
    match = _Match(
        runner, profile, board, PlaySettings(seconds=seconds, decision=settings_for(profile))
    )
    scores: list[Score] = []
    with closing(PynputKeys((), watched=[profile.stop_key])) as keys:

        def asked() -> Reason | None:
            if keys.presses(profile.stop_key):
                return Reason.STOP_KEY
            return Reason.STOPPED if stop() else None

        for _ in seeds:
            try:
                scores.append(match.play(asked))
            except UnderstudyError as error:
                wished = asked() is not None
                raise TrialStopped(str(error), scores, matches=len(seeds), asked=wished) from error
            on_match(scores[-1])
    return scores


class _Match:
    """Plays one match after another; see `window_matches`."""

    def __init__(
        self, runner: Runner, profile: GameProfile, board: ScoreBoard, settings: PlaySettings
    ) -> None:
        self._runner, self._profile, self._settings = runner, profile, settings
        self._reader, self._start = ScoreReader(board), board.start

    def play(self, asked: Callable[[], Reason | None]) -> Score:
        """Play a match to its end.

        Args:
            asked: Says why to stop; None while there is no reason to.

        Raises:
            UnderstudyError: It was cut short, or did not begin.
        """
        _refuse(asked())
        with closing(find_window(self._profile.title, WINDOW_S)) as window:
            window.activate()
            watcher = _Watcher(self._reader, window)
            try:
                watcher.begin(self._start, lambda: asked() is not None)
                _refuse(asked())
                self._runner.reset()
                report = play_desktop(
                    self._runner,
                    self._profile,
                    settings=self._settings,
                    log=None,
                    stop=lambda: watcher.over or asked() is not None,
                    hands_off=lambda: watcher.away,
                )
                _refuse(asked() or _ending(report))
                watcher.check()
            finally:
                watcher.end()
        return watcher.score()


def _ending(report: PlayReport) -> Reason | None:
    """Return why play ended, if not with its match."""
    cut = report.stop_reason in (Reason.STOP_KEY, Reason.WINDOW_GONE)
    return report.stop_reason if cut else None


def _refuse(reason: Reason | None) -> None:
    if reason is not None:
        raise UnderstudyError(str(reason))


def _tap(keys: Sequence[str], window: OpenWindow, stop: Callable[[], bool]) -> None:
    """Tap keys one after another, slowly enough for a menu, and into no other window."""
    if not keys:
        return
    with closing(PynputSink(Watchdog(), focused=window.focused)) as sink:
        for key in keys:
            time.sleep(BETWEEN_TAPS_S)
            if stop() or not window.focused():
                return
            sink.set_held(frozenset({key}))
            time.sleep(TAP_S)
            sink.release_all()


class _Watcher:
    """Reads the score a few times a second, on a thread and a connection of its own."""

    def __init__(self, reader: ScoreReader, window: OpenWindow) -> None:
        self._reader, self._window = reader, window
        self._watch = ScoreWatch()
        self._ending = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="score", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether the match has ended, or can't be watched any more."""
        return self._watch.over or self._error is not None

    @property
    def away(self) -> bool:
        """Whether the score is out of sight."""
        return self._watch.away

    def begin(self, keys: Sequence[str], stop: Callable[[], bool]) -> None:
        """Begin a match, unless one runs: tap keys until a score has been read.

        Raises:
            DisplayError: None was, or the window can't be seen.
        """
        until_s = time.monotonic() + BEGIN_S
        wait_s = RUNNING_S
        while not self._wait(wait_s, stop):
            if time.monotonic() > until_s:
                raise DisplayError(
                    "no score can be read in the window. Begin a match, and check the areas and "
                    "digits of the profile's [score]."
                )
            _tap(keys, self._window, stop)
            wait_s = AGAIN_S

    def _wait(self, seconds: float, stop: Callable[[], bool]) -> bool:
        """Say whether a score was read in time, or somebody wants to stop."""
        until_s = time.monotonic() + seconds
        while self._watch.score is None and not stop():
            self.check()
            if time.monotonic() > until_s:
                return False
            time.sleep(LOOK_S)
        return True

    def check(self) -> None:
        """Do nothing, unless the window can't be watched any more.

        Raises:
            DisplayError: It can't.
            ProfileError: The pictures of the digits are no good.
        """
        if self._error is not None:
            raise self._error

    def score(self) -> Score:
        """Return the goals of the match."""
        return self._watch.score or Score(0, 0)

    def end(self) -> None:
        """Look no more."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        clock = MonotonicClock()
        try:
            with closing(MssScreen(self._window.rect, clock)) as screen:
                while not self._ending.wait(LOOK_S):
                    self._watch.see(self._reader.read(screen.grab().image), clock.now_ns())
        except (DisplayError, ProfileError) as error:
            self._error = error
