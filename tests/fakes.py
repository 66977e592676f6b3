"""Stand-ins for devices, and waiting on a condition."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from data.frames import FrameSize, Image
from data.keys import KeyEvent
from data.profile import GameProfile
from models.perception import Sight
from recorder.screen import Frame
from recorder.window import GONE, Rect, WindowState

PATIENCE_S = 15.0  # only a failing test waits this long


def wait_until(condition: Callable[[], bool], what: str, *, patience_s: float = PATIENCE_S) -> None:
    """Return as soon as the condition holds; fail when it never does."""
    deadline = time.monotonic() + patience_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        pause.wait(0.005)


class FakeClock:
    """A clock that moves only when someone sleeps, or `pass_ns` is called."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._plans: list[tuple[int, Callable[[], None]]] = []

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until_ns(self, at_ns: int) -> None:
        self.pass_ns(max(0, at_ns - self._now_ns))

    def pass_ns(self, length_ns: int) -> None:
        end_ns = self._now_ns + length_ns
        while self._plans and self._plans[0][0] <= end_ns:
            at_ns, action = self._plans.pop(0)
            self._now_ns = max(self._now_ns, at_ns)
            action()
        self._now_ns = max(self._now_ns, end_ns)

    def plan(self, at_ms: float, action: Callable[[], None]) -> None:
        """Do something when the clock reaches a time."""
        self._plans.append((round(at_ms * 1e6), action))
        self._plans.sort(key=lambda plan: plan[0])


class FakeScreen:
    """A screen of one grey; each picture takes `cost_ms` of the clock, from `where` if given.

    A game's pictures move: its grey changes a little from one to the next, until `grey` is set.
    """

    def __init__(self, clock: FakeClock, *, cost_ms: float = 0.0) -> None:
        self.clock = clock
        self.grey: int | None = None
        self.cost_ms = cost_ms
        self.where: Rect | None = None
        self.size = (480, 270)
        self.grabs = 0

    def grab(self) -> Frame:
        at_ns = self.clock.now_ns()
        self.clock.pass_ns(round(self.cost_ms * 1e6))
        self.grabs += 1
        width, height = self.size
        grey = 90 + self.grabs % 2 if self.grey is None else self.grey
        return Frame(np.full((height, width, 3), grey, dtype=np.uint8), at_ns, self.where)

    def close(self) -> None:
        pass


class FakeKeys:
    """A keyboard that is played from a list."""

    def __init__(self, clock: FakeClock, events: Iterable[KeyEvent] = ()) -> None:
        self.clock = clock
        self.events = sorted(events, key=lambda event: event.at_ns)

    def drain(self) -> list[KeyEvent]:
        now_ns = self.clock.now_ns()
        due = [event for event in self.events if event.at_ns <= now_ns]
        self.events = self.events[len(due) :]
        return due

    def close(self) -> None:
        pass


def strokes(key: str, *at_ms: float) -> list[KeyEvent]:
    """Key events at these times, first down, then up, then down, and so on."""
    return [KeyEvent(round(ms * 1e6), key, i % 2 == 0) for i, ms in enumerate(at_ms)]


@dataclass
class FakeWindow:
    """A window whose state a test sets."""

    title: str = "Game"
    where: Rect | None = field(default_factory=lambda: Rect(0, 0, 480, 270))
    has_focus: bool = True
    is_covered: bool = False
    closed: bool = False
    absences: int = 0

    def state(self) -> WindowState:
        if self.closed:
            return GONE
        return WindowState(
            self.where, self.has_focus, self.is_covered, gone=False, absences=self.absences
        )

    def rect(self) -> Rect | None:
        return None if self.closed else self.where

    def focused(self) -> bool:
        return self.has_focus and not self.closed

    def gone(self) -> bool:
        return self.closed


def nothing_seen() -> Sight:
    """A sight of nothing at all."""
    return Sight(
        np.zeros((0, 4), dtype=np.float32),
        np.zeros(0, dtype=np.int64),
        np.zeros(0, dtype=np.float32),
        np.zeros(0, dtype=np.float32),
    )


@dataclass(frozen=True)
class FakeDecided:
    probabilities: Mapping[str, np.ndarray]
    encode_ns: int = 0
    sight: Sight = field(default_factory=nothing_seen)


class FakeRunner:
    """A policy that names one class per head by the number of frames since its last reset."""

    def __init__(
        self, profile: GameProfile, choose: Callable[[int], Mapping[str, str]], rate_hz: float = 20
    ) -> None:
        self.profile = profile
        self.identity = None
        self.rate_hz = rate_hz
        self.size = FrameSize(profile.capture.width_px, profile.capture.height_px)
        self.choose = choose
        self.steps = 0
        self.resets = 0
        self.noted: list[frozenset[str]] = []

    def reset(self) -> None:
        self.resets += 1
        self.steps = 0

    def step(self, image: Image) -> FakeDecided:
        assert image.shape == (self.size.height_px, self.size.width_px, 3)
        chosen = self.choose(self.steps)
        self.steps += 1
        return FakeDecided({head.name: one_hot(head, chosen) for head in self.profile.heads})

    def note(self, held: frozenset[str]) -> None:
        self.noted.append(held)


def one_hot(head, chosen: Mapping[str, str]) -> np.ndarray:
    probabilities = np.full(len(head.names), 0.01, dtype=np.float32)
    probabilities[head.names.index(chosen.get(head.name, "none"))] = 0.9
    return probabilities
