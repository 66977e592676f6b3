"""What stands beside the picture: the classes with what is missing, and the suggestions."""

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap
from PyQt6.QtWidgets import (
    QComboBox,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from data.profile import ObjectClass
from gui.frame_view import colour_of
from gui.label.detectors import Source
from gui.label.enough import ClassCount, plural, progress, told
from gui.page import button, card, heading, row, words

WIDTH_PX = 284
_SWATCH_PX = 14
_HOW = "Enter accepts one, X refuses it, Shift+Enter accepts all."
_NO_CLASSES = "What can be drawn comes from the game's profile."
_LIST_PX = (90, 150)


class ClassPanel(QWidget):
    """The classes; the chosen one is what is drawn next."""

    class_chosen = pyqtSignal(int)
    """A person chose a class: its place among the objects."""

    def __init__(self) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setAccessibleName("Classes")
        self.list.setStyleSheet("QListWidget::item { padding: 3px; }")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMinimumHeight(_LIST_PX[0])
        self.list.setMaximumHeight(_LIST_PX[1])
        self.list.itemClicked.connect(lambda item: self.class_chosen.emit(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self.class_chosen.emit(self.list.row(item)))
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setFormat("%p% of enough")
        self.missing = words(quiet=True)
        holder = card(heading("Classes"), self.list, self.bar, self.missing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(holder)
        self._objects: Sequence[ObjectClass] = ()

    def show_objects(self, objects: Sequence[ObjectClass]) -> None:
        """Show the classes of a recording."""
        self._objects = objects
        self.list.clear()
        names = [kind.name for kind in objects]
        for index, name in enumerate(names):
            key = f"{index + 1}" if index < 9 else ""
            item = QListWidgetItem(_swatch(colour_of(name, names)), "")
            plain = name.replace("_", " ")
            item.setToolTip(
                f"Draw {plain}, or make the selected boxes {plain}"
                + (f" (key {key})" if key else "")
            )
            self.list.addItem(item)
        self.show_counts({})

    def show_counts(self, counts: Mapping[str, ClassCount]) -> None:
        """Show how many boxes there are, and what is missing."""
        all_ = [progress(kind, counts.get(kind.name, ClassCount())) for kind in self._objects]
        for index, one in enumerate(all_):
            item = self.list.item(index)
            if item is not None:
                key = f"{index + 1}" if index < 9 else "  "
                enough = "" if one.missing else " ✓"
                frames = f"{one.count.frames} frame{plural(one.count.frames)}"
                name = one.name.replace("_", " ")
                item.setText(f"{key}{enough} {name}: {one.count.boxes} on {frames}")
        share = sum(one.share for one in all_) / len(all_) if all_ else 0.0
        self.bar.setValue(int(100 * share))
        self.missing.setText(told(all_) or _NO_CLASSES)

    def choose(self, index: int) -> None:
        """Show a class as the chosen one."""
        self.list.setCurrentRow(index)


class SuggestPanel(QWidget):
    """Asks for suggestions, and answers them."""

    suggestions_wanted = pyqtSignal(str)
    """By which detector: see `Source.by`."""
    carry_wanted = pyqtSignal()
    accepted = pyqtSignal()
    all_accepted = pyqtSignal()
    refused = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.sources = QComboBox()
        self.sources.setAccessibleName("Detector that suggests")
        self.sources.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.sources.setMinimumContentsLength(12)
        self.suggest_button = button(
            "Su&ggest boxes",
            lambda: self.suggestions_wanted.emit(self.sources.currentData()),
            tip="Have a detector look at all frames that are not done",
        )
        self.carry_button = button(
            "&Carry boxes on",
            self.carry_wanted.emit,
            tip="Follow the boxes of this frame through the next second, as suggestions",
        )
        self.accept_button = button("Accept", self.accepted.emit)
        self.accept_all_button = button("Accept all", self.all_accepted.emit)
        self.refuse_button = button("Refuse", self.refused.emit)
        self.told = words(quiet=True)
        for one in (self.accept_button, self.accept_all_button, self.refuse_button):
            one.setStyleSheet("padding: 6px 9px;")
        holder = card(
            heading("Suggestions"),
            self.sources,
            row(self.suggest_button, self.carry_button, None),
            self.told,
            row(self.accept_button, self.refuse_button, self.accept_all_button, None),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(holder)

    def show_sources(self, sources: Sequence[Source]) -> None:
        """Show which detectors there are; the one that was chosen stays chosen."""
        chosen = self.sources.currentData()
        self.sources.clear()
        for source in sources:
            self.sources.addItem(source.title, source.by)
        self.sources.setCurrentIndex(max(0, self.sources.findData(chosen)))

    def show_waiting(self, count: int) -> None:
        """Show how many suggestions of the frame wait for an answer."""
        none = "No suggestions on this frame"
        self.told.setText(f"{count} to answer on this frame. {_HOW}" if count else none)
        for one, tip in (
            (self.accept_button, "The box is right (Enter)"),
            (self.refuse_button, "The box is wrong: take it away (X or Backspace)"),
            (self.accept_all_button, "All of this frame are right (Shift+Enter)"),
        ):
            one.setEnabled(bool(count))
            one.setToolTip(tip if count else f"{none}.")

    def allow(self, *, suggest: str, carry: str) -> None:
        """Say why boxes can't be suggested, or carried on; empty where they can."""
        for one, why, tip in (
            (self.suggest_button, suggest, "Have a detector look at all frames not done"),
            (self.carry_button, carry, "Follow the boxes of this frame through the next second"),
        ):
            one.setEnabled(not why)
            one.setToolTip(why or tip)


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setBrush(QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(0, 0, _SWATCH_PX, _SWATCH_PX, 3, 3)
    painter.end()
    return QIcon(pixmap)
