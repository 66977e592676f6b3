"""Rename, delete and mark the files of recordings, and what is noted about them."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from PyQt6.QtCore import QFile, QStandardPaths

from data.errors import UnderstudyError
from gui.label.session import session_path
from gui.library.marks import forget_remark, move_remark


def rename(path: Path, other: Path) -> None:
    """Give a recording another name in its folder, and what is remembered of labelling it.

    Raises:
        UnderstudyError: It can't be.
    """
    if other.exists():
        raise UnderstudyError(f"{other.name} exists already. Choose another name.")
    try:
        path.rename(other)
        try:
            with suppress(FileNotFoundError):
                session_path(path).replace(session_path(other))
        except OSError:
            other.rename(path)
            raise
    except OSError as error:
        raise UnderstudyError(
            f"{path.name} can't be renamed: {error.strerror}. Check that the folder can be written."
        ) from error
    move_remark(path.parent, path.name, other.name)


def to_trash(paths: Iterable[Path]) -> list[Path]:
    """Move files to the system's trash; return those that could not be, and are as they were.

    What is remembered of labelling a recording goes with it.
    """
    # Qt finds no trash where this is missing, as it is for a new user
    home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    with suppress(OSError):
        Path(home).mkdir(parents=True, exist_ok=True)
    left = []
    for path in paths:
        if not QFile(str(path)).moveToTrash():
            left.append(path)
        else:
            QFile(str(session_path(path))).moveToTrash()  # false where there is none
            forget_remark(path.parent, path.name)
    return left
