"""Matches of any game in its window, with the goals read from the screen."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing

from agent.decision import settings_for
from agent.desktop import play_desktop
from agent.key_sink import PynputSink
from agent.loop import PlaySettings
from agent.runner import Runner
from agent.score_reader import ScoreReader, ScoreWatch
from agent.trial import Score
from agent.watchdog import Watchdog
from data.errors import DisplayError, ProfileError
from data.profile import GameProfile
from data.score_board import ScoreBoard
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
    runs already is played on, and counted from there.

    Args:
        runner: The policy.
        profile: Of the game; names the window and the score board.
        seeds: One for each match.
        on_match: Told of each match as it ends.
        seconds: How long to play a match at most; it ends before when the score
            falls or stays out of sight.
        stop: Asked all the while.

    Raises:
        DisplayError: No display, no such window, or no score could be read in time.
        ProfileError: The profile names no score board.
    """
    board = board_of(profile)
    settings = PlaySettings(seconds=seconds, decision=settings_for(profile))
    reader, scores = ScoreReader(board), []
    for _ in seeds:
        if stop():
            break
        with closing(find_window(profile.title, WINDOW_S)) as window:
            window.activate()
            watcher = _Watcher(reader, window)
            try:
                watcher.begin(board.start, stop)
                runner.reset()
                play_desktop(
                    runner,
                    profile,
                    settings=settings,
                    log=None,
                    stop=lambda watcher=watcher: stop() or watcher.over,  # type: ignore[misc]
                    hands_off=lambda watcher=watcher: watcher.away,  # type: ignore[misc]
                )
            finally:
                watcher.end()
        if stop():
            break
        scores.append(watcher.score())
        on_match(scores[-1])
    return scores


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
            if self._error is not None:
                raise self._error
            if time.monotonic() > until_s:
                return False
            time.sleep(LOOK_S)
        return True

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
