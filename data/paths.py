"""Outputs appear whole and are never overwritten unasked."""

from pathlib import Path

from data.errors import OutputExistsError, UnderstudyError


def require_input(path: Path) -> Path:
    """Return the path of an existing file.

    Raises:
        UnderstudyError: There is no such file.
    """
    if not path.is_file():
        raise UnderstudyError(f"{path}: no such file. Check the path.")
    return path


def claim_output(path: Path, *, force: bool) -> Path:
    """Return a path that may be written; its folder is made.

    Raises:
        OutputExistsError: It exists and `force` is off.
    """
    if path.exists() and not force:
        raise OutputExistsError(f"{path} exists. Choose another name, or pass --force.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def part_path(path: Path) -> Path:
    """Name the unfinished file that becomes `path` when it is complete."""
    return path.with_name(path.name + ".part")
