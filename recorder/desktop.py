"""Record a game's window on the real desktop: the recorder with its real devices."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.profile import GameProfile
from data.schema import CaptureFacts
from data.writer import RecordingWriter
from recorder.keyboard import PynputKeys
from recorder.pacing import Clock, MonotonicClock
from recorder.screen import MssScreen
from recorder.session import RecordReport, RecordStatus, record
from recorder.window import GameWindow, find_window


@dataclass(frozen=True, slots=True)
class Desktop:
    """The real devices around one game's window."""

    profile: GameProfile
    window: GameWindow
    keys: PynputKeys
    screen: MssScreen
    clock: Clock

    def stop_key(self) -> bool:
        """Say whether the profile's stop key has been pressed."""
        return self.keys.was_pressed(self.profile.stop_key)

    def facts(self, *, rate_hz: float) -> CaptureFacts:
        """Say where the pictures come from; zeros while the window is not shown."""
        rect = self.window.rect()
        return CaptureFacts(
            left_px=rect.left_px if rect else 0,
            top_px=rect.top_px if rect else 0,
            width_px=rect.width_px if rect else 0,
            height_px=rect.height_px if rect else 0,
            scale=1.0,
            source="mss",
            rate_hz=rate_hz,
        )


@contextmanager
def open_desktop(profile: GameProfile, *, wait_s: float) -> Iterator[Desktop]:
    """Find the window that a profile names, and open screen and keyboard around it.

    Raises:
        DisplayError: No display, or no such window within `wait_s`.
    """
    clock = MonotonicClock()
    with (
        closing(find_window(profile.title, wait_s, clock)) as window,
        closing(PynputKeys(profile.keys, clock, watched=[profile.stop_key])) as keys,
        closing(MssScreen(window.rect, clock)) as screen,
    ):
        yield Desktop(profile, window, keys, screen, clock)


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
    with (
        open_desktop(profile, wait_s=wait_s) as desktop,
        RecordingWriter(
            out, profile=profile, facts=desktop.facts(rate_hz=rate_hz), force=force
        ) as writer,
    ):
        return record(
            screen=desktop.screen,
            keys=desktop.keys,
            window=desktop.window,
            writer=writer,
            clock=desktop.clock,
            rate_hz=rate_hz,
            seconds=seconds,
            stop=lambda: stop() or desktop.stop_key(),
            on_status=on_status,
        )
