"""Let a policy play the game's window, and tell what it sees, thinks and presses."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, ClassVar, Literal

from agent.guard import Reason
from data.errors import UnderstudyError
from data.frames import Image
from data.profile import GameProfile
from data.title_pattern import title_matches
from gui.jobs.line import Line

if TYPE_CHECKING:
    from agent.decision import DecisionSettings
    from agent.report import TickView
    from models.perception import Sight

PICTURE_S = 1 / 30  # a person sees no difference above, and each picture costs the window 2 ms
LOOK_S = 0.25  # between two looks for the game's window
OPEN_S = 30.0  # for a game that is being opened; the practice game takes one on an idle machine
Engine = Literal["auto", "onnx", "torch"]


@dataclass(frozen=True, slots=True)
class PlayRequest:
    """What to play, and how."""

    run: Path
    """A policy's run folder."""
    profile: GameProfile
    """Of the game; names its window."""
    engine: Engine = "auto"
    log: Path | None = None
    """The flight log to write; None for none."""
    dry_run: bool = False
    """Press no keys."""
    seconds: float | None = None
    """When to stop; None for never."""
    temperature: float = 0.0
    """See `agent.decision.DecisionSettings`."""
    min_hold_ms: float | None = None
    """How long a decision is kept at least; None as the profile has it."""
    opens: bool = False
    """Ask for the game to be opened where its window isn't there."""


class Stage(StrEnum):
    """How far play has come; told at each change."""

    LOADING = "loading"
    WAITING = "waiting"
    PLAYING = "playing"


@dataclass(frozen=True, slots=True)
class GameWanted:
    """Asks the window to open the game."""


@dataclass(frozen=True, slots=True)
class HandsOff:
    """Tells the job that a person wants to play, or no longer does."""

    on: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """One object that the policy was told of, in pixels of the picture."""

    name: str
    x1: float
    y1: float
    x2: float
    y2: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class PlayTick:
    """One tick of play."""

    newest_only: ClassVar[bool] = True

    at_s: float
    """Since the first tick that was told."""
    reason: Reason
    held: frozenset[str]
    """Keys that the policy holds."""
    image: Image | None
    """What it was shown, BGR; None where nothing was looked at."""
    seen: tuple[Seen, ...]
    chances: dict[str, dict[str, float]]
    """For each head and class its probability; empty where nothing was decided."""
    latency_ms: float | None
    """From just before the grab to the keys; None where nothing was decided."""
    rate_hz: float
    late_ticks: int
    skipped_ticks: int


@dataclass(frozen=True, slots=True)
class Played:
    """How play went."""

    lines: tuple[str, ...]
    """In words."""
    reason: Reason
    """Why it ended."""
    takeovers: int
    log: Path | None
    """The flight log that was written."""


def play(request: PlayRequest, line: Line) -> Played:
    """Play until stopped; no key stays held.

    Raises:
        CheckpointError: The run can't be used, or not with this game.
        DisplayError: There is no display, or a device went away.
        UnderstudyError: It was stopped before it began.
    """
    line.tell(Stage.LOADING)
    from agent.desktop import play_desktop
    from agent.loop import PlaySettings
    from agent.summary import summary_lines
    from models.engine import PolicyRunner

    runner = PolicyRunner.load(request.run, profile=request.profile, engine=request.engine)
    _await_window(request, line)
    settings = PlaySettings(seconds=request.seconds, decision=decision_of(request))
    with _telling(line, request.profile) as watched:
        line.tell(Stage.PLAYING)
        report = play_desktop(
            runner,
            request.profile,
            settings=settings,
            log=request.log,
            stop=line.stop_asked,
            dry_run=request.dry_run,
            hands_off=watched.hands_off.is_set,
            on_tick=watched.put,
        )
    return Played(
        tuple(summary_lines(report)), report.stop_reason, report.takeovers, log=request.log
    )


def decision_of(request: PlayRequest) -> "DecisionSettings":
    """Return how probabilities become keys."""
    from agent.decision import settings_for

    return settings_for(
        request.profile, temperature=request.temperature, min_hold_ms=request.min_hold_ms
    )


def _await_window(request: PlayRequest, line: Line) -> None:
    """Wait for the game's window, and bring it to the front.

    Raises:
        DisplayError: There is no display.
        UnderstudyError: It was stopped meanwhile, or a game that was opened shows no window.
    """
    from recorder.window import find_window, list_windows

    pattern = request.profile.title
    waiting, waited_s = Event(), 0.0
    while not any(title_matches(pattern, each.title) for each in list_windows()):
        if waited_s == 0.0:
            line.tell(Stage.WAITING)
            if request.opens:
                line.tell(GameWanted())
        if line.stop_asked():
            raise UnderstudyError("stopped before the game's window was there")
        if request.opens and waited_s > OPEN_S:
            raise UnderstudyError("the game was opened, but its window did not come. Try again.")
        waiting.wait(LOOK_S)
        waited_s += LOOK_S
    with closing(find_window(request.profile.title)) as window:
        window.activate()


class _Watched:
    """Takes in every tick, and tells the newest thirty times a second at most.

    `put` only fills a slot, so that nothing here is in the way of a tick.
    """

    def __init__(self, line: Line, profile: GameProfile) -> None:
        self._line, self._profile = line, profile
        self._newest: deque[TickView] = deque(maxlen=1)  # appends and pops are atomic
        self._began_ns: int | None = None
        self.over = Event()
        self.hands_off = Event()

    def put(self, view: "TickView") -> None:
        """Take in one tick."""
        self._newest.append(view)

    def run(self) -> None:
        """Tell and hear until it is over, on a thread of its own."""
        while not self.over.wait(PICTURE_S):
            for message in self._line.heard():
                if isinstance(message, HandsOff):
                    (self.hands_off.set if message.on else self.hands_off.clear)()
            if self._newest:
                self._tell(self._newest.pop())

    def _tell(self, view: "TickView") -> None:
        if self._began_ns is None:
            self._began_ns = view.at_ns
        self._line.tell(tick_of(view, self._profile, began_ns=self._began_ns))


@contextmanager
def _telling(line: Line, profile: GameProfile) -> Iterator[_Watched]:
    watched = _Watched(line, profile)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="telling") as pool:
        told = pool.submit(watched.run)
        try:
            yield watched
        finally:
            watched.over.set()
        told.result()


def tick_of(view: "TickView", profile: GameProfile, *, began_ns: int) -> PlayTick:
    """Put down a tick for the window."""
    decided = view.decided
    return PlayTick(
        at_s=(view.at_ns - began_ns) / 1e9,
        reason=view.reason,
        held=view.held,
        image=view.image,
        seen=() if decided is None else _seen(decided.sight, profile),
        chances={
            head.name: {
                name: float(chance)
                for name, chance in zip(head.names, decided.probabilities[head.name], strict=True)
            }
            for head in profile.heads
        }
        if decided is not None
        else {},
        latency_ms=view.latency_ms if view.stages_ns else None,
        rate_hz=view.pace.rate_hz,
        late_ticks=view.pace.late_ticks,
        skipped_ticks=view.pace.skipped_ticks,
    )


def _seen(sight: "Sight", profile: GameProfile) -> tuple[Seen, ...]:
    names = profile.object_names
    columns = (sight.boxes.tolist(), sight.classes.tolist(), sight.scores.tolist())
    return tuple(
        Seen(names[kind], x1, y1, x2, y2, score)
        for (x1, y1, x2, y2), kind, score in zip(*columns, strict=True)
    )
