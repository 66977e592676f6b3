"""A person at Tux Football: plays by simulated keys, from what the pixels show.

python -m tests.bench.tux_player record OUT.h5 --seconds 600
python -m tests.bench.tux_player trial RUN --matches 3 --seconds 200
python -m tests.bench.tux_player play RUN --seconds 150 --log FLIGHT.h5 --temperature 1

Each starts the game on a private screen, and `understudy` beside it.
"""

import math
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import numpy.typing as npt
import typer

from agent.score_reader import ScoreReader
from agent.trial import Score
from data.frames import Image
from recorder.display import VirtualScreen
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.window import OpenWindow
from tests.tux import PROFILE, begin_match, tux_football
from tests.x11 import Desk

LOOKS_HZ = 25.0
REACTION_S = 0.15
# Colours from the darkest to the brightest: blue, green, red.
OUR_MARKER = (0, 160, 0), (60, 255, 45)
OUR_MARKER_ON_LINE = (0, 185, 0), (110, 255, 110)  # the marker lets a little shine through
THEIR_MARKER = (0, 20, 185), (40, 60, 255)
LINE_OR_BALL = (150, 150, 150), (255, 255, 255)
GOAL = (235, 235, 235), (255, 255, 255)
FEET_PX = 52  # below the marker over a player's head
NEAR_PX = 26
SHOOT_PX = 330
UPRIGHT_PX = 260
BOARD_PX = (490, 40)  # the score board lies right of and above it, the names below `NAMES_PX`
NAMES_PX = 565
STILL_S = 2.0
PAUSE_S = 2.0
"""A score that was away for longer comes back after half-time."""
MENU_S = 20.0
"""A score that was away for longer is that of a match that has ended."""
Point = tuple[float, float]
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
app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture of 800x600 shows, in its pixels."""

    feet: Point | None
    """Of our player, who has the green marker over his head."""
    rival: Point | None
    """Of the opponent at the ball, who has the red marker."""
    ball: Point | None
    goal: Point | None
    """The middle of the goal in sight."""
    inwards: int
    """Away from the touchline in sight: 1 is to the right, -1 to the left, 0 when there is none."""


def look(image: Image, ball_before: Point | None = None) -> Seen:
    """Find players, ball, goal and touchline in a picture, BGR, by their colours."""
    pale = cv2.inRange(image, *LINE_OR_BALL)
    pale[: BOARD_PX[1], BOARD_PX[0] :] = 0
    pale[NAMES_PX:] = 0
    balls, goal = [], None
    for left, top, width, height, area in _parts(pale):
        if 6 <= width <= 12 and 6 <= height <= 12 and 30 <= area <= 75:
            balls.append((left + width / 2, top + height / 2))
    for left, top, width, height, _ in _parts(cv2.inRange(image, *GOAL)):
        if width >= 120 and height >= 30:
            goal = (left + width / 2, top + height / 2)
    return Seen(
        feet=_feet(cv2.inRange(image, *OUR_MARKER) | cv2.inRange(image, *OUR_MARKER_ON_LINE)),
        rival=_feet(cv2.inRange(image, *THEIR_MARKER)),
        ball=min(balls, key=lambda ball: math.dist(ball, ball_before or (400, 300)), default=None),
        goal=goal,
        inwards=_inwards(pale),
    )


def _parts(mask: npt.NDArray[np.generic]) -> list[list[float]]:
    """Return left, top, width, height and area of each part that hangs together."""
    found: list[list[float]] = cv2.connectedComponentsWithStats(mask)[2][1:].tolist()
    return found


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


def towards(across: float, down: float) -> frozenset[str]:
    """Return the arrow keys nearest to a direction."""
    return frozenset(DIRECTIONS[round(math.atan2(down, across) / (math.pi / 4)) % 8])


class Player:
    """Decides which keys to hold; blue plays down the screen first, and up after half-time."""

    def __init__(self) -> None:
        self.upwards = False
        self._ball: Point | None = None
        self._ball_s = -math.inf
        self._had_s: float | None = None
        self._kick_until_s = -math.inf
        self._here: tuple[Point | None, Point | None] = (None, None)
        self._here_s = math.inf

    def decide(self, image: Image, now_s: float) -> frozenset[str]:
        """Run to the ball, take it towards the goal, and kick."""
        seen = look(image, self._ball)
        if seen.ball is not None:
            self._ball, self._ball_s = seen.ball, now_s
        if self._stands_still(seen, now_s):
            self._kick_until_s = now_s + 0.3
        if seen.ball is None:  # legs hide it, or it flies high
            seen = replace(seen, ball=self._hidden(seen, now_s))
        if now_s < self._kick_until_s:
            return self._aim(seen) | {"ctrl_l"}
        if seen.feet is None or seen.ball is None:
            return frozenset()
        across, down = seen.ball[0] - seen.feet[0], seen.ball[1] - seen.feet[1]
        if math.hypot(across, down) > NEAR_PX:
            self._had_s = None
            return towards(across, down)
        if self._had_s is None:
            self._had_s = now_s
        in_reach = seen.goal is not None and abs(seen.goal[1] - seen.ball[1]) < SHOOT_PX
        if now_s - self._had_s > (0.25 if in_reach else 1.2):
            self._kick_until_s, self._had_s = now_s + (0.3 if in_reach else 0.2), None
        return self._aim(seen)

    def _hidden(self, seen: Seen, now_s: float) -> Point | None:
        """Guess where a ball is that can't be seen."""
        if now_s - self._ball_s < 0.4:
            return self._ball
        return seen.feet if self._had_s is not None or seen.rival is None else seen.rival

    def _stands_still(self, seen: Seen, now_s: float) -> bool:
        """Say whether nothing has moved for a while: the game waits for a kick."""
        here = (seen.feet, seen.ball)
        if here != self._here:
            self._here, self._here_s = here, now_s
        if now_s - self._here_s < STILL_S:
            return False
        self._here_s = now_s
        return True

    def _aim(self, seen: Seen) -> frozenset[str]:
        ahead = -1.0 if self.upwards else 1.0
        if seen.goal is None or seen.ball is None or (seen.goal[1] - seen.ball[1]) * ahead < 0:
            return towards(seen.inwards, ahead)
        return towards(seen.goal[0] - seen.ball[0], seen.goal[1] - seen.ball[1])


