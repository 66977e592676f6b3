"""The game's window on Windows.

The rules are tested against recorded answers of Windows; the calls themselves (`recorder.user32`)
are written from documentation.
"""

from collections.abc import Iterator

from data.closing import Closing
from data.errors import DisplayError
from recorder.pacing import Clock
from recorder.window import GONE, NOT_SHOWN, FollowedWindow, WindowInfo, WindowState
from recorder.windows.cover import Cover, state_on
from recorder.windows.pick import DESKTOP, wait_for_click
from recorder.windows.user32 import RealUser32, User32

CLICKED_THROUGH = 0x20 | 0x80000  # WS_EX_TRANSPARENT with WS_EX_LAYERED: an overlay
DESKTOP_KINDS = {"Progman", "WorkerW", "Shell_TrayWnd"}
MOST_ABOVE = 2000  # windows may be restacked while we walk, so that the walk never ends
LEFT_BUTTON, RIGHT_BUTTON, MIDDLE_BUTTON, ESCAPE = 0x01, 0x02, 0x04, 0x1B


class Win32Windows(Closing):
    """The windows of a Windows desktop."""

    def __init__(self, user32: User32 | None = None) -> None:
        self._user32 = user32 or RealUser32()

    def windows(self) -> list[WindowInfo]:
        """List the windows that have a title, the topmost last; minimised ones have no place."""
        user32 = self._user32
        focus = user32.foreground()
        return [
            WindowInfo(
                title=title,
                program=user32.program(handle),
                rect=user32.picture(handle) if user32.shown(handle) else None,
                focused=handle == focus,
                handle=handle,
            )
            for handle in reversed(user32.windows())
            if user32.listed(handle)
            and user32.kind(handle) not in DESKTOP_KINDS
            and (title := user32.title(handle))
        ]

    def open(self, window: WindowInfo) -> "Win32Window":
        """Follow one of the windows."""
        return Win32Window(self._user32, window.handle, window.title)

    def pick(self, timeout_s: float, clock: Clock) -> "Win32Window":
        """Let the person click on a window, and follow it; here the click reaches the window.

        Raises:
            DisplayError: No click in time, the person gave up, or it was no window.
        """
        user32 = self._user32
        left, right = LEFT_BUTTON, RIGHT_BUTTON
        if user32.swapped():
            left, right = right, left
        wait_for_click(
            lambda: user32.down(left),
            lambda: any(user32.down(each) for each in (right, MIDDLE_BUTTON, ESCAPE)),
            timeout_s=timeout_s,
            clock=clock,
        )
        handle = user32.at_pointer()
        if not handle or user32.kind(handle) in DESKTOP_KINDS:
            raise DisplayError(DESKTOP)
        return Win32Window(user32, handle, user32.title(handle))

    def close(self) -> None:
        """Nothing is held open."""


class Win32Window(FollowedWindow):
    """A window on Windows; any thread may ask."""

    def __init__(self, user32: User32, handle: int, title: str) -> None:
        self._user32 = user32
        self._handle = handle
        self._title = title
        # Windows gives the number of a closed window to a new one, though hardly ever to one of
        # the same thread.
        self._owner = user32.owner(handle)

    @property
    def title(self) -> str:
        """The title when the window was found."""
        return self._title

    def state(self) -> WindowState:
        """Say how the window stands now."""
        user32, handle = self._user32, self._handle
        if not user32.exists(handle) or user32.owner(handle) != self._owner:
            return GONE
        rect = user32.picture(handle) if user32.shown(handle) else None
        if rect is None:
            return NOT_SHOWN
        focused = user32.foreground() == handle
        return state_on(user32.screen(), rect, self._above(), focused=focused)

    def activate(self) -> None:
        """Bring the window to the front; Windows may only let its button in the task bar flash."""
        self._user32.bring_up(self._handle)

    def close(self) -> None:
        """Nothing is held open."""

    def _above(self) -> Iterator[Cover]:
        """List what windows above hide; overlays that clicks go through are seen through, too."""
        user32 = self._user32
        above = self._handle
        for _ in range(MOST_ABOVE):
            above = user32.next_above(above)
            if not above:
                return
            if not user32.shown(above):
                continue
            if user32.style(above) & CLICKED_THROUGH == CLICKED_THROUGH or not user32.opacity(
                above
            ):
                continue
            outline = user32.outline(above)
            if outline is not None:
                yield Cover(((outline,),))
