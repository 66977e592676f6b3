"""The row of frames to label: small pictures, and what state each is in."""

from bisect import bisect
from collections.abc import Iterable, Mapping
from enum import Enum

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PyQt6.QtWidgets import QListView, QListWidget, QListWidgetItem

from data.moments import moment
from gui.label.document import Sheet
from gui.label.requests import Picture
from gui.theme import colours

_FRAME_ROLE = Qt.ItemDataRole.UserRole
_BAND_PX = 5


class State(Enum):
    """How far a frame is."""

    UNTOUCHED = "untouched"
    SUGGESTED = "has suggestions"
    BOXES = "has boxes"
    DONE = "done"


def state_of(sheet: Sheet) -> State:
    """Say how far a frame is; what waits for an answer comes first."""
    if sheet.suggestions:
        return State.SUGGESTED
    if sheet.done:
        return State.DONE
    return State.BOXES if sheet.marks else State.UNTOUCHED


def caption(sheet: Sheet) -> str:
    """Say in a word or two what is on a frame."""
    state = state_of(sheet)
    if state is State.SUGGESTED:
        return f"{len(sheet.suggestions)} suggested"
    count = len(sheet.marks)
    boxes = f"{count} box{'' if count == 1 else 'es'}" if count else "no boxes"
    return f"✓ {boxes}" if state is State.DONE else boxes


class Strip(QListWidget):
    """Shows the frames; the current one is the one on the canvas."""

    frame_chosen = pyqtSignal(int)
    """A person went to another frame."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Frames to label")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(128, 72))
        self.setGridSize(QSize(142, 98))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(120)
        self._items: dict[int, QListWidgetItem] = {}
        self._order: list[int] = []
        self._pixmaps: dict[int, QPixmap] = {}
        self._captions: dict[int, str] = {}
        self._moments: dict[int, str] = {}
        self.currentItemChanged.connect(self._tell)

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames, in order."""
        return tuple(self._order)

    @property
    def frame(self) -> int | None:
        """The current frame."""
        item = self.currentItem()
        return None if item is None else int(item.data(_FRAME_ROLE))

    def caption_of(self, frame: int) -> str:
        """Return what is said under a frame."""
        return self._captions[frame]

    def empty(self) -> None:
        """Take all frames away."""
        self.blockSignals(True)
        self.clear()
        self.blockSignals(False)
        self._items.clear()
        self._order.clear()
        self._pixmaps.clear()
        self._captions.clear()

    def add(self, pictures: Iterable[Picture], sheets: Mapping[int, Sheet]) -> None:
        """Add frames, each at its place in time."""
        for picture in pictures:
            if picture.frame in self._items:
                continue
            pixmap = QPixmap()
            pixmap.loadFromData(picture.thumbnail)
            item = QListWidgetItem()
            item.setData(_FRAME_ROLE, picture.frame)
            self._pixmaps[picture.frame] = pixmap
            self._moments[picture.frame] = moment(picture.at_s)
            self._items[picture.frame] = item
            self.blockSignals(True)
            at = bisect(self._order, picture.frame)
            self._order.insert(at, picture.frame)
            self.insertItem(at, item)
            self.blockSignals(False)
            self.refresh(picture.frame, sheets.get(picture.frame, Sheet()))

    def refresh(self, frame: int, sheet: Sheet) -> None:
        """Show the state that a frame is in now."""
        item = self._items.get(frame)
        if item is None:
            return
        self._captions[frame] = caption(sheet)
        item.setText(f"{self._moments[frame]}  {caption(sheet)}")
        item.setToolTip(f"Frame {frame}, at {self._moments[frame]}: {state_of(sheet).value}")
        item.setIcon(QIcon(self._drawn(frame, state_of(sheet))))

    def go_to(self, frame: int) -> None:
        """Make a frame the current one."""
        item = self._items.get(frame)
        if item is not None and item is not self.currentItem():
            self.setCurrentItem(item)
            self.scrollToItem(item)

    def step(self, by: int) -> None:
        """Go so many frames on, or back, as far as there are any."""
        if self.count():
            self.setCurrentRow(min(max(self.currentRow() + by, 0), self.count() - 1))

    def _tell(self) -> None:
        frame = self.frame
        if frame is not None:
            self.frame_chosen.emit(frame)

    def _drawn(self, frame: int, state: State) -> QPixmap:
        """Draw the state as a band under the picture."""
        made = QPixmap(self._pixmaps[frame])
        if state is State.UNTOUCHED or made.isNull():
            return made
        colour = colours()
        shade = {
            State.SUGGESTED: colour.warning,
            State.BOXES: colour.series[0],
            State.DONE: colour.good,
        }[state]
        painter = QPainter(made)
        band = QRectF(0, made.height() - _BAND_PX, made.width(), _BAND_PX)
        painter.fillRect(band, QColor(shade))
        if state is State.SUGGESTED:  # told by more than its colour: the band has gaps
            pen = QPen(QColor("#000000"), _BAND_PX, Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.drawLine(band.topLeft(), band.topRight())
        painter.end()
        return made