class Hands(Desk):
    """Hold the keys that are asked for, and no others."""

    def __init__(self) -> None:
        super().__init__()
        self._held: frozenset[str] = frozenset()

    def hold(self, keys: frozenset[str]) -> None:
        """Release what is held beside these keys, then press the missing ones."""
        for key in sorted(self._held - keys):
            self.release(key)
        for key in sorted(keys - self._held):
            self.press(key)
        self._held = keys


class Person:
    """Plays match after match in the window, on a thread, while the block lasts."""

    def __init__(self, window: OpenWindow) -> None:
        assert PROFILE.score is not None
        self._window = window
        self._reader = ScoreReader(PROFILE.score)
        self._player = Player()
        self._seen_s = -math.inf
        self._score: Score | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._play, name="person")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _play(self) -> None:
        late: deque[tuple[float, frozenset[str]]] = deque()
        with Hands() as hands, closing(MssScreen(self._window.rect, MonotonicClock())) as screen:
            while not self._ending.wait(1 / LOOKS_HZ):
                now_s, image = time.monotonic(), screen.grab().image
                self._follow(self._reader.read(image), now_s)
                if now_s - self._seen_s > MENU_S:
                    hands.hold(frozenset())
                    begin_match(self._window, hands)
                    self._player, self._seen_s = Player(), time.monotonic()
                    continue
                in_play = now_s - self._seen_s < PAUSE_S  # else the keys would move the menu
                keys = self._player.decide(image, now_s) if in_play else frozenset()
                late.append((now_s + REACTION_S, keys))
                while late and late[0][0] <= now_s:
                    hands.hold(late.popleft()[1])

    def _follow(self, score: Score | None, now_s: float) -> None:
        if score is None:
            return
        if now_s - self._seen_s > PAUSE_S:
            self._player.upwards = not self._player.upwards
        self._seen_s = now_s
        if score != self._score:
            typer.echo(f"the person's score: {score.goals_for}-{score.goals_against}")
            self._score = score


@contextmanager
def _game() -> Iterator[OpenWindow]:
    with (
        VirtualScreen() as screen,
        screen.active(),
        tempfile.TemporaryDirectory() as home,
        tux_football(Path(home)) as window,
    ):
        yield window


def _understudy(*words: object) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "understudy", *map(str, words)], check=True)


class Act(StrEnum):
    """What is done with the game."""

    RECORD = "record"
    TRIAL = "trial"
    PLAY = "play"


@app.command()
def main(
    act: Act,
    file: Annotated[Path, typer.Argument(help="The recording to write, or a run.")],
    seconds: Annotated[float, typer.Option(help="How long.")] = 200.0,
    matches: Annotated[int, typer.Option(help="Of a trial.")] = 3,
    log: Annotated[Path, typer.Option(help="The flight log of play.")] = Path("flight.h5"),
    temperature: Annotated[float, typer.Option(help="Of play.")] = 0.0,
) -> None:
    """Record the person, or have a run play matches that are counted, or one with a flight log."""
    with _game() as window:
        if act is Act.RECORD:
            with Person(window):
                words = ("--profile", PROFILE.name, "--out", file, "--countdown", 0)
                _understudy("record", *words, "--seconds", seconds)
        elif act is Act.TRIAL:
            words = ("--matches", matches, "--seconds", seconds, "--json")
            _understudy("trial", file, "--profile", PROFILE.name, *words)
        else:
            with Desk() as desk:
                begin_match(window, desk)
            words = ("--headless", "--seconds", seconds, "--log", log, "--temperature", temperature)
            _understudy("play", file, "--profile", PROFILE.name, *words)


if __name__ == "__main__":
    app()
