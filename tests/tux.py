"""Tux Football, a game that isn't ours: started on the display that is active, and looked at."""

import cmath
import itertools
import math
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from agent.score_reader import ScoreReader
from agent.trial import Score
from data.frames import Image
from data.profile import load_profile
from recorder.display import VirtualScreen
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
# Colours from the darkest to the brightest: blue, green, red.
OUR_MARKER = (0, 160, 0), (60, 255, 45)
OUR_MARKER_ON_LINE = (0, 185, 0), (110, 255, 110)  # the marker lets a little shine through
THEIR_MARKER = (0, 20, 185), (40, 60, 255)
LINE_OR_BALL = (150, 150, 150), (255, 255, 255)
GOAL = (235, 235, 235), (255, 255, 255)
FEET_PX = 52  # below the marker over a player's head
BALL_PX = 4  # from the middle of the ball to the ground
BAR_PX = 110  # the bar over the goal line, as it is drawn
GOAL_PX = 512
BOX_PX = (525, 500)
"""Half the width of a penalty area, and its depth."""
ACROSS_PX, UPRIGHT_PX = 160, 260
"""Longer rows and columns of pale pixels are lines."""
LOOSE_END_PX = 60
BOARD_PX = (490, 40)  # the score board lies right of and above it, the names below `NAMES_PX`
NAMES_PX = 565
Point = tuple[float, float]
Keys = frozenset[str]
DIRECTIONS = (
    ("right",),
    ("right", "down"),
    ("down",),
    ("down", "left"),
    ("left",),
    ("left", "up"),
    ("up",),
    ("up", "right"),
)


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


@contextmanager
def tux_football_alone() -> Iterator[OpenWindow]:
    """Start the game on a private screen."""
    with (
        VirtualScreen() as screen,
        screen.active(),
        tempfile.TemporaryDirectory() as home,
        tux_football(Path(home)) as window,
    ):
        yield window


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


class Hands(Desk):
    """Hold the keys that are asked for, and no others."""

    def __init__(self) -> None:
        super().__init__()
        self._held: Keys = frozenset()

    def hold(self, keys: Keys) -> None:
        """Release what is held beside these keys, then press the missing ones."""
        for key in sorted(self._held - keys):
            self.release(key)
        for key in sorted(keys - self._held):
            self.press(key)
        self._held = keys


def towards(way: complex) -> Keys:
    """Return the arrow keys nearest to a direction: pixels to the right, and i times down."""
    return frozenset(DIRECTIONS[round(cmath.phase(way) / (math.pi / 4)) % 8])


def course(keys: Keys) -> complex:
    """Return the direction that arrow keys run in, of length 1, or 0 for none."""
    way = complex(("right" in keys) - ("left" in keys), ("down" in keys) - ("up" in keys))
    return way / (abs(way) or 1.0)


def along_and_aside(offset: complex, way: complex) -> tuple[float, float]:
    """Return how far an offset leads along a direction of length 1, and aside from it."""
    turned = offset * way.conjugate()
    return turned.real, abs(turned.imag)


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


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal in sight, in pixels of the picture."""

    middle: float
    """Across; known by one post when the other is out of the picture."""
    line: float
    """Down, where the ball is in."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture of 800x600 shows, in its pixels."""

    feet: Point | None
    """Of our player, who has the green marker over his head."""
    rival: Point | None
    """Of the opponent at the ball, who has the red marker."""
    ball: Point | None
    goal: Goal | None
    inwards: int
    """Away from the touchline in sight: 1 is to the right, -1 to the left, 0 when there is none."""


def look(image: Image, ball_before: Point | None = None) -> Seen:
    """Find players, ball, goal and touchline in a picture, BGR, by their colours."""
    pale, white = cv2.inRange(image, *LINE_OR_BALL), cv2.inRange(image, *GOAL)
    for mask in (pale, white):
        mask[: BOARD_PX[1], BOARD_PX[0] :] = 0
        mask[NAMES_PX:] = 0
    balls, goal = [], None
    for left, top, width, height, area in _parts(pale):
        if 6 <= width <= 12 and 6 <= height <= 12 and 30 <= area <= 75:
            balls.append((left + width / 2, top + height / 2 + BALL_PX))
    for left, top, width, height, _ in _parts(white):
        if width >= 120 and height >= 30:
            goal = _goal(left, top, left + width, top + height)
    return Seen(
        feet=_feet(cv2.inRange(image, *OUR_MARKER) | cv2.inRange(image, *OUR_MARKER_ON_LINE)),
        rival=_feet(cv2.inRange(image, *THEIR_MARKER)),
        ball=min(balls, key=lambda ball: math.dist(ball, ball_before or (400, 300)), default=None),
        goal=goal or _beyond_box(pale),
        inwards=_inwards(pale),
    )


def _goal(left: float, top: float, right: float, bottom: float) -> Goal:
    middle = (left + right) / 2
    if left <= 1:
        middle = right - GOAL_PX / 2
    elif right >= 799:
        middle = left + GOAL_PX / 2
    return Goal(middle=middle, line=bottom if top < 100 else top + BAR_PX)


def _beyond_box(pale: npt.NDArray[np.generic]) -> Goal | None:
    """Say where a goal must be, by a corner of the penalty area."""
    lined = np.nonzero(np.count_nonzero(pale, axis=1) > ACROSS_PX)[0]
    for rows in np.split(lined, np.nonzero(np.diff(lined) > 1)[0] + 1):
        if not 0 < len(rows) < 12:
            continue
        top, bottom = int(rows[0]), int(rows[-1])
        line = np.nonzero(pale[(top + bottom) // 2])[0]
        left, right = int(line[0]), int(line[-1])
        if (left <= 2) == (right >= pale.shape[1] - 3):
            continue
        corner, inside = (right, -1) if left <= 2 else (left, 1)
        upright = pale[:, max(0, corner - 8) : corner + 8].any(axis=1)
        above = upright[max(0, top - LOOSE_END_PX) : top]
        below = upright[bottom + 1 : bottom + 1 + LOOSE_END_PX]
        if min(len(above), len(below)) < 15 or (above.mean() > 0.5) == (below.mean() > 0.5):
            continue
        down = 1 if below.mean() > 0.5 else -1
        return Goal(middle=corner + inside * BOX_PX[0], line=top + down * BOX_PX[1])
    return None


def _parts(mask: npt.NDArray[np.generic]) -> list[list[float]]:
    """Return left, top, width, height and area of each part that hangs together."""
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return []
    _, _, found, _ = cv2.connectedComponentsWithStats(mask[top : top + height, left : left + width])
    found[:, :2] += (left, top)
    parts: list[list[float]] = found[1:].tolist()
    return parts


def _feet(marker: npt.NDArray[np.generic]) -> Point | None:
    """Return where the player stands who has a marker."""
    for left, top, width, height, area in _parts(marker):
        if area >= 60 and 14 <= width <= 32 and height <= 16:
            return (left + width / 2, top + height / 2 + FEET_PX)
    return None


def _inwards(pale: npt.NDArray[np.generic]) -> int:
    """Say on which side of the only long upright line the middle of the picture lies."""
    upright = np.nonzero(np.count_nonzero(pale, axis=0) > UPRIGHT_PX)[0]
    sides = {1 if column < pale.shape[1] / 2 else -1 for column in upright}
    return sides.pop() if len(sides) == 1 else 0
