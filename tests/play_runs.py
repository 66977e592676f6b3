"""For tests of the page Play: a policy that holds one key all the time, and a game to play."""

import json
import shutil
from functools import cache
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from models.engine import PolicyRunner
from tests.factories import practice_profile
from tests.toy_play import toy_folder, toy_run


def toy_policy(folder: Path, *, always: str | None = None) -> Path:
    """Copy the toy policy's run folder; it then chooses `always`, and nothing else, every time."""
    shutil.copytree(_prepared(always), folder)
    return folder


@cache
def _prepared(always: str | None) -> Path:
    """Make the run once, its graphs exported, which takes longer than all the rest."""
    report, _, _ = toy_run()
    folder = toy_folder() / f"always-{always}"
    shutil.copytree(report.out, folder)
    if always is not None:
        config = json.loads((folder / "config.json").read_text())
        for head in practice_profile().heads:
            chosen = always if always in head.names else "none"
            config["offsets"][head.name][head.names.index(chosen)] = 100.0
        (folder / "config.json").write_text(json.dumps(config))
        PolicyRunner.load(folder)
    return folder


class TinyGame(QWidget):
    """A window that takes keys and always moves: its colour changes ten times a second."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.resize(480, 270)
        self.keys: list[int] = []
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(100)

    def _tick(self) -> None:
        self._ticks += 1
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        QPainter(self).fillRect(self.rect(), QColor(40, 120, 200 - self._ticks % 2))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        assert event is not None
        self.keys.append(event.key())
