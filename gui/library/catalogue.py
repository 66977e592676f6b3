"""All recordings and flight logs that there are, looked through in another process."""

from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from gui.jobs.library import Entry, Facts, First, Present, Scan, is_written, scan, stamps_of
from gui.jobs.line import Ended, How
from gui.library.marks import Remark, remarks_of
from gui.library.shelf import Item
from gui.studio import Studio
from gui.worker import Worker

GATHER_MS = 60  # files found within this are told together
WATCH_MS = 2000  # between two looks whether what is being recorded still is
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
        self._resting = False
        self._present: frozenset[Path] = frozenset()
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(GATHER_MS)
        self._gather.timeout.connect(self.changed)
        self._watch = QTimer(self)
        self._watch.setSingleShot(True)
        self._watch.setInterval(WATCH_MS)
        self._watch.timeout.connect(self._look_at_written)

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
        """Find files that have come, gone or changed, until told to rest."""
        self._resting = False
        self._look()

    def _look(self) -> None:
        self.read_remarks()
        folders = self._folders()
        stamps = stamps_of(folders)
        self._drop_all_but(frozenset(stamps))  # nobody is to open what has gone
        if self._worker is not None:
            self._again = True
            return
        known = {p: entry.stamp for p, entry in self._entries.items() if not entry.is_written}
        done = {path for path, entry in self._entries.items() if self._needs_nothing(entry)}
        if self._looked and stamps == known and done == set(known):
            return
        facts = {path: found.stamp for path, found in self._facts.items()}
        self._worker = self._studio.worker(scan, Scan(folders, known, facts), niceness=NICENESS)
        self._worker.told.connect(self._take)
        self._worker.ended.connect(self._end)
        self._worker.start()

    def rest(self) -> None:
        """Watch no more, until the next look, whether a recording has ended."""
        self._resting = True
        self._watch.stop()

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
        self.rest()
        if self._worker is not None:
            self._worker.stop()

    def _folders(self) -> tuple[Path, ...]:
        return self._studio.recordings, self._studio.flights

    def _remark(self, path: Path) -> Remark:
        return self._remarks.get(path.parent, {}).get(path.name, Remark())

    def _facts_of(self, entry: Entry) -> Facts | None:
        found = self._facts.get(entry.path)
        return found if found is not None and found.stamp == entry.stamp else None

    def _look_at_written(self) -> None:
        """Look again once a file that is being recorded isn't any more."""
        written = [path for path, entry in self._entries.items() if entry.is_written]
        if all(is_written(path) for path in written):
            self._watch.start()
        else:
            self._look()

    def _needs_nothing(self, entry: Entry) -> bool:
        return bool(entry.fault) or self._facts_of(entry) is not None

    def _take(self, message: object) -> None:
        if isinstance(message, Present):
            self._looked = True
            self._drop_all_but(message.paths)
        elif isinstance(message, Entry):
            if message.path.is_file():  # it may have been moved since it was looked at
                self._entries[message.path] = message
        elif isinstance(message, Facts):
            self._facts[message.path] = message
        if not self._gather.isActive():
            self._gather.start()

    def _drop_all_but(self, present: frozenset[Path]) -> None:
        self._present = present
        for path in set(self._entries) - present:
            self._entries.pop(path)
            self._facts.pop(path, None)

    def _end(self, ended: Ended) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
        self._worker = None
        if ended.how in (How.DIED, How.FAILED):
            self.failed.emit(f"Not all recordings could be looked through: {ended.sentence}")
        elif self._again:
            self._again = False
            self._look()
        elif not self._resting and any(each.is_written for each in self._entries.values()):
            self._watch.start()
        self._gather.start()
