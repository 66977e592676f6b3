"""Key events of the whole desktop, under canonical names."""

import sys
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, Protocol

from data.errors import DisplayError
from data.keys import KeyEvent, without_repeats
from recorder.key_codes import device_errors, from_pynput, load_pynput, names_by_code
from recorder.pacing import Clock, MonotonicClock
from recorder.x11_devices import DeviceMoves

START_S = 5.0
CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class HandEvent(KeyEvent):
    """A key that moved on a keyboard itself, so that no program, ours included, moved it."""


class KeySource(Protocol):
    """Hands over what happened on the keyboard."""

    def drain(self) -> list[KeyEvent]:
        """Return the events since the last call, in order, without repeats.

        Those that are known to be a person's are `HandEvent`s. A key that a program moves as well
        goes down and up for each of them.
        """
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class PynputKeys:
    """The desktop's keyboard, heard through pynput.

    Callbacks run on pynput's thread and only enqueue. Other keys than those asked for are never
    even enqueued. A simulated press is heard once, and the repeats of a held key not at all.

    Args:
        keys: The keys that `drain` returns.
        clock: Tells when a key moved.
        watched: Further keys, such as the stop key, whose presses are only counted.
        unnamed: Hand over keys without a canonical name, too, under the name that pynput has.

    Raises:
        DisplayError: There is no display, or the keyboard can't be heard.
    """

    def __init__(
        self,
        keys: Collection[str],
        clock: Clock | None = None,
        *,
        watched: Collection[str] = (),
        unnamed: bool = False,
    ) -> None:
        keyboard = load_pynput()
        self._keys = frozenset(keys)
        self._watched = frozenset(watched)
        self._unnamed = unnamed
        self._clock = clock or MonotonicClock()
        self._heard: deque[KeyEvent] = deque()  # appends and pops are atomic
        self._held: dict[type[KeyEvent], set[str]] = {KeyEvent: set(), HandEvent: set()}
        self._apart = False
        self._moves: DeviceMoves | None = None
        self._codes: dict[int, str | None] = {}
        self._watched_down: set[str] = set()
        self._presses = dict.fromkeys(self._watched, 0)
        self._names = names_by_code(self._keys | self._watched)
        self._closed = False
        self._listener = keyboard.Listener(on_press=self._on_press, on_release=self._on_release)
        on_x = sys.platform.startswith("linux")
        begun = _when_recording(self._listener) if on_x else None
        _end_quietly(self._listener)
        self._listener.start()
        self._listener.wait()
        if begun is not None and not begun.wait(START_S):
            self.close()
            raise DisplayError("the keyboard can't be heard: X does not hand over its events.")

    def tell_apart(self) -> bool:
        """Hand over a person's moves of a key as `HandEvent`s from now on, where that is known.

        On X11 devices are listened to (see `recorder.x11_devices`), on Windows each event tells
        whether a program made it.

        Returns:
            Whether it is known here.

        Raises:
            DisplayError: The display is gone.
        """
        self._apart = sys.platform == "win32" or sys.platform.startswith("linux")
        if sys.platform.startswith("linux") and self._moves is None:
            try:
                self._moves = DeviceMoves.start(self._on_device)
            except device_errors() as error:
                raise DisplayError(f"the keyboards can't be heard: {error}.") from error
            self._apart = self._moves is not None
            self._heard.clear()  # what went down before comes up on a device, and the reverse
            self._held[KeyEvent].clear()
        return self._apart

    def drain(self) -> list[KeyEvent]:
        """Return the events since the last call, in order, without repeats.

        Raises:
            DisplayError: Keys are not heard any more, because the display is gone.
        """
        alive = self._listener.is_alive() and (self._moves is None or self._moves.alive)
        if not self._closed and not alive:
            raise DisplayError("the keyboard is not heard any more: the display is gone.")
        heard = [self._heard.popleft() for _ in range(len(self._heard))]
        return [event for event in heard if without_repeats([event], self._held[type(event)])]

    def presses(self, key: str) -> int:
        """Say how often a watched key has gone down since listening began, without repeats.

        It counts whichever window has the focus, so that a recording can be steered from anywhere.
        """
        return self._presses.get(key, 0)

    def close(self) -> None:
        """Stop listening; pynput's thread has ended on return."""
        if self._closed:
            return
        self._closed = True
        if self._moves is not None:
            self._moves.close()
        with suppress(*device_errors()):  # the display may be gone
            self._listener.stop()
        if sys.platform.startswith("linux") and self._listener.is_alive():
            _end_recording(self._listener._context)
        Thread.join(self._listener, CLOSE_S)

    def _on_press(self, key: Any, injected: bool) -> None:  # noqa: ANN401
        self._enqueue(key, down=True, injected=injected)

    def _on_release(self, key: Any, injected: bool) -> None:  # noqa: ANN401
        self._enqueue(key, down=False, injected=injected)

    def _on_device(self, display: Any, code: int, down: bool, by_hand: bool) -> None:  # noqa: ANN401
        """Hear of a key that one of X11's keyboards has moved, on a thread of its own."""
        if down:
            self._codes[code] = self._name_of_code(display, code)
        name = self._codes.get(code)  # as it went down, whatever Num Lock says by now
        if name in self._keys:
            self._heard.append(_event(self._clock.now_ns(), name, down, by_hand=by_hand))

    def _name_of_code(self, display: Any, code: int) -> str | None:  # noqa: ANN401
        state = display.screen().root.query_pointer().mask  # a raw event lacks Num Lock
        with suppress(IndexError):  # the layout says nothing of it
            event = SimpleNamespace(detail=code, state=state)
            return self._name_of(self._listener._event_to_key(display, event))
        return None

    def _enqueue(self, key: Any, *, down: bool, injected: bool) -> None:  # noqa: ANN401
        if injected and sys.platform.startswith("linux"):
            return  # pynput's own echo of a press by this process; X delivers the press itself too
        name = self._name_of(key)
        if name is None and self._unnamed:
            self._heard.append(KeyEvent(self._clock.now_ns(), _own_name(key), down))
        elif name in self._keys:
            if self._apart and sys.platform.startswith("linux"):
                return  # the devices tell of it
            by_hand = self._apart and not injected
            self._heard.append(_event(self._clock.now_ns(), name, down, by_hand=by_hand))
        elif name is not None and name in self._watched:
            if down and name not in self._watched_down:
                self._presses[name] += 1
            (self._watched_down.add if down else self._watched_down.discard)(name)

    def _name_of(self, key: Any) -> str | None:  # noqa: ANN401
        symbol = getattr(getattr(key, "value", key), "vk", None)
        return self._names[symbol] if symbol in self._names else from_pynput(key)


