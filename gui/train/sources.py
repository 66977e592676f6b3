"""What there is to learn from: looked into once, in a process of its own."""

import stat
from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from gui.jobs.line import Ended
from gui.jobs.train import Source, scan
from gui.library.marks import Mark, marks_of
from gui.names import natural
from gui.studio import Studio
from gui.worker import Worker

SHOW_MS = 150  # between two shows of a list that grows


class Sources(QObject):
    """The recordings and flight logs of the folder, and others that were asked for."""

    found = pyqtSignal()
    """There is more, less or something else than before."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._studio = studio
        self._known: dict[Path, tuple[tuple[int, int], Source]] = {}
        self._listed: list[Path] = []
        self._marked: dict[Path, tuple[int, int]] = {}
        self._also: list[Path] = []
        self._worker: Worker | None = None
        self._again = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.found)

    @property
    def looking(self) -> bool:
        """Whether some are still being looked into."""
        return self._worker is not None

    def known(self) -> list[Source]:
        """Return what was looked into so far, in order."""
        return [self._known[path][1] for path in self._listed if path in self._known]

    def marks(self) -> dict[Path, Mark]:
        """Return what recordings are marked for."""
        found: dict[Path, Mark] = {}
        for folder in {path.parent for path in self._listed}:
            found |= {folder / name: mark for name, mark in marks_of(folder).items()}
        return found

    def also(self, paths: Iterable[Path]) -> None:
        """List these as well, wherever they lie."""
        self._also = [path for path in paths if path.is_file()]
        self.look()

    def look(self) -> None:
        """Look into what is new or has changed."""
        if self._worker is not None:
            self._again = True
            return
        studio = self._studio
        here = [*_in_order(studio.recordings), *_in_order(studio.flights)]
        there = dict.fromkeys([*here, *self._also])
        self._marked = {path: mark for path in there if (mark := _mark(path)) is not None}
        self._listed = list(self._marked)
        new = [path for path in self._marked if self._is_new(path)]
        if new:
            worker = studio.worker(scan, new, niceness=5)
            worker.told.connect(self._take)
            worker.ended.connect(self._end)
            self._worker = worker
            worker.start()
        self.found.emit()

    def leave(self) -> None:
        """End what still looks."""
        self._again = False
        if self._worker is not None:
            self._worker.kill()

    def _is_new(self, path: Path) -> bool:
        return path not in self._known or self._known[path][0] != self._marked[path]

    def _take(self, message: object) -> None:
        if isinstance(message, Source) and message.path in self._marked:
            self._known[message.path] = (self._marked[message.path], message)
            if not self._soon.isActive():
                self._soon.start(SHOW_MS)

    def _end(self, ended: Ended) -> None:
        self._worker = None
        self._soon.stop()
        self.found.emit()
        if self._again:
            self._again = False
            self.look()


def _in_order(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.h5"), key=lambda path: natural(path.name))


def _mark(path: Path) -> tuple[int, int] | None:
    """Return size and time of change; None for a file that has gone, or for a folder."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
