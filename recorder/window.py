"""The game's window: where it is, and whether keys go to it."""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from data.errors import DisplayError
from recorder.display import require_display
from recorder.pacing import Clock, MonotonicClock

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

POLL_NS = 50_000_000
TREE_DEPTH = 3  # a window manager wraps a window in one or two of its own


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


class GameWindow(Protocol):
    """The window that a game is played in."""

    @property
    def title(self) -> str:
        """The title when the window was found."""
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


def find_window(
    title_pattern: str, timeout_s: float = 0.0, clock: Clock | None = None
) -> "X11Window":
    """Find the window whose title matches a regular expression.

    Of several the one with focus is taken, or else the topmost.

    Args:
        title_pattern: Searched for anywhere in the title, as `re.search` does.
        timeout_s: How long to wait for it to appear.
        clock: Used while waiting.

    Raises:
        DisplayError: There is no such window, no display, or no support for this system.
    """
    if not sys.platform.startswith("linux"):
        raise DisplayError(f"finding windows is not supported yet on {sys.platform}.")
    require_display()
    clock = clock or MonotonicClock()
    deadline_ns = clock.now_ns() + round(timeout_s * 1e9)
    display = _connect()
    try:
        while True:
            titles = dict(_titled_windows(display))
            matching = [i for i, title in titles.items() if re.search(title_pattern, title)]
            if matching:
                active = _active(display)
                chosen = active if active in matching else matching[-1]
                return X11Window(display, chosen, titles[chosen])
            if clock.now_ns() >= deadline_ns:
                break
            clock.sleep_until_ns(clock.now_ns() + POLL_NS)
    except BaseException:
        display.close()
        raise
    display.close()
    seen = ", ".join(sorted({repr(title) for title in titles.values() if title})) or "none"
    raise DisplayError(
        f"no window's title matches {title_pattern!r}. Start the game first. Open windows: {seen}."
    )


class X11Window:
    """A window on X11, asked over a connection of its own; any thread may ask."""

    def __init__(self, display: "Display", window_id: int, title: str) -> None:
        self._display = display
        self._window: Window = display.create_resource_object("window", window_id)
        self._lock = threading.Lock()
        self._gone = False
        self._title = title

    @property
    def title(self) -> str:
        """The title when the window was found."""
        return self._title

    def rect(self) -> Rect | None:
        """Return where the picture is, without frame and title bar; None while it is not shown."""
        with self._asking():
            if not self._is_shown():
                return None
            size = self._window.get_geometry()
            corner = self._root.translate_coords(self._window, 0, 0)
            return Rect(corner.x, corner.y, size.width, size.height)
        return None

    def focused(self) -> bool:
        """Say whether keys go to this window.

        The input focus decides, since that is where the server sends keys. Some toolkits give it to
        a helper window of their own; then what the window manager calls active decides.
        """
        with self._asking():
            if not self._is_shown():
                return False
            focus = self._display.get_input_focus().focus
            clients = set(_client_list(self._display) or ())
            for window_id in _ancestry(focus):
                if window_id == self._window.id:
                    return True
                if window_id in clients:
                    return False
            return _active(self._display) == int(self._window.id)
        return False

    def gone(self) -> bool:
        """Say whether the window has been closed for good."""
        with self._asking():
            if not self._gone:
                self._window.get_attributes()
        return self._gone

    def activate(self) -> None:
        """Ask the window manager to bring the window to the front and give it the focus."""
        from Xlib import X
        from Xlib.protocol.event import ClientMessage

        with self._asking():
            if self._gone:
                return
            if _client_list(self._display) is None:
                self._window.configure(stack_mode=X.Above)
                self._window.set_input_focus(X.RevertToParent, X.CurrentTime)
            else:
                asked_by_a_tool = 2
                message = ClientMessage(
                    window=self._window,
                    client_type=self._display.intern_atom("_NET_ACTIVE_WINDOW"),
                    data=(32, [asked_by_a_tool, X.CurrentTime, 0, 0, 0]),
                )
                mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
                self._root.send_event(message, event_mask=mask)
            self._display.sync()

    def close(self) -> None:
        """Let go of the display; the window itself stays open."""
        from Xlib.error import ConnectionClosedError

        with self._lock, suppress(ConnectionClosedError):
            self._gone = True
            self._display.close()

    def _is_shown(self) -> bool:
        from Xlib import X

        return not self._gone and bool(self._window.get_attributes().map_state == X.IsViewable)

    @property
    def _root(self) -> "Window":
        return self._display.screen().root

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Hold the connection, and remember the window as gone when the server says so."""
        from Xlib.error import BadDrawable, BadWindow, ConnectionClosedError

        with self._lock:
            try:
                yield
            except (BadDrawable, BadWindow, ConnectionClosedError):
                self._gone = True


def _connect() -> "Display":
    from Xlib import display, error

    try:
        return display.Display()
    except (error.DisplayError, error.XauthError, OSError) as problem:
        raise DisplayError(f"the display can't be opened: {problem}.") from problem


def _property(display: "Display", window: "Window", name: str) -> Any:  # noqa: ANN401
    from Xlib import X

    found = window.get_full_property(display.intern_atom(name), X.AnyPropertyType)
    return None if found is None else found.value


def _client_list(display: "Display") -> list[int] | None:
    """List the windows of the window manager, the topmost last; None when there is no manager."""
    root = display.screen().root
    clients = _property(display, root, "_NET_CLIENT_LIST_STACKING")
    if clients is None:
        clients = _property(display, root, "_NET_CLIENT_LIST")
    return None if clients is None else [int(window_id) for window_id in clients]


def _active(display: "Display") -> int | None:
    found = _property(display, display.screen().root, "_NET_ACTIVE_WINDOW")
    return int(found[0]) if found is not None and len(found) else None


def _titled_windows(display: "Display") -> Iterator[tuple[int, str]]:
    """List windows that have a title, the topmost last."""
    from Xlib.error import BadWindow

    clients = _client_list(display)
    if clients is None:
        clients = list(_tree(display.screen().root, TREE_DEPTH))
    for window_id in clients:
        window = display.create_resource_object("window", window_id)
        try:
            title = _property(display, window, "_NET_WM_NAME")
            if title is None:
                title = window.get_wm_name()
        except BadWindow:
            continue  # it went away while we looked
        if title:
            yield window_id, title.decode(errors="replace") if isinstance(title, bytes) else title


def _tree(window: "Window", depth: int) -> Iterator[int]:
    from Xlib.error import BadWindow

    try:
        children = window.query_tree().children if depth else []
    except BadWindow:
        return
    for child in children:
        yield child.id
        yield from _tree(child, depth - 1)


def _ancestry(focus: Any) -> Iterator[int]:  # noqa: ANN401
    """Walk from the window with the input focus up to the root; nothing when there is none."""
    while not isinstance(focus, int):
        yield focus.id
        parent = focus.query_tree().parent
        focus = parent or 0
