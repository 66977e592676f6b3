"""The practice game without a window: a screen, a keyboard and a clock, faster than real time.

The recorder and the live loop run on these devices as they do on real ones. Pictures are drawn only
when somebody takes one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PyQt6.QtGui import QPainter
from PyQt6.QtWidgets import QApplication

from data.boxes import Box, BoxOrigin
from data.frames import FrameSize, placement
from data.keys import By, KeyEvent
from gui.practice.drawing import Artist
from gui.practice.match import Match
from gui.practice.pixels import bgr
from gui.practice.players import Player, changes
from gui.practice.state import STEPS_PER_SECOND, MatchState
from gui.practice.view import LEAST_VISIBLE, PixelRect, SeenBox, cut, visible_objects
from recorder.screen import Frame

SIZE = (960, 540)
SECOND_NS = 1_000_000_000
_application: list[QApplication] = []  # Qt's own reference does not keep it alive


def ensure_application() -> None:
    """Start Qt without a display, which drawing letters needs, unless it runs already."""
    if QApplication.instance() is None:
        _application.append(QApplication(["understudy", "-platform", "offscreen"]))


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of the picture, as shares of its width and height."""

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        inside = self.left + self.width <= 1 and self.top + self.height <= 1
        if min(self.left, self.top) < 0 or min(self.width, self.height) < 0.1 or not inside:
            raise ValueError(f"a crop lies inside the picture and spans a tenth of it, got {self}")

    def pixels(self, size: tuple[int, int]) -> PixelRect:
        """Return whole pixels of a picture of `size` (width, height)."""
        left, top = round(self.left * size[0]), round(self.top * size[1])
        width, height = round(self.width * size[0]), round(self.height * size[1])
        return PixelRect(left, top, left + width, top + height)


class SimulatedClock:
    """A clock that stands still until somebody waits."""

    def __init__(self, on_wait: Callable[[int], None]) -> None:
        """Have `on_wait(until_ns)` called on every wait."""
        self._now_ns = 0
        self._on_wait = on_wait

    def now_ns(self) -> int:
        """Return the simulated time."""
        return self._now_ns

    def sleep_until_ns(self, at_ns: int) -> None:
        """Let everything happen that happens until then."""
        self._on_wait(at_ns)
        self._now_ns = max(self._now_ns, at_ns)


