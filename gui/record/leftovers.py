"""Recordings that were cut short: told, and repaired at a click."""

import time
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout

from gui.jobs.line import Ended, How
from gui.jobs.record import repair_leftover
from gui.library.sentences import problem_words
from gui.page import button, words
from gui.record.words import leftover_words
from gui.studio import Studio
from gui.worker import Worker

LINE_PX = 500  # a text that wraps takes the height that it would have at its least width
SETTLED_S = 10.0  # a file that was written to a moment ago is being recorded by another program


class LeftoverNotice(QFrame):
    """Says which recordings were cut short, and repairs them one after another."""

    repaired = pyqtSignal(object)
    """The path of a recording."""
    failed = pyqtSignal(str)
    """Why one couldn't be repaired."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._studio = studio
        self._worker: Worker | None = None
        self._leftovers: list[Path] = []
        self._words = words()
        self._words.setMinimumWidth(LINE_PX)
        self.repair = button("&Repair", self._repair)
        later = button("Later", self.hide)
        later.setObjectName("flat")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(self._words, 1)
        layout.addWidget(self.repair)
        layout.addWidget(later)
        self.hide()

    @property
    def running(self) -> bool:
        """Whether one is being repaired."""
        return self._worker is not None

    def look(self, *, at_once: bool = False) -> None:
        """Look for leftovers; `at_once` counts those as well that were written to just now."""
        newest_s = time.time() - (0.0 if at_once else SETTLED_S)
        self._leftovers = leftovers_in(self._studio.recordings, before_s=newest_s)
        self.setVisible(bool(self._leftovers))
        if self._leftovers:
            self._words.setText(leftover_words(self._leftovers))

    def _repair(self) -> None:
        if self._worker is not None or not self._leftovers:
            return
        self.repair.setEnabled(False)
        self._words.setText(f"Repairing {self._leftovers[0].name.removesuffix('.h5.part')}")
        self._worker = self._studio.worker(repair_leftover, self._leftovers[0])
        self._worker.ended.connect(self._finish)
        self._worker.start()

    def _finish(self, ended: Ended) -> None:
        worker, self._worker = self._worker, None
        tried = self._leftovers[0]
        if worker is not None:
            worker.deleteLater()
        self.repair.setEnabled(True)
        self.look(at_once=True)
        if ended.how is How.DONE and isinstance(ended.result, Path):
            self.repaired.emit(ended.result)
            self._studio.recordings_changed.emit()
        else:
            self.failed.emit(repair_failure(tried, ended.sentence))


def repair_failure(leftover: Path, sentence: str) -> str:
    """Say why a leftover can't be repaired."""
    said = problem_words(sentence.replace(f"{leftover}: ", "", 1))
    return f"The file {leftover.name} can't be repaired. {said}"


def leftovers_in(folder: Path, *, before_s: float) -> list[Path]:
    """List the unfinished recordings that were last written to before a moment since 1970."""
    found = []
    for path in sorted(folder.glob("*.h5.part")):
        try:
            if path.stat().st_mtime <= before_s:
                found.append(path)
        except OSError:
            continue  # it was finished, or removed, meanwhile
    return found
