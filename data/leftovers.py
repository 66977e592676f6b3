"""Unfinished recordings: what may be in one that is in the way."""

from pathlib import Path

from data.disk import is_being_written
from data.errors import OutputExistsError, RecordingError
from data.opening import RecordingFile
from data.paths import part_path

MADE_AGAIN = ("edited", "all_labelled")
"""Attributes of what a command makes of other files."""


def require_no_leftover(path: Path, *, force: bool = False) -> None:
    """Refuse to write where a recording was cut short: what is in it may be all there is of it.

    Args:
        path: What is to be written.
        force: Remove a leftover of a command that can be given again, of `trim` for example.

    Raises:
        OutputExistsError: The unfinished file of `path` is there.
    """
    leftover = part_path(path)
    if not leftover.exists():
        return
    if force and _can_be_made_again(leftover):
        leftover.unlink()
        return
    raise OutputExistsError(f"{told_leftover(leftover)} Or choose another name.")


def drop_leftover(path: Path) -> Path:
    """Remove what is left of a file that no person made and that is made anew; return its path."""
    part_path(path).unlink(missing_ok=True)
    return path


def told_leftover(leftover: Path) -> str:
    """Say what an unfinished recording is and what to do."""
    return (
        f"{leftover} is being recorded, or was cut short: 'understudy repair {leftover}' keeps "
        "what is in it; where nothing is, delete it."
    )


def _can_be_made_again(leftover: Path) -> bool:
    if is_being_written(leftover):
        return False
    try:
        with RecordingFile(leftover) as file:
            return any(name in file.attributes for name in MADE_AGAIN)
    except RecordingError:
        return False
