import threading
from dataclasses import dataclass

from gui.jobs.line import Line
from gui.jobs.outbox import Outbox
from tests.fakes import PATIENCE_S, wait_until


@dataclass(frozen=True, slots=True)
class Picture:
    number: int


class BusyLine(Line):
    """A line to a window that takes nothing until it is let."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.asked = threading.Event()
        self.told: list[object] = []

    def tell(self, message: object) -> None:
        self.asked.set()
        assert self.free.wait(PATIENCE_S)
        self.told.append(message)


def test_who_puts_never_waits_and_the_newest_is_sent():
    line = BusyLine()
    outbox = Outbox(line)
    outbox.put(Picture(0))
    assert line.asked.wait(PATIENCE_S)
    for number in range(1, 100):
        outbox.put(Picture(number))
    outbox.put("last words")
    assert line.told == []
    line.free.set()
    wait_until(lambda: len(line.told) == 3, "all messages")
    outbox.close()
    assert line.told == [Picture(0), Picture(99), "last words"]


def test_what_waits_is_sent_before_it_closes():
    line = BusyLine()
    with Outbox(line) as outbox:
        outbox.put(Picture(1))
        line.free.set()
    assert line.told == [Picture(1)]
    assert not any(thread.name == "outbox" for thread in threading.enumerate())
