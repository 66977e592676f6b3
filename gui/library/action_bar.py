"""The buttons above the library."""

from collections.abc import Sequence
from functools import partial

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from gui.library.actions import Action, why_not
from gui.library.marks import Mark
from gui.library.shelf import MARK_WORDS, Item
from gui.page import GAP, button

BUTTONS = {
    Action.TRAIN: ("&Train with these", "Teach a bot with the selected recordings"),
    Action.BOXES: ("&Draw boxes", "Show the program what is to be seen on the pictures"),
    Action.MERGE: ("&Merge...", "Put the selected recordings into one new file"),
    Action.EXPORT: ("&Export...", "Write a film, or a dataset for other tools"),
    Action.RENAME: ("Re&name...", "Give the file another name (F2)"),
    Action.TRASH: ("M&ove to trash", "Move the selected files to the trash (Delete)"),
}
MARKS = tuple(Mark)


class ActionBar(QWidget):
    """What can be done with the selected recordings."""

    asked = pyqtSignal(object)
    """An `Action`."""
    marked = pyqtSignal(object)
    """A `Mark` for the selected recordings."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[Action, QPushButton] = {}
        self.mark = QComboBox()
        self.mark.setAccessibleName("What the selected recordings are for")
        self.mark.addItems([f"Use: {MARK_WORDS[mark]}" for mark in MARKS])
        self.mark.activated.connect(lambda index: self.marked.emit(MARKS[index]))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for action, (text, _) in BUTTONS.items():
            made = button(text, partial(self.asked.emit, action))
            self.buttons[action] = made
            layout.addWidget(made)
            if action is Action.BOXES:
                layout.addWidget(self.mark)
                layout.addStretch(1)
        self.buttons[Action.TRAIN].setObjectName("main")
        self.show_selected([], busy=False)

    def can(self, action: Action) -> bool:
        """Say whether something can be done with what is selected."""
        return self.buttons[action].isEnabled()

    def show_selected(self, items: Sequence[Item], *, busy: bool) -> None:
        """Say what can be done with these; `busy` while a file is written."""
        for action, (_, tip) in BUTTONS.items():
            why = why_not(action, items, busy=busy)
            self.buttons[action].setEnabled(not why)
            self.buttons[action].setToolTip(why or tip)
        why = why_not(Action.MARK, items, busy=busy)
        self.mark.setEnabled(not why)
        self.mark.setToolTip(why or "Validation tells how well a bot learned what it never saw")
        marks = {item.remark.mark for item in items}
        with QSignalBlocker(self.mark):
            self.mark.setCurrentIndex(MARKS.index(marks.pop()) if len(marks) == 1 else -1)
