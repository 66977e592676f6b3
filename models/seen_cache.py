"""The cache of what was seen in recordings: a folder of arrays, bounded; any may go at any time."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 2 << 30  # about ten hours of play; what was used longest ago goes first
MOST_DAYS = 30.0  # without use
IN_USE_DAYS = 7.0  # another training may be reading it
MOST_PART_DAYS = 1.0  # without a write: whoever wrote it was killed, for it writes every minute
_DAY_S = 86_400.0


def mark_used(*files: Path) -> None:
    """Note that files of a cache are used now."""
    for file in files:
        with suppress(OSError):  # a cache that can't be written is of use all the same
            os.utime(file)


def prune(folder: Path, *, most_bytes: int = MOST_BYTES, now_s: float | None = None) -> int:
    """Remove what was not used for long, or exceeds the size; return how many files went.

    Args:
        folder: The cache; nothing in folders below is touched, nor is anything but arrays.
        most_bytes: How much is kept; what was used within `IN_USE_DAYS` is kept beyond that.
        now_s: Seconds since the epoch; the clock's unless given.
    """
    now_s = time.time() if now_s is None else now_s
    removed = kept_bytes = 0
    for used_s, size, file in newest_first([*folder.glob("*.npy"), *folder.glob("*.npy.part")]):
        kept_bytes += size
        idle_days = (now_s - used_s) / _DAY_S
        most_days = MOST_PART_DAYS if file.suffix == ".part" else MOST_DAYS
        if idle_days > most_days or (kept_bytes > most_bytes and idle_days > IN_USE_DAYS):
            with suppress(OSError):
                file.unlink()
                removed += 1
                kept_bytes -= size
    return removed


def newest_first(files: Iterable[Path]) -> list[tuple[float, int, Path]]:
    """Say when each file was used last, in seconds, and how large it is; the newest come first."""
    found = []
    for file in files:
        with suppress(OSError):  # gone meanwhile
            facts = file.lstat()
            found.append((facts.st_mtime, facts.st_size, file))
    return sorted(found, reverse=True)
