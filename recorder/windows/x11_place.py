"""Where a window's picture is on an X11 screen, and what lies above it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recorder.window import Rect
from recorder.windows.cover import Cover, around, common
from recorder.windows.x11 import number, prop, window_of

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

ICONIC = 3  # of WM_STATE
ALL_DESKTOPS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window is."""

    rect: Rect | None
    """Of its picture, without frame and title bar; None while it is not shown."""
    top: int
    """The window around it that lies directly on the desktop."""
    clipped: tuple[Cover, ...] = ()
    """What the windows around it cut off, as when its frame is rolled up to the title bar."""


NOWHERE = Place(rect=None, top=0)


def measure(
    display: "Display", window: "Window", watch: Callable[["Window"], None] = lambda _: None
) -> Place:
    """Find out where a window is.

    Args:
        display: Its display.
        window: The window of the program, around which a window manager may have put others.
        watch: Called with the window and each of those around it, before it is looked at.

    Raises:
        BadWindow: It, or one around it, has gone away; so too BadDrawable.
    """
    from Xlib import X

    watch(window)
    if window.get_attributes().map_state != X.IsViewable or _put_away(display, window):
        return NOWHERE
    chain, sizes = [window], [window.get_geometry()]
    while (parent := chain[-1].query_tree().parent) and parent.id != sizes[0].root.id:
        watch(parent)
        chain.append(parent)
        sizes.append(parent.get_geometry())
    left = top = 0
    nested = []
    for size in reversed(sizes):
        left, top = left + size.x + size.border_width, top + size.y + size.border_width
        nested.append(Rect(left, top, size.width, size.height))
    picture = nested.pop()
    shown: Rect | None = picture
    for outer in nested:
        shown = shown and common(shown, outer)
    cut = around(picture, shown)
    return Place(picture, chain[-1].id, (Cover((cut,)),) if cut else ())


def _put_away(display: "Display", window: "Window") -> bool:
    """Say whether a mapped window is minimised or on another desktop.

    A compositing window manager may keep such windows mapped, below all others.
    """
    if number(display, window, "WM_STATE") == ICONIC:
        return True
    hidden = display.get_atom("_NET_WM_STATE_HIDDEN")
    if hidden in (prop(display, window, "_NET_WM_STATE") or ()):
        return True
    desktop = number(display, window, "_NET_WM_DESKTOP")
    if desktop is None or desktop == ALL_DESKTOPS:
        return False
    current = number(display, display.screen().root, "_NET_CURRENT_DESKTOP")
    return current is not None and desktop != current


@dataclass(frozen=True, slots=True)
class _Shape:
    drawn: tuple[Rect, ...]
    clickable: tuple[Rect, ...]


_UNSEEN = _Shape((), ())


class Covers:
    """The windows that lie directly on the desktop, remembered until they change.

    Under a compositor, what a window lets clicks through to is taken to be seen through as well:
    the compositor's own overlay, the display of a frame rate, the shadow around a window. Such an
    overlay therefore never pauses a recording. Without a compositor nothing is transparent, and all
    of a window counts. A transparent window that takes clicks counts in any case: nothing tells
    what it shows, and the game beneath it can't be clicked on.
    """

    def __init__(self, display: "Display") -> None:
        self._display = display
        self._root: Window = display.screen().root
        self._shaped = display.has_extension("SHAPE")
        self._compositor = display.get_atom(f"_NET_WM_CM_S{display.get_default_screen()}")
        self._shapes: dict[int, _Shape] = {}

    def forget(self, window_id: int) -> None:
        """Look at a window again the next time: it has changed."""
        self._shapes.pop(window_id, None)

    def above(self, top: int) -> Iterator[Cover]:
        """List what the windows above one of them hide."""
        stack = [window.id for window in self._root.query_tree().children]
        # A window that is no longer here is being moved into another: then all may be above it.
        start = stack.index(top) + 1 if top in stack else 0
        composited = not isinstance(self._display.get_selection_owner(self._compositor), int)
        for window_id in stack[start:]:
            shape = self._shapes.get(window_id)
            if shape is None:
                shape = self._shapes[window_id] = self._look_at(window_id)
            see_through = composited and shape.clickable != shape.drawn
            yield Cover((shape.drawn, shape.clickable) if see_through else (shape.drawn,))

    def _look_at(self, window_id: int) -> _Shape:
        from Xlib import X
        from Xlib.error import BadDrawable, BadWindow

        window = window_of(self._display, window_id)
        try:
            if self._shaped:
                window.shape_select_input(1)
            facts = window.get_attributes()
            if facts.win_class == X.InputOnly or facts.map_state != X.IsViewable:
                return _UNSEEN
            size = window.get_geometry()
            edge = size.border_width
            whole = (Rect(size.x, size.y, size.width + 2 * edge, size.height + 2 * edge),)
            if not self._shaped:
                return _Shape(whole, whole)
            left, top = size.x + edge, size.y + edge
            return _Shape(_rects(window, BOUNDING, left, top), _rects(window, INPUT, left, top))
        except (BadDrawable, BadWindow):
            return _UNSEEN


BOUNDING, INPUT = 0, 2  # kinds of shape


def _rects(window: "Window", kind: int, left: int, top: int) -> tuple[Rect, ...]:
    found = window.shape_get_rectangles(kind).rectangles
    return tuple(Rect(left + r.x, top + r.y, r.width, r.height) for r in found)
