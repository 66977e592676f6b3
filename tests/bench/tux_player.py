"""A person at Tux Football: plays by simulated keys, from what the pixels show.

python -m tests.bench.tux_player record OUT.h5 --seconds 180
python -m tests.bench.tux_player trial RUN --matches 3 --seconds 185
python -m tests.bench.tux_player play RUN --seconds 160 --log FLIGHT.h5 --temperature 1

Each starts the game on a private screen, and `understudy` beside it.
"""

import math
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import closing
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from agent.score_reader import ScoreReader
from agent.trial import Score
from data.frames import Image
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.window import OpenWindow
from tests.tux import (
    GOAL_PX,
    PROFILE,
    Hands,
    Keys,
    Point,
    Seen,
    along_and_aside,
    begin_match,
    course,
    look,
    towards,
    tux_football_alone,
)
from tests.x11 import Desk

KICK = "ctrl_l"
LOOKS_HZ = 40.0
REACTION_S = 0.15
RUN_PX_S = 330
SLIDE_PX_S = 900
FASTEST_PX_S = 600
TOUCH_PX = 18
"""A running player takes a ball with him that is so near."""
REACH_PX = 31
"""He can kick it, too, at this distance; farther away the key makes him slide."""
SLIDE_PX = 40, 95
SLIDE_ASIDE_PX = 11
SHOOT_PX = 700
"""A full kick flies over the keeper's hands for most of this, and bounces on."""
BESIDE_POST_PX = 50
PRESSED_PX = 80
JUMP_PX = 60
"""A marker that moves farther between two looks is another player's."""
KEEP_DEGREES = 33
KICK_S, KICK_AGAIN_S = 0.2, 0.45
HIDDEN_S = 0.3
INWARDS_S = 2.0
STILL_S = 0.8
STILL = 1.0
"""Mean difference of two pictures, of 255, below which nothing has moved but single players."""
PAUSE_S = 2.0
"""Without a score for longer, nothing is pressed."""
HALF_TIME_S = 6.0
"""A score that was away for longer comes back after half-time."""
MENU_S = 20.0
"""A score that was away for longer is that of a match that has ended."""
app = typer.Typer(add_completion=False)


class BallTracker:
    """Says where the ball will be beside our player when a decision of now is pressed.

    The camera moves, so the ball's own speed is what its offset from the player gains, and what the
    player has run meanwhile by his keys.
    """

    def __init__(self) -> None:
        self.speed = 0j
        self._decided: deque[tuple[float, Keys]] = deque(maxlen=30)
        self._before: tuple[float, complex, complex] | None = None

    def decided(self, now_s: float, keys: Keys) -> None:
        """Take note of keys that are held `REACTION_S` from now on."""
        self._decided.append((now_s, keys))

    @property
    def arrows(self) -> Keys:
        """The arrow keys decided last."""
        return self._decided[-1][1] - {KICK} if self._decided else frozenset()

    def lost(self) -> None:
        """Forget where ball and player were."""
        self._before = None

    def offset(self, feet: complex, ball: complex, now_s: float) -> complex:
        """Return the ball's place beside the player, `REACTION_S` from now, in pixels."""
        offset = ball - feet
        if self._before is not None:
            before_s, before, feet_before = self._before
            if abs(feet - feet_before) < JUMP_PX:
                ran = self._ran(before_s - REACTION_S, now_s - REACTION_S)
                speed = (offset - before + ran) / (now_s - before_s)
                slower = max(1.0, abs(speed) / FASTEST_PX_S)
                self.speed = (self.speed + speed / slower) / 2
            else:
                self.speed = 0j
        self._before = (now_s, offset, feet)
        return offset + self.speed * REACTION_S - self._ran(now_s - REACTION_S, now_s)

    def _ran(self, from_s: float, until_s: float) -> complex:
        """Return how far our player runs by what was decided between two times."""
        way = 0j
        for at_s, keys in reversed(self._decided):
            way += course(keys) * RUN_PX_S * max(0.0, until_s - max(at_s, from_s))
            until_s = min(until_s, at_s)
            if at_s <= from_s:
                break
        return way


