"""A player for measurements: it plays a real window with real keys, and knows nothing."""

import itertools
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from Xlib.display import Display

from agent.key_sink import PynputSink
from agent.loop import PlaySettings, play
from agent.report import TickView
from agent.watchdog import Watchdog
from data.frames import FrameSize, Image
from data.schema import CaptureFacts
from data.writer import RecordingWriter
from recorder.desktop import Desktop, WindowChoice, open_desktop
from tests.factories import practice_profile
from tests.fakes import FakeDecided, one_hot

PROFILE = practice_profile()
TITLE = "Understudy Practice"
SIZE = (480, 270)
RATE_HZ = 20.0

Choose = Callable[[int, Image], Mapping[str, str]]


def always_right(step: int, image: Image) -> Mapping[str, str]:
    """Hold two keys, and change a third on every tick."""
    return {"movement": "right", "sprint": "sprint", "action": "shoot" if step % 2 else "none"}


@dataclass(slots=True)
class Runner:
    """A policy that is a function of the tick and the picture."""

    choose: Choose = always_right
    rate_hz: float = RATE_HZ
    profile = PROFILE
    identity = None
    size: FrameSize = field(default_factory=lambda: FrameSize(*SIZE))
    steps: int = 0

    def reset(self) -> None:
        self.steps = 0

    def note(self, held: frozenset[str]) -> None:
        pass

    def step(self, image: Image) -> FakeDecided:
        chosen = self.choose(self.steps, image)
        self.steps += 1
        return FakeDecided({head.name: one_hot(head, chosen) for head in PROFILE.heads})


def play_window(
    runner: Runner,
    *,
    stop: Callable[[], bool] = lambda: False,
    log: Path | None = None,
    prepare: Callable[[Desktop, PynputSink], None] = lambda desktop, sink: None,
    on_tick: Callable[[TickView], None] | None = None,
) -> None:
    """Play the window called `TITLE` until stopped or killed."""
    with ExitStack() as stack:
        desktop = stack.enter_context(open_desktop(PROFILE, WindowChoice(wait_s=20)))
        sink = stack.enter_context(closing(PynputSink(Watchdog(), focused=desktop.window.focused)))
        writer = None
        if log is not None:
            facts = CaptureFacts(0, 0, *SIZE, 1.0, "mss", runner.rate_hz)
            writer = stack.enter_context(
                RecordingWriter(
                    log, profile=PROFILE, facts=facts, force=True, head_probabilities=True
                )
            )
        prepare(desktop, sink)
        play(
            runner=runner,
            screen=desktop.screen,
            sink=sink,
            window=desktop.window,
            human=desktop.keys,
            clock=desktop.clock,
            settings=PlaySettings(),
            log=writer,
            stop=stop,
            on_tick=on_tick,
        )


def in_child(act: Callable[[], None]) -> int:
    """Run something in a process of its own, forked to save the imports; return its id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        act()
        status = 0
    except BaseException:  # noqa: BLE001 - as the interpreter does at the top
        if os.environ.get("SHOW"):
            traceback.print_exc()
    finally:
        os._exit(status)


@contextmanager
def moving(window_id: int) -> Iterator[None]:
    """Change a window's colour a little all the time, as games do; another process does it."""

    def paint() -> None:
        display = Display()
        window = display.create_resource_object("window", window_id)
        for level in itertools.cycle(range(0, 64, 4)):
            window.change_attributes(background_pixel=0x404040 + level)
            window.clear_area()
            display.sync()
            time.sleep(0.04)

    child = in_child(paint)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
