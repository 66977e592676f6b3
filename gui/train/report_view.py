"""A run's report, inside the program: its text, its pictures, its scores as bars."""

import re
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QImage, QResizeEvent, QTextDocument
from PyQt6.QtWidgets import QSplitter, QTextBrowser, QVBoxLayout, QWidget

from data.small_files import read_small
from gui.jobs.train import ReportPicture, read_pictures
from gui.page import GAP, button, column, heading, open_folder, row, words
from gui.studio import Studio
from gui.train.bars import ScoreBars, scrolled
from gui.train.runs import RunEntry
from gui.worker import Worker

_PICTURE = re.compile(r"!\[[^\]]*\]\(([\w.-]+)\)")
MOST_BYTES = 1 << 20  # ours take some ten thousand
MOST_PICTURES = 100
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
WAITING = QSize(320, 40)  # a picture that is still being read
CALM_MS = 150  # after the last change of size, before pictures are fitted to it


def without_html(text: str) -> str:
    """Break every tag of Markdown by an invisible character, so that it is read as words.

    HTML could name any file of this computer, and tables within tables without end. Qt's own way,
    the flag `MarkdownNoHTML`, is lost on Python 3.11.2, where flags that stand for several bits
    add up to 0.
    """
    return _TAG.sub("<\u2060", text)


class ReportBrowser(QTextBrowser):
    """Shows Markdown; pictures are as wide as there is room, and never wider than they are.

    A report may be a stranger's: only pictures that were handed over are shown, and links lead
    nowhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._pictures: dict[str, QImage] = {}
        self.setOpenLinks(False)
        self.setAccessibleName("Report")
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.timeout.connect(self._show_again)

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the pictures that are there."""
        return tuple(self._pictures)

    def show_text(self, text: str) -> None:
        """Show another report, without pictures at first."""
        self._text = text
        self._pictures = {}
        self._show()

    def add_picture(self, name: str, png: bytes) -> None:
        """Show a picture that the report names."""
        image = QImage.fromData(png)
        if image.isNull():  # Qt would look for a file of that name
            return
        self._pictures[name] = image
        self._calm.start(CALM_MS)

    def loadResource(self, kind: int, name: QUrl) -> object:
        """Give the document its pictures; anything else stays unread."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return None
        image = self._pictures.get(name.fileName())
        if image is None:
            blank = QImage(WAITING, QImage.Format.Format_ARGB32)
            blank.fill(Qt.GlobalColor.transparent)
            return blank
        viewport = self.viewport()
        room = (viewport.width() if viewport is not None else self.width()) - 24
        if image.width() <= room:
            return image
        smooth = Qt.TransformationMode.SmoothTransformation
        return image.scaledToWidth(max(160, room), smooth)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the pictures to the new width, soon."""
        super().resizeEvent(event)
        if self._pictures:
            self._calm.start(CALM_MS)

    def _show_again(self) -> None:
        bar = self.verticalScrollBar()
        at = bar.value() if bar is not None else 0
        self._show()
        if bar is not None:
            bar.setValue(at)

    def _show(self) -> None:
        document = self.document()
        if document is not None:
            document.setMarkdown(without_html(self._text))


class ReportView(QWidget):
    """One run's report and bars."""

    back_wanted = pyqtSignal()
    play_wanted = pyqtSignal(object)
    """The run's folder."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._entry: RunEntry | None = None
        self._worker: Worker | None = None
        self._title = heading("")
        self._facts = words(quiet=True)
        self.play = button("Let it pl&ay", self._play, main=True)
        self.folder = button("Open the fold&er", self._open_folder)
        self.back = button("Back to all runs", self.back_wanted.emit, shortcut="Alt+Left")
        self.browser, self.bars = ReportBrowser(), ScoreBars()
        self._build()

    @property
    def entry(self) -> RunEntry | None:
        """Whose report it is."""
        return self._entry

    def show_run(self, entry: RunEntry) -> None:
        """Show a run."""
        self.leave()
        self._entry = entry
        self._title.setText(entry.name)
        told = [entry.kind, entry.game, entry.learned_from]
        told += [] if entry.finished else ["unfinished"]
        self._facts.setText(", ".join(part for part in told if part))
        self.play.setVisible(entry.kind == "policy" and entry.plays)
        self.bars.show_groups(entry.groups)
        self._side.setVisible(bool(entry.groups))
        if entry.report is None:
            self.browser.show_text("*There is no report yet: it is written when training ends.*")
            return
        try:
            text = read_small(entry.report, most_bytes=MOST_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            self.browser.show_text("")
            self._facts.setText(f"The report can't be read: {error}.")
            return
        self.browser.show_text(text)
        self._read_pictures(entry.folder, text)

    def leave(self) -> None:
        """End what still reads pictures."""
        if self._worker is not None and self._worker.running:
            self._worker.kill()
        self._worker = None

    def _read_pictures(self, folder: Path, text: str) -> None:
        names = dict.fromkeys(_PICTURE.findall(text))
        paths = [folder / name for name in names if (folder / name).is_file()][:MOST_PICTURES]
        if not paths:
            return
        worker = self._studio.worker(read_pictures, paths, niceness=5)
        worker.told.connect(lambda message: self._take(worker, message))
        worker.ended.connect(worker.deleteLater)
        self._worker = worker
        worker.start()

    def _take(self, worker: Worker, message: object) -> None:
        if worker is self._worker and isinstance(message, ReportPicture):
            self.browser.add_picture(message.name, message.png)

    def _build(self) -> None:
        area = scrolled(column(self.bars, None, margin=4))
        self._side = area
        self._facts.setWordWrap(False)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(area)
        split.addWidget(self.browser)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(row(self._title, self._facts, None, self.play, self.folder, self.back))
        layout.addWidget(split, 1)

    def _play(self) -> None:
        if self._entry is not None:
            self.play_wanted.emit(self._entry.folder)

    def _open_folder(self) -> None:
        if self._entry is not None:
            open_folder(self._entry.folder)
