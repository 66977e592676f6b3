"""The game's window: where it is, and whether keys go to it."""

import sys
from abc import ABC, abstractmethod
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

from data.closing import Closing
from data.errors import DisplayError
from data.title_pattern import title_matches
from recorder.pacing import Clock, MonotonicClock

POLL_NS = 50_000_000


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle on the screen, in pixels of the screen."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError(f"a rectangle of {self.width_px}x{self.height_px} pixels is empty")


@dataclass(frozen=True, slots=True)
class WindowState:
    """How a window stands at one moment."""

    rect: Rect | None
    """Where the picture is, without frame and title bar; None while it is not shown."""
    focused: bool
    """Whether keys go to it."""
    covered: bool
    """Whether other windows hide a part of the picture that matters."""
    gone: bool
    """Whether it has been closed for good; then it has no place and no focus."""
    absences: int = field(default=0, compare=False)
    """How often the focus has gone elsewhere since the window is followed. On X11 that is known
    even where it came back between two looks; elsewhere it stays 0."""


GONE = WindowState(rect=None, focused=False, covered=False, gone=True)
NOT_SHOWN = WindowState(rect=None, focused=False, covered=False, gone=False)


@dataclass(frozen=True, slots=True)
class WindowInfo:
    """One window in a list of windows."""

    title: str
    program: str
    """What the program calls itself; empty when it does not say."""
    rect: Rect | None
    """Where its picture is; None while it is not shown."""
    focused: bool
    handle: int = 0
    """What the system calls the window: an X11 window, a Windows HWND, a macOS window number."""


class GameWindow(Protocol):
    """The window that a game is played in."""

    @property
    def title(self) -> str:
        """The title when the window was found."""
        ...

    def state(self) -> WindowState:
        """Say how the window stands now; asked afresh, and cheap enough for every tick."""
        ...

    def rect(self) -> Rect | None:
        """Return where the picture is, without frame and title bar; None while it is not shown."""
        ...

    def focused(self) -> bool:
        """Say whether keys go to this window."""
        ...

    def gone(self) -> bool:
        """Say whether the window has been closed for good."""
        ...


class OpenWindow(GameWindow, Protocol):
    """A window on the real desktop, followed until `close`."""

    def activate(self) -> None:
        """Bring the window to the front and give it the focus, as far as the system lets us."""
        ...

    def close(self) -> None:
        """Stop following the window, which itself stays open."""
        ...


class FollowedWindow(Closing, ABC):
    """What every kind of desktop's window answers in the same way, from its `state`."""

    @abstractmethod
    def state(self) -> WindowState:
        """Say how the window stands now; asked afresh, and cheap enough for every tick."""

    def rect(self) -> Rect | None:
        """Return where the picture is; None while it is not shown."""
        return self.state().rect

    def focused(self) -> bool:
        """Say whether keys go to this window."""
        return self.state().focused

    def gone(self) -> bool:
        """Say whether the window has been closed for good."""
        return self.state().gone


class WindowSystem(Protocol):
    """The windows of one kind of desktop."""

    def windows(self) -> list[WindowInfo]:
        """List the windows that have a title, the topmost last."""
        ...

    def open(self, window: WindowInfo) -> OpenWindow:
        """Follow one of the windows."""
        ...

    def pick(self, timeout_s: float, clock: Clock) -> OpenWindow:
        """Let the person click on a window, and follow it."""
        ...

    def close(self) -> None:
        """Let go of the desktop."""
        ...


def list_windows() -> list[WindowInfo]:
    """List the windows of programs that have a title, the topmost last.

    Raises:
        DisplayError: There is no display, or no support for this system.
    """
    with closing(_system()) as system:
        return system.windows()


def find_window(
    title_pattern: str, timeout_s: float = 0.0, clock: Clock | None = None
) -> OpenWindow:
    """Find the window whose title matches a regular expression.

    Of several the one with focus is taken, or else the topmost.

    Args:
        title_pattern: Searched for anywhere in the title; see `data.title_pattern`.
        timeout_s: How long to wait for it to appear.
        clock: Used while waiting.

    Raises:
        DisplayError: There is no such window, no display, or no support for this system.
        PatternError: The pattern is none.
    """
    clock = clock or MonotonicClock()
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    with closing(_system()) as system:
        while True:
            windows = system.windows()
            matching = [each for each in windows if title_matches(title_pattern, each.title)]
            if matching:
                focused = [each for each in matching if each.focused]
                return system.open((focused or matching)[-1])
            if clock.now_ns() >= deadline_ns:
                break
            clock.sleep_until_ns(clock.now_ns() + POLL_NS)
    seen = ", ".join(sorted({repr(each.title) for each in windows})) or "none"
    raise DisplayError(
        f"no window's title matches {title_pattern!r}. Start the game first. Open windows: {seen}."
    )


def pick_window(timeout_s: float = 30.0, clock: Clock | None = None) -> OpenWindow:
    """Have the person click on the game's window; Esc or another mouse button gives up.

    The click chooses only: it does not reach the game, and brings no focus.

    Args:
        timeout_s: How long to wait for the click.
        clock: Used while waiting.

    Raises:
        DisplayError: No click in time, the person gave up, it was no window, or no display.
    """
    with closing(_system()) as system:
        return system.pick(timeout_s, clock or MonotonicClock())


def _system() -> WindowSystem:
    """Open the windows of the desktop that this program runs on."""
    if sys.platform == "win32":
        from recorder.windows.win32_window import Win32Windows

        return Win32Windows()
    if sys.platform == "darwin":
        from recorder.windows.macos_window import MacWindows

        return MacWindows()
    if sys.platform.startswith("linux"):
        from recorder.windows.x11_window import X11Windows

        return X11Windows()
    raise DisplayError(f"windows can't be found on {sys.platform}: use Linux, Windows or macOS.")
