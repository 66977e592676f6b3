"""Give the focus to another window, and press keys beside the player, again and again.

    python -m tests.bench.live_safety --tries 50

Focus: while the player holds keys in its window, another one gets the focus. Counted is what
arrives there: presses, and releases of keys that were down when the focus moved, which X sends to
whoever has it. Take-over: another program presses a key that the player doesn't hold, or a hand on
the keyboard presses one that it holds; timed is how long the player's own keys stay down (but for
the one under the hand), asked of the X server about every millisecond.
"""

import argparse
import os
import signal
import time
from contextlib import ExitStack
from typing import Any

import numpy as np
from Xlib import X

from agent.key_sink import PynputSink
from data.console import print_json
from recorder.desktop import Desktop
from recorder.display import VirtualScreen
from tests.bench.player import TITLE, Runner, in_child, moving, play_window
from tests.fakes import wait_until
from tests.x11 import Desk
from tests.x11_keyboard import Hands

PATIENCE_S = 60.0
WATCH_S = 0.6
HELD_LONG_S = 0.9  # a key repeats by itself 0.66 s after it went down


def hold_right(step: int, image: object) -> dict[str, str]:
    return {"movement": "right", "sprint": "sprint"}


def focus(desk: Desk, window: Any) -> None:
    desk.display.set_input_focus(window, X.RevertToParent, X.CurrentTime)
    desk.display.sync()


def arrived(desk: Desk, window: Any) -> tuple[int, int]:
    """Count presses and releases in a window since the last call."""
    presses = releases = 0
    for _ in range(desk.display.pending_events()):
        event = desk.display.next_event()
        if event.type in (X.KeyPress, X.KeyRelease) and event.window.id == window.id:
            presses += event.type == X.KeyPress
            releases += event.type == X.KeyRelease
    return presses, releases


def lose_focus(desk: Desk, game: Any, other: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Take the focus away at a random moment, and give it back."""
    focus(desk, game)
    wait_until(lambda: len(desk.down()) == 2, "keys are held", patience_s=PATIENCE_S)
    time.sleep(HELD_LONG_S + rng.uniform(0, 0.1))
    arrived(desk, other)
    focus(desk, other)
    began_s = time.monotonic()
    while desk.down() and time.monotonic() - began_s < WATCH_S:
        time.sleep(0.001)
    up_ms = 1e3 * (time.monotonic() - began_s)
    time.sleep(WATCH_S)
    presses, releases = arrived(desk, other)
    return {"presses": presses, "releases": releases, "up_ms": up_ms}


def take_over(desk: Desk, rng: np.random.Generator, *, by: Desk | Hands, key: str) -> float:
    """Press a key as a person would; return the ms until the player's other keys are up."""
    wait_until(lambda: len(desk.down()) == 2, "keys are held", patience_s=PATIENCE_S)
    time.sleep(0.2 + rng.uniform(0, 0.05))
    own = {desk.code("right"), desk.code("e")} - {desk.code(key)}
    began_s = time.monotonic()
    by.press(key)
    while desk.down() & own and time.monotonic() - began_s < 5:
        time.sleep(0.001)
    took_ms = 1e3 * (time.monotonic() - began_s)
    by.release(key)
    wait_until(lambda: not desk.down(), "all keys are up", patience_s=PATIENCE_S)
    return took_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=50)
    tries = parser.parse_args().tries
    rng = np.random.default_rng(0)
    with (
        VirtualScreen() as screen,
        screen.active(),
        Desk() as desk,
        ExitStack() as stack,
    ):
        other = desk.window("Letter", at=(700, 120), size=(320, 180))
        game = desk.window(TITLE, size=(480, 270))
        hands = stack.enter_context(Hands())
        child = in_child(lambda: play_window(Runner(hold_right), prepare=tell_apart))
        try:
            stack.enter_context(moving(game.id))
            focus_tries = [lose_focus(desk, game, other, rng) for _ in range(tries)]
            focus(desk, game)
            others_ms = [take_over(desk, rng, by=desk, key="up") for _ in range(tries)]
            same_ms = [take_over(desk, rng, by=hands, key="right") for _ in range(tries)]
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    print_json(
        {
            "focus": {
                "tries": tries,
                "presses": sum(each["presses"] for each in focus_tries),
                "releases": sum(each["releases"] for each in focus_tries),
                "keys_up_ms": spread([each["up_ms"] for each in focus_tries]),
            },
            "takeover": takeovers(others_ms),
            "takeover_same_key": takeovers(same_ms),
        }
    )


def tell_apart(desktop: Desktop, sink: PynputSink) -> None:
    """Hear hands apart from programs, as `agent.desktop` does."""
    desktop.keys.tell_apart()


def takeovers(took_ms: list[float]) -> dict[str, Any]:
    return {
        "tries": len(took_ms),
        "within_50_ms": sum(each_ms <= 50 for each_ms in took_ms),
        "keys_up_ms": spread(took_ms),
    }


def spread(values: list[float]) -> dict[str, float]:
    shares = {"p50": 50, "p99": 99, "max": 100}
    return {name: round(float(np.percentile(values, q)), 1) for name, q in shares.items()}


if __name__ == "__main__":
    main()
