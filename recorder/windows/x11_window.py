"""The game's window on X11."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from data.closing import Closing
from recorder.pacing import Clock
from recorder.window import GONE, NOT_SHOWN, FollowedWindow, Rect, WindowInfo, WindowState
from recorder.windows.cover import state_on
from recorder.windows.pick_x11 import pick
from recorder.windows.x11 import (
    ancestry,
    client_list,
    connect,
    holds_focus,
    prop,
    shown_windows,
    title_of,
    window_of,
)
from recorder.windows.x11_place import Covers, measure

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.protocol.rq import Event
    from Xlib.xobject.drawable import Window

LOOKS = 4  # how often to look again when something changes while we look
# Changes of these properties move, hide or show a window, or the focus.
TELLING = (
    "WM_STATE",
    "_NET_WM_STATE",
    "_NET_WM_DESKTOP",
    "_NET_CURRENT_DESKTOP",
    "_NET_ACTIVE_WINDOW",
    "_NET_CLIENT_LIST",
    "_NET_CLIENT_LIST_STACKING",
)
NO_GAMES = ("_NET_WM_WINDOW_TYPE_DESKTOP", "_NET_WM_WINDOW_TYPE_DOCK")


class X11Windows(Closing):
    """The windows of an X11 display."""

    def __init__(self) -> None:
        self._display = connect()

    def windows(self) -> list[WindowInfo]:
        """List the windows that have a title, the topmost last."""
        return [info for info in self._all() if info.title]

    def open(self, window: WindowInfo) -> "X11Window":
        """Follow one of the windows."""
        return X11Window(connect(), window.handle, window.title)

    def pick(self, timeout_s: float, clock: Clock) -> "X11Window":
        """Let the person click on a window, and follow it."""
        handle = pick(self._display, timeout_s, clock)
        return X11Window(connect(), handle, title_of(self._display, self._window(handle)))

    def close(self) -> None:
        """Let go of the display."""
        from Xlib.error import ConnectionClosedError

        with suppress(ConnectionClosedError):
            self._display.close()

    def _window(self, handle: int) -> "Window":
        return window_of(self._display, handle)

    def _all(self) -> Iterator[WindowInfo]:
        from Xlib.error import BadDrawable, BadWindow

        focus = self._display.get_input_focus().focus
        no_games = {self._display.get_atom(name) for name in NO_GAMES}
        for handle in shown_windows(self._display):
            window = self._window(handle)
            try:
                if no_games & set(prop(self._display, window, "_NET_WM_WINDOW_TYPE") or ()):
                    continue
                program = window.get_wm_class()
                yield WindowInfo(
                    title=title_of(self._display, window),
                    program=program[1] if program else "",
                    rect=measure(self._display, window).rect,
                    focused=holds_focus(self._display, handle, focus),
                    handle=handle,
                )
            except (BadDrawable, BadWindow):
                continue  # it went away while we looked


class X11Window(FollowedWindow):
    """A window on X11, followed over a connection of its own; any thread may ask.

    The server tells of every change that matters, so that a question costs one round trip, in which
    it also says where the keyboard's focus is. Its answer comes after the news of all that happened
    before; only when there is news is the window looked at again.
    """

    def __init__(self, display: "Display", window_id: int, title: str) -> None:
        from Xlib import X

        self._display = display
        self._window = window_of(display, window_id)
        self._title = title
        self._lock = threading.Lock()
        self._root: Window = display.screen().root
        self._telling = {display.get_atom(name) for name in TELLING}
        self._covers = Covers(display)
        self._watched: set[int] = set()
        self._state = NOT_SHOWN
        self._focus: Any = None
        self._stale = True
        self._grabbed = False
        self._absences = 0
        self._gone = False
        changes = X.StructureNotifyMask | X.SubstructureNotifyMask | X.PropertyChangeMask
        self._root.change_attributes(event_mask=changes)
        self._watch(self._window)

    @property
    def title(self) -> str:
        """The title when the window was found."""
        return self._title

    def state(self) -> WindowState:
        """Say how the window stands now.

        Focus is where the server sends keys, while no other program has grabbed them.
        """
        from Xlib.error import BadDrawable, BadWindow, ConnectionClosedError

        with self._lock:
            for _ in range(LOOKS):
                try:
                    if self._gone or self._is_known():
                        return GONE if self._gone else self._state
                    self._look()
                except (BadDrawable, BadWindow):  # the window, or one around it, is gone
                    self._stale = True
                    self._gone = not self._exists()
                except ConnectionClosedError:
                    self._gone = True
            # Everything moves: no answer is sure, and keys are nobody's until it rests.
            self._stale = True
            return replace(self._state, focused=False)

    def activate(self) -> None:
        """Ask the window manager to bring the window to the front and give it the focus."""
        from Xlib import X
        from Xlib.error import ConnectionClosedError
        from Xlib.protocol.event import ClientMessage

        with self._lock, suppress(ConnectionClosedError):
            if self._gone:
                return
            if client_list(self._display) is None:
                self._window.configure(stack_mode=X.Above)
                self._window.set_input_focus(X.RevertToParent, X.CurrentTime)
            else:
                asked_by_a_tool = 2
                message = ClientMessage(
                    window=self._window,
                    client_type=self._display.get_atom("_NET_ACTIVE_WINDOW"),
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

    def _is_known(self) -> bool:
        """Hear all news, and say whether what we know is still so."""
        focus = self._display.get_input_focus().focus
        for _ in range(self._display.pending_events()):
            self._hear(self._display.next_event())
        known = not self._stale and focus == self._focus
        self._focus = focus
        return known

    def _hear(self, event: "Event") -> None:
        from Xlib import X

        if event.send_event:
            return  # said by some program, not by the server
        if event.type == X.PropertyNotify:
            self._stale |= event.atom in self._telling
        elif event.type in (X.FocusIn, X.FocusOut):
            self._follow_grab(event)
        else:
            window = getattr(event, "affected_window", None) or getattr(event, "window", None)
            if window is None:
                return
            self._stale = True
            self._covers.forget(window.id)
            if event.type == X.DestroyNotify:
                self._watched.discard(window.id)
                self._gone |= window.id == self._window.id

    def _follow_grab(self, event: "Event") -> None:
        """Learn whether another program has grabbed the keyboard while our window has the focus."""
        from Xlib import X

        if event.detail in (X.NotifyInferior, X.NotifyPointer):
            return  # the keys stay within the window
        if event.type == X.FocusIn:
            self._grabbed &= event.mode == X.NotifyWhileGrabbed
        else:
            self._grabbed |= event.mode == X.NotifyGrab
            self._absences += event.mode in (X.NotifyNormal, X.NotifyWhileGrabbed)
        self._stale = True

    def _look(self) -> None:
        self._stale = False
        place = measure(self._display, self._window, self._watch)
        found = NOT_SHOWN
        if place.rect is not None:
            screen = self._root.get_geometry()
            found = state_on(
                Rect(0, 0, screen.width, screen.height),
                place.rect,
                [*place.clipped, *self._covers.above(place.top)],
                focused=not self._grabbed and self._holds_focus(),
            )
        self._state = replace(found, absences=self._absences)

    def _holds_focus(self) -> bool:
        """Say whether keys go to the window; a helper of its program that has them is watched."""
        held = holds_focus(self._display, self._window.id, self._focus)
        if held and all(window.id != self._window.id for window in ancestry(self._focus)):
            self._watch(self._focus)
        return held

    def _watch(self, window: "Window") -> None:
        from Xlib import X

        if window.id in self._watched or window.id == self._root.id:
            return
        self._watched.add(window.id)
        changes = X.StructureNotifyMask | X.PropertyChangeMask | X.FocusChangeMask
        window.change_attributes(event_mask=changes)

    def _exists(self) -> bool:
        from Xlib.error import BadWindow, ConnectionClosedError

        try:
            self._window.get_attributes()
        except (BadWindow, ConnectionClosedError):
            return False
        return True