def _event(at_ns: int, name: str, down: bool, *, by_hand: bool) -> KeyEvent:
    return (HandEvent if by_hand else KeyEvent)(at_ns, name, down)


def _own_name(key: Any) -> str:  # noqa: ANN401
    """Return what pynput calls a key, such as `media_next`, or the key's number."""
    return str(getattr(key, "name", None) or f"key number {getattr(key, 'vk', None)}")


def _end_quietly(listener: Any) -> None:  # noqa: ANN401
    """Keep pynput's thread from printing a traceback when the display goes away; `drain` tells."""
    run = listener.run

    def quiet_run() -> None:
        with suppress(*device_errors()):
            run()

    listener.run = quiet_run
    # Else pynput logs what a callback ran into, traceback and all, before it ends.
    listener._HANDLED_EXCEPTIONS = (*listener._HANDLED_EXCEPTIONS, *device_errors())


def _when_recording(listener: Any) -> Event:  # noqa: ANN401
    """Return an event that is set when X begins to hand over key events.

    pynput says that it is ready a moment too early; the server's first answer is the real sign.
    """
    begun = Event()
    handle = listener._handler

    def handler(reply: Any) -> None:  # noqa: ANN401
        begun.set()
        handle(reply)

    listener._handler = handler
    return begun


def _end_recording(context: int) -> None:
    """Wake pynput's thread: its own way of stopping on X11 waits for one more key event.

    The server heeds the request only on another connection than the one that listens.
    """
    from Xlib.display import Display
    from Xlib.error import ConnectionClosedError
    from Xlib.error import DisplayError as XDisplayError

    try:
        display = Display()
    except (XDisplayError, OSError):
        return  # the display is gone, and with it the thread
    try:
        display.set_error_handler(lambda *_: None)  # it may have ended by itself meanwhile
        display.record_disable_context(context)
        display.sync()
        display.close()
    except ConnectionClosedError:
        return
