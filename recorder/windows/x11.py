"""Asking an X11 server: connection, properties, the tree of windows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from data.errors import DisplayError
from recorder.display import refuse_xwayland, require_display

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

TREE_DEPTH = 3  # a window manager wraps a window in one or two of its own


def connect() -> "Display":
    """Open a connection of its own to the display.

    Raises:
        DisplayError: There is none, or it is one on which other programs can't be watched.
    """
    from Xlib import display, error

    require_display()
    try:
        opened = display.Display()
    except (error.DisplayError, error.XauthError, OSError) as problem:
        raise DisplayError(f"the display can't be opened: {problem}.") from problem
    # Windows of others may vanish at any moment; python-xlib would print that.
    opened.set_error_handler(lambda *_: None)
    try:
        refuse_xwayland(opened)
    except DisplayError:
        opened.close()
        raise
    return opened


def window_of(display: "Display", window_id: int) -> "Window":
    """Return the object to ask about a window."""
    return display.create_resource_object("window", window_id)


def prop(display: "Display", window: "Window", name: str) -> Any:  # noqa: ANN401
    """Return the value of a property, or None."""
    from Xlib import X

    found = window.get_full_property(display.get_atom(name), X.AnyPropertyType)
    return None if found is None else found.value


def number(display: "Display", window: "Window", name: str) -> int | None:
    """Return the first number of a property, or None."""
    found = prop(display, window, name)
    return int(found[0]) if found is not None and len(found) else None


def client_list(display: "Display") -> list[int] | None:
    """List the windows of the window manager, the topmost last; None when there is no manager."""
    root = display.screen().root
    clients = prop(display, root, "_NET_CLIENT_LIST_STACKING")
    if clients is None:
        clients = prop(display, root, "_NET_CLIENT_LIST")
    return None if clients is None else [int(window_id) for window_id in clients]


def active(display: "Display") -> int | None:
    """Return the window that the window manager calls active."""
    return number(display, display.screen().root, "_NET_ACTIVE_WINDOW")


def title_of(display: "Display", window: "Window") -> str:
    """Return a window's title; empty when it has none."""
    title = prop(display, window, "_NET_WM_NAME")
    if title is None:
        title = window.get_wm_name()
    return title.decode(errors="replace") if isinstance(title, bytes) else title or ""


def shown_windows(display: "Display") -> list[int]:
    """List the windows of programs, the topmost last: those of the window manager, or all shown."""
    clients = client_list(display)
    return list(_tree(display.screen().root, TREE_DEPTH)) if clients is None else clients


def ancestry(window: Any) -> Iterator["Window"]:  # noqa: ANN401
    """Walk from a window up to the root; nothing when it is no window."""
    while not isinstance(window, int):
        yield window
        window = window.query_tree().parent or 0


def holds_focus(display: "Display", window_id: int, focus: Any) -> bool:  # noqa: ANN401
    """Say whether keys that go to the input focus, as the server names it, go to a window.

    Some toolkits give the focus to a helper window of their own, anywhere; then what the window
    manager calls active decides.

    Raises:
        BadWindow: The window with the focus, or one around it, has gone away.
    """
    clients: set[int] | None = None
    for window in ancestry(focus):
        if window.id == window_id:
            return True
        if clients is None:
            clients = set(client_list(display) or ())
        if window.id in clients:
            return False
    if isinstance(focus, int):  # no window has it, or the one under the pointer, whichever that is
        return False
    program = ~display.display.info.resource_id_mask  # the bits that tell whose a window is
    return focus.id & program == window_id & program and active(display) == window_id


def _tree(window: "Window", depth: int) -> Iterator[int]:
    from Xlib import X
    from Xlib.error import BadWindow

    try:
        children = window.query_tree().children if depth else []
    except BadWindow:
        return
    for child in children:
        try:
            shown = child.get_attributes().map_state == X.IsViewable
        except BadWindow:
            continue
        if shown:
            yield child.id
            yield from _tree(child, depth - 1)
