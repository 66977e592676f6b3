"""Do pictures arrive, as they are on the screen, at the wanted rate?"""

import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress

import numpy as np

from agent.doctor.health import Finding, Wanted
from agent.doctor.probe_window import COLOUR_BGR, ProbeWindow
from agent.timing import Spread
from data.errors import DisplayError
from data.frames import Image, fit
from data.profile import GameProfile
from recorder.pacing import Pacer
from recorder.screen import MssScreen, ScreenSource
from recorder.window import Rect, find_window
from recorder.windows.x11 import connect

GRABBING_S = 2.0
SHOWN_S = 5.0  # a desktop may fade a new window in
NEAR = 24  # of 255: a colour profile or dithering may change the window's colour a little
BLACK = 8
ENOUGH = 0.98  # of the wanted rate
USUAL = (1280, 720)


def check_picture(wanted: Wanted) -> Finding:
    """Grab a window of known colour and look for that colour."""
    if not sys.platform.startswith("linux"):
        return _not_black(wanted)
    with ProbeWindow(wanted.clock) as window, closing(MssScreen(window.rect, wanted.clock)) as grab:
        deadline_ns = wanted.clock.now_ns() + round(SHOWN_S * 1e9)
        while True:
            window.key_moved(None, within_s=0.05)
            image = grab.grab().image
            if np.all(np.abs(np.median(image, axis=(0, 1)) - COLOUR_BGR) <= NEAR):
                return Finding(True, "a window of ours looks in the picture as it does on screen")
            if wanted.stop() or wanted.clock.now_ns() >= deadline_ns:
                return _wrong(image)


def _wrong(image: Image) -> Finding:
    if is_black(image):
        return Finding(
            False,
            "the picture is black",
            "Log in to an X11 session, wake the screen, and let the game run in a window instead "
            "of exclusive full screen.",
        )
    return Finding(
        False,
        "a window of ours can't be seen in the picture",
        "Close what stays on top of all windows, and run this again.",
    )


def _not_black(wanted: Wanted) -> Finding:
    with closing(MssScreen(area(wanted.profile), wanted.clock)) as grab:
        if is_black(grab.grab().image):
            return Finding(
                False,
                "the picture is black",
                "Allow this terminal to record the screen, and let the game run in a window.",
            )
    return Finding(True, "not black")


def is_black(image: Image) -> bool:
    """Say whether nothing can be made out in a picture."""
    return bool(image.max() < BLACK)


def check_scaling(wanted: Wanted) -> Finding:
    """Compare a picture's pixels with the part of the screen that was asked for."""
    asked = area(wanted.profile)
    with closing(MssScreen(asked, wanted.clock)) as grab:
        height, width = grab.grab().image.shape[:2]
    got = f"{width}x{height} pixels for {asked.width_px}x{asked.height_px} of the screen"
    across, down = width / asked.width_px, height / asked.height_px
    if abs(across - down) > 0.01:
        return Finding(False, got, "Set the same display scaling for both directions.")
    if abs(across - 1) > 0.01:
        return Finding(
            sys.platform == "darwin",  # there, positions are told in points, as everything else is
            f"{got} (scaled by {across:.2f})",
            "Set the display's scaling to 100 %, or positions and pictures don't agree.",
        )
    return Finding(True, f"{got}: none")


def check_capture(
    wanted: Wanted,
    screen_of: Callable[[Rect], ScreenSource] = MssScreen,
    cpu_s: Callable[[], float] = time.process_time,
) -> Finding:
    """Grab and fit pictures for two seconds at the wanted rate.

    Args:
        wanted: Gives the rate, the profile and the clock.
        screen_of: Opens what takes the pictures.
        cpu_s: Tells the processor time used so far.
    """
    rect = area(wanted.profile)
    spent_ns: list[int] = []
    with closing(screen_of(rect)) as grab:
        pacer = Pacer(wanted.clock, wanted.rate_hz)
        began_ns, began_cpu_s = wanted.clock.now_ns(), cpu_s()
        end_ns = began_ns + round(GRABBING_S * 1e9)
        while wanted.clock.now_ns() < end_ns and not wanted.stop():
            pacer.wait()
            at_ns = wanted.clock.now_ns()
            fit(grab.grab().image, wanted.profile.capture.size)
            spent_ns.append(wanted.clock.now_ns() - at_ns)
    if not spent_ns:
        return Finding(False, "stopped before the first picture")
    seconds = (wanted.clock.now_ns() - began_ns) / 1e9
    share = (cpu_s() - began_cpu_s) / seconds
    reached_hz = wanted.rate_hz * len(spent_ns) / (len(spent_ns) + pacer.skipped_ticks)
    spent = Spread.of(np.array(spent_ns))
    found = (
        f"{reached_hz:.1f} of {wanted.rate_hz:g} pictures a second from "
        f"{rect.width_px}x{rect.height_px}, {spent.p50:.1f} ms each (p99 {spent.p99:.1f}), "
        f"{100 * share:.0f} % of a core"
    )
    if reached_hz >= ENOUGH * wanted.rate_hz:
        return Finding(True, found)
    return Finding(
        False, found, "Close other programs, make the game's window smaller, or lower the rate."
    )


def area(profile: GameProfile) -> Rect:
    """Return where the game is; while it is not shown, a usual window's size of the screen."""
    with suppress(DisplayError), closing(find_window(profile.title)) as window:
        rect = window.rect()
        if rect is not None:
            return rect
    if not sys.platform.startswith("linux"):
        return Rect(0, 0, *USUAL)
    with closing(connect()) as display:
        screen = display.screen()
        width, height = screen.width_in_pixels, screen.height_in_pixels
    return Rect(0, 0, min(width, USUAL[0]), min(height, USUAL[1]))
