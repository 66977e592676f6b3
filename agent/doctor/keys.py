"""Does the keyboard work both ways: are its keys there, and does a press arrive?"""

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from agent.doctor.health import Finding, Wanted
from agent.doctor.probe_window import ProbeWindow
from agent.key_sink import KeySink, PynputSink
from agent.watchdog import Watchdog
from data.errors import DisplayError
from data.profile import GameProfile
from recorder.key_codes import require_keys, to_pynput
from recorder.keyboard import KeySource, PynputKeys
from recorder.pacing import Clock
from recorder.windows.x11 import connect

PRESSES = 20
ARRIVE_S = 1.0  # it takes about a millisecond
HOLD_NS = 20_000_000
# Alone it writes nothing and moves nothing, should a window of someone else's get it after all.
# Shift would, pressed five times, switch on what helps people who can't hold two keys.
HARMLESS = ("ctrl_r", "ctrl_l")


@dataclass(slots=True)
class Arrivals:
    """How long presses took to arrive, in ms."""

    window_ms: list[float] = field(default_factory=list)
    listener_ms: list[float] = field(default_factory=list)
    pressed: int = 0
    lost_focus: bool = False


def check_layout(profile: GameProfile) -> Finding:
    """Make sure that the keyboard layout has every key of the profile."""
    steering = (*profile.hotkeys.keys, profile.stop_key)
    require_keys((*profile.keys, *steering))
    return Finding(True, f"has {len(profile.keys)} playing keys and {len(steering)} hot keys")


def check_shortcuts(profile: GameProfile) -> Finding:
    """Find keys of the profile that the desktop, or some program, keeps for itself."""
    if not sys.platform.startswith("linux"):
        return Finding(True, f"not looked for on {sys.platform}")
    keys = (*profile.keys, *profile.hotkeys.keys, profile.stop_key)
    taken = _grabbed(keys)
    if not taken:
        return Finding(True, "no other program keeps a key of the profile")
    return Finding(
        False,
        f"another program keeps {', '.join(taken)} for itself",
        "Free the shortcut in the desktop's settings, or change the profile's keys.",
    )


def _grabbed(keys: Iterable[str]) -> list[str]:
    """Try to take each key for a moment: X refuses what is taken."""
    from Xlib import X
    from Xlib.error import BadAccess, CatchError

    taken = []
    with closing(connect()) as display:
        root = display.screen().root
        for key in keys:
            code = display.keysym_to_keycode(to_pynput(key).vk)
            if not code:
                continue  # not in the layout; and 0 would mean every key there is
            refused = CatchError(BadAccess)
            root.grab_key(code, 0, False, X.GrabModeAsync, X.GrabModeAsync, onerror=refused)
            display.sync()
            if refused.get_error() is not None:
                taken.append(key)
                continue
            root.ungrab_key(code, 0)
            display.sync()
    return taken


def check_watchdog(clock: Clock) -> Finding:
    """Start and end the child process that releases keys if the player dies."""
    began_ns = clock.now_ns()
    Watchdog().close()
    return Finding(True, f"starts and ends in {(clock.now_ns() - began_ns) / 1e6:.0f} ms")


def open_sink() -> KeySink:
    """Open what live play presses keys with."""
    return PynputSink(Watchdog())


def check_loopback(wanted: Wanted, sink_of: Callable[[], KeySink] = open_sink) -> Finding:
    """Press a key in a window of our own; see it arrive there and at the listener.

    Keys go down only while that window has the focus.

    Args:
        wanted: Gives the clock, and says when to stop.
        sink_of: Opens what presses.
    """
    if not sys.platform.startswith("linux"):
        return Finding(True, f"not tested on {sys.platform}", "Try it with `understudy play`.")
    key = _harmless_key()
    with ExitStack() as stack:
        window = stack.enter_context(ProbeWindow(wanted.clock))
        heard = stack.enter_context(closing(PynputKeys({key}, wanted.clock)))
        sink = stack.enter_context(closing(sink_of()))
        if not window.take_focus():
            return Finding(
                False,
                "the test's window did not get the focus, so nothing was pressed",
                "Run this again, and click on the window that says that it tests the keyboard.",
            )
        code = window.code(to_pynput(key).vk)
        arrivals = _press(wanted, key, code, sink=sink, window=window, heard=heard)
        return _judged(arrivals, left_held=window.is_down(code))


def _harmless_key() -> str:
    for key in HARMLESS:
        try:
            require_keys([key])
        except DisplayError:
            continue
        return key
    raise DisplayError(f"the layout has none of {', '.join(HARMLESS)}. Switch to another layout.")


def _press(
    wanted: Wanted, key: str, code: int, *, sink: KeySink, window: ProbeWindow, heard: KeySource
) -> Arrivals:
    """Press and release until enough has been seen, or a press is lost, or the focus is."""
    found = Arrivals()
    while found.pressed < PRESSES and not wanted.stop():
        if not window.focused():
            found.lost_focus = True
            break
        found.pressed += 1
        for held in (frozenset({key}), frozenset[str]()):
            began_ns = wanted.clock.now_ns()
            sink.set_held(held)
            seen_ns = window.key_moved((code, bool(held)), within_s=ARRIVE_S)
            heard_ns = _heard(heard, wanted.clock, down=bool(held))
            if held:
                _add(found.window_ms, began_ns, seen_ns)
                _add(found.listener_ms, began_ns, heard_ns)
                wanted.clock.sleep_until_ns(began_ns + HOLD_NS)
        if min(len(found.window_ms), len(found.listener_ms)) < found.pressed:
            break  # one that is lost tells enough, and each takes seconds
    return found


def _add(values_ms: list[float], began_ns: int, at_ns: int | None) -> None:
    if at_ns is not None:
        values_ms.append((at_ns - began_ns) / 1e6)


def _heard(heard: KeySource, clock: Clock, *, down: bool) -> int | None:
    """Wait until the listener hands over the key's move; return when it took it in."""
    deadline_ns = clock.now_ns() + round(ARRIVE_S * 1e9)
    while True:
        for event in heard.drain():
            if event.down == down:
                return event.at_ns
        if clock.now_ns() >= deadline_ns:
            return None
        clock.sleep_until_ns(clock.now_ns() + 1_000_000)


def _judged(arrivals: Arrivals, *, left_held: bool) -> Finding:
    seen, heard = len(arrivals.window_ms), len(arrivals.listener_ms)
    of = f"of {arrivals.pressed} presses"
    if left_held:
        return Finding(False, "the key stayed down", "Press and release the right Ctrl key.")
    if arrivals.lost_focus:
        return Finding(
            False,
            f"another window took the focus after {arrivals.pressed} presses",
            "Run this again, and leave mouse and keyboard alone meanwhile.",
        )
    if seen < arrivals.pressed or not seen:
        return Finding(
            False,
            f"{seen} {of} reached the window, {heard} the listener",
            "Something keeps programs from pressing keys: on Wayland log in to an X11 session; "
            "elsewhere close programs that grab the keyboard (screen lock, remote desktop).",
        )
    if heard < arrivals.pressed:
        return Finding(
            False,
            f"{seen} {of} reached the window, but only {heard} the listener",
            "Keys can't be recorded here: log in to an X11 session, and leave any sandbox.",
        )
    times = f"window {_span(arrivals.window_ms)}, listener {_span(arrivals.listener_ms)}"
    return Finding(True, f"{seen} {of} arrived: {times}; nothing is left held")


def _span(values_ms: Iterable[float]) -> str:
    ordered = sorted(values_ms)
    return f"{ordered[len(ordered) // 2]:.1f} ms (at most {ordered[-1]:.1f})"
