"""Telling the window what is newest, without ever waiting for it."""

import threading

from data.closing import Closing
from gui.jobs.line import Line


class Outbox(Closing):
    """Sends messages on a thread of its own; of each kind only the newest waits to be sent.

    A picture takes its time through the line, and all of it while the window is busy: a loop that
    must keep its rate puts it here instead.

    Args:
        line: Used by others as well.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._waiting: dict[type, object] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._send, name="outbox", daemon=True)
        self._thread.start()

    def put(self, message: object) -> None:
        """Have a message sent; it takes the place of one of its kind that still waits."""
        with self._changed:
            self._waiting.pop(type(message), None)
            self._waiting[type(message)] = message
            self._changed.notify()

    def close(self) -> None:
        """Return when all is sent."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                messages, self._waiting = list(self._waiting.values()), {}
                if not messages:
                    return
            for message in messages:
                self._line.tell(message)
