"""One longer job at a time: what it does, how far it is, and a button that stops it."""

import time
from collections.abc import Callable

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from gui.jobs.line import Ended, How, Job, Progress
from gui.page import button, plain_label
from gui.studio import Studio
from gui.time_left import TimeLeft, time_left
from gui.wording import capitalised
from gui.worker import Worker


class TaskBar(QWidget):
    """Runs a job and shows it; hidden while there is none."""

    failed = pyqtSignal(str)
    """A job failed: the sentence to tell."""
    freed = pyqtSignal()
    """The job has ended."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._worker: Worker | None = None
        self._doing = ""
        self._left = TimeLeft()
        self._then: Callable[[object], None] = lambda result: None
        self._words = plain_label()
        self._bar = QProgressBar()
        self._bar.setMaximumWidth(260)
        self.stop_button = button("Stop", self.stop, tip="Stop this; what was done so far is kept")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._words)
        layout.addStretch(1)
        layout.addWidget(self._bar)
        layout.addWidget(self.stop_button)
        self.hide()

    @property
    def doing(self) -> str:
        """What runs, such as "boxes are being suggested"; empty for nothing."""
        return self._doing

    def run(self, job: Job, request: object, doing: str, then: Callable[[object], None]) -> bool:
        """Start a job; False while another runs.

        Args:
            job: See `gui.jobs.line`.
            request: For the job.
            doing: What it is while it runs, as in "boxes are being suggested".
            then: Told the result when it is done, or was stopped and has one.
        """
        if self._worker is not None:
            return False
        self._doing, self._then = doing, then
        self._left = TimeLeft()
        self._words.setText(capitalised(doing))
        self._bar.setRange(0, 0)
        self.stop_button.setEnabled(True)
        self._worker = self._studio.worker(job, request)
        self._worker.told.connect(self._told)
        self._worker.ended.connect(self._ended)
        self._worker.start()
        self.show()
        return True

    def stop(self) -> None:
        """Ask the job to end in good order."""
        if self._worker is not None:
            self._words.setText("Stopping…")
            self.stop_button.setEnabled(False)
            self._worker.stop()

    def _told(self, message: object) -> None:
        if not isinstance(message, Progress) or not self.stop_button.isEnabled():
            return
        self._bar.setRange(0, 1000 if message.share else 0)
        self._bar.setValue(round(1000 * message.share))
        left = time_left(self._left.seconds(message.what, message.share, time.monotonic()))
        self._words.setText(f"{message.what}, {left}" if left else message.what)

    def _ended(self, ended: Ended) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
        self._worker = None
        self._doing = ""
        self.hide()
        if ended.result is not None:
            self._then(ended.result)
        elif ended.how is not How.STOPPED:
            self.failed.emit(ended.sentence)
        self.freed.emit()
