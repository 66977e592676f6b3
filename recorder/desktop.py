"""Record a game's window on the real desktop: the recorder with its real devices."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from data.profile import GameProfile
from data.schema import CaptureFacts
from data.writer import RecordingWriter
from recorder.keyboard import PynputKeys
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.session import RecordReport, RecordStatus, record
from recorder.window import GameWindow, find_window


def capture_facts(window: GameWindow, *, rate_hz: float) -> CaptureFacts:
    """Say where the pictures of a window come from; zeros while it is not shown."""
    rect = window.rect()
    return CaptureFacts(
        left_px=rect.left_px if rect else 0,
        top_px=rect.top_px if rect else 0,
        width_px=rect.width_px if rect else 0,
        height_px=rect.height_px if rect else 0,
        scale=1.0,
        source="mss",
        rate_hz=rate_hz,
    )


def record_desktop(
    profile: GameProfile,
    out: Path,
    *,
    seconds: float | None,
    rate_hz: float,
    stop: Callable[[], bool],
    force: bool = False,
    wait_s: float = 0.0,
    on_status: Callable[[RecordStatus], None] | None = None,
) -> RecordReport:
    """Record the window that the profile names until stopped, closed, or the stop key.

    Args:
        profile: Of the game.
        out: The recording to write.
        seconds: How long; None for no end.
        rate_hz: Pictures a second.
        stop: Asked on every tick.
        force: Overwrite `out`.
        wait_s: How long to wait for the window.
        on_status: Told ten times a second.

    Raises:
        DisplayError: No display, or no such window.
        OutputExistsError: `out` exists and `force` is off.
    """
    clock = MonotonicClock()
    with ExitStack() as stack:
        window = stack.enter_context(closing(find_window(profile.title, wait_s, clock)))
        keys = stack.enter_context(
            closing(PynputKeys(profile.keys, clock, watched=[profile.stop_key]))
        )
        screen = stack.enter_context(closing(MssScreen(window.rect, clock)))
        writer = stack.enter_context(
            RecordingWriter(
                out, profile=profile, facts=capture_facts(window, rate_hz=rate_hz), force=force
            )
        )
        return record(
            screen=screen,
            keys=keys,
            window=window,
            writer=writer,
            clock=clock,
            rate_hz=rate_hz,
            seconds=seconds,
            stop=lambda: stop() or keys.was_pressed(profile.stop_key),
            on_status=on_status,
        )
