"""Look at recordings and flight logs, cut them, mark and export them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from data.errors import UnderstudyError
from gui.jobs.library import LEFTOVER, Stamp, is_written
from gui.jobs.library_edits import Merge, Repair, Trim, Written
from gui.library.action_bar import ActionBar
from gui.library.actions import Action
from gui.library.catalogue import Catalogue
from gui.library.dialogs import ExportDialog, NameDialog, ask
from gui.library.facts_view import FactsView
from gui.library.marks import Mark, set_mark, set_note
from gui.library.moving import Mover
from gui.library.player import Player
from gui.library.sentences import fault_words
from gui.library.shelf import free_name
from gui.library.shelf_view import ShelfView
from gui.library.work_bar import WorkBar
from gui.page import Notice, Page, button, column, row, words
from gui.studio import Studio

EMPTY = (
    "There are no recordings yet. Record yourself playing: three minutes make a first bot, ten a "
    "good one."
)


class LibraryPage(Page):
    """Look at recordings and flight logs, cut them, mark and export them."""

    name = "library"
    title = "Library"
    hint = "Look at recordings and flight logs, cut them, mark and export them."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.catalogue = Catalogue(studio, self)
        self.notice = Notice()
        self.actions_bar = ActionBar()
        self.shelf = ShelfView()
        self.player = Player(studio)
        self.moving = Mover(studio, self.player, self)
        self.facts = FactsView()
        self.work = WorkBar(studio)
        self._wanted: Path | None = None  # to be selected as soon as it is found
        self._followed: tuple[Path, Stamp] | None = None  # what the player shows
        self._here = False
        self._empty = self._make_empty()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._make_content())
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for widget in (self.notice, self._stack, self.work):
            layout.addWidget(widget, int(widget is self._stack))
        self._connect()

    def entered(self) -> None:
        """Look for files that have come or gone."""
        self._here = True
        self.catalogue.look()
        self.shelf.list.setFocus()

    def left(self) -> None:
        """Stop playing."""
        self._here = False
        self.catalogue.rest()
        self.player.pause()

    def open(self, what: object) -> None:
        """Select the recording of a path."""
        if isinstance(what, Path):
            self._wanted = what
            self.shelf.show_all()
            self.catalogue.look()
            self._show_items()

    def at_work(self) -> str | None:
        """Say that a file is being written."""
        return "a file of the library is being written" if self.work.busy else None

    def shut_down(self) -> None:
        """End all processes."""
        for part in (self.catalogue, self.player, self.work):
            part.shut_down()

    def still_running(self) -> bool:
        """Say whether one has not ended."""
        return self.catalogue.running or self.player.running or self.work.busy

    def _make_content(self) -> QWidget:
        right = QSplitter(Qt.Orientation.Horizontal)
        right.addWidget(self.player)
        right.addWidget(self.facts)
        right.setStretchFactor(0, 1)
        right.setChildrenCollapsible(False)
        right.setHandleWidth(14)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.shelf)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(14)
        split.setSizes([270, 900])
        right.setSizes([700, 220])
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.actions_bar)
        layout.addWidget(split, 1)
        return whole

    def _make_empty(self) -> QWidget:
        record = button("Record", lambda: self.studio.go_to("record"), main=True)
        self._empty_words = words(EMPTY)
        return column(None, self._empty_words, row(record, None), None, None)

    def _connect(self) -> None:
        self.studio.recordings_changed.connect(self._look_when_here)
        self.catalogue.changed.connect(self._show_items)
        self.catalogue.failed.connect(self._tell_error)
        self.shelf.list.chosen.connect(lambda path: self._follow())
        self.shelf.list.picked.connect(self._tell_actions)
        self.shelf.list.play_asked.connect(self.player.toggle)
        self.shelf.list.trash_asked.connect(lambda: self._act(Action.TRASH))
        self.shelf.list.rename_asked.connect(lambda: self._act(Action.RENAME))
        self.shelf.asked_otherwise.connect(self._show_items)
        self.actions_bar.asked.connect(self._act)
        self.actions_bar.marked.connect(self._mark)
        self.player.keep_asked.connect(
            lambda a, b: self._ask_copy("part", lambda path, out: Trim(path, out, a, b))
        )
        self.player.cut_asked.connect(
            lambda a, b: self._ask_copy("cut", lambda path, out: Trim(path, out, cuts=((a, b),)))
        )
        self.player.failed.connect(self._tell_error)
        self.moving.moved.connect(self._take_moved)
        self.moving.released.connect(self._take_released)
        self.moving.failed.connect(self._tell_error)
        self.facts.note_written.connect(self._write_note)
        self.facts.repair_asked.connect(self._repair)
        self.work.written.connect(self._take_written)
        self.work.failed.connect(self._tell_error)
        self.work.stopped.connect(lambda: self.studio.say("Stopped; nothing was written."))
        self.work.changed.connect(self._tell_actions)

    def _look_when_here(self) -> None:
        if self._here:
            self.catalogue.look()

    def _show_items(self) -> None:
        items = self.catalogue.items
        self._stack.setCurrentIndex(int(self.catalogue.empty))
        self._wanted = self._still_wanted()
        self.shelf.show_items(items, looking=self.catalogue.running)
        if self._wanted is not None and self.shelf.list.choose(self._wanted):
            self._wanted = None
        elif self.shelf.list.current is None and self._wanted is None and items:
            self.shelf.list.choose_first()
        self._follow()
        self._tell_actions()

    def _still_wanted(self) -> Path | None:
        """Return what is to be selected; of what was being recorded the whole recording."""
        shown = None if self._followed is None else self._followed[0]
        path = self._wanted or shown
        if path is None or path.is_file():
            return self._wanted
        whole = path.with_suffix("")
        return whole if path.suffix == LEFTOVER and whole.is_file() else None

    def _follow(self) -> None:
        """Show what is selected; again where its file has changed."""
        item = self.shelf.list.current
        self.facts.show_item(item)
        if self.moving.busy or (self.work.busy and item is not None and item.entry.is_leftover):
            return
        wanted = None if item is None else item.entry
        known = None if wanted is None else (wanted.path, wanted.stamp)
        if known == self._followed:
            return
        self._followed = known
        if wanted is None:
            coming = self._wanted
            told = f"Opening {coming.name}..." if coming else "Choose a recording on the left"
            self.player.show_nothing(told)
        elif wanted.fault:
            self.player.show_nothing(fault_words(wanted))
        else:
            self.player.open(wanted.path)
            self.catalogue.want(wanted.path)

    def _take_released(self) -> None:
        self._followed = None
        self.catalogue.look()

    def _take_moved(self, gone: Sequence[Path], now: Path | None) -> None:
        """Show the file that was renamed, or the next one; the keys go on to the list."""
        self._wanted = self.shelf.list.beside(gone) if now is None else now
        if self._here:
            self.shelf.list.setFocus()
        self._announce()

    def _tell_actions(self) -> None:
        self.actions_bar.show_selected(self.shelf.list.selected, busy=self.work.busy)

    def _act(self, action: Action) -> None:
        items = self.shelf.list.selected
        paths = [item.path for item in items]
        if not self.actions_bar.can(action):
            return
        acts: dict[Action, Callable[[], object]] = {
            Action.TRAIN: lambda: self.studio.go_to("train", paths),
            Action.BOXES: lambda: self.studio.go_to("label", paths[0]),
            Action.MERGE: lambda: self._ask_merge(paths),
            Action.EXPORT: lambda: self._ask_export(paths),
            Action.RENAME: lambda: self.moving.rename(paths[0]),
            Action.TRASH: lambda: self.moving.trash(paths),
        }
        self.notice.clear()
        acts[action]()

    def _mark(self, mark: Mark) -> None:
        paths = [item.path for item in self.shelf.list.selected]
        self._try(lambda: self._set_marks(paths, mark))
        self.catalogue.read_remarks()

    def _set_marks(self, paths: Sequence[Path], mark: Mark) -> None:
        for path in paths:
            set_mark(path.parent, path.name, mark)

    def _write_note(self, note: str) -> None:
        item = self.shelf.list.current
        if item is not None:
            path = item.path
            self._try(lambda: set_note(path.parent, path.name, note))
            self.catalogue.read_remarks()

    def _ask_copy(self, ending: str, made: Callable[[Path, Path], Trim]) -> None:
        """Ask for the name of a copy, and write it; `made` takes its source and its path."""
        item = self.shelf.list.current
        if item is None:
            return
        if self.work.busy or not item.is_usable:
            self._tell_error("Wait until the file below is written, or repair this one first.")
            return
        path, name = item.path, free_name(item.path, ending).name
        say = "A new file is written; the one you see stays as it is. Its name:"
        dialog = NameDialog(
            self, title="Write a copy", say=say, do="Write", folder=path.parent, name=name
        )

        def begin() -> None:
            if isinstance(dialog.path, Path):
                self.work.begin(made(path, dialog.path))

        dialog.accepted.connect(begin)
        dialog.open()

    def _ask_merge(self, paths: Sequence[Path]) -> None:
        say = f"{len(paths)} recordings become one new file; they stay as they are. Its name:"
        folder, name = paths[0].parent, free_name(paths[0], "merged").name
        dialog = NameDialog(self, title="Merge", say=say, do="Merge", folder=folder, name=name)

        def begin() -> None:
            if isinstance(dialog.path, Path):
                oldest_first = sorted(paths, key=lambda path: path.stat().st_mtime)
                self.work.begin(Merge(tuple(oldest_first), dialog.path))

        dialog.accepted.connect(begin)
        dialog.open()

    def _ask_export(self, paths: Sequence[Path]) -> None:
        dialog = ExportDialog(self, paths, self.studio.folder / "exports")
        dialog.accepted.connect(lambda: self.work.begin(dialog.request))
        dialog.open()

    def _repair(self) -> None:
        item = self.shelf.list.current
        if item is None or self.work.busy:
            return
        path = item.path
        if is_written(path):
            self._tell_error(f"The file {path.name} is being recorded. Stop the recording first.")
            return
        ask(
            self,
            title="Repair?",
            say=f"Close {path.name}, so that it can be used?",
            more="Do this only when nothing records it any more, also not while paused.",
            do="Repair",
            then=lambda: self.moving.release(lambda: self.work.begin(Repair(path))),
        )

    def _take_written(self, written: Written) -> None:
        self.notice.tell(written.sentence)
        if written.path.suffix == ".h5":
            self._wanted = written.path
            self._announce()

    def _announce(self) -> None:
        """Tell all pages that files have come, gone or changed."""
        self.studio.recordings_changed.emit()
        self.catalogue.look()

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except UnderstudyError as error:
            self._tell_error(str(error))
            return False
        return True

    def _tell_error(self, sentence: str) -> None:
        self.notice.tell(sentence, error=True)
