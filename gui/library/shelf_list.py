"""The list of recordings, with their pictures."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PyQt6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPixmap
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from gui.library.marks import Mark
from gui.library.shelf import MARK_WORDS, Item, row_words
from gui.page import plain_tip
from gui.theme import Colours, colours

PICTURE = QSize(96, 54)
PAD = 8
ROLE = Qt.ItemDataRole.UserRole


class ShelfList(QListWidget):
    """Shows items in the order given; several can be selected."""

    chosen = pyqtSignal(object)
    """The path of the item that is to be shown; None for none."""
    picked = pyqtSignal()
    """Other items are selected than before."""
    play_asked = pyqtSignal()
    trash_asked = pyqtSignal()
    rename_asked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[Path, Item] = {}
        self._pictures: dict[bytes, QPixmap] = {}
        self._told: Path | None = None
        self.setAccessibleName("Recordings and flight logs")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setMinimumWidth(200)
        self.setItemDelegate(_RowDelegate(self))
        self.currentItemChanged.connect(lambda now, before: self._tell())
        self.itemSelectionChanged.connect(self.picked)

    @property
    def selected(self) -> list[Item]:
        """The items that are selected, in the order of the list."""
        rows = sorted(self.selectedItems(), key=self.row)
        return [self._items[each.data(ROLE)] for each in rows]

    @property
    def current(self) -> Item | None:
        """The item on show."""
        now = self.currentItem()
        return None if now is None else self._items[now.data(ROLE)]

    def show_items(self, items: Sequence[Item]) -> None:
        """Show these; what is selected stays so, where it is still there."""
        self._items = {item.path: item for item in items}
        paths = [item.path for item in items]
        if paths == self._paths():
            viewport = self.viewport()
            if viewport is not None:
                viewport.update()
            return
        selected = {each.data(ROLE) for each in self.selectedItems()}
        bar = self.verticalScrollBar()
        place = 0 if bar is None else bar.value()
        with QSignalBlocker(self):
            self.clear()
            for path in paths:
                row = QListWidgetItem(path.name)
                row.setData(ROLE, path)
                row.setToolTip(plain_tip(str(path)))
                self.addItem(row)
                row.setSelected(path in selected)
            if self._told is not None and self._told in self._items:
                row_now = paths.index(self._told)
                self.setCurrentRow(row_now, QItemSelectionModel.SelectionFlag.NoUpdate)
        if bar is not None:
            bar.setValue(place)
        self.picked.emit()
        self._tell()

    def choose(self, path: Path) -> bool:
        """Select one item; say whether it is there."""
        paths = self._paths()
        if path not in paths:
            return False
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.setCurrentRow(paths.index(path), flag)
        self.scrollToItem(self.currentItem())
        return True

    def choose_first(self) -> None:
        """Select the topmost item, if there is any."""
        if self.count():
            self.setCurrentRow(0, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def beside(self, paths: Iterable[Path]) -> Path | None:
        """Return the item below some of them, or else above; None where there is no other."""
        rows, left_out = self._paths(), set(paths)
        places = [row for row, path in enumerate(rows) if path in left_out]
        if not places:
            return None
        others = [*rows[places[-1] :], *reversed(rows[: places[-1]])]
        return next((path for path in others if path not in left_out), None)

    def picture_of(self, item: Item) -> QPixmap | None:
        """Return an item's thumbnail; None without one."""
        data = item.entry.thumbnail
        if data and data not in self._pictures:
            made = QPixmap()
            made.loadFromData(data)
            self._pictures[data] = made
        return self._pictures.get(data)

    def item_of(self, index: QModelIndex) -> Item | None:
        """Return the item of a row."""
        return self._items.get(index.data(ROLE))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Play with the space bar, delete with Delete, rename with F2."""
        keys = {
            Qt.Key.Key_Space: self.play_asked,
            Qt.Key.Key_Delete: self.trash_asked,
            Qt.Key.Key_F2: self.rename_asked,
        }
        asked = None if event is None else keys.get(Qt.Key(event.key()))
        if asked is not None:
            asked.emit()
        else:
            super().keyPressEvent(event)

    def _paths(self) -> list[Path]:
        rows = (self.item(index) for index in range(self.count()))
        return [each.data(ROLE) for each in rows if each is not None]

    def _tell(self) -> None:
        now = self.currentItem()
        path = None if now is None else now.data(ROLE)
        if path != self._told:
            self._told = path
            self.chosen.emit(path)


class _RowDelegate(QStyledItemDelegate):
    """Draws a row: picture, name, length, what it is for."""

    def __init__(self, shelf: ShelfList) -> None:
        super().__init__(shelf)
        self._shelf = shelf

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the same for all rows."""
        lines = 3 * (option.fontMetrics.height() + 1)
        return QSize(220, max(PICTURE.height(), lines) + 2 * PAD)

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Draw one."""
        item = self._shelf.item_of(index)
        if painter is None or item is None:
            return
        colour = colours()
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if on:
            painter.fillRect(option.rect, QColor(colour.accent))
        rect = option.rect.adjusted(PAD, PAD, -PAD, -PAD)
        self._draw_picture(painter, QRect(rect.topLeft(), PICTURE), item)
        words = rect.adjusted(PICTURE.width() + PAD, 0, 0, 0)
        line = words.height() // 3
        font = QFont(option.font)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(colour.on_accent if on else colour.text))
        _write(painter, QRect(words.left(), words.top(), words.width(), line), item.title)
        painter.setFont(option.font)
        for number, (text, shade) in enumerate(_lines(item, colour), 1):
            painter.setPen(QColor(colour.on_accent if on else shade))
            top = words.top() + number * line
            _write(painter, QRect(words.left(), top, words.width(), line), text)
        if option.state & QStyle.StateFlag.State_HasFocus and not on:
            painter.setPen(QColor(colour.accent))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _draw_picture(self, painter: QPainter, place: QRect, item: Item) -> None:
        painter.fillRect(place, QColor("#101215"))
        picture = self._shelf.picture_of(item)
        if picture is None or picture.isNull():
            painter.setPen(QColor("#a3acb8"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "!" if item.entry.fault else "")
            return
        size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        where = QRect(0, 0, size.width(), size.height())
        where.moveCenter(place.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(where, picture)


def _lines(item: Item, colour: Colours) -> Iterable[tuple[str, str]]:
    bad = (bool(item.entry.fault) or item.entry.is_leftover) and not item.entry.is_written
    yield row_words(item), colour.danger if bad else colour.quiet
    if bad or item.entry.is_written:
        return
    said = [] if item.remark.mark is Mark.TRAINING else [MARK_WORDS[item.remark.mark]]
    problems = len(item.facts.problems) if item.facts else 0
    if problems:
        said.append("1 problem" if problems == 1 else f"{problems} problems")
    if item.remark.note:
        said.append(f"✎ {item.remark.note}")
    yield " · ".join(said), colour.warning if problems else colour.quiet


def _write(painter: QPainter, rect: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
