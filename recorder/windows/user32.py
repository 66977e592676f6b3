"""Asking Windows about windows: the only calls into user32 and dwmapi.

Written from Microsoft's documentation of these functions, and never run on Windows by our tests.
"""

import ctypes
import sys
from ctypes import wintypes
from pathlib import PureWindowsPath
from typing import Any, Protocol

from data.errors import DisplayError
from recorder.window import Rect

DWMWA_EXTENDED_FRAME_BOUNDS = 9
DWMWA_CLOAKED = 14
GA_ROOT = 2
GW_HWNDPREV = 3
GWL_EXSTYLE = -20
LWA_ALPHA = 2
PER_MONITOR_V2 = -4  # DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2
PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
SM_SWAPBUTTON = 23
SM_VIRTUALSCREEN = (76, 77, 78, 79)  # left, top, width and height over all monitors
SW_RESTORE = 9
LONGEST = 32_768  # characters of a title or path

Owner = tuple[int, int]


class User32(Protocol):
    """The windows of a Windows desktop; all rectangles are in physical pixels."""

    def windows(self) -> list[int]:
        """List the windows on the desktop, the topmost first."""
        ...

    def next_above(self, window: int) -> int:
        """Return the window directly above; 0 when there is none."""
        ...

    def title(self, window: int) -> str:
        """Return the title; empty when there is none."""
        ...

    def kind(self, window: int) -> str:
        """Return the name of the window's class."""
        ...

    def owner(self, window: int) -> Owner:
        """Return thread and process that made the window; zeros when it no longer exists."""
        ...

    def program(self, window: int) -> str:
        """Return the file name of the window's program; empty when it may not be known."""
        ...

    def exists(self, window: int) -> bool:
        """Say whether there is such a window."""
        ...

    def listed(self, window: int) -> bool:
        """Say whether it is visible and not cloaked, as on another desktop; minimised ones are."""
        ...

    def shown(self, window: int) -> bool:
        """Say whether it is listed and not minimised."""
        ...

    def picture(self, window: int) -> Rect | None:
        """Return where its picture is, without frame and title bar; None when it has no size."""
        ...

    def outline(self, window: int) -> Rect | None:
        """Return where it is with all that it draws; None when it has no size."""
        ...

    def style(self, window: int) -> int:
        """Return its extended style."""
        ...

    def opacity(self, window: int) -> int:
        """Return how opaque it is as a whole, from 0 to 255."""
        ...

    def foreground(self) -> int:
        """Return the window that keys go to; 0 when there is none."""
        ...

    def at_pointer(self) -> int:
        """Return the window under the mouse pointer; 0 when there is none."""
        ...

    def screen(self) -> Rect:
        """Return the rectangle around all monitors."""
        ...

    def down(self, button: int) -> bool:
        """Say whether a key or button is down, or was since the last time it was asked about."""
        ...

    def swapped(self) -> bool:
        """Say whether left and right mouse button have changed places."""
        ...

    def bring_up(self, window: int) -> None:
        """Show a minimised window again and give it the focus, as far as Windows lets us."""
        ...


