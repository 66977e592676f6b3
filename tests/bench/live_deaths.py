"""Kill a player that holds keys down, in many ways, and ask the X server what is still held.

    python -m tests.bench.live_deaths --count 200

Each death happens to a real player: a real window on a private desktop, real keys, the real
watchdog. Half a second after the death no key may be down. When the display itself is closed no
key can be asked for: then the player and its watchdog must be gone.
"""

import argparse
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import agent.flight
from agent.key_sink import PynputSink
from data.console import print_json, stoppable
from recorder.desktop import Desktop
from recorder.display import VirtualScreen
from tests.bench.live_safety import spread
from tests.bench.player import TITLE, Runner, in_child, play_window
from tests.fakes import wait_until
from tests.x11 import Desk

AFTER_S = 0.5
PATIENCE_S = 60.0
FAULT_TICK = 8
SIGNALS = {
    "SIGKILL": signal.SIGKILL,
    "SIGTERM": signal.SIGTERM,
    "SIGINT": signal.SIGINT,
    "SIGHUP": signal.SIGHUP,
    "SIGTERM, unhandled": signal.SIGTERM,
    "SIGSEGV": signal.SIGSEGV,
}
STAGES = ("grab", "fit", "encode", "decide", "press", "look on")
OTHERS = ("window closed", "display closed")


def fail_on_call(number: int, call: Callable[..., object]) -> Callable[..., object]:
    """Return the function, which fails on one of its calls."""
    calls = 0

    def failing(*args: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        if calls == number:
            raise RuntimeError("a fault")
        return call(*args, **more)

    return failing


def fault(stage: str, runner: Runner, desktop: Desktop, sink: PynputSink) -> None:
    """Break one stage of a tick."""
    if stage == "grab":
        desktop.screen.grab = fail_on_call(FAULT_TICK, desktop.screen.grab)  # type: ignore[method-assign]
    elif stage == "press":
        sink._keyboard.press = fail_on_call(FAULT_TICK, sink._keyboard.press)  # type: ignore[method-assign]
    elif stage in ("fit", "decide"):
        setattr(agent.flight, stage, fail_on_call(FAULT_TICK, getattr(agent.flight, stage)))


def player(how: str) -> None:
    """Play until death comes."""
    runner = Runner()
    if how == "encode":
        runner.choose = fail_on_call(FAULT_TICK, runner.choose)  # type: ignore[assignment]
    on_tick = fail_on_call(FAULT_TICK, lambda view: None) if how == "look on" else None
    prepare = partial(fault, how, runner)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored under nohup
    if how in SIGNALS and "unhandled" not in how:
        with stoppable() as stop:
            play_window(runner, stop=stop, prepare=prepare)
    else:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        play_window(runner, prepare=prepare, on_tick=on_tick)  # type: ignore[arg-type]


def die(how: str, desk: Desk, up_ms: list[float]) -> set[int]:
    """Let one player die; return the keys that are down half a second later.

    How long after the death the last key came up is appended to `up_ms`.
    """
    window = desk.window(TITLE, size=(480, 270))
    child = in_child(lambda: player(how))
    try:
        wait_until(lambda: bool(desk.down()), f"keys are down ({how})", patience_s=PATIENCE_S)
        if how in SIGNALS:
            time.sleep(0.1)
            os.kill(child, SIGNALS[how])
        elif how == "window closed":
            window.destroy()
            desk.display.sync()
        else:
            os.waitpid(child, 0)
            child = 0
        began_s = time.monotonic()
        wait_until(lambda: not desk.down(), f"the keys come up ({how})")
        up_ms.append(1e3 * (time.monotonic() - began_s))
        time.sleep(max(0.0, began_s + AFTER_S - time.monotonic()))
        return desk.down() or ({0} if up_ms[-1] > 1e3 * AFTER_S else set())
    finally:
        end(child)
        with suppress(Exception):
            window.destroy()
            desk.display.sync()


def end(child: int) -> None:
    if child:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def lose_display() -> set[int]:
    """Close the display under a player; return the processes that are left, 0 s after its end."""
    with VirtualScreen(640, 480) as screen, screen.active():
        desk = Desk()
        desk.window(TITLE, size=(480, 270))
        child = in_child(lambda: player("display closed"))
        wait_until(lambda: bool(desk.down()), "keys are down", patience_s=PATIENCE_S)
        children = watchdogs_of(child)
        screen._children[0].kill()
        screen._children[0].wait()
        os.waitpid(child, 0)
        time.sleep(AFTER_S)
        return {each for each in children if os.path.exists(f"/proc/{each}")}  # noqa: PTH110


def watchdogs_of(parent: int) -> set[int]:
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:  # noqa: PTH123
        return {int(word) for word in file.read().split()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--only")
    chosen = parser.parse_args()
    ways = [chosen.only] if chosen.only else [*SIGNALS, *STAGES, *OTHERS]
    found: dict[str, list[int]] = {way: [0, 0] for way in ways}
    up_ms: list[float] = []
    with VirtualScreen() as screen, screen.active(), Desk() as desk:
        for number in range(chosen.count):
            way = ways[number % len(ways)]
            left = lose_display() if way == "display closed" else die(way, desk, up_ms)
            found[way][0] += 1
            found[way][1] += bool(left)
    print_json(
        {
            "deaths": sum(count for count, _ in found.values()),
            "with_keys_left": sum(stuck for _, stuck in found.values()),
            "keys_up_ms": spread(up_ms),
            "ways": {
                way: {"deaths": n, "with_keys_left": stuck} for way, (n, stuck) in found.items()
            },
        }
    )


if __name__ == "__main__":
    main()
