"""A game to measure the recorder on: the practice game in a window, played by its coach."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from data.errors import DisplayError
from recorder.display import VirtualScreen, has_display

WINDOW_S = 20.0  # until the game has started on a busy machine
SHAPE = (16, 9)
BORDER_PX = (86, 48)  # around the window, for its frame


@contextmanager
def practice_game(
    *, seconds: float, width_px: int, on_screen: bool, coach: bool = True
) -> Iterator[None]:
    """Show the game in a window of its own, which is closed on leaving.

    It runs as a program of its own, as any game does.

    Args:
        seconds: How long it is needed.
        width_px: Width of its picture, which is 16 to 9.
        on_screen: Show it on the desktop at hand and not on a private one.
        coach: Have its coach press the keys; else nobody does.

    Raises:
        DisplayError: There is no desktop, or no private one can be made.
    """
    environment: Mapping[str, str] = os.environ
    with ExitStack() as stack:
        if not on_screen:
            height_px = width_px * SHAPE[1] // SHAPE[0]
            screen = VirtualScreen(width_px + BORDER_PX[0], height_px + BORDER_PX[1])
            stack.enter_context(stack.enter_context(screen).active())
            environment = screen.environment
        elif not has_display():
            raise DisplayError("no desktop answers. Leave out --on-screen to use a private one.")
        command = [sys.executable, "-m", "understudy", "practice"]
        command += ["--coach"] if coach else []
        command += ["--seconds", f"{seconds + 2 * WINDOW_S:g}"]
        # The game's window is 1280 units of Qt wide; at any scale it is drawn in full sharpness.
        scale = {"QT_SCALE_FACTOR": f"{width_px / 1280:g}"}
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env={**environment, **scale}
        ) as game:
            try:
                yield
            finally:
                game.terminate()
