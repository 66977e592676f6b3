"""What a recording holds, and what is wrong with it."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gui.balance import BalanceBars
from gui.library.sentences import entry_words, facts_words, problem_words
from gui.library.shelf import Item
from gui.page import button, heading, words

RECORDED = "It is being recorded. Stop the recording first."


class FactsView(QScrollArea):
    """Note, problems in words, and how often each class occurs."""

    note_written = pyqtSignal(str)
    """A person changed the note."""
    repair_asked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._item: Item | None = None
        self._told: tuple[object, ...] = ()
        self._name = heading("")
        self._name.setWordWrap(True)
        self._about = words(quiet=True)
        self.note = QLineEdit()
        self.note.setPlaceholderText("Write a note")
        self.note.setAccessibleName("Note")
        self.note.editingFinished.connect(self._tell_note)
        self.repair = button("Repair", self.repair_asked.emit)
        self._words = words(quiet=True)
        self._lists = QWidget()
        self._rows = QVBoxLayout(self._lists)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(10)
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(10)
        for widget in (self._name, self._about, self.note, self.repair, self._words, self._lists):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setWidget(holder)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(180)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.show_item(None)

    @property
    def text(self) -> str:
        """The sentences on show."""
        labels = (self._rows.itemAt(index) for index in range(self._rows.count()))
        found = [label.widget() for label in labels if label is not None]
        said = [str(each.property("said")) for each in found if each and each.property("said")]
        return "\n".join([self._words.text(), *said])

    @property
    def bars(self) -> list[BalanceBars]:
        """The bars on show, one for each head."""
        return self._lists.findChildren(BalanceBars)

    def show_item(self, item: Item | None) -> None:
        """Show an item's facts, or that they are being gathered."""
        shown = None if item is None else (item.entry, item.facts)
        other = item is None or self._item is None or item.path != self._item.path
        self._item = item
        if other or not self.note.hasFocus():
            self.note.setText(item.remark.note if item else "")
        self.note.setVisible(item is not None and not item.entry.fault)
        self.repair.setVisible(item is not None and item.entry.is_leftover)
        recorded = item is not None and item.entry.is_written
        self.repair.setEnabled(not recorded)
        self.repair.setToolTip(RECORDED if recorded else "Close the file, so that it can be used")
        if self._told == (shown,):
            return
        self._told = (shown,)
        self._clear()
        self._words.setText("")
        self._name.setText("" if item is None else item.title)
        told = item is not None and not item.entry.fault
        self._about.setText(entry_words(item.entry) if item is not None and told else "")
        if item is not None and not item.entry.fault:
            self._fill(item)

    def _fill(self, item: Item) -> None:
        if item.entry.is_written:
            self._words.setText(RECORDED)
            return
        if item.facts is None:
            self._words.setText("Looking through it...")
            return
        self._words.setText(facts_words(item.entry, item.facts))
        if item.facts.problems:
            self._rows.addWidget(heading("Problems"))
        for problem in item.facts.problems:
            label = words(problem_words(problem))
            label.setProperty("said", label.text())
            self._rows.addWidget(label)
        if item.facts.heads:
            self._rows.addWidget(heading("How often"))
        for name, counts in item.facts.heads.items():
            self._rows.addWidget(BalanceBars(name, counts))

    def _clear(self) -> None:
        while self._rows.count():
            taken = self._rows.takeAt(0)
            widget = None if taken is None else taken.widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()

    def _tell_note(self) -> None:
        if self._item is not None and self.note.text().strip() != self._item.remark.note:
            self.note_written.emit(self.note.text())
