"""Choose the recording to label."""

from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QWidget

from gui.page import button
from gui.studio import Studio

_NONE = "No recordings yet"


def newest_first(folder: Path) -> list[Path]:
    """Return the recordings of a folder; nothing where there is no such folder."""
    aged: list[tuple[float, Path]] = []
    try:
        found: Iterable[Path] = list(folder.glob("*.h5"))
    except OSError:
        found = ()
    for path in found:
        try:
            aged.append((path.stat().st_mtime, path))
        except OSError:
            continue  # it went just now
    return [path for _, path in sorted(aged, reverse=True)]


class RecordingChooser(QWidget):
    """The recordings of the folder, and any other by its path."""

    recording_chosen = pyqtSignal(object)
    """A person chose a recording: its path."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._others: list[Path] = []
        self.box = QComboBox()
        self.box.setAccessibleName("Recording")
        self.box.setMinimumWidth(150)
        self.box.setMinimumContentsLength(14)
        self.box.activated.connect(self._chosen)
        label = QLabel("&Recording")
        label.setBuddy(self.box)
        other = button("Other…", self._ask, tip="Open a recording from another folder")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label)
        layout.addWidget(self.box, 1)
        layout.addWidget(other)

    @property
    def paths(self) -> list[Path]:
        """What can be chosen."""
        return [Path(self.box.itemData(i)) for i in range(self.box.count())]

    def refresh(self) -> None:
        """Look again what there is."""
        current = self.box.currentData()
        inside = newest_first(self._studio.recordings)
        others = [p for p in self._others if p not in inside and p.is_file()]
        self.box.clear()
        for path in [*inside, *others]:
            self.box.addItem(path.stem, str(path))
            self.box.setItemData(self.box.count() - 1, str(path), 3)  # the tooltip
        self.box.setPlaceholderText("Choose a recording" if self.box.count() else _NONE)
        self.box.setEnabled(bool(self.box.count()))
        self.box.setCurrentIndex(-1 if current is None else self.box.findData(current))

    def show_path(self, path: Path) -> None:
        """Show a recording as the chosen one."""
        if path not in self.paths:
            self._others.append(path)
            self.refresh()
        self.box.setCurrentIndex(self.box.findData(str(path)))

    def _chosen(self, index: int) -> None:
        if index >= 0:
            self.recording_chosen.emit(Path(self.box.itemData(index)))

    def _ask(self) -> None:
        found, _ = QFileDialog.getOpenFileName(
            self, "Recording to label", str(self._studio.recordings), "Recordings (*.h5)"
        )
        if found:
            self.show_path(Path(found))
            self.recording_chosen.emit(Path(found))
