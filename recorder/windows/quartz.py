"""Asking macOS about windows: the only calls into Quartz, AppKit and the accessibility services.

Written from Apple's documentation of these functions, and never run on a Mac by our tests. The
libraries come with pynput there.
"""

import sys
from collections.abc import Mapping
from typing import Any, Protocol

from data.errors import DisplayError

ESCAPE = 53
ACTIVATE_IGNORING_OTHERS = 1 << 1


class Quartz(Protocol):
    """The windows of a Mac; all places are in points, the origin at the top left."""

    def may_see(self) -> bool:
        """Say whether this program may see other programs' windows; ask the person if not."""
        ...

    def may_hear(self) -> bool:
        """Say whether this program may watch and press keys."""
        ...

    def on_screen(self) -> list[Mapping[str, Any]]:
        """Describe the windows on the screen, the topmost first."""
        ...

    def down_to(self, window: int) -> list[Mapping[str, Any]]:
        """Describe a window on the screen and those above it, the topmost first."""
        ...

    def everywhere(self) -> list[Mapping[str, Any]]:
        """Describe all windows that there are; slow."""
        ...

    def focus(self) -> int | None:
        """Return the process that keys go to; None when macOS does not say."""
        ...

    def screens(self) -> list[tuple[float, float, float, float]]:
        """Return left, top, width and height of each screen."""
        ...

    def pointer(self) -> tuple[float, float]:
        """Return where the mouse pointer is."""
        ...

    def pressed(self, button: int) -> bool:
        """Say whether a mouse button is down: 0 is the left one."""
        ...

    def escaping(self) -> bool:
        """Say whether Esc is down."""
        ...

    def bring_up(self, process: int) -> None:
        """Bring a program to the front."""
        ...


class RealQuartz:
    """macOS itself."""

    def __init__(self) -> None:
        if sys.platform != "darwin":
            raise DisplayError(f"there is no Quartz on {sys.platform}.")
        import AppKit
        import ApplicationServices
        import Quartz as QuartzLibrary

        self._appkit: Any = AppKit
        self._services: Any = ApplicationServices
        self._quartz: Any = QuartzLibrary

    def may_see(self) -> bool:
        """Say whether this program may see other programs' windows; ask the person if not."""
        if self._quartz.CGPreflightScreenCaptureAccess():
            return True
        # This puts the program into the list in System Settings; it holds from the next start on.
        self._quartz.CGRequestScreenCaptureAccess()
        return False

    def may_hear(self) -> bool:
        """Say whether this program may watch and press keys."""
        return bool(self._services.AXIsProcessTrusted())

    def on_screen(self) -> list[Mapping[str, Any]]:
        """Describe the windows on the screen, the topmost first."""
        quartz = self._quartz
        which = quartz.kCGWindowListOptionOnScreenOnly | quartz.kCGWindowListExcludeDesktopElements
        return self._windows(which, quartz.kCGNullWindowID)

    def down_to(self, window: int) -> list[Mapping[str, Any]]:
        """Describe a window on the screen and those above it, the topmost first."""
        quartz = self._quartz
        which = quartz.kCGWindowListOptionOnScreenAboveWindow
        return self._windows(which | quartz.kCGWindowListOptionIncludingWindow, window)

    def everywhere(self) -> list[Mapping[str, Any]]:
        """Describe all windows that there are; slow."""
        return self._windows(self._quartz.kCGWindowListOptionAll, self._quartz.kCGNullWindowID)

    def focus(self) -> int | None:
        """Return the process that keys go to; None when macOS does not say.

        `NSWorkspace.frontmostApplication` would be simpler, but tells the same program for ever in
        a process without a main run loop, as the command line is.
        """
        services = self._services
        system = services.AXUIElementCreateSystemWide()
        wanted = services.kAXFocusedApplicationAttribute
        failed, program = services.AXUIElementCopyAttributeValue(system, wanted, None)
        if failed or program is None:
            return None
        failed, process = services.AXUIElementGetPid(program, None)
        return None if failed else int(process)

    def screens(self) -> list[tuple[float, float, float, float]]:
        """Return left, top, width and height of each screen."""
        quartz = self._quartz
        _, displays, count = quartz.CGGetActiveDisplayList(32, None, None)
        bounds = [quartz.CGDisplayBounds(display) for display in displays[:count]]
        return [(b.origin.x, b.origin.y, b.size.width, b.size.height) for b in bounds]

    def pointer(self) -> tuple[float, float]:
        """Return where the mouse pointer is."""
        place = self._quartz.CGEventGetLocation(self._quartz.CGEventCreate(None))
        return place.x, place.y

    def pressed(self, button: int) -> bool:
        """Say whether a mouse button is down: 0 is the left one."""
        state = self._quartz.kCGEventSourceStateCombinedSessionState
        return bool(self._quartz.CGEventSourceButtonState(state, button))

    def escaping(self) -> bool:
        """Say whether Esc is down."""
        state = self._quartz.kCGEventSourceStateCombinedSessionState
        return bool(self._quartz.CGEventSourceKeyState(state, ESCAPE))

    def bring_up(self, process: int) -> None:
        """Bring a program to the front."""
        application = self._appkit.NSRunningApplication
        program = application.runningApplicationWithProcessIdentifier_(process)
        if program is not None:
            program.activateWithOptions_(ACTIVATE_IGNORING_OTHERS)

    def _windows(self, which: int, window: int) -> list[Mapping[str, Any]]:
        return list(self._quartz.CGWindowListCopyWindowInfo(which, window) or ())
