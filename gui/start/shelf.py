"""All profiles, and what is in the chosen one."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from gui.page import GAP, button, card, column, heading, row, words
from gui.start.profiles import Known, about
from gui.studio import PRACTICE

SOURCE = Qt.ItemDataRole.UserRole
MEND = "Mend the profile's file first."


class Shelf(QWidget):
    """Lists profiles on the left, and tells of the highlighted one on the right."""

    profile_chosen = pyqtSignal(str)
    """Its source."""
    edit_wanted = pyqtSignal(str)
    """Its source."""
    file_wanted = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Known] = {}
        self._chosen = ""
        self.list = QListWidget()
        self.list.setAccessibleName("Profiles")
        self.list.setMinimumSize(200, 150)
        self.list.setMaximumWidth(300)
        self.list.setSpacing(3)
        self.list.currentItemChanged.connect(lambda *_: self._tell())
        self.list.itemActivated.connect(lambda _: self._choose())
        self._name = heading("")
        self._about = words()
        self._choose_button = button("&Choose this game", self._choose)
        self.edit_button = button("&Edit...", self._edit)
        open_file = button(
            "&Open a profile file...", self.file_wanted.emit, tip="A .toml file from elsewhere"
        )
        details = card(
            self._name,
            self._about,
            None,
            row(self._choose_button, self.edit_button, open_file, None),
        )
        inner = row(self.list, details, stretch_last=True)
        layout = inner.layout()
        if layout is not None:
            layout.setSpacing(GAP)
        whole = column(inner)
        self.setLayout(whole.layout())

    def show_profiles(self, known: Sequence[Known], *, chosen: str) -> None:
        """Show profiles; the chosen one is marked and told of."""
        self._known = {each.source: each for each in known}
        self._chosen = chosen
        self.list.blockSignals(True)
        self.list.clear()
        for each in known:
            self.list.addItem(self._item(each))
        self.list.blockSignals(False)
        sources = list(self._known)
        self.list.setCurrentRow(sources.index(chosen) if chosen in sources else 0)
        self._tell()

    def highlight(self, source: str) -> None:
        """Tell of a profile, if it is listed."""
        if source in self._known:
            self.list.setCurrentRow(list(self._known).index(source))

    @property
    def told(self) -> str:
        """What is said of the highlighted profile."""
        return self._about.text()

    def _item(self, each: Known) -> QListWidgetItem:
        where = "yours" if each.own else "comes with the program"
        told = "has a problem" if each.profile is None else where
        item = QListWidgetItem(f"{each.name}  ({told})")
        item.setData(SOURCE, each.source)
        font = item.font()
        font.setBold(each.source == self._chosen)
        item.setFont(font)
        return item

    def _highlighted(self) -> Known | None:
        item = self.list.currentItem()
        return None if item is None else self._known.get(item.data(SOURCE))

    def _tell(self) -> None:
        each = self._highlighted()
        if each is None:
            return
        is_chosen = each.source == self._chosen
        self._name.setText(f"{each.name}, chosen" if is_chosen else each.name)
        self._about.setText("\n".join(about(each)))
        self._choose_button.setEnabled(each.profile is not None and not is_chosen)
        tip = "It is chosen already." if is_chosen else MEND
        self._choose_button.setToolTip("" if self._choose_button.isEnabled() else tip)

        self.edit_button.setText("&Edit..." if each.own else "&Edit a copy...")
        built_in = each.source == PRACTICE
        self.edit_button.setEnabled(each.profile is not None and not built_in)
        tip = "The practice game's keys can't be changed." if built_in else MEND
        self.edit_button.setToolTip("" if self.edit_button.isEnabled() else tip)

    def _edit(self) -> None:
        each = self._highlighted()
        if each is not None:
            self.edit_wanted.emit(each.source)

    def _choose(self) -> None:
        each = self._highlighted()
        if each is not None and each.profile is not None and each.source != self._chosen:
            self.profile_chosen.emit(each.source)
