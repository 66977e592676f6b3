"""Boxes from other tools, and to them."""

import re
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from gui.jobs import label as jobs
from gui.label.dialogs import ExportDialog, ImportChoice, ImportDialog, ProblemsDialog
from gui.label.requests import ExportRequest, Imported, ImportRequest
from gui.label.task_bar import TaskBar
from gui.studio import Studio
from gui.wording import capitalised

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


class Exchange(QObject):
    """Asks what to import or export, and has it done."""

    told = pyqtSignal(str)
    """Good news."""
    failed = pyqtSignal(str)
    """Why nothing came of it."""
    imported = pyqtSignal(object)
    """A recording was made: its path."""

    def __init__(self, studio: Studio, task: TaskBar, window: QWidget) -> None:
        super().__init__(window)
        self._studio = studio
        self._task = task
        self._window = window
        self.dialog: ImportDialog | ExportDialog | ProblemsDialog | None = None
        """The dialog that is open, or was last."""

    def ask_import(self) -> None:
        """Ask for a folder, and make a recording of it."""
        profile = self._studio.game.profile
        dialog = ImportDialog(profile.name, profile.object_names, self._window)
        dialog.accepted.connect(lambda: self._import(dialog.choice))
        self._open(dialog)

    def ask_export(self, path: Path) -> None:
        """Ask for a folder, and write a recording's boxes into it."""
        dialog = ExportDialog(free(self._studio.folder / f"{path.stem}-boxes"), self._window)

        def export() -> None:
            out, kind = dialog.choice
            request = ExportRequest(path, out, kind)
            doing = "pictures and boxes are being written"
            self._task.run(jobs.export_folder, request, doing, lambda n: self._exported(out, n))

        dialog.accepted.connect(export)
        self._open(dialog)

    def _open(self, dialog: ImportDialog | ExportDialog | ProblemsDialog) -> None:
        self.dialog = dialog
        dialog.open()

    def _import(self, choice: ImportChoice) -> None:
        stem = _NOT_IN_NAMES.sub("-", choice.folder.resolve().name).strip("-.") or "pictures"
        request = ImportRequest(
            choice.folder,
            free(self._studio.recordings / f"{stem}.h5"),
            choice.kind,
            self._studio.game.source if choice.as_game else None,
            choice.labelled_only,
        )
        self._task.run(jobs.import_folder, request, "a folder is being imported", self._imported)

    def _imported(self, result: object) -> None:
        if not isinstance(result, Imported):
            return
        found = len(result.problems) + result.untold
        if result.images:
            told = f"{result.images} pictures with {result.boxes} boxes were imported"
            sentence = f"{told} as {result.path.stem}."
            self.told.emit(sentence)
            self._studio.recordings_changed.emit()
            self.imported.emit(result.path)
        else:
            sentence = "no picture of the folder has boxes of that format. Choose another one."
            self.failed.emit(sentence)
        if found:
            more = f" {found} thing{'s were' if found > 1 else ' was'} not as it should be:"
            sentence = capitalised(sentence) + more
            self._open(ProblemsDialog(sentence, result.problems, result.untold, self._window))

    def _exported(self, out: Path, count: object) -> None:
        self.told.emit(f"{count} pictures and their boxes were written to {out}.")


def free(path: Path) -> Path:
    """Return a path that nothing has yet: `name`, `name-2`, and so on."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
