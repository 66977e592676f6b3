"""Outputs appear whole and are never overwritten unasked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import OutputExistsError, UnderstudyError


def require_input(path: Path) -> Path:
    """Return the path of an existing file.

    Raises:
        UnderstudyError: There is no such file.
    """
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise UnderstudyError(f"{path}: can't be read: {error.strerror}.") from error
    if path.is_dir():
        raise UnderstudyError(f"{path}: it is a folder. Give the path of a file in it.")
    raise UnderstudyError(f"{path}: no such file. Check the path.")


def claim_output(path: Path, *, force: bool) -> Path:
    """Return a path that may be written; its folder is made.

    Raises:
        OutputExistsError: It exists and `force` is off.
        UnderstudyError: Its folder can't be made.
    """
    try:
        if path.exists() and not force:
            raise OutputExistsError(f"{path} exists. Choose another name, or pass --force.")
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UnderstudyError(f"{path}: {path.parent} is a file, not a folder.") from error
    except OSError as error:
        raise UnderstudyError(
            f"{path}: can't be written: {error.strerror} ({error.filename}). Choose another place."
        ) from error
    return path


def part_path(path: Path) -> Path:
    """Name the unfinished file that becomes `path` when it is complete."""
    return path.with_name(path.name + ".part")


@contextmanager
def written_whole(path: Path, *, by_many: bool = False) -> Iterator[Path]:
    """Give the name to write under; when the block ends, that file becomes `path`.

    On an error it is removed, and `path` stays as it was.

    Args:
        path: What is written.
        by_many: Several processes may write it at once, each under a name of its own.
    """
    part = part_path(path.with_name(f"{os.getpid()}-{path.name}") if by_many else path)
    if part.is_symlink():  # left by a stranger, who chose what would be written over
        part.unlink()
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
