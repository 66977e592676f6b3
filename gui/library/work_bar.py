"""The one edit that is being written: how far it is, and a way to stop it."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QProgressBar

from gui.jobs.library_edits import Edit, Written, edit
from gui.jobs.line import Ended, How, Progress
from gui.page import button, plain_label
from gui.studio import Studio
from gui.worker import Worker


class WorkBar(QFrame):
    """Hidden while nothing is written."""

    written = pyqtSignal(object)
    """`Written`: an edit is done."""
    failed = pyqtSignal(str)
    """An edit could not be done; why."""
    stopped = pyqtSignal()
    """A person stopped an edit; nothing of it is left."""
    changed = pyqtSignal()
    """An edit has begun or ended."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._worker: Worker | None = None
        self.setObjectName("card")
        self._words = plain_label()
        self._progress = QProgressBar()
        self._progress.setRange(0, 1000)
        self.stop = button("Stop", self._stop, tip="Stop writing; nothing of it is left")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addWidget(self._words)
        layout.addWidget(self._progress, 1)
        layout.addWidget(self.stop)
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._worker is not None

    def begin(self, request: Edit) -> None:
        """Do an edit; only one at a time."""
        if self.busy:
            return
        self._words.setText("Starting...")
        self._progress.setValue(0)
        self.stop.setEnabled(True)
        self.show()
        self._worker = self._studio.worker(edit, request, niceness=5)
        self._worker.told.connect(self._take)
        self._worker.ended.connect(self._end)
        self._worker.start()
        self.changed.emit()

    def shut_down(self) -> None:
        """Stop what is written."""
        if self._worker is not None:
            self._worker.stop()

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self._words.setText("Stopping...")
        self.shut_down()

    def _take(self, message: object) -> None:
        if isinstance(message, Progress) and self.stop.isEnabled():
            self._words.setText(message.what)
            self._progress.setValue(round(1000 * message.share))

    def _end(self, ended: Ended) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
        self._worker = None
        self.hide()
        self.changed.emit()
        if isinstance(ended.result, Written):
            self.written.emit(ended.result)
        elif ended.how is How.STOPPED:
            self.stopped.emit()
        else:
            self.failed.emit(ended.sentence)
