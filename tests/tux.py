"""Tux Football, a game that isn't ours, started on the display that is active."""

import itertools
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from agent.score_reader import ScoreReader
from agent.trial import Score
from data.frames import Image
from data.profile import load_profile
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.window import OpenWindow, find_window
from tests.x11 import Desk

GAME = Path("/usr/games/tuxfootball")
PROFILE = load_profile("tuxfootball")
PATIENCE_S = 60.0
AGAIN_S = 20.0
Found = TypeVar("Found")
ARROWS = ("up", "right", "down", "left")


@contextmanager
def tux_football(home: Path) -> Iterator[OpenWindow]:
    """Start the game, and wait for its menu; end it with the block.

    Args:
        home: The folder that the game keeps its settings in.
    """
    environment = dict(os.environ, SDL_AUDIODRIVER="dummy", HOME=str(home))
    quiet = subprocess.DEVNULL
    game = subprocess.Popen([GAME], env=environment, stdout=quiet, stderr=quiet)
    try:
        with closing(find_window(PROFILE.title, PATIENCE_S)) as window:
            _wait_for(window, lambda image: image.mean() > 40 or None, PATIENCE_S)  # the grass
            yield window
    finally:
        game.kill()
        game.wait()


def begin_match(window: OpenWindow, desk: Desk) -> None:
    """Begin a match from the menu, and wait until its score is shown."""
    for _ in range(3):
        desk.press("enter")
        time.sleep(0.15)  # the game asks for keys once a frame
        desk.release("enter")
        with suppress(TimeoutError):
            shown_score(window)
            return
    raise AssertionError("no match has begun")


def shown_score(window: OpenWindow) -> Score:
    """Read the score from the window, waiting until one is shown.

    Raises:
        TimeoutError: None was.
    """
    assert PROFILE.score is not None
    reader = ScoreReader(PROFILE.score)
    return _wait_for(window, reader.read, AGAIN_S)


@contextmanager
def arrows_held() -> Iterator[None]:
    """Play without sense: hold one arrow after another, and kick now and then, on a thread."""
    ending = threading.Event()

    def play() -> None:
        with Desk() as desk:
            for turn, arrow in enumerate(itertools.cycle(ARROWS)):
                desk.press(arrow)
                kicks = turn % 2 == 0
                if kicks:
                    desk.press("ctrl_l")
                ended = ending.wait(0.2)
                if kicks:
                    desk.release("ctrl_l")
                ended = ended or ending.wait(0.4)
                desk.release(arrow)
                if ended:
                    return

    with _thread(play, ending):
        yield


@contextmanager
def keys_watched() -> Iterator[set[int]]:
    """Collect the codes of all keys that are down at some time, on a thread."""
    ending, seen = threading.Event(), set[int]()

    def watch() -> None:
        with Desk() as desk:
            while not ending.wait(0.02):
                seen.update(desk.down())

    with _thread(watch, ending):
        yield seen


@contextmanager
def _thread(act: Callable[[], None], ending: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _wait_for(window: OpenWindow, find: Callable[[Image], Found | None], within_s: float) -> Found:
    """Return what is found in the window's picture, once it is."""
    until_s = time.monotonic() + within_s
    with closing(MssScreen(window.rect, MonotonicClock())) as screen:
        while time.monotonic() < until_s:
            if window.rect() is not None and (found := find(screen.grab().image)) is not None:
                return found
            time.sleep(0.1)
    raise TimeoutError
