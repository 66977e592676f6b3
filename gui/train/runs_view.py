"""The runs that there are, as a table, and one run's report."""

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QInputDialog,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from data.errors import UnderstudyError
from gui.library.files import to_trash
from gui.page import GAP, Notice, button, plain_tip, row, words
from gui.studio import Studio
from gui.train.chooser import ROOMY
from gui.train.report_view import ReportView
from gui.train.runs import RunEntry, date_words, rename_run

COLUMNS = ("Run", "What", "Date", "Learned from", "Score", "")
_STATES = {True: "", False: "unfinished"}
EMPTY = "There are no runs yet. Train a policy under Policy, and it appears here."
SCORE_TIP = (
    "Of a policy: macro-F1 of its first head on play that was kept apart. Of a detector: mean "
    "average precision. 1 is perfect."
)


class RunsView(QWidget):
    """Lists the runs of the folder."""

    go_on_wanted = pyqtSignal(object)
    """A `RunEntry` that was cut short."""
    play_wanted = pyqtSignal(object)
    """A run folder."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._entries: dict[str, RunEntry] = {}
        self._busy: str | None = None
        self.notice = Notice()
        self.table = QTreeWidget()
        self._empty = words(EMPTY)
        self.show_report = button("Show rep&ort", self._show_report, main=True)
        self.go_on = button("&Go on", self._go_on)
        self.play = button("Let it pl&ay", self._play)
        self.rename = button("Rena&me", self._rename, shortcut="F2")
        self.trash = button("Move to &trash", self.trash_chosen, shortcut="Del")
        self.report = ReportView(studio)
        self._stack = QStackedWidget()
        self._build()

    def show_runs(self, entries: Sequence[RunEntry], *, busy: str | None) -> None:
        """Show what there is; `busy` is the run that is being trained now."""
        chosen = self.chosen
        self._entries, self._busy = {entry.name: entry for entry in entries}, busy
        self.table.clear()
        for entry in entries:
            item = _item(entry, busy=entry.name == busy)
            self.table.addTopLevelItem(item)
            if chosen is not None and entry.name == chosen.name:
                self.table.setCurrentItem(item)
        if self.table.currentItem() is None and entries:
            self.table.setCurrentItem(self.table.topLevelItem(0))
        self._empty.setVisible(not entries)
        self._check()

    def open_report(self, folder: Path) -> None:
        """Show a run's report."""
        entry = self._entries.get(folder.name)
        if entry is None:
            self.notice.tell(f"There is no run {folder.name} in {folder.parent}.", error=True)
            self.show_table()
            return
        self.report.show_run(entry)
        self._stack.setCurrentWidget(self.report)

    def show_table(self) -> None:
        """Go back to the table."""
        self.report.leave()
        self._stack.setCurrentIndex(0)
        self.table.setFocus()

    @property
    def chosen(self) -> RunEntry | None:
        """The run that is chosen in the table."""
        item = self.table.currentItem()
        return None if item is None else self._entries.get(item.text(0))

    def trash_chosen(self) -> None:
        """Move the chosen run to the trash."""
        entry = self.chosen
        if entry is None or not self.trash.isEnabled():
            return
        if not to_trash([entry.folder]):
            self.notice.tell(f"{entry.name} is in the trash.")
        else:
            self.notice.tell(
                f"{entry.name} can't be moved to the trash here. Delete its folder "
                f"{entry.folder} yourself.",
                error=True,
            )
        self._studio.runs_changed.emit()

    def rename_chosen(self, name: str) -> None:
        """Give the chosen run another name."""
        entry = self.chosen
        if entry is None:
            return
        try:
            rename_run(entry, name.strip())
        except UnderstudyError as error:
            self.notice.tell(str(error), error=True)
            return
        self.notice.clear()
        self._studio.runs_changed.emit()

    def _build(self) -> None:
        self.table.setHeaderLabels(list(COLUMNS))
        self.table.setRootIsDecorated(False)
        self.table.setStyleSheet(ROOMY)
        self.table.setAlternatingRowColors(True)
        self.table.setUniformRowHeights(True)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setAccessibleName("Runs")
        self.table.currentItemChanged.connect(lambda *_: self._check())
        self.table.itemActivated.connect(lambda *_: self._show_report())
        header = self.table.header()
        if header is not None:
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setStretchLastSection(True)
        head = self.table.headerItem()
        if head is not None:
            head.setToolTip(4, SCORE_TIP)
        listed = QWidget()
        layout = QVBoxLayout(listed)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        for part in (self.notice, self._empty):
            layout.addWidget(part)
        layout.addWidget(self.table, 1)
        layout.addWidget(
            row(self.show_report, self.go_on, self.play, None, self.rename, self.trash)
        )
        self._stack.addWidget(listed)
        self._stack.addWidget(self.report)
        self.report.back_wanted.connect(self.show_table)
        self.report.play_wanted.connect(self.play_wanted)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self._check()

    def _check(self) -> None:
        entry = self.chosen
        states = (
            (self.show_report, _no_report(entry), "Show its report (Enter)"),
            (self.go_on, _no_going_on(entry, self._busy), "Go on with this training"),
            (self.play, _no_play(entry), "Let it play"),
            (self.rename, _no_change(entry, self._busy), "Give it another name (F2)"),
            (self.trash, _no_change(entry, self._busy), "Move its folder to the trash (Del)"),
        )
        for widget, reason, tip in states:
            widget.setEnabled(reason is None)
            widget.setToolTip(reason or tip)

    def _show_report(self) -> None:
        entry = self.chosen
        if entry is not None and _no_report(entry) is None:
            self.open_report(entry.folder)

    def _go_on(self) -> None:
        if self.chosen is not None:
            self.go_on_wanted.emit(self.chosen)

    def _play(self) -> None:
        if self.chosen is not None:
            self.play_wanted.emit(self.chosen.folder)

    def _rename(self) -> None:
        entry = self.chosen
        if entry is None:
            return
        name, agreed = QInputDialog.getText(self, "Rename", "New name:", text=entry.name)
        if agreed:
            self.rename_chosen(name)


def _item(entry: RunEntry, *, busy: bool) -> QTreeWidgetItem:
    state = "in training" if busy else _STATES[entry.finished]
    score = "" if entry.score is None else f"{entry.score:.2f}"
    date = date_words(entry.changed_s)
    texts = [entry.name, entry.kind, date, entry.learned_from, score, state]
    item = QTreeWidgetItem(texts)
    item.setTextAlignment(4, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for column in range(len(COLUMNS)):
        item.setToolTip(column, SCORE_TIP if column == 4 else plain_tip(str(entry.folder)))
    return item


def _no_report(entry: RunEntry | None) -> str | None:
    if entry is None:
        return "Choose a run."
    return "It has no report yet: one is written when training ends." if not entry.report else None


def _no_going_on(entry: RunEntry | None, busy: str | None) -> str | None:
    if entry is None:
        return "Choose a run."
    if busy is not None:
        return f"{busy} is being trained. Wait until it is done, or stop it."
    if entry.finished:
        return "It is finished."
    return None if entry.can_go_on else "Begun on the command line: go on there, with --resume."


def _no_play(entry: RunEntry | None) -> str | None:
    if entry is None:
        return "Choose a run."
    if entry.kind != "policy":
        return "A detector sees; only a policy can play."
    return None if entry.plays else "It has learned nothing yet that could play."


def _no_change(entry: RunEntry | None, busy: str | None) -> str | None:
    if entry is None:
        return "Choose a run."
    return "It is being trained." if entry.name == busy else None
