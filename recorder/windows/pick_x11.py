"""Have the person click on a window, on X11."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from data.errors import DisplayError
from recorder.pacing import Clock
from recorder.windows.pick import DESKTOP, GAVE_UP, NO_CLICK, POLL_NS
from recorder.windows.x11 import ancestry, number, shown_windows, window_of

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.protocol.rq import Event

CROSSHAIR = 34  # of the cursor font


def pick(display: "Display", timeout_s: float, clock: Clock) -> int:
    """Wait for a click on a window and return it; neither click nor Esc reaches any program.

    Raises:
        DisplayError: Nothing was clicked on in time, the person gave up, or that was no window.
    """
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    with _grabbed(display, deadline_ns, clock):
        top = _clicked(display, deadline_ns, clock)
    chosen = None if top is None else _program_window(display, top)
    if chosen is None:
        raise DisplayError(DESKTOP)
    return chosen


@contextmanager
def _grabbed(display: "Display", deadline_ns: int, clock: Clock) -> Iterator[None]:
    """Have all clicks and keys sent here, with a cross as the pointer."""
    from Xlib import X

    root = display.screen().root
    font = display.open_font("cursor")
    white, black = (65535,) * 3, (0,) * 3
    cross = font.create_glyph_cursor(font, CROSSHAIR, CROSSHAIR + 1, white, black)
    events = X.ButtonPressMask | X.ButtonReleaseMask
    grab = (False, events, X.GrabModeAsync, X.GrabModeAsync, X.NONE, cross, X.CurrentTime)
    try:
        while root.grab_pointer(*grab) != X.GrabSuccess:  # a menu may be open
            if clock.now_ns() >= deadline_ns:
                raise DisplayError(
                    "another program holds the mouse. Close its menus, or name the window."
                )
            clock.sleep_until_ns(clock.now_ns() + POLL_NS)
        # Without it, only the Esc key to give up is missing.
        root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        yield
    finally:
        display.ungrab_pointer(X.CurrentTime)
        display.ungrab_keyboard(X.CurrentTime)
        cross.free()
        font.close()
        display.sync()


def _clicked(display: "Display", deadline_ns: int, clock: Clock) -> int | None:
    """Return the window on the desktop that is clicked on; None for the desktop itself."""
    from Xlib import XK, X

    escape = display.keysym_to_keycode(XK.XK_Escape)
    pressed = None
    for event in _events(display, deadline_ns, clock):
        if event.type == X.KeyPress and event.detail == escape:
            break
        if event.type == X.ButtonPress and pressed is None:
            pressed = event
        # The release is waited for, so that it does not reach the game.
        if pressed and event.type == X.ButtonRelease and event.detail == pressed.detail:
            break
    else:
        if pressed is None:
            raise DisplayError(NO_CLICK)
    if pressed is None or pressed.detail != X.Button1:
        raise DisplayError(GAVE_UP)
    return None if isinstance(pressed.child, int) else int(pressed.child.id)


def _events(display: "Display", deadline_ns: int, clock: Clock) -> Iterator["Event"]:
    while True:
        for _ in range(display.pending_events()):
            yield display.next_event()
        if clock.now_ns() >= deadline_ns:
            return
        clock.sleep_until_ns(clock.now_ns() + POLL_NS)


def _program_window(display: "Display", top: int) -> int | None:
    """Return the program's window within a frame; None when it is the desktop's background."""
    from Xlib.error import BadWindow

    background = display.get_atom("_NET_WM_WINDOW_TYPE_DESKTOP")
    for handle in [*shown_windows(display), top]:
        window = window_of(display, handle)
        try:
            around = [each.id for each in ancestry(window)]
            if top in around:
                kind = number(display, window, "_NET_WM_WINDOW_TYPE")
                return None if kind == background else handle
        except BadWindow:
            continue  # it went away while we looked
    return None
