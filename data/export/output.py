"""What every export has in common: it appears whole or not at all, and can be stopped."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.errors import OutputExistsError, UnderstudyError
from data.paths import claim_output, part_path


class ExportStopped(UnderstudyError):
    """Someone stopped an export; nothing of it is left."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    path: Path
    recordings: int
    episodes: int
    """Segments, or the shorter pieces they were cut into."""
    frames: int
    """Pictures written."""
    bytes: int
    note: str = ""
    """What its reader should know; mostly empty."""


class Ticker:
    """Counts frames as they are written; shows the share done, and stops when asked to."""

    def __init__(
        self,
        total: int,
        on_progress: Callable[[float], None] = lambda share: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._total = total
        self._done = 0
        self._on_progress = on_progress
        self._stop = stop

    def tick(self) -> None:
        """Count one frame.

        Raises:
            ExportStopped: `stop` said so.
        """
        if self._stop():
            raise ExportStopped(f"stopped after {self._done} of {self._total} frames.")
        self._done += 1
        self._on_progress(self._done / self._total)


@contextmanager
def whole_output(out: Path, *, force: bool, mark: str = "") -> Iterator[Path]:
    """Yield the path to write to; it becomes `out` when the block ends well, and goes otherwise.

    Args:
        out: The file or folder to make.
        force: Whether one that exists is replaced.
        mark: For a folder, a file inside that every finished one has. A folder without it is
            something else, and is never replaced.

    Raises:
        OutputExistsError: It exists and may not be replaced.
        UnderstudyError: It can't be written.
    """
    claim_output(out, force=force)
    if out.is_dir() and not (mark and (out / mark).is_file()):
        raise OutputExistsError(
            f"{out} is a folder that holds something else. Choose another name."
        )
    part = claim_output(part_path(out), force=force)
    _remove(part)
    try:
        yield part
        if out.is_dir() or part.is_dir():
            _remove(out)  # a folder can't be replaced in one call
        part.replace(out)
    except (OSError, RuntimeError) as error:  # h5py closes a file on a full disk with the latter
        raise UnderstudyError(
            f"{out}: the export failed ({error}). Check the space left on the disk, and that the "
            "folder can be written."
        ) from error
    finally:
        _remove(part)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
