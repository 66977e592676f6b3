"""Rename recordings, or throw them away: asks, has the player close them, and moves them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from data.errors import UnderstudyError
from gui.library.dialogs import NameDialog, ask
from gui.library.files import rename, to_trash
from gui.library.player import Player
from gui.studio import Studio


class Mover(QObject):
    """Moves files that nothing needs where they are."""

    moved = pyqtSignal(object, object)
    """The paths that have gone, and the path of the one that was renamed, or None."""
    released = pyqtSignal()
    """What was to be done with a file that the player had closed is done."""
    failed = pyqtSignal(str)
    """Why something can't be moved."""

    def __init__(self, studio: Studio, player: Player, parent: QWidget) -> None:
        super().__init__(parent)
        self._studio, self._player, self._parent = studio, player, parent
        self.busy = False
        """Whether a file is about to be moved, and must not be opened."""

    def release(self, then: Callable[[], object]) -> None:
        """Close the file on show, and then do something with it."""
        self.busy = True

        def go_on() -> None:
            then()
            self.busy = False
            self.released.emit()

        self._player.release(go_on)

    def rename(self, path: Path) -> None:
        """Ask for another name, and give it to a file."""
        if self._refuses([path], "renamed"):
            return
        dialog = NameDialog(
            self._parent,
            title="Rename", say="New name:", do="Rename", folder=path.parent, name=path.name,
        )  # fmt: skip

        def do_it() -> None:
            other = dialog.path
            if isinstance(other, Path):
                self.release(lambda: self._rename(path, other))

        dialog.accepted.connect(do_it)
        dialog.open()

    def trash(self, paths: Sequence[Path]) -> None:
        """Ask, and move files to the trash."""
        if self._refuses(paths, "moved to the trash"):
            return
        what = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
        ask(
            self._parent,
            title="Move to the trash?",
            say=f"Move {what} to the trash?",
            more="It can be taken out of the trash again.",
            do="Move to trash",
            then=lambda: self.release(lambda: self._trash(paths)),
        )

    def _refuses(self, paths: Sequence[Path], what: str) -> bool:
        for path in paths:
            user = self._studio.user_of(path)
            if user:
                self.failed.emit(f"The file {path.name} can't be {what} now: {user}.")
                return True
        return False

    def _rename(self, path: Path, other: Path) -> None:
        try:
            rename(path, other)
        except UnderstudyError as error:
            self.failed.emit(str(error))
        if not path.exists():
            self.moved.emit([path], other)

    def _trash(self, paths: Sequence[Path]) -> None:
        left: list[Path] = list(paths)
        try:
            left = to_trash(paths)
        except UnderstudyError as error:
            self.failed.emit(str(error))
        else:
            self._tell(left)
        self.moved.emit([path for path in paths if not path.exists()], None)

    def _tell(self, left: Sequence[Path]) -> None:
        if not left:
            self._studio.say("Moved to the trash.")
            return
        names = ", ".join(path.name for path in left)
        self.failed.emit(
            f"{names} could not be moved to the trash, and stays. Perhaps this disk has none: "
            "delete it in your file manager."
        )
