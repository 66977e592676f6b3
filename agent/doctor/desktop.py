"""What kind of desktop this is, and where the game's window is on it."""

import ctypes
import os
import platform
import shutil
import sys
from contextlib import closing, suppress
from importlib.metadata import version

from agent.doctor.health import Finding
from data.frames import FrameSize, placement
from data.profile import GameProfile
from recorder.display import has_display, require_display
from recorder.window import find_window
from recorder.windows.x11 import connect, number, title_of, window_of

MAC_RIGHTS = (
    # framework, function that says whether the right is granted, the right's name in the settings
    ("CoreGraphics", "CGPreflightScreenCaptureAccess", "Screen Recording"),
    ("CoreGraphics", "CGPreflightListenEventAccess", "Input Monitoring"),
    ("ApplicationServices", "AXIsProcessTrusted", "Accessibility"),
)


def check_system() -> Finding:
    """Say which computer and which Understudy this is."""
    cores = os.cpu_count() or 1
    return Finding(
        cores > 1,
        f"Understudy {version('understudy')}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()} ({platform.machine()}), {cores} cores",
        "" if cores > 1 else "With one core, game and policy wait for each other; use two.",
    )


def check_session() -> Finding:
    """Say what kind of desktop session this is, and whether it lets itself be watched."""
    if sys.platform == "darwin":
        return _mac_session()
    if not sys.platform.startswith("linux"):
        return Finding(True, f"{platform.system()} desktop")
    require_display()
    name = os.environ["DISPLAY"]
    if not has_display():
        return Finding(
            False,
            f"the display {name} does not answer",
            "Log in to a desktop and run this in a terminal there, or pass --private.",
        )
    with closing(connect()) as display:
        screen = display.screen()
        size = f"{screen.width_in_pixels}x{screen.height_in_pixels}"
    return Finding(True, f"X11 on display {name}, {size} pixels")


def _mac_session() -> Finding:
    missing = []
    for framework, function, right in MAC_RIGHTS:
        library = ctypes.CDLL(f"/System/Library/Frameworks/{framework}.framework/{framework}")
        ask = getattr(library, function)
        ask.restype = ctypes.c_bool
        if not ask():
            missing.append(right)
    if not missing:
        return Finding(True, f"macOS {platform.mac_ver()[0]}, all permissions given")
    return Finding(
        False,
        f"macOS does not let this terminal use: {', '.join(missing)}",
        "Allow it in System Settings, Privacy & Security, under those names; then start the "
        "terminal anew.",
    )


def check_window_manager() -> Finding:
    """Say which window manager runs; windows are found and put in front through it."""
    if not sys.platform.startswith("linux"):
        return Finding(True, f"part of {platform.system()}")
    from Xlib.error import BadWindow

    # A manager that has ended leaves the name of its window behind.
    with closing(connect()) as display, suppress(BadWindow):
        manager = number(display, display.screen().root, "_NET_SUPPORTING_WM_CHECK")
        if manager is not None:
            return Finding(True, title_of(display, window_of(display, manager)) or "nameless")
    return Finding(
        False,
        "none",
        "Start one, such as openbox: without one, it is less sure which window has the focus.",
    )


def check_game(profile: GameProfile) -> Finding:
    """Find the window that the profile names, and say how it fits the stored size."""
    with closing(find_window(profile.title)) as window:
        state, title = window.state(), window.title
    rect = state.rect
    if rect is None:
        return Finding(False, f"{title!r} is not shown", "Bring it back from the task bar.")
    if state.covered:
        return Finding(False, f"{title!r} is covered", "Bring it to the front while you record.")
    stored = profile.capture.size
    where = placement(FrameSize(rect.width_px, rect.height_px), stored)
    found = f"{title!r}, {rect.width_px}x{rect.height_px} at {rect.left_px},{rect.top_px}, "
    found += "in focus" if state.focused else "not in focus"
    bars = (
        f"{where.left_px} pixels left and right"
        if where.left_px
        else f"{where.top_px} pixels above and below"
    )
    if where.left_px or where.top_px:
        return Finding(
            True,
            f"{found}; stored as {stored.width_px}x{stored.height_px} with black bars of {bars}",
            "With the proportions of the stored size, the window would fill it.",
        )
    if where.scale > 1:
        return Finding(True, f"{found}; smaller than the stored size", "Make the window larger.")
    return Finding(True, f"{found}; fills {stored.width_px}x{stored.height_px} without bars")


def check_programs() -> Finding:
    """Look for what a private virtual screen needs."""
    if not sys.platform.startswith("linux"):
        return Finding(True, f"not used on {platform.system()}")
    missing = [program for program in ("Xvfb", "openbox") if shutil.which(program) is None]
    if missing:
        return Finding(
            False,
            f"not installed: {', '.join(missing)}",
            "For a private screen run: sudo apt-get install xvfb openbox",
        )
    return Finding(True, "Xvfb and openbox are installed")
