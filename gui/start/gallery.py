"""The practice game and all open windows, as pictures to choose from."""

from collections.abc import Callable, Collection, Sequence

from PyQt6.QtCore import QRect, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QImage, QPainter, QPainterPath, QPixmap, QShowEvent
from PyQt6.QtWidgets import QAbstractItemView, QListView, QListWidget, QListWidgetItem

from data.frames import Image
from gui.jobs.windows import HEIGHT_PX, WIDTH_PX, ShownWindow
from gui.page import plain_tip
from gui.theme import colours

PRACTICE_TITLE = "Understudy Practice"
OWN_TITLE = "Understudy"
HANDLE = Qt.ItemDataRole.UserRole
MATCH_S = 4.0  # so long after kick-off the picture of the practice game is taken
CELL = QSize(WIDTH_PX + 12, HEIGHT_PX + 46)


class Gallery(QListWidget):
    """Cards; the first one is the practice game, whether its window is open or not."""

    practice_chosen = pyqtSignal()
    window_chosen = pyqtSignal(object)
    """The `ShownWindow`."""

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[int, ShownWindow] = {}
        self._pictures: dict[int, QPixmap] = {}
        self.setAccessibleName("Games and open windows")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(WIDTH_PX, HEIGHT_PX))
        self.setGridSize(CELL)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setMinimumHeight(HEIGHT_PX + 56)
        self.setSpacing(2)
        first = QListWidgetItem()
        first.setSizeHint(CELL)
        first.setToolTip("The built-in football game: always there, to try everything with.")
        self.addItem(first)
        self._drawn = False
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def sizeHint(self) -> QSize:
        """Return the room that one row of cards takes."""
        return QSize(4 * WIDTH_PX, HEIGHT_PX + 60)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Draw the practice game's card, once the window is there."""
        super().showEvent(event)
        if not self._drawn:
            self._drawn = True
            QTimer.singleShot(0, self._draw_practice)

    def _draw_practice(self) -> None:
        item = self.item(0)
        if item is not None:
            item.setIcon(QIcon(practice_picture()))

    def show_windows(
        self,
        windows: Sequence[ShownWindow],
        *,
        own: Collection[int],
        told: Callable[[ShownWindow], str],
    ) -> None:
        """Show the windows that are open now.

        Args:
            windows: All of them.
            own: Handles of this program's windows, which are left out.
            told: Says in a few words what is known of a window.
        """
        others = [each for each in windows if not _is_own(each, own)]
        for handle in set(self._windows) - {each.handle for each in others}:
            self.takeItem(self.row(self._item(handle)))
            self._pictures.pop(handle, None)
        self._windows = {each.handle: each for each in others}
        for each in others:
            if each.picture is not None or each.handle not in self._pictures:
                self._pictures[each.handle] = card_picture(each.picture)
            item = self._find(each.handle) or self._added(each.handle)
            text = f"{each.title}\n{told(each)}"
            if item.text() != text:
                item.setText(text)
                program = f" ({each.program})" if each.program else ""
                item.setToolTip(plain_tip(f"{each.title}{program}"))
            item.setIcon(QIcon(self._pictures[each.handle]))

    def tell_practice(self, told: str) -> None:
        """Say a few words under the practice game."""
        item = self.item(0)
        if item is not None:
            item.setText(f"Practice game\n{told}")

    def window_of(self, item: QListWidgetItem | None) -> ShownWindow | None:
        """Return the window that a card shows; None for the practice game."""
        return None if item is None else self._windows.get(item.data(HANDLE) or 0)

    def _choose(self, item: QListWidgetItem) -> None:
        window = self.window_of(item)
        if window is not None:
            self.window_chosen.emit(window)
        elif self.row(item) == 0:
            self.practice_chosen.emit()

    def _added(self, handle: int) -> QListWidgetItem:
        item = QListWidgetItem()
        item.setSizeHint(CELL)  # its own would grow with its words, and move its picture
        item.setData(HANDLE, handle)
        self.addItem(item)
        return item

    def _find(self, handle: int) -> QListWidgetItem | None:
        items = (self.item(index) for index in range(1, self.count()))
        return next((item for item in items if item and item.data(HANDLE) == handle), None)

    def _item(self, handle: int) -> QListWidgetItem:
        item = self._find(handle)
        if item is None:
            raise KeyError(handle)
        return item


def _is_own(window: ShownWindow, own: Collection[int]) -> bool:
    return window.handle in own or window.title in (OWN_TITLE, PRACTICE_TITLE)


def card_picture(picture: Image | None) -> QPixmap:
    """Fit a picture, `(height, width, 3)` BGR, into a card; without one, say so in it."""
    if picture is None:
        return _card(None)
    height, width = picture.shape[:2]
    form = QImage.Format.Format_BGR888
    return _card(QImage(picture.tobytes(), width, height, 3 * width, form))


def practice_picture() -> QPixmap:
    """Draw a moment of the practice game as a card."""
    from gui.practice.drawing import Artist
    from gui.practice.match import Match
    from gui.practice.state import STEPS_PER_SECOND

    match = Match("beginner", 60.0, 1)
    for _ in range(round(MATCH_S * STEPS_PER_SECOND)):
        match.advance(frozenset())
    artist = Artist((WIDTH_PX, HEIGHT_PX), seed=1)
    image = artist.new_image()
    painter = QPainter(image)
    artist.draw(painter, match.state)
    painter.end()
    return _card(image)


def _card(image: QImage | None) -> QPixmap:
    made = QPixmap(WIDTH_PX, HEIGHT_PX)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    outline = QPainterPath()
    outline.addRoundedRect(QRectF(0, 0, WIDTH_PX, HEIGHT_PX), 6, 6)
    painter.setClipPath(outline)
    if image is None:
        painter.fillRect(made.rect(), QColor(colours().border))
        painter.setPen(QColor(colours().text))
        wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(made.rect().adjusted(12, 0, -12, 0), wrapped, "Not in view now")
    else:
        painter.fillRect(made.rect(), QColor("#101215"))
        size = image.size().scaled(made.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (WIDTH_PX - size.width()) // 2, (HEIGHT_PX - size.height()) // 2
        painter.drawImage(QRect(left, top, size.width(), size.height()), image)
    painter.end()
    return made
