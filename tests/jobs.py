"""Jobs for tests: a process of its own imports them from here."""

import os
import time
from dataclasses import dataclass
from typing import ClassVar

from data.errors import UnderstudyError
from gui.jobs.line import Line


@dataclass(frozen=True, slots=True)
class Picture:
    number: int
    newest_only: ClassVar[bool] = True


def count(request: int, line: Line) -> str:
    for number in range(request):
        line.progress(f"number {number}", number / request)
    return "counted"


def pictures(request: int, line: Line) -> int:
    for number in range(request):
        line.tell(Picture(number))
    line.tell("all shown")
    return request


def echo_until_stopped(request: object, line: Line) -> list[object]:
    heard: list[object] = []
    line.tell("ready")
    while not line.stop_asked():
        for message in line.heard():
            heard.append(message)
            line.tell(message)
        time.sleep(0.01)
    return heard


def refuse(request: str, line: Line) -> None:
    raise UnderstudyError(request)


def break_down(request: object, line: Line) -> None:
    raise ZeroDivisionError("a slip")


def die(request: object, line: Line) -> None:
    os._exit(7)


def never_end(request: object, line: Line) -> None:
    line.tell("ready")
    while True:
        time.sleep(1)