class HeadlessGame:
    """A match on simulated devices: `screen`, `keys`, `sink` and `clock`.

    Step n happens at n / 60 s of the clock, with the keys that are held then.
    """

    def __init__(
        self,
        difficulty: str = "beginner",
        seconds: float = 60.0,
        seed: int = 0,
        *,
        size: tuple[int, int] = SIZE,
        player: Player | None = None,
        kits: int | None = None,
        crop: Crop | None = None,
    ) -> None:
        """Prepare a match.

        Args:
            difficulty: One of `gui.practice.difficulty.DIFFICULTIES`.
            seconds: Length of the match.
            seed: Of the match and of the teams' looks.
            size: Width and height of the pictures, before they are cropped.
            player: Who presses keys besides the sink; None for nobody. He sees the whole picture.
            kits: Dresses the teams in other kits than the seed does.
            crop: The part of the picture that the screen shows; None for all.
        """
        self.frame = PixelRect(0, 0, *size) if crop is None else crop.pixels(size)
        self.size = round(self.frame.x2 - self.frame.x1), round(self.frame.y2 - self.frame.y1)
        self.drawn_size = size
        self.seed = seed
        self.kits = kits
        self.clock = SimulatedClock(self._run_until)
        self.keys = HeadlessKeys()
        self.screen = HeadlessScreen(self)
        self.sink = HeadlessSink(self.keys, self.clock)
        self._match = Match(difficulty, seconds, seed)
        self._player = player
        self._steps = 0

    @property
    def state(self) -> MatchState:
        """The match as it is now."""
        return self._match.state

    @property
    def over(self) -> bool:
        """Whether the match has ended."""
        return self.state.over

    def seen(self) -> list[SeenBox]:
        """Return the boxes inside the whole picture now, hidden or not; nothing is drawn."""
        return visible_objects(self.state, self.drawn_size)

    def seat(self, player: Player) -> None:
        """Have someone press keys besides the sink from now on: one who must know this game."""
        self._player = player

    def run(self, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Play to the end without anybody watching, or until told to stop."""
        while not self.over and not stop():
            self.clock.sleep_until_ns(self._step_ns(self._steps + 1))

    def _step_ns(self, step: int) -> int:
        return step * SECOND_NS // STEPS_PER_SECOND

    def _run_until(self, at_ns: int) -> None:
        while self._step_ns(self._steps + 1) <= at_ns:
            self._steps += 1
            now_ns = self._step_ns(self._steps)
            if self._player is not None and not self.over:
                self.keys.move(self._player.act(now_ns, self.seen))
            self._match.advance(self.keys.held)


class HeadlessKeys:
    """The simulated keyboard; a key is down while the player or the sink holds it."""

    def __init__(self) -> None:
        self._by: dict[By, set[str]] = {By.HUMAN: set(), By.AGENT: set()}
        self._events: list[KeyEvent] = []
        self.held: frozenset[str] = frozenset()
        """Keys that are down."""

    def move(self, events: list[KeyEvent]) -> None:
        """Move keys."""
        for event in events:
            fingers = self._by[event.by]
            (fingers.add if event.down else fingers.discard)(event.key)
            held = frozenset(self._by[By.HUMAN] | self._by[By.AGENT])
            if held != self.held:
                self._events.append(event)
                self.held = held

    def agents(self) -> frozenset[str]:
        """Return the keys that the sink holds."""
        return frozenset(self._by[By.AGENT])

    def drain(self) -> list[KeyEvent]:
        """Return the events since the last call, in order."""
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Do nothing; nobody listens to a real keyboard."""


class HeadlessSink:
    """Holds keys of the simulated keyboard, from the next step of the match on."""

    def __init__(self, keys: HeadlessKeys, clock: SimulatedClock) -> None:
        self._keys = keys
        self._clock = clock
        self.held: frozenset[str] = frozenset()
        """Keys that the sink holds."""

    def set_held(self, keys: frozenset[str]) -> None:
        """Hold exactly these keys."""
        self._keys.move(changes(self.held, keys, at_ns=self._clock.now_ns(), by=By.AGENT))
        self.held = keys

    def release_all(self) -> None:
        """Hold nothing."""
        self.set_held(frozenset())

    def close(self) -> None:
        """Hold nothing."""
        self.release_all()


class HeadlessScreen:
    """Draws the match when somebody looks."""

    def __init__(self, game: HeadlessGame) -> None:
        self._game = game
        self._artist: Artist | None = None

    def grab(self) -> Frame:
        """Draw the match as it is now."""
        artist = self._drawing()
        image = artist.new_image()
        with QPainter(image) as painter:
            artist.draw(painter, self._game.state)
        left, top, right, bottom = map(int, self._game.frame)
        picture = np.ascontiguousarray(bgr(image)[top:bottom, left:right])
        return Frame(image=picture, at_ns=self._game.clock.now_ns())

    def seen(self) -> list[SeenBox]:
        """Return the boxes of what a picture taken now shows, with what can be seen of each."""
        return cut(self._drawing().seen(self._game.state), self._game.frame)

    def _drawing(self) -> Artist:
        if self._artist is None:
            ensure_application()
            game = self._game
            self._artist = Artist(game.drawn_size, seed=game.seed, kits=game.kits)
        return self._artist

    def close(self) -> None:
        """Let go of the painted pitch."""
        self._artist = None


def stored_boxes(game: HeadlessGame, size: FrameSize) -> list[Box]:
    """Return the true boxes of a picture taken now, in pixels of the stored frame.

    What is as good as hidden has none.
    """
    where = placement(FrameSize(*game.size), size)
    return [
        Box(
            box.class_name,
            box.x1 * where.scale + where.left_px,
            box.y1 * where.scale + where.top_px,
            box.x2 * where.scale + where.left_px,
            box.y2 * where.scale + where.top_px,
            BoxOrigin.TRUTH,
        )
        for box in game.screen.seen()
        if box.visible >= LEAST_VISIBLE
    ]