class RealUser32:
    """Windows itself."""

    _user: Any
    _dwm: Any
    _kernel: Any
    _visit: Any

    def __init__(self) -> None:
        if sys.platform != "win32":
            raise DisplayError(f"there is no user32 on {sys.platform}.")
        self._user = ctypes.WinDLL("user32", use_last_error=True)
        self._dwm = ctypes.WinDLL("dwmapi")
        self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        self._visit = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
        self._declare()
        # Otherwise Windows tells a scaled-down desktop, and pictures miss the window. It refuses
        # when a toolkit has chosen before us: then per monitor, too.
        self._user.SetProcessDpiAwarenessContext(PER_MONITOR_V2)

    def windows(self) -> list[int]:
        """List the windows on the desktop, the topmost first."""
        found: list[int] = []

        def visit(window: int, _: int) -> bool:
            found.append(window)
            return True

        self._user.EnumWindows(self._visit(visit), 0)
        return found

    def next_above(self, window: int) -> int:
        """Return the window directly above; 0 when there is none."""
        return self._user.GetWindow(window, GW_HWNDPREV) or 0

    def title(self, window: int) -> str:
        """Return the title; empty when there is none."""
        return self._text(self._user.GetWindowTextW, window)

    def kind(self, window: int) -> str:
        """Return the name of the window's class."""
        return self._text(self._user.GetClassNameW, window)

    def owner(self, window: int) -> Owner:
        """Return thread and process that made the window; zeros when it no longer exists."""
        process = wintypes.DWORD()
        thread = self._user.GetWindowThreadProcessId(window, ctypes.byref(process))
        return (int(thread), process.value) if thread else (0, 0)

    def program(self, window: int) -> str:
        """Return the file name of the window's program; empty when it may not be known."""
        limited = PROCESS_QUERY_LIMITED_INFORMATION
        process = self._kernel.OpenProcess(limited, False, self.owner(window)[1])
        if not process:
            return ""
        try:
            path = ctypes.create_unicode_buffer(LONGEST)
            length = wintypes.DWORD(LONGEST)
            done = self._kernel.QueryFullProcessImageNameW(process, 0, path, ctypes.byref(length))
            return PureWindowsPath(path.value).name if done else ""
        finally:
            self._kernel.CloseHandle(process)

    def exists(self, window: int) -> bool:
        """Say whether there is such a window."""
        return bool(self._user.IsWindow(window))

    def listed(self, window: int) -> bool:
        """Say whether it is visible and not cloaked, as on another desktop; minimised ones are."""
        if not self._user.IsWindowVisible(window):
            return False
        cloaked = wintypes.DWORD()
        return not (self._ask_dwm(window, DWMWA_CLOAKED, cloaked) and cloaked.value)

    def shown(self, window: int) -> bool:
        """Say whether it is listed and not minimised."""
        return self.listed(window) and not self._user.IsIconic(window)

    def picture(self, window: int) -> Rect | None:
        """Return where its picture is, without frame and title bar; None when it has no size."""
        inside, corner = wintypes.RECT(), wintypes.POINT()
        if not self._user.GetClientRect(window, ctypes.byref(inside)):
            return None
        if not self._user.ClientToScreen(window, ctypes.byref(corner)):
            return None
        return _rect(corner.x, corner.y, corner.x + inside.right, corner.y + inside.bottom)

    def outline(self, window: int) -> Rect | None:
        """Return where it is with all that it draws; None when it has no size."""
        found = wintypes.RECT()
        # GetWindowRect counts invisible borders in, and is only asked where there is no DWM.
        if not self._ask_dwm(window, DWMWA_EXTENDED_FRAME_BOUNDS, found):
            self._user.GetWindowRect(window, ctypes.byref(found))
        return _rect(found.left, found.top, found.right, found.bottom)

    def style(self, window: int) -> int:
        """Return its extended style."""
        return int(self._user.GetWindowLongW(window, GWL_EXSTYLE))

    def opacity(self, window: int) -> int:
        """Return how opaque it is as a whole, from 0 to 255."""
        key, alpha, flags = wintypes.DWORD(), wintypes.BYTE(), wintypes.DWORD()
        told = self._user.GetLayeredWindowAttributes(
            window, ctypes.byref(key), ctypes.byref(alpha), ctypes.byref(flags)
        )
        return alpha.value & 0xFF if told and flags.value & LWA_ALPHA else 255

    def foreground(self) -> int:
        """Return the window that keys go to; 0 when there is none."""
        return self._user.GetAncestor(self._user.GetForegroundWindow(), GA_ROOT) or 0

    def at_pointer(self) -> int:
        """Return the window under the mouse pointer; 0 when there is none."""
        point = wintypes.POINT()
        if not self._user.GetCursorPos(ctypes.byref(point)):
            return 0
        return self._user.GetAncestor(self._user.WindowFromPoint(point), GA_ROOT) or 0

    def screen(self) -> Rect:
        """Return the rectangle around all monitors."""
        return Rect(*(self._user.GetSystemMetrics(number) for number in SM_VIRTUALSCREEN))

    def down(self, button: int) -> bool:
        """Say whether a key or button is down, or was since the last time it was asked about."""
        return bool(self._user.GetAsyncKeyState(button) & 0x8001)

    def swapped(self) -> bool:
        """Say whether left and right mouse button have changed places."""
        return bool(self._user.GetSystemMetrics(SM_SWAPBUTTON))

    def bring_up(self, window: int) -> None:
        """Show a minimised window again and give it the focus, as far as Windows lets us."""
        if self._user.IsIconic(window):
            self._user.ShowWindow(window, SW_RESTORE)
        self._user.SetForegroundWindow(window)

    def _text(self, call: Any, window: int) -> str:  # noqa: ANN401
        text = ctypes.create_unicode_buffer(LONGEST)
        call(window, text, LONGEST)
        return text.value

    def _ask_dwm(self, window: int, what: int, answer: Any) -> bool:  # noqa: ANN401
        size = ctypes.sizeof(answer)
        failed = self._dwm.DwmGetWindowAttribute(window, what, ctypes.byref(answer), size)
        return not failed

    def _declare(self) -> None:
        """Tell ctypes which arguments are handles: it would cut them to 32 bits."""
        one_window = (
            "GetWindowThreadProcessId IsWindow IsWindowVisible IsIconic GetClientRect "
            "ClientToScreen GetWindowRect GetLayeredWindowAttributes GetWindowTextW GetClassNameW "
            "GetWindowLongW GetWindow GetAncestor ShowWindow SetForegroundWindow"
        )
        more: dict[str, list[Any]] = {
            "GetWindowThreadProcessId": [ctypes.c_void_p],
            "GetClientRect": [ctypes.c_void_p],
            "ClientToScreen": [ctypes.c_void_p],
            "GetWindowRect": [ctypes.c_void_p],
            "GetLayeredWindowAttributes": [ctypes.c_void_p] * 3,
            "GetWindowTextW": [wintypes.LPWSTR, ctypes.c_int],
            "GetClassNameW": [wintypes.LPWSTR, ctypes.c_int],
            "GetWindowLongW": [ctypes.c_int],
            "GetWindow": [wintypes.UINT],
            "GetAncestor": [wintypes.UINT],
            "ShowWindow": [ctypes.c_int],
        }
        for name in one_window.split():
            getattr(self._user, name).argtypes = [wintypes.HWND, *more.get(name, [])]
        for name in ("GetWindow", "GetAncestor", "GetForegroundWindow", "WindowFromPoint"):
            getattr(self._user, name).restype = wintypes.HWND
        self._user.EnumWindows.argtypes = [self._visit, wintypes.LPARAM]
        self._user.WindowFromPoint.argtypes = [wintypes.POINT]
        self._user.GetAsyncKeyState.restype = wintypes.SHORT
        self._user.SetProcessDpiAwarenessContext.argtypes = [wintypes.HANDLE]
        self._dwm.DwmGetWindowAttribute.argtypes = [
            wintypes.HWND,
            wintypes.DWORD,
            ctypes.c_void_p,
            wintypes.DWORD,
        ]
        self._kernel.OpenProcess.restype = wintypes.HANDLE
        self._kernel.CloseHandle.argtypes = [wintypes.HANDLE]
        self._kernel.QueryFullProcessImageNameW.argtypes = [
            wintypes.HANDLE,
            wintypes.DWORD,
            wintypes.LPWSTR,
            ctypes.c_void_p,
        ]


def _rect(left: int, top: int, right: int, bottom: int) -> Rect | None:
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None
