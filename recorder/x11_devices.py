"""Which device moved a key: what X11's XInput extension tells and the core protocol does not.

X11 merges all keyboards into one, the master. What programs press through the XTEST extension comes
from a keyboard of its own, so that a key that a person moves can be told from one that a program
moves. Tried on the X server 21.1, in device-independent code that Xorg and Xvfb share:

- Each device has its own state of a key. The master's press begins with the first device's press,
  and ends with the first device's release, although another may hold the key still; that one's
  release is heard by nobody then.
- A raw event tells of every press and release of every device, repeats excepted: the server makes
  those for the master.
"""

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from recorder.windows.x11 import connect

XTEST = "XTEST"  # in the names of the devices that XTEST moves
QUERY_DEVICE_STATE = 30
KEY_CLASS = 0
CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Keyboards:
    """The devices of a display that move its keys, by their numbers."""

    real: frozenset[int]
    """What people press; a program's virtual device, such as a remote desktop's, is one, too."""
    injected: frozenset[int]
    """What programs press through XTEST."""


def find_keyboards(display: Any) -> Keyboards | None:  # noqa: ANN401  (python-xlib has no types)
    """Return the keyboards of python-xlib's display; None where devices can't be told apart."""
    from Xlib.error import XError
    from Xlib.ext import xinput

    if not display.has_extension(xinput.extname):
        return None
    opcode = display.display.get_extension_major(xinput.extname)
    try:
        # From 2.1 on raw events come while another program has grabbed the keyboard, too.
        xinput.XIQueryVersion(
            display=display.display, opcode=opcode, major_version=2, minor_version=1
        )
    except XError:
        return None  # the extension's first version, which has no such request
    found = display.xinput_query_device(xinput.AllDevices).devices
    slaves = {each.deviceid: each.name for each in found if each.use == xinput.SlaveKeyboard}
    injected = frozenset(number for number, name in slaves.items() if XTEST in name)
    return Keyboards(frozenset(slaves) - injected, injected) if injected else None


def keys_down(display: Any, devices: frozenset[int]) -> frozenset[int]:  # noqa: ANN401
    """Return the codes of the keys that any of some devices holds, in one round trip.

    A device that is gone holds none.
    """
    from Xlib.error import XError
    from Xlib.ext import xinput

    if not devices:
        return frozenset()
    opcode = display.display.get_extension_major(xinput.extname)
    request, down = _device_state(), set[int]()
    asked = [
        request(display=display.display, defer=True, opcode=opcode, device=device)
        for device in sorted(devices)
    ]
    for answer in asked:
        with suppress(XError):
            answer.reply()
            down |= _codes_down(answer.count, answer.classes)
    return frozenset(down)


class DeviceMoves:
    """Hears every key that any keyboard moves, on a thread and a connection of its own.

    Args:
        on_move: Called on that thread with the display, the key's code, whether it went down, and
            whether a person moved it.

    Raises:
        DisplayError: There is no display.
    """

    def __init__(self, on_move: Callable[[Any, int, bool, bool], None]) -> None:
        self._display = connect()
        self._on_move = on_move
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="keyboards", daemon=True)

    @classmethod
    def start(cls, on_move: Callable[[Any, int, bool, bool], None]) -> Self | None:
        """Begin to hear; None where devices can't be told apart."""
        moves, ready = cls(on_move), False
        try:
            ready = moves._select()
        finally:
            if not ready:
                moves.close()
        if not ready:
            return None
        moves._thread.start()
        return moves

    @property
    def alive(self) -> bool:
        """Whether keys are heard: not when the display is gone."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Hear no more; the thread has ended on return."""
        from Xlib.error import ConnectionClosedError

        with suppress(OSError):
            self._wake.send(b"\n")
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)
        self._wake.close()
        self._woken.close()
        with suppress(ConnectionClosedError, OSError):
            self._display.close()

    def _select(self) -> bool:
        """Ask for raw events, and for news of devices that come and go."""
        from Xlib.ext import xinput
        from Xlib.protocol import rq

        found = find_keyboards(self._display)
        if found is None:
            return False
        self._keyboards = found
        opcode = self._display.display.get_extension_major(xinput.extname)
        raw = rq.Struct(rq.Card16("deviceid"), rq.Card32("time"), rq.Card32("detail"))
        for kind in (xinput.RawKeyPress, xinput.RawKeyRelease):
            self._display.ge_add_event_data(opcode, kind, raw)
        wanted = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask | xinput.HierarchyChangedMask
        refused: list[Any] = []
        self._display.set_error_handler(lambda error, _: refused.append(error))
        self._display.screen().root.xinput_select_events([(xinput.AllDevices, wanted)])
        self._display.sync()
        return not refused

    def _run(self) -> None:
        from Xlib.error import ConnectionClosedError

        with suppress(ConnectionClosedError, OSError):
            while True:
                while self._display.pending_events():
                    self._handle(self._display.next_event())
                readable, _, _ = select.select([self._display, self._woken], [], [])
                if self._woken in readable:
                    return

    def _handle(self, event: Any) -> None:  # noqa: ANN401
        from Xlib.ext import ge, xinput

        if event.type != ge.GenericEventCode:
            return  # a change of the key map, which every program is told of
        if event.evtype == xinput.HierarchyChanged:
            self._keyboards = find_keyboards(self._display) or self._keyboards
            return
        device = event.data.deviceid
        by_hand = device in self._keyboards.real
        if by_hand or device in self._keyboards.injected:  # not the master's copy of the event
            down = event.evtype == xinput.RawKeyPress
            self._on_move(self._display, event.data.detail, down, by_hand)


@cache
def _device_state() -> Any:  # noqa: ANN401
    """Return the request that asks what a device holds, which python-xlib lacks."""
    from Xlib.protocol import rq

    class QueryDeviceState(rq.ReplyRequest):  # type: ignore[misc]
        _request = rq.Struct(
            rq.Card8("opcode"),
            rq.Opcode(QUERY_DEVICE_STATE),
            rq.RequestLength(),
            rq.Card8("device"),
            rq.Pad(3),
        )
        _reply = rq.Struct(
            rq.ReplyCode(),
            rq.Pad(1),
            rq.Card16("sequence_number"),
            rq.ReplyLength(),
            rq.Card8("count"),
            rq.Pad(23),
            rq.Binary("classes"),
        )

    return QueryDeviceState


def _codes_down(count: int, classes: bytes) -> set[int]:
    """Return the keys that are down by what a device said of its keys, buttons and axes."""
    at, down = 0, set()
    for _ in range(count):
        kind, length = classes[at], classes[at + 1]
        bits = classes[at + 4 : at + length]
        if kind == KEY_CLASS and any(bits):
            down |= {code for code in range(8 * len(bits)) if bits[code // 8] & 1 << code % 8}
        at += length
    return down
