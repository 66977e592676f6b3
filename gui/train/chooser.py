"""The list of recordings to learn from, each with a tick."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from data.profile import GameProfile
from gui.jobs.train import Source
from gui.library.marks import Mark
from gui.page import button, column, plain_tip, row, words
from gui.runs_on_disk import Kind
from gui.train.words import amount, enough, holds, length, unfit

_NAME, _LENGTH, _HOLDS, _MARK = range(4)
EMPTY = "There are no recordings here yet. Record yourself at play, then come back."
LOOKING = "Looking what is in the recordings."
LEAST_PX = 48  # of a column
FAULT_PX = 200  # what is wrong with a file is told whole in its tool tip
ROOMY = "QTreeView::item { padding: 5px 6px; }"
_MARKS = {Mark.TRAINING: "", Mark.VALIDATION: "validation", Mark.UNUSED: "unused"}


class Chooser(QWidget):
    """Ticks recordings of the game at hand."""

    changed = pyqtSignal()
    """Other recordings are ticked."""
    record_wanted = pyqtSignal()
    """There is nothing yet, and a person asked to record."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        self._sources: dict[Path, Source] = {}
        self._marks: Mapping[Path, Mark] = {}
        self._ticked: dict[Path, bool] = {}
        self._unfit: dict[Path, str | None] = {}
        """Why each can't be ticked, or None."""
        self._wanted: frozenset[Path] | None = None
        self._quiet = False
        self.tree = QTreeWidget()
        self._amount, self._enough = words(), words(quiet=True)
        self._all = button("Tick all", lambda: self.tick_all(True))
        self._none = button("Tick none", lambda: self.tick_all(False))
        self._looking = False
        self._said = words()
        self._go = row(button("Go to Re&cord", self.record_wanted.emit, main=True), None)
        self._empty = column(None, self._said, self._go, None)
        self._build()
        self._fill()

    def show_sources(
        self,
        sources: Iterable[Source],
        *,
        game: GameProfile,
        marks: Mapping[Path, Mark],
        looking: bool = False,
    ) -> None:
        """Show what there is; ticks stay as they were.

        Args:
            sources: All recordings and flight logs.
            game: The profile at hand; recordings of other games can't be ticked.
            marks: What a person marked recordings for.
            looking: Whether more may come.
        """
        self._sources = {source.path: source for source in sources}
        self._unfit = {path: unfit(self._kind, each, game) for path, each in self._sources.items()}
        self._marks, self._looking = marks, looking
        self._fill()

    def tick_only(self, paths: Iterable[Path]) -> None:
        """Tick exactly these, as soon as they are listed."""
        self._wanted = frozenset(paths)
        self._fill()

    def tick_all(self, ticked: bool) -> None:
        """Tick all that can be ticked, or none."""
        self._wanted = None
        for path in self._sources:
            self._ticked[path] = ticked and self._unfit[path] is None
        self._fill()

    def chosen(self) -> tuple[Source, ...]:
        """Return what is ticked, in order."""
        return tuple(s for s in self._sources.values() if self._is_ticked(s))

    def held_out(self) -> tuple[Path, ...]:
        """Return what of it is marked for validation."""
        marked = Mark.VALIDATION
        return tuple(s.path for s in self.chosen() if self._marks.get(s.path) is marked)

    def unticked(self) -> tuple[str, ...]:
        """Return the names that a person unticked, to be remembered."""
        return tuple(sorted(path.name for path, ticked in self._ticked.items() if not ticked))

    def remember_unticked(self, names: Sequence[str], paths: Iterable[Path]) -> None:
        """Untick what was unticked last time."""
        for path in paths:
            if path.name in names:
                self._ticked.setdefault(path, False)

    def _is_ticked(self, source: Source) -> bool:
        if self._unfit[source.path] is not None:
            return False
        if self._wanted is not None:
            return source.path in self._wanted
        usual = self._marks.get(source.path) is not Mark.UNUSED and source.corrected_s is None
        return self._ticked.get(source.path, usual)

    def _build(self) -> None:
        self.tree.setHeaderLabels(["Recording", "Length", "Holds", "Marked for"])
        self.tree.setRootIsDecorated(False)
        self.tree.setStyleSheet(ROOMY)
        self.tree.setUniformRowHeights(True)
        self.tree.setAlternatingRowColors(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setAccessibleName("Recordings to learn from")
        self.tree.itemChanged.connect(self._on_tick)
        header = self.tree.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(LEAST_PX)
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(_HOLDS, QHeaderView.ResizeMode.Fixed)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.setMinimumHeight(150)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.tree, 1)
        layout.addWidget(row(self._amount, self._all, self._none))
        layout.addWidget(self._enough)

    def _fill(self) -> None:
        self._quiet = True
        self.tree.clear()
        for source in self._sources.values():
            self.tree.addTopLevelItem(self._item(source))
        self._quiet = False
        self.tree.setColumnWidth(_HOLDS, self._holds_px())
        self._said.setText(LOOKING if self._looking else EMPTY)
        self._go.setVisible(not self._looking)
        self._empty.setVisible(not self._sources)
        self.tree.setVisible(bool(self._sources))
        for each in (self._all, self._none):
            each.setEnabled(bool(self._sources))
        self._tell()

    def _item(self, source: Source) -> QTreeWidgetItem:
        seconds = "" if source.problem else length(source.seconds)
        mark = self._marks.get(source.path, Mark.TRAINING)
        item = QTreeWidgetItem([source.path.stem, seconds, holds(source), _MARKS[mark]])
        item.setTextAlignment(_LENGTH, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(_NAME, Qt.ItemDataRole.UserRole, source.path)
        reason = self._unfit[source.path]
        flags = Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable
        item.setFlags(flags | Qt.ItemFlag.ItemIsEnabled if reason is None else flags)
        ticked = self._is_ticked(source)
        item.setCheckState(_NAME, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        told = f"{reason}\n{source.path}" if reason else str(source.path)
        for place in (_NAME, _LENGTH, _HOLDS, _MARK):
            item.setToolTip(place, plain_tip(told))
        return item

    def _holds_px(self) -> int:
        """Return how wide the column is in which all usual words can be read; a fault is cut."""
        header = self.tree.header()
        widest = 0 if header is None else header.sectionSizeHint(_HOLDS)
        seen: set[str] = set()
        for place, source in enumerate(self._sources.values()):
            item = self.tree.topLevelItem(place)
            if item is None or item.text(_HOLDS) in seen:
                continue
            seen.add(item.text(_HOLDS))
            wanted = self.tree.sizeHintForIndex(self.tree.indexFromItem(item, _HOLDS)).width()
            widest = max(widest, min(wanted, FAULT_PX) if source.problem else wanted)
        return widest

    def _on_tick(self, item: QTreeWidgetItem, column: int) -> None:
        if self._quiet or column != _NAME:
            return
        if self._wanted is not None:  # from here on a person chooses
            for source in self._sources.values():
                self._ticked[source.path] = self._is_ticked(source)
            self._wanted = None
        path = item.data(_NAME, Qt.ItemDataRole.UserRole)
        self._ticked[path] = item.checkState(_NAME) == Qt.CheckState.Checked
        self._tell()

    def _tell(self) -> None:
        chosen = self.chosen()
        self._amount.setText(amount(self._kind, chosen))
        self._enough.setText(enough(self._kind, chosen))
        self.changed.emit()
