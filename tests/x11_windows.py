"""Windows on the X display, as their program has them and as they are followed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from Xlib import X

from recorder.window import Rect, find_window
from recorder.windows.x11 import connect
from recorder.windows.x11_window import X11Window
from tests.fakes import wait_until
from tests.x11 import Desk


@contextmanager
def game_window(desk: Desk) -> Iterator[tuple[Any, X11Window]]:
    """The game's window as its program has it, and as it is followed."""
    shown = desk.window("Tiny Game", at=(300, 200), size=(400, 300))
    window = find_window("Tiny Game", timeout_s=10)
    window.activate()
    wait_until(window.focused, "the window is up")
    yield shown, window
    window.close()


def unmanaged(desk, rect: Rect, *, parent=None, kind=X.InputOutput):
    """A window that no window manager touches, so that all happens at once."""
    window = (parent or desk.screen.root).create_window(
        rect.left_px,
        rect.top_px,
        rect.width_px,
        rect.height_px,
        0,
        desk.screen.root_depth if kind == X.InputOutput else 0,
        kind,
        override_redirect=True,
        event_mask=X.ButtonPressMask,
    )
    window.map()
    desk.display.sync()
    return window


def follow(window) -> X11Window:
    return X11Window(connect(), window.id, "unmanaged")


def followed(window) -> X11Window:
    """Follow a shown window, once those of an earlier test no longer come and go around it."""
    found = follow(window)
    wait_until(lambda: found.state().rect is not None, "it is sure where the window is")
    return found
