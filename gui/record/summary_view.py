"""What a recording has become: how much, of what, and what is wrong with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QProgressBar, QVBoxLayout, QWidget

from gui.balance import BalanceBars
from gui.jobs.line import Ended, How, Progress
from gui.jobs.record import look_through
from gui.library.sentences import problem_words
from gui.page import button, card, heading, row, words
from gui.record.words import summary_words
from gui.studio import Studio
from gui.worker import Worker

if TYPE_CHECKING:
    from data.inspection.summary import Summary

ACROSS = 3  # heads side by side
LINE_PX = 560  # a text that wraps takes the height that it would have at its least width
BULLET = "•  "


class SummaryView(QWidget):
    """Looks a recording through, shows what is in it, and asks what to do next."""

    another_pressed = pyqtSignal()
    look_pressed = pyqtSignal()
    train_pressed = pyqtSignal()
    trash_pressed = pyqtSignal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._worker: Worker | None = None
        self._path: Path | None = None
        self._told: list[str] = []
        self._title = heading("")
        self._line = words()
        self._line.setStyleSheet("font-size: 15px;")
        self._remarks = words(quiet=True)
        self._progress = QProgressBar()
        self._progress.setRange(0, 1000)
        self._heads = QGridLayout()
        self._heads.setHorizontalSpacing(36)
        self._heads.setVerticalSpacing(18)
        holder = QWidget()
        holder.setLayout(self._heads)
        self._problems = words()
        self.another = button(
            "Record another", self.another_pressed.emit, shortcut="Ctrl+R", main=True
        )
        self.look = button("&Look at it", self.look_pressed.emit, tip="Play it in the Library")
        self.train = button("&Train", self.train_pressed.emit, tip="Choose it to train a bot with")
        self.trash = button("&Move to trash", self.trash_pressed.emit)
        self._counted = card(heading("What you did, as a share of the time"), holder)
        self._found = card(heading("Worth knowing"), self._problems)
        for each in (self._line, self._remarks, self._problems):
            each.setMinimumWidth(LINE_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(card(self._title, self._line, self._progress, self._remarks))
        layout.addWidget(self._counted)
        layout.addWidget(self._found)
        layout.addWidget(row(self.another, self.look, self.train, None, self.trash))
        layout.addStretch(1)

    @property
    def path(self) -> Path | None:
        """The recording that is shown."""
        return self._path

    @property
    def line(self) -> str:
        """How much was recorded, in words."""
        return self._line.text()

    @property
    def bars(self) -> list[BalanceBars]:
        """One for each head."""
        places = (self._heads.itemAt(index) for index in range(self._heads.count()))
        found = [place.widget() for place in places if place is not None]
        return [each for each in found if isinstance(each, BalanceBars)]

    @property
    def problems(self) -> str:
        """What is worth knowing, in words."""
        return self._problems.text()

    @property
    def remarks(self) -> str:
        """What happened meanwhile, in words."""
        return self._remarks.text()

    @property
    def running(self) -> bool:
        """Whether the recording is still looked through."""
        return self._worker is not None

    def show_files(self, files: Sequence[Path], remarks: Sequence[str]) -> None:
        """Name the recordings of a session, and look the last one through."""
        self.end()
        self._path = files[-1]
        names = ", ".join(path.stem for path in files)
        self._title.setText(f"Recorded: {names}")
        self._line.setText("Looking through it")
        self._told = []
        self._remarks.hide()
        for remark in remarks:
            self.add_remark(remark)
        self._progress.setValue(0)
        self._progress.show()
        self._counted.hide()
        self._found.hide()
        self._worker = worker = self._studio.worker(look_through, self._path)
        worker.told.connect(self._take_told)
        worker.ended.connect(lambda ended: self._finish(worker, ended))
        worker.start()

    def add_remark(self, remark: str) -> None:
        """Say something that happened meanwhile."""
        self._told.append(remark)
        self._remarks.setText("  ".join(self._told))
        self._remarks.show()

    def end(self) -> None:
        """Look no further."""
        if self._worker is not None:
            self._worker.kill()  # it only reads
            self._worker = None

    def _take_told(self, message: object) -> None:
        if isinstance(message, Progress):
            self._progress.setValue(round(1000 * message.share))

    def _finish(self, worker: Worker, ended: Ended) -> None:
        worker.deleteLater()
        if worker is not self._worker:
            return
        self._worker = None
        self._progress.hide()
        if ended.how is How.DONE:
            self._show_summary(ended.result)
        else:
            self._line.setText(f"It can't be looked through: {ended.sentence}")

    def _show_summary(self, found: "Summary") -> None:
        self._line.setText(summary_words(found))
        self._show_heads(found)
        told = [BULLET + problem_words(problem) for problem in found.problems]
        self._problems.setText("\n".join(told) or "No problem was found.")
        self._found.show()

    def _show_heads(self, found: "Summary") -> None:
        while (taken := self._heads.takeAt(0)) is not None:
            old = taken.widget()
            if old is not None:
                old.deleteLater()
        for index, (head, counts) in enumerate(found.heads.items()):
            across, down = index % ACROSS, index // ACROSS
            top = Qt.AlignmentFlag.AlignTop
            self._heads.addWidget(BalanceBars(head, counts), down, across, top)
        self._counted.setVisible(bool(found.heads) and found.play_frames > 0)
