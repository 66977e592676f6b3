"""All recordings and flight logs that there are, looked through in another process."""

from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from gui.jobs.library import Entry, Facts, First, Present, Scan, scan, stamps_of
from gui.jobs.line import Ended, How
from gui.library.marks import Remark, remarks_of
from gui.library.shelf import Item
from gui.studio import Studio
from gui.worker import Worker

GATHER_MS = 60  # files found within this are told together
NICENESS = 10


class Catalogue(QObject):
    """Knows the files of the studio's folders."""

    changed = pyqtSignal()
    """`items` are others, or more is known of them."""
    failed = pyqtSignal(str)
    """The folders can't be looked through; why."""

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self._studio = studio
        self._entries: dict[Path, Entry] = {}
        self._facts: dict[Path, Facts] = {}
        self._remarks: dict[Path, dict[str, Remark]] = {}
        self._worker: Worker | None = None
        self._again = False
        self._looked = False
        self._present: frozenset[Path] = frozenset()
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(GATHER_MS)
        self._gather.timeout.connect(self.changed)

    @property
    def items(self) -> list[Item]:
        """All files, with what is noted about them."""
        return [
            Item(entry, self._remark(path), self._facts_of(entry))
            for path, entry in self._entries.items()
        ]

    @property
    def looked(self) -> bool:
        """Whether the folders were looked through since they were last changed to."""
        return self._looked

    @property
    def empty(self) -> bool:
        """Whether it is known that there is no file at all."""
        return self._looked and not self._present

    @property
    def running(self) -> bool:
        """Whether they are looked through right now."""
        return self._worker is not None

    @property
    def process_id(self) -> int | None:
        """Of the process; None without one."""
        return None if self._worker is None else self._worker.process_id

    def look(self) -> None:
        """Find files that have come, gone or changed."""
        self.read_remarks()
        folders = self._folders()
        if self._worker is not None:
            self._again = True
            return
        stamps = stamps_of(folders)
        known = {path: entry.stamp for path, entry in self._entries.items()}
        done = {path for path, entry in self._entries.items() if self._needs_nothing(entry)}
        if self._looked and stamps == known and done == set(known):
            return
        facts = {path: found.stamp for path, found in self._facts.items()}
        self._worker = self._studio.worker(scan, Scan(folders, known, facts), niceness=NICENESS)
        self._worker.told.connect(self._take)
        self._worker.ended.connect(self._end)
        self._worker.start()

    def read_remarks(self) -> None:
        """Read the notes again."""
        self._remarks = {folder: remarks_of(folder) for folder in self._folders()}
        self._gather.start()

    def want(self, path: Path) -> None:
        """Have the facts of a file gathered before those of the others."""
        if self._worker is not None and path not in self._facts:
            self._worker.say(First(path))

    def shut_down(self) -> None:
        """Stop looking."""
        self._again = False
        if self._worker is not None:
            self._worker.stop()

    def _folders(self) -> tuple[Path, ...]:
        return self._studio.recordings, self._studio.flights

    def _remark(self, path: Path) -> Remark:
        return self._remarks.get(path.parent, {}).get(path.name, Remark())

    def _facts_of(self, entry: Entry) -> Facts | None:
        found = self._facts.get(entry.path)
        return found if found is not None and found.stamp == entry.stamp else None

    def _needs_nothing(self, entry: Entry) -> bool:
        return bool(entry.fault) or self._facts_of(entry) is not None

    def _take(self, message: object) -> None:
        if isinstance(message, Present):
            self._looked, self._present = True, message.paths
            gone = set(self._entries) - message.paths
            for path in gone:
                self._entries.pop(path)
                self._facts.pop(path, None)
        elif isinstance(message, Entry):
            self._entries[message.path] = message
        elif isinstance(message, Facts):
            self._facts[message.path] = message
        if not self._gather.isActive():
            self._gather.start()

    def _end(self, ended: Ended) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
        self._worker = None
        if ended.how in (How.DIED, How.FAILED):
            self.failed.emit(f"Not all recordings could be looked through: {ended.sentence}")
        elif self._again:
            self._again = False
            self.look()
        self._gather.start()
