"""Ask what to import and export, and list what was wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from data.box_files.folder import BoxFormat, Problem
from gui.page import row, words

FORMATS = (
    (BoxFormat.VOC, "Pascal VOC (XML files, as labelImg and CVAT write them)"),
    (BoxFormat.COCO, "COCO (one JSON file)"),
    (BoxFormat.YOLO, "YOLO (text files)"),
)
_OWN = "As they are called in the folder"


@dataclass(frozen=True, slots=True)
class ImportChoice:
    """What a person wants imported."""

    folder: Path
    kind: BoxFormat
    as_game: bool
    """Whether the classes are those of the game at hand."""
    labelled_only: bool


class ImportDialog(QDialog):
    """Asks for a folder of pictures and boxes."""

    def __init__(self, game: str, objects: Sequence[str], parent: QWidget) -> None:
        """Offer the objects of the game at hand, if it has any."""
        super().__init__(parent)
        self.setWindowTitle("Import pictures and boxes")
        self.folder = QLineEdit()
        self.kind = _formats()
        self.classes = QComboBox()
        if objects:
            self.classes.addItem(f"As in the game {game}: {_listed(objects)}", True)
        self.classes.addItem(_OWN, False)
        self.labelled_only = QCheckBox("Leave out pictures that nothing is said about")
        choose = _browse(self.folder, "Folder of pictures and boxes", self)
        form = QFormLayout()
        form.addRow("&Folder", row(self.folder, choose))
        form.addRow("&Written as", self.kind)
        form.addRow("&Classes", self.classes)
        form.addRow("", self.labelled_only)
        told = words(
            "A new recording is made of it, without keys. The folder stays as it is.", quiet=True
        )
        _finish(self, form, told, "Import", self.folder, new=False)

    @property
    def choice(self) -> ImportChoice:
        """What was chosen."""
        return ImportChoice(
            Path(self.folder.text()),
            BoxFormat(self.kind.currentData()),
            bool(self.classes.currentData()),
            self.labelled_only.isChecked(),
        )


class ExportDialog(QDialog):
    """Asks for a folder to write to, which must be new."""

    def __init__(self, suggested: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export pictures and boxes")
        self.folder = QLineEdit(str(suggested))
        self.kind = _formats()
        choose = _browse(self.folder, "Folder to write into", self, inside=suggested.name)
        form = QFormLayout()
        form.addRow("&New folder", row(self.folder, choose))
        form.addRow("&Written as", self.kind)
        told = words("All frames with boxes are written, suggestions included.", quiet=True)
        _finish(self, form, told, "Export", self.folder, new=True)

    @property
    def choice(self) -> tuple[Path, BoxFormat]:
        """The folder and the format."""
        return Path(self.folder.text()), BoxFormat(self.kind.currentData())


class ProblemsDialog(QDialog):
    """Lists what was wrong in a folder, and what was done about it."""

    def __init__(
        self, sentence: str, problems: Sequence[Problem], untold: int, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("What was found in the folder")
        self.resize(760, 420)
        self.text = QPlainTextEdit(problem_lines(problems, untold))
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Problems")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(words(sentence))
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)


def problem_lines(problems: Sequence[Problem], untold: int) -> str:
    """Write problems one by one, each with what was done."""
    lines = []
    for one in problems:
        where = one.file if one.box is None else f"{one.file}, box {one.box}"
        lines.append(f"{where}: {one.problem}: {one.done}")
    if untold:
        lines.append(f"and {untold} more")
    return "\n".join(lines)


def _listed(objects: Sequence[str]) -> str:
    shown = ", ".join(name.replace("_", " ") for name in objects[:4])
    return shown + (", …" if len(objects) > 4 else "")


def _formats() -> QComboBox:
    made = QComboBox()
    for kind, title in FORMATS:
        made.addItem(title, kind.value)
    return made


def _browse(line: QLineEdit, title: str, parent: QWidget, *, inside: str = "") -> QPushButton:
    """Make a button that asks for a folder; `inside` names a new one in it."""

    def ask() -> None:
        start = line.text() if not inside else str(Path(line.text()).parent)
        found = QFileDialog.getExistingDirectory(parent, title, start)
        if found:
            line.setText(str(Path(found) / inside) if inside else found)

    line.setMinimumWidth(380)
    made = QPushButton("&Browse…")
    made.clicked.connect(ask)
    return made


def _finish(
    dialog: QDialog, form: QFormLayout, told: QWidget, verb: str, folder: QLineEdit, *, new: bool
) -> None:
    """Lay a dialog out; it can be accepted only when its folder will do."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    accept = QPushButton(verb)
    accept.setObjectName("main")
    buttons.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.setSpacing(14)
    layout.addWidget(told)
    layout.addLayout(form)
    layout.addWidget(buttons)

    def check() -> None:
        text = folder.text().strip()
        ready = bool(text) and (not Path(text).exists() if new else Path(text).is_dir())
        why = "Name a folder that is new." if new else "Choose a folder that exists."
        accept.setEnabled(ready)
        accept.setToolTip("" if ready else why)

    folder.textChanged.connect(check)
    check()
