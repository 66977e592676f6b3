"""Record a game's window on the real desktop: the recorder with its real devices."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from data.errors import DisplayError
from data.profile import GameProfile
from data.schema import CaptureFacts
from recorder.controls import Controls, HotKeyControls
from recorder.countdown import count_down
from recorder.display import has_display
from recorder.keyboard import PynputKeys
from recorder.pacing import Clock, MonotonicClock
from recorder.parts import Parts
from recorder.screen import MssScreen
from recorder.session import record
from recorder.status import Ending, RecordReport, RecordStatus
from recorder.targets import Target, last_stretch, straight_to_disk
from recorder.window import GameWindow, find_window, pick_window

PICK_S = 60.0


@dataclass(frozen=True, slots=True)
class WindowChoice:
    """Which window is the game's."""

    title: str | None = None
    """Regular expression that its title matches; None for the profile's."""
    pick: bool = False
    """Have the person click on it."""
    wait_s: float = 0.0
    """How long to wait for a window of that title."""


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """How to record on the desktop."""

    window: WindowChoice = WindowChoice()
    seconds: float | None = None
    """How long; None for no end."""
    countdown_s: float = 0.0
    """Begin so long after the window has got the focus; 0 begins at once."""
    keep_last_s: float | None = None
    """Keep only the last stretch, and save it when asked; None writes everything at once."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a session on the desktop left behind."""

    report: RecordReport
    files: tuple[Path, ...]


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
        return self.keys.presses(self.profile.stop_key) > 0

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
            window_title=self.window.title,
        )


@contextmanager
def open_desktop(profile: GameProfile, choice: WindowChoice) -> Iterator[Desktop]:
    """Find the game's window, and open screen and keyboard around it.

    Raises:
        DisplayError: No display, or no such window in time.
    """
    clock = MonotonicClock()
    found = (
        pick_window(PICK_S, clock)
        if choice.pick
        else find_window(choice.title or profile.title, choice.wait_s, clock)
    )
    watched = [profile.stop_key, *profile.hotkeys.keys]
    with (
        closing(found) as window,
        closing(PynputKeys(profile.keys, clock, watched=watched)) as keys,
        closing(MssScreen(window.rect, clock)) as screen,
    ):
        yield Desktop(profile, window, keys, screen, clock)


def record_desktop(
    profile: GameProfile,
    parts: Parts,
    *,
    rate_hz: float,
    stop: Callable[[], bool],
    options: RecordOptions | None = None,
    on_wait: Callable[[int | None], None] = lambda left_s: None,
    on_status: Callable[[RecordStatus], None] = lambda status: None,
    on_controls: Callable[[Controls], None] = lambda controls: None,
) -> Recorded:
    """Record the window that the profile names until stopped, closed, or a stop key.

    Args:
        profile: Of the game.
        parts: Names the recording to write, and further ones.
        rate_hz: Pictures a second.
        stop: Asked on every tick.
        options: Window, length, countdown, and whether to keep only the last stretch.
        on_wait: Told the seconds left of the countdown; None while it waits for the focus.
        on_status: Told ten times a second.
        on_controls: Given the session's buttons, which the hot keys press as well, before it waits.

    Raises:
        DisplayError: No display, no such window, or it went away before the recording began.
        OutputExistsError: The recording exists and may not be overwritten.
        RecordingError: The disk is full; what was written stays readable.
        UnderstudyError: It was stopped before it began.
    """
    options = options or RecordOptions()
    with open_desktop(profile, options.window) as desktop:
        controls = HotKeyControls(profile, desktop.keys.presses)
        on_controls(controls)
        count_down(
            desktop.window,
            desktop.clock,
            seconds=options.countdown_s,
            controls=controls,
            stop=stop,
            on_wait=on_wait,
        )
        with _target(desktop, parts, rate_hz=rate_hz, keep_last_s=options.keep_last_s) as target:
            report = _record(desktop, target, controls, rate_hz, options.seconds, stop, on_status)
    if report.ending is Ending.WINDOW_GONE and not has_display():
        report = replace(report, ending=Ending.DISPLAY_GONE)
    return Recorded(report, target.files())


def _target(
    desktop: Desktop, parts: Parts, *, rate_hz: float, keep_last_s: float | None
) -> AbstractContextManager[Target]:
    facts = desktop.facts(rate_hz=rate_hz)
    if keep_last_s is None:
        return straight_to_disk(parts, profile=desktop.profile, facts=facts)
    return last_stretch(
        parts, profile=desktop.profile, facts=facts, clock=desktop.clock, seconds=keep_last_s
    )


def _record(
    desktop: Desktop,
    target: Target,
    controls: Controls,
    rate_hz: float,
    seconds: float | None,
    stop: Callable[[], bool],
    on_status: Callable[[RecordStatus], None],
) -> RecordReport:
    try:
        return record(
            screen=desktop.screen,
            keys=desktop.keys,
            window=desktop.window,
            writer=target.sink,
            clock=desktop.clock,
            rate_hz=rate_hz,
            seconds=seconds,
            stop=stop,
            on_status=lambda status: on_status(replace(status, kept=target.kept())),
            controls=controls,
            on_save=target.save,
            free_bytes=target.free_bytes,
        )
    except DisplayError as error:
        raise DisplayError(f"{error} What was recorded before is kept.") from error
