"""The game's window on macOS.

The rules are tested against recorded answers of macOS; the calls themselves (`recorder.quartz`) are
written from documentation.

A picture is the whole window, title bar included: macOS tells other programs nothing of the part
below. Play full screen or without a border to leave it out. Places are in points, in which mss
takes its pictures there, too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from data.closing import Closing
from data.errors import DisplayError
from recorder.pacing import Clock
from recorder.window import GONE, NOT_SHOWN, FollowedWindow, Rect, WindowInfo, WindowState
from recorder.windows.cover import Cover, state_on
from recorder.windows.pick import DESKTOP, wait_for_click
from recorder.windows.quartz import Quartz, RealQuartz

SETTINGS = "System Settings > Privacy & Security"
MAY_NOT_SEE = (
    f"macOS does not let this program see other windows. In {SETTINGS} > Screen & System Audio "
    "Recording, allow it (or the terminal it is started from), then start it again."
)
MAY_NOT_HEAR = (
    f"macOS does not let this program use the keyboard. In {SETTINGS} > Accessibility, allow it "
    "(or the terminal it is started from), then start it again."
)
NORMAL_LAYER = 0
# Between these levels lie the Dock (20), the menu bar (24) and its items (25): the Dock's window is
# as large as the screen and mostly transparent, and macOS lets no game's window lie under the rest.
DOCK_LAYER, MENU_LAYER = 20, 101
SERVER = "Window Server"  # draws the pointer


class MacWindows(Closing):
    """The windows of a Mac."""

    def __init__(self, quartz: Quartz | None = None) -> None:
        self._quartz = quartz or RealQuartz()
        if not self._quartz.may_see():
            raise DisplayError(MAY_NOT_SEE)

    def windows(self) -> list[WindowInfo]:
        """List the windows on the screen that have a title, the topmost last."""
        shown = _normal(self._quartz.on_screen())
        focus = _focused(shown, self._quartz.focus())
        return [
            WindowInfo(
                title=title,
                program=str(window.get("kCGWindowOwnerName", "")),
                rect=_rect(window),
                focused=_number(window) == focus,
                handle=_number(window),
            )
            for window in reversed(shown)
            if (title := str(window.get("kCGWindowName") or ""))
        ]

    def open(self, window: WindowInfo) -> "MacWindow":
        """Follow one of the windows."""
        return self._follow(window.handle, window.title)

    def pick(self, timeout_s: float, clock: Clock) -> "MacWindow":
        """Let the person click on a window, and follow it; here the click reaches the window.

        Raises:
            DisplayError: No click in time, the person gave up, or it was no window.
        """
        quartz = self._quartz
        wait_for_click(
            lambda: quartz.pressed(0),
            lambda: quartz.pressed(1) or quartz.pressed(2) or quartz.escaping(),
            timeout_s=timeout_s,
            clock=clock,
        )
        x, y = quartz.pointer()
        for window in _normal(quartz.on_screen()):
            rect = _rect(window)
            if (
                rect
                and 0 <= x - rect.left_px < rect.width_px
                and (0 <= y - rect.top_px < rect.height_px)
            ):
                return self._follow(_number(window), str(window.get("kCGWindowName") or ""))
        raise DisplayError(DESKTOP)

    def close(self) -> None:
        """Nothing is held open."""

    def _follow(self, handle: int, title: str) -> "MacWindow":
        if not self._quartz.may_hear():
            raise DisplayError(MAY_NOT_HEAR)
        return MacWindow(self._quartz, handle, title)


class MacWindow(FollowedWindow):
    """A window on macOS, its title bar included in the picture; any thread may ask."""

    def __init__(self, quartz: Quartz, handle: int, title: str) -> None:
        self._quartz = quartz
        self._handle = handle
        self._title = title
        self._process = _process_of(quartz.everywhere(), handle)

    @property
    def title(self) -> str:
        """The title when the window was found."""
        return self._title

    def state(self) -> WindowState:
        """Say how the window stands now; it has the focus as the topmost of the front program."""
        quartz = self._quartz
        stack = quartz.down_to(self._handle)
        if not stack or _number(stack[-1]) != self._handle or not _shows(stack[-1]):
            known = _process_of(quartz.everywhere(), self._handle)
            return NOT_SHOWN if known is not None and known == self._process else GONE
        window = stack.pop()
        rect = _rect(window)
        if rect is None:
            return NOT_SHOWN
        focus = _focused(_normal([*stack, window]), quartz.focus())
        covers = [Cover(((hidden,),)) for each in stack if (hidden := _hidden_by(each))]
        screen = _around_all(quartz.screens())
        return state_on(screen, rect, covers, focused=focus == self._handle)

    def activate(self) -> None:
        """Bring the window's program to the front, with the window it used last."""
        if self._process is not None:
            self._quartz.bring_up(self._process)

    def close(self) -> None:
        """Nothing is held open."""


def _number(window: Mapping[str, Any]) -> int:
    return int(window["kCGWindowNumber"])


def _shows(window: Mapping[str, Any]) -> bool:
    return bool(window.get("kCGWindowIsOnscreen", False)) and float(window["kCGWindowAlpha"]) > 0


def _normal(windows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out menu bar, Dock, desktop and what can't be seen."""
    return [each for each in windows if each["kCGWindowLayer"] == NORMAL_LAYER and _shows(each)]


def _focused(normal: Sequence[Mapping[str, Any]], process: int | None) -> int | None:
    """Return the window that keys go to: the topmost of the process that they go to."""
    ours = (_number(each) for each in normal if each["kCGWindowOwnerPID"] == process)
    return next(ours, None)


def _process_of(windows: Sequence[Mapping[str, Any]], handle: int) -> int | None:
    found = (int(each["kCGWindowOwnerPID"]) for each in windows if _number(each) == handle)
    return next(found, None)


def _hidden_by(window: Mapping[str, Any]) -> Rect | None:
    bar = DOCK_LAYER <= window["kCGWindowLayer"] < MENU_LAYER
    if bar or not _shows(window) or window.get("kCGWindowOwnerName") == SERVER:
        return None
    return _rect(window)


def _rect(window: Mapping[str, Any]) -> Rect | None:
    bounds = window["kCGWindowBounds"]
    left, top = round(bounds["X"]), round(bounds["Y"])
    width, height = round(bounds["Width"]), round(bounds["Height"])
    return Rect(left, top, width, height) if width > 0 and height > 0 else None


def _around_all(screens: Sequence[tuple[float, float, float, float]]) -> Rect:
    left = round(min(screen[0] for screen in screens))
    top = round(min(screen[1] for screen in screens))
    right = round(max(screen[0] + screen[2] for screen in screens))
    bottom = round(max(screen[1] + screen[3] for screen in screens))
    return Rect(left, top, right - left, bottom - top)
