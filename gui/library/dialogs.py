"""What the library asks before it writes, renames or deletes; none of it holds up the window."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from gui.jobs.library_edits import Export, Format
from gui.library.shelf import named
from gui.names import name_fault, with_ending
from gui.page import button, row, words

FORMATS = {
    Format.MP4: ("&Film (MP4)", "To watch and share, with the keys drawn in.", ".mp4"),
    Format.FRAMES: ("&Pictures and tables", "A folder of JPEG pictures and CSV tables.", "-frames"),
    Format.ROBOMIMIC: ("&robomimic", "One HDF5 file for that library.", ".hdf5"),
    Format.MINARI: ("&Minari", "A dataset folder for that library.", "-v0"),
}
OF_ONE = (Format.MP4, Format.FRAMES)


class NameDialog(QDialog):
    """Asks for a file's name, and says why one will not do."""

    def __init__(
        self, parent: QWidget, *, title: str, say: str, do: str, folder: Path, name: str
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folder = folder
        self._first = name.removesuffix(".h5")
        self.name = QLineEdit(self._first)
        self.name.setAccessibleName("Name")
        self.name.selectAll()
        self.why = words(quiet=True)
        self._buttons = QDialogButtonBox()
        self.accept_button = _button(self._buttons, do, QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (words(say), self.name, self.why, self._buttons):
            layout.addWidget(widget)
        self.name.textChanged.connect(lambda text: self._check())
        self.setMinimumWidth(420)
        self._check()

    @property
    def path(self) -> Path | str:
        """The file that is meant, or why it will not do."""
        return named(self._folder, self.name.text())

    def _check(self) -> None:
        found = self.path
        told = found if isinstance(found, str) else f"It will be {found.name}."
        self.why.setText("" if self.name.text() == self._first else told)
        self.accept_button.setEnabled(not isinstance(found, str))


class ExportDialog(QDialog):
    """Asks what recordings are to be exported to, and where."""

    def __init__(self, parent: QWidget, paths: Sequence[Path], folder: Path) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._paths = tuple(paths)
        self._folder = folder
        self._form = Format.MP4 if len(paths) == 1 else Format.ROBOMIMIC
        self.forms: dict[Format, QRadioButton] = {}
        self.out = QLineEdit()
        self.out.setAccessibleName("Write to")
        self.why = words(quiet=True)
        layout = QVBoxLayout(self)
        what = paths[0].name if len(paths) == 1 else f"{len(paths)} recordings"
        layout.addWidget(words(f"Export {what} as"))
        self._add_forms(layout)
        choose = button("Choose...", self._choose)
        layout.addWidget(words("Write to"))
        layout.addWidget(row(self.out, choose))
        layout.addWidget(self.why)
        buttons = QDialogButtonBox()
        self.accept_button = _button(buttons, "Export", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(520)
        self.out.textChanged.connect(lambda text: self._check())
        self._take(self._form)

    @property
    def request(self) -> Export:
        """What was chosen."""
        out = Path(self.out.text().strip()).expanduser()
        return Export(self._paths, out, self._form)

    def _add_forms(self, layout: QVBoxLayout) -> None:
        group = QButtonGroup(self)
        for form, (title, told, _) in FORMATS.items():
            radio = QRadioButton(title)
            radio.setChecked(form is self._form)
            if len(self._paths) > 1 and form in OF_ONE:
                radio.setEnabled(False)
                radio.setToolTip("This takes one recording at a time")
            radio.clicked.connect(lambda _, form=form: self._take(form))
            group.addButton(radio)
            self.forms[form] = radio
            layout.addWidget(radio)
            about = words(told, quiet=True)
            about.setIndent(24)
            layout.addWidget(about)

    def _take(self, form: Format) -> None:
        self._form = form
        stem = self._paths[0].name.removesuffix(".h5") if len(self._paths) == 1 else "recordings"
        self.out.setText(str(_free(self._folder, stem, FORMATS[form][2])))

    def _choose(self) -> None:
        dialog = QFileDialog(self, "Write to", self.out.text())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # an existing one is refused
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.out.setText)
        dialog.open()

    def _check(self) -> None:
        text = self.out.text().strip()
        out = Path(text).expanduser()
        said = ""
        if not text or not out.is_absolute() or out.suffix == ".h5":
            said = "Write a whole path, which doesn't end in .h5."
        elif fault := name_fault(out.name):
            said = fault
        else:
            said = _taken(out)
        self.why.setText(said)
        self.accept_button.setEnabled(not said)


def ask(
    parent: QWidget, *, title: str, say: str, more: str, do: str, then: Callable[[], object]
) -> QMessageBox:
    """Ask whether to do something; the safe answer is the usual one."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)  # it names files
    box.setText(say)
    box.setInformativeText(more)
    yes = box.addButton(do, QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    box.buttonClicked.connect(lambda clicked: then() if clicked is yes else None)
    box.open()
    return box


def _taken(path: Path) -> str:
    try:
        return f"{path.name} exists already. Choose another name." if path.exists() else ""
    except OSError as error:
        return f"Nothing can be written there: {error.strerror}."


def _free(folder: Path, stem: str, ending: str) -> Path:
    """Return a path that nothing has yet; a dataset's number, its `-v0`, stays at the end."""
    made, number = folder / with_ending(stem, ending), 1
    while made.exists():
        number += 1
        made = folder / with_ending(stem, f"-{number}{ending}")
    return made


def _button(box: QDialogButtonBox, text: str, role: QDialogButtonBox.ButtonRole) -> QPushButton:
    made = box.addButton(text, role)
    if made is None:  # Qt makes one of every text
        raise RuntimeError(f"no button {text!r}")
    made.setObjectName("main")
    return made
