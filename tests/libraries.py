"""A folder of small, real recordings, and the page that shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from data.boxes import Box
from data.keys import By, KeyEvent
from data.schema import SpanKind
from data.writer import RecordingWriter, TickRow
from gui.library_page import LibraryPage
from gui.studio import Studio
from tests.factories import TICK_NS, capture_facts, picture, practice_profile, write_recording
from tests.fakes import PATIENCE_S

PATIENCE_MS = round(1000 * PATIENCE_S)
FRAMES = 60
PLAYED = (
    KeyEvent(5 * TICK_NS, "right", True),
    KeyEvent(20 * TICK_NS, "right", False),
    KeyEvent(10 * TICK_NS, "d", True),
    KeyEvent(12 * TICK_NS, "d", False),
)
BALL = Box("ball", 100, 100, 120, 120)


def played(path: Path, *, frames: int = FRAMES) -> Path:
    """Write a recording in which `right` is held from frame 5 to 20, and a ball lies still."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_recording(path, frames=frames, keys=PLAYED, boxes=[BALL])


def flown(path: Path) -> Path:
    """Write a flight log: the bot holds `up` from frame 10 to 20, a person then takes over."""
    profile = practice_profile()
    chances = np.concatenate([np.eye(len(head.names))[1] for head in profile.heads])
    path.parent.mkdir(parents=True, exist_ok=True)
    with RecordingWriter(
        path, profile=profile, facts=capture_facts(), head_probabilities=True
    ) as writer:
        for index in range(FRAMES):
            writer.append_frame(picture(index), index * TICK_NS)
            row = TickRow(index * TICK_NS, index, chances.astype(np.float32), (1, 1, 1, 1, 1))
            writer.append_tick(row)
        writer.append_keys([KeyEvent(10 * TICK_NS, "up", True, By.AGENT)])
        writer.append_keys([KeyEvent(20 * TICK_NS, "up", False, By.AGENT)])
        writer.append_span(SpanKind.TAKEOVER, 20 * TICK_NS, 40 * TICK_NS)
        writer.set_counter("takeovers", 1)
    return path


def left_behind(path: Path) -> Path:
    """Write the leftover of a recorder that died."""
    writer = RecordingWriter(path, profile=practice_profile(), facts=capture_facts())
    for index in range(FRAMES):
        writer.append_frame(picture(index), index * TICK_NS)
    writer.flush()
    data = writer.part.read_bytes()
    writer.abandon()
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    return part


@contextmanager
def library(studio: Studio, qtbot: QtBot) -> Iterator[LibraryPage]:
    """Show the page; at the end all its processes must end."""
    page = LibraryPage(studio)
    page.resize(1100, 720)
    page.show()
    qtbot.waitExposed(page)
    page.entered()
    try:
        yield page
    finally:
        page.shut_down()
        qtbot.waitUntil(lambda: not page.still_running(), timeout=PATIENCE_MS)
        page.close()
        page.deleteLater()


def wait_for(qtbot: QtBot, condition: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)


def show(page: LibraryPage, qtbot: QtBot, path: Path) -> None:
    """Open a recording as another page would, and wait for its picture."""
    page.open(path)

    def is_shown() -> bool:
        shown = page.player.shown
        return shown is not None and shown.path == path and page.shelf.list.current is not None

    wait_for(qtbot, is_shown)


def shown_frame(page: LibraryPage) -> int:
    """Return which frame is on show, as its picture says it."""
    shown = page.player.shown
    assert shown is not None
    assert shown.image is not None
    bar = np.flatnonzero(shown.image[100, :, 0] > 150)
    assert abs(int(bar[0]) - shown.frame * 7 % 460) <= 2
    return shown.frame
