"""Listening to a game being played, to learn which keys it needs; nothing is kept but sums."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from data.key_names import NAMED_KEYS, is_key_name
from data.key_use import KeyTally, KeyUse
from recorder.keyboard import KeySource
from recorder.pacing import Clock
from recorder.window import GameWindow

DONE_KEY = "f10"
POLL_NS = 50_000_000
ASCII_KEYS = "abcdefghijklmnopqrstuvwxyz0123456789`-=[]\\;',./"


@dataclass(frozen=True, slots=True)
class Heard:
    """What has been heard in the game's window so far."""

    use: KeyUse
    held: frozenset[str]
    unusable: tuple[str, ...]
    """Keys that can be neither recorded nor pressed, such as those for loudness."""
    focused: bool


def learn_keys(
    *,
    keys: KeySource,
    window: GameWindow,
    clock: Clock,
    stop: Callable[[], bool],
    seconds: float | None = None,
    on_heard: Callable[[Heard], None] = lambda heard: None,
) -> Heard:
    """Add up the keys that are pressed while the game's window has the focus.

    Ends with `DONE_KEY`, pressed in whatever window, and when the window is closed. What is typed
    into other windows is thrown away unread.

    Args:
        keys: A keyboard of all keys.
        window: The game's.
        clock: The one whose time the key events carry.
        stop: Asked twenty times a second.
        seconds: How long at most; None for no end.
        on_heard: Told twenty times a second.

    Raises:
        DisplayError: The display is gone.
    """
    tally, unusable = KeyTally(), dict[str, None]()
    ends_ns = None if seconds is None else clock.now_ns() + round(seconds * 1e9)
    focused_since_ns: int | None = None
    absences = 0
    while True:
        events = keys.drain()
        state = window.state()
        if not state.focused:
            focused_since_ns = None
            tally.let_go(clock.now_ns())
        elif focused_since_ns is None or state.absences != absences:
            focused_since_ns = clock.now_ns()  # what came before may be meant for another window
            tally.let_go(focused_since_ns)
        absences = state.absences
        for event in events:
            if focused_since_ns is None or event.at_ns < focused_since_ns or event.key == DONE_KEY:
                continue
            if is_key_name(event.key):
                tally.feed(event)
            elif event.down:
                unusable[event.key] = None
        heard = Heard(tally.use(), tally.held, tuple(unusable), state.focused)
        on_heard(heard)
        now_ns = clock.now_ns()
        done = any(event.key == DONE_KEY and event.down for event in events)
        if done or state.gone or stop() or (ends_ns is not None and now_ns >= ends_ns):
            tally.let_go(now_ns)
            return Heard(tally.use(), frozenset(), heard.unusable, state.focused)
        clock.sleep_until_ns(now_ns + POLL_NS)


def usable_keys() -> frozenset[str]:
    """Name every key of this keyboard that can be recorded and pressed; it needs a display."""
    if not sys.platform.startswith("linux"):
        return NAMED_KEYS | frozenset(ASCII_KEYS)
    from Xlib.display import Display

    display = Display()
    try:
        first, last = display.display.info.min_keycode, display.display.info.max_keycode
        symbols = [display.keycode_to_keysym(code, 0) for code in range(first, last + 1)]
    finally:
        display.close()
    return NAMED_KEYS | {name for name in map(_character, symbols) if name and is_key_name(name)}


def _character(symbol: int) -> str | None:
    """Return the character of an X key symbol: Latin-1 stands for itself, the rest is Unicode."""
    if 0x20 < symbol < 0x100:
        return chr(symbol)
    return chr(symbol & 0xFFFFFF) if 0x01000100 <= symbol <= 0x0110FFFF else None
