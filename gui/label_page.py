"""Draw boxes around what matters on the screen, for the detector to learn from."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QEvent
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from gui.jobs import label as jobs
from gui.label.assistant import Assistant, sheets_of
from gui.label.chooser import RecordingChooser
from gui.label.commands import add_commands, help_text
from gui.label.detectors import sources
from gui.label.document import Document
from gui.label.editor import Editor
from gui.label.enough import ClassCount, counted
from gui.label.exchange import Exchange
from gui.label.frame_desk import EMPTY, NO_RECORDINGS, OPENING
from gui.label.keeper import Keeper
from gui.label.offer import Offer
from gui.label.requests import Opened, OpenRequest
from gui.label.side import WIDTH_PX, ClassPanel, SuggestPanel
from gui.label.task_bar import TaskBar
from gui.page import Notice, Page, button, column, flow, row
from gui.studio import Studio

FRAMES = 60
_NO_OBJECTS = (
    "No objects are named yet, so there is nothing to draw. On the page Start choose the profile "
    "of this game, name what matters in it with Edit... (a ball, a player), and come back."
)


class LabelPage(Page):
    """Draw boxes around what matters on the screen, for the detector to learn from."""

    name = "label"
    title = "Label"
    hint = "Draw boxes around what matters on the screen, for the detector to learn from."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.chooser = RecordingChooser(studio)
        self.notice = Notice()
        self.task = TaskBar(studio)
        self.offer = Offer()
        self.editor = Editor()
        self.classes = ClassPanel()
        self.suggestions = SuggestPanel()
        self.assistant = Assistant(studio, self.task, self.editor)
        self.exchange = Exchange(studio, self.task, self)
        self.opened: Opened | None = None
        self.keeper: Keeper | None = None
        self._keepers: list[Keeper] = []
        self._wanted: Path | None = None
        self._when_saved: Callable[[], object] | None = None
        self._build()
        self._connect()
        self._allow()

    def _build(self) -> None:
        self.export_button = button("E&xport…", self._export)
        self.import_button = button(
            "&Import…", self.exchange.ask_import, tip="Make a recording of pictures with boxes"
        )
        self.train_button = button("&Train a detector with these", self._train, main=True)
        keys = button("Keys", self._show_keys, shortcut="F1", tip="All keys of this page")
        top = row(self.chooser, self.import_button, self.export_button, keys, self.train_button)
        top_layout = top.layout()
        assert isinstance(top_layout, QHBoxLayout)
        top_layout.setStretch(0, 1)
        side = column(self.classes, self.suggestions, None)
        side.setFixedWidth(WIDTH_PX)
        middle = QWidget()
        across = QHBoxLayout(middle)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(14)
        across.addWidget(self.editor, 1)
        across.addWidget(side)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for part in (top, self.notice, self.offer, self.task):
            layout.addWidget(part)
        layout.addWidget(middle, 1)
        flow(self)

    def _connect(self) -> None:
        add_commands(self, self.editor.canvas, lambda name: getattr(self.editor, name))
        save = QAction("Save", self)
        save.setShortcut(QKeySequence.StandardKey.Save)
        save.triggered.connect(lambda: self._save())
        self.addAction(save)
        self.chooser.recording_chosen.connect(self._want)
        self.task.failed.connect(lambda sentence: self.notice.tell(sentence, error=True))
        self.task.freed.connect(self._go_on)
        self.exchange.failed.connect(lambda sentence: self.notice.tell(sentence, error=True))
        self.exchange.told.connect(self.notice.tell)
        self.exchange.imported.connect(self._want)
        self.offer.restored.connect(self._restore)
        self.offer.refused.connect(self._begin)
        self.editor.changed.connect(self._changed)
        self.editor.frame_changed.connect(self._allow)
        self.editor.class_changed.connect(self.classes.choose)
        self.editor.said.connect(self.studio.say)
        self.editor.more_button.clicked.connect(lambda: self.assistant.add_frames())
        self.assistant.told.connect(self.notice.tell)
        self.assistant.added.connect(self._changed)
        self.assistant.began.connect(self._helping)
        self.classes.class_chosen.connect(self._choose_class)
        self.suggestions.suggestions_wanted.connect(self.assistant.suggest)
        self.suggestions.carry_wanted.connect(self.assistant.carry)
        for signal, act in (
            (self.suggestions.accepted, self.editor.accept),
            (self.suggestions.refused, self.editor.refuse),
            (self.suggestions.all_accepted, self.editor.accept_all),
        ):
            signal.connect(lambda act=act: self._answer(act))
        self.studio.recordings_changed.connect(self._list_recordings)
        self.studio.runs_changed.connect(self._list_detectors)
        self.studio.game_changed.connect(lambda _: self._name_more())

    def entered(self) -> None:
        """Show what there is, and go on with the recording of last time."""
        self.chooser.refresh()
        self._list_detectors()
        self._tell_empty()
        last = Path(self.studio.preferences.get("label/recording", ""))
        if self.opened is None and self._wanted is None and last in self.chooser.paths:
            self._want(last)
        self._allow()

    def left(self) -> None:
        """Save."""
        self._save()
        if any(keeper.wrote for keeper in self._keepers):
            for keeper in self._keepers:
                keeper.wrote = False
            self.studio.recordings_changed.emit()

    def open(self, what: object) -> None:
        """Label a recording, given by its path."""
        self._want(Path(str(what)))

    def at_work(self) -> str | None:
        """Say what would be cut short."""
        if self.task.doing:
            return self.task.doing
        if any(keeper.failing for keeper in self._keepers):
            return "boxes could not be saved, and are kept beside their recording only"
        return None

    def shut_down(self) -> None:
        """Stop what runs, and save."""
        self._wanted = self._when_saved = None
        self.task.stop()
        self._save()

    def still_running(self) -> bool:
        """Say whether a job or the saving has not ended yet."""
        return bool(self.task.doing) or any(keeper.busy for keeper in self._keepers)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange and self.opened:
            self.editor.recolour()
            self.classes.show_objects(self.opened.objects)
            self.classes.choose(self.editor.class_index)
            self._count()

    def _name_more(self) -> None:
        """Open the recording anew where the game names objects that could not be drawn so far."""
        if self.opened is not None:
            known = {kind.name for kind in self.opened.objects}
            if not known.issuperset(self.studio.game.profile.object_names):
                self._want(self.opened.path, anew=True)

    def _want(self, path: Path, *, anew: bool = False) -> None:
        """Open a recording as soon as what runs has ended."""
        here = self.opened is not None and self.opened.path == path and self._wanted is None
        if here and not anew:
            return
        self._wanted = None
        self.chooser.show_path(path)
        self._save()
        self.task.stop()
        self._close()
        self._wanted = path
        self._go_on()

    def _go_on(self) -> None:
        """Do what waited for a job, or for the saving."""
        busy = any(keeper.busy for keeper in self._keepers)
        self._keepers = [k for k in self._keepers if k is self.keeper or k.busy or k.wrote]
        if self._when_saved is not None and not busy:
            act, self._when_saved = self._when_saved, None
            if self.keeper is not None and not self.keeper.dirty:
                act()
        if self._wanted is not None and not busy and not self.task.doing:
            path, self._wanted = self._wanted, None
            self.notice.clear()
            request = OpenRequest(path, FRAMES, self.studio.game.profile)
            self.task.run(jobs.open_recording, request, "frames are being chosen", self._show)
        self._tell_empty()
        self._allow()

    def _list_recordings(self) -> None:
        self.chooser.refresh()
        self._tell_empty()

    def _tell_empty(self) -> None:
        """Say in place of a picture what to do next."""
        if self.opened is None:
            nothing = EMPTY if self.chooser.paths else NO_RECORDINGS
            self.editor.canvas.show_empty(OPENING if self.task.doing else nothing)

    def _close(self) -> None:
        self.opened = self.keeper = None
        self.assistant.begin(None)
        self.offer.hide()
        self.editor.close_document()
        self.editor.setEnabled(True)
        self.editor.state.setText("")
        self.classes.show_objects(())
        self._allow()

    def _show(self, result: object) -> None:
        if not isinstance(result, Opened) or self._wanted is not None:
            return
        self.opened = result
        self.studio.preferences.set("label/recording", str(result.path))
        self.classes.show_objects(result.objects)
        document = Document(result.size)
        self.keeper = Keeper(self.studio, result, document)
        self._keepers.append(self.keeper)
        self.keeper.told.connect(self.editor.state.setText)
        self.keeper.failed.connect(lambda sentence: self.notice.tell(sentence, error=True))
        self.keeper.settled.connect(self._go_on)
        session = result.session
        document.add_frames(sheets_of(result.added, session.done if session else frozenset()))
        self.assistant.begin(result)
        self.editor.open_document(document, result.objects, result.added.pictures)
        self._count()
        if not result.objects:
            self.notice.tell(_NO_OBJECTS, error=True)
        if session is not None and session.unsaved:
            self.editor.setEnabled(False)
            self.offer.make(len(session.unsaved))
        else:
            self._begin()

    def _begin(self) -> None:
        self.editor.setEnabled(True)
        self.editor.state.setText("All saved")
        self.editor.canvas.setFocus()
        self._allow()

    def _restore(self) -> None:
        document, opened = self.editor.document, self.opened
        if document is None or opened is None or opened.session is None:
            return
        here = set(document.frames)
        document.restore({f: m for f, m in opened.session.unsaved.items() if f in here})
        self._begin()
        self.editor.refresh(selection=())

    def _changed(self) -> None:
        if self.keeper is not None:
            self.keeper.changed()
        self._count()

    def _count(self) -> None:
        """Count what is drawn, here and on the frames that are not at hand."""
        document = self.editor.document
        counts = dict(self.assistant.elsewhere)
        for name, count in (counted(document.sheets) if document is not None else {}).items():
            counts[name] = counts.get(name, ClassCount()) + count
        self.classes.show_counts(counts)
        self._allow()

    def _helping(self) -> None:
        self.notice.clear()
        self._allow()

    def _save(self) -> None:
        for keeper in self._keepers:
            if keeper.dirty or keeper is self.keeper:
                keeper.save_now()

    def _after_saving(self, act: Callable[[], object]) -> None:
        if self.keeper is not None:
            self._when_saved = act
            self.keeper.save_now()

    def _choose_class(self, index: int) -> None:
        self.editor.choose_class(index)
        self.editor.canvas.setFocus()

    def _answer(self, act: Callable[[], object]) -> None:
        act()
        self.editor.canvas.setFocus()

    def _list_detectors(self) -> None:
        self.suggestions.show_sources(sources(self.studio.runs))

    def _export(self) -> None:
        if self.opened is not None:
            path = self.opened.path
            self._after_saving(lambda: self.exchange.ask_export(path))

    def _train(self) -> None:
        if self.opened is not None:
            path = self.opened.path
            self._after_saving(lambda: self.studio.go_to("train", ("detector", [path])))

    def _show_keys(self) -> None:
        QMessageBox.information(self, "Keys and mouse", help_text())

    def _allow(self) -> None:
        """Enable what can be done, and say of the rest why it can't."""
        why = ""
        if self.opened is None:
            why = "Choose a recording first."
        elif not self.opened.objects:
            why = "Nothing is named yet that could be drawn."
        elif self.offer.text:
            why = "Answer the question above first."
        elif self.task.doing:
            why = f"Wait a moment: {self.task.doing}."
        drawn = bool(self.editor.sheet.drawn)
        carry = why or ("" if drawn else "Draw a box on this frame first.")
        self.suggestions.allow(suggest=why, carry=carry)
        self.suggestions.show_waiting(len(self.editor.sheet.suggestions))
        self.editor.more_button.setEnabled(not why)
        for one, tip in (
            (self.export_button, "Write pictures and boxes for other tools"),
            (self.train_button, "Save, and go on with these on the page Train"),
        ):
            one.setEnabled(not why)
            one.setToolTip(why or tip)
        self.import_button.setEnabled(not self.task.doing)