class Player:
    """Decides which keys to hold.

    Args:
        upwards: The goal to score in is the upper one. Blue plays down the screen first, and ends
            are changed at half-time.
    """

    def __init__(self, *, upwards: bool = False) -> None:
        self.upwards = upwards
        self._ball: Point | None = None
        self._ball_s = -math.inf
        self._tracker = BallTracker()
        self._kick: Keys = frozenset()
        self._kick_s = -math.inf
        self._inwards, self._inwards_s = 0, -math.inf
        self._coarse: npt.NDArray[np.int16] | None = None
        self._moved_s = math.inf

    def decide(self, image: Image, now_s: float) -> Keys:
        """Run to the ball, take it towards the goal, and kick."""
        seen = look(image, self._ball)
        if seen.ball is not None:
            self._ball, self._ball_s = seen.ball, now_s
        if seen.inwards:
            self._inwards, self._inwards_s = seen.inwards, now_s
        if self._stands_still(image, now_s):
            self._kick, self._kick_s = self._ahead(seen, now_s) | {KICK}, now_s
        keys = self._kick if now_s < self._kick_s + KICK_S else self._keys(seen, now_s)
        self._tracker.decided(now_s, keys)
        return keys

    def _keys(self, seen: Seen, now_s: float) -> Keys:
        if seen.ball is None:  # legs hide it, or it flies high
            lately = now_s - self._ball_s < HIDDEN_S
            seen = replace(seen, ball=self._ball if lately else seen.rival or seen.feet)
        if seen.feet is None or seen.ball is None:
            self._tracker.lost()
            return self._tracker.arrows
        offset = self._tracker.offset(complex(*seen.feet), complex(*seen.ball), now_s)
        kick = self._kick_now(seen, offset, now_s)
        if kick is not None and now_s > self._kick_s + KICK_AGAIN_S:
            self._kick, self._kick_s = kick | {KICK}, now_s
            return self._kick
        aim = self._ahead(seen, now_s)
        along, aside = along_and_aside(offset, course(aim))
        if abs(offset) < TOUCH_PX or (0 < along < REACH_PX and aside < TOUCH_PX):
            return aim
        run_s = min(abs(offset) / RUN_PX_S, 1.0)
        return self._steer(offset + self._tracker.speed * run_s)

    def _steer(self, way: complex) -> Keys:
        """Run in a direction; keep the one of before if it is nearly as good."""
        before = self._tracker.arrows
        along, aside = along_and_aside(way, course(before))
        nearly = along > 0 and aside < along * math.tan(math.radians(KEEP_DEGREES))
        return before if nearly else towards(way)

    def _kick_now(self, seen: Seen, offset: complex, now_s: float) -> Keys | None:
        """Return where to kick the ball or slide at it, if that is to be done."""
        assert seen.feet is not None
        assert seen.ball is not None
        if abs(offset) < REACH_PX and math.dist(seen.feet, seen.ball) < REACH_PX * 1.5:
            shot = self._shot(seen)
            return self._ahead(seen, now_s) if shot is None and self._pressed(seen) else shot
        keys = towards(offset)
        way = course(keys)
        along, _ = along_and_aside(offset, way)
        if not SLIDE_PX[0] < along < SLIDE_PX[1] or way.imag * self._down < 0.5:
            return None
        _, aside = along_and_aside(offset + self._tracker.speed * along / SLIDE_PX_S, way)
        return keys if aside < SLIDE_ASIDE_PX and self._pressed(seen) else None

    @property
    def _down(self) -> int:
        """1 when we play down the screen, else -1."""
        return -1 if self.upwards else 1

    def _before_goal(self, seen: Seen) -> float | None:
        """Say how far the ball is from their goal, if that is in sight; below 0 for our own."""
        if seen.goal is None or seen.ball is None:
            return None
        return (seen.goal.line - seen.ball[1]) * self._down

    def _shot(self, seen: Seen) -> Keys | None:
        """Return the arrows of a shot that would go between the posts."""
        before = self._before_goal(seen)
        if before is None or not 0 < before < SHOOT_PX:
            return None
        assert seen.goal is not None
        assert seen.ball is not None
        wide = seen.ball[0] - seen.goal.middle
        across = min((0, -1, 1), key=lambda across: abs(wide + across * before))
        if abs(wide + across * before) > GOAL_PX / 2 - BESIDE_POST_PX:
            return None
        return towards(complex(across, self._down))

    def _pressed(self, seen: Seen) -> bool:
        """Say whether an opponent is at the ball, or our own goal is near."""
        before = self._before_goal(seen)
        if before is not None and before < 0:
            return True
        if seen.rival is None or seen.ball is None:
            return False
        return math.dist(seen.rival, seen.ball) < PRESSED_PX

    def _stands_still(self, image: Image, now_s: float) -> bool:
        """Say whether the picture has stood still for a while: the game waits for a kick."""
        coarse = image[::8, ::8, 1].astype(np.int16)
        before, self._coarse = self._coarse, coarse
        if before is None or np.abs(coarse - before).mean() > STILL:
            self._moved_s = now_s
        return now_s - self._moved_s > STILL_S and now_s > self._kick_s + KICK_AGAIN_S

    def _ahead(self, seen: Seen, now_s: float) -> Keys:
        """Return the arrows that lead to their goal."""
        shot = self._shot(seen)
        if shot is not None:
            return shot
        before = self._before_goal(seen)
        if before is None or before < 0:
            inwards = self._inwards if now_s - self._inwards_s < INWARDS_S else 0
            return towards(complex(inwards, self._down))
        assert seen.goal is not None
        assert seen.ball is not None
        return towards(complex(seen.goal.middle - seen.ball[0], before * self._down))


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
        late: deque[tuple[float, Keys]] = deque()
        with Hands() as hands, closing(MssScreen(self._window.rect, MonotonicClock())) as screen:
            while not self._ending.wait(1 / LOOKS_HZ):
                now_s, image = time.monotonic(), screen.grab().image
                self._follow(self._reader.read(image), now_s)
                if now_s - self._seen_s > MENU_S:
                    hands.hold(frozenset())
                    begin_match(self._window, hands)
                    # The ends stay as they were: a match begins as the one before it ended.
                    self._player = Player(upwards=self._player.upwards)
                    self._seen_s = time.monotonic()
                    continue
                in_play = now_s - self._seen_s < PAUSE_S  # else the keys would move the menu
                keys = self._player.decide(image, now_s) if in_play else frozenset()
                late.append((now_s + REACTION_S, keys))
                while late and late[0][0] <= now_s:
                    hands.hold(late.popleft()[1])

    def _follow(self, score: Score | None, now_s: float) -> None:
        if score is None:
            return
        if now_s - self._seen_s > HALF_TIME_S:
            self._player.upwards = not self._player.upwards
        self._seen_s = now_s
        if score != self._score:
            typer.echo(f"the person's score: {score.goals_for}-{score.goals_against}")
            self._score = score


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
    with tux_football_alone() as window:
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
