"""Room on the disk, taken before it is needed: a write that HDF5 fails can't be made good."""

import errno
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import h5py

# No such call on this file system, or none that it can keep: then only the free space is known.
_CANT_RESERVE = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.ENODEV}


class Room:
    """The room that an HDF5 file being written will need."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        self._file = file
        self._path = path
        self._reserved_bytes = 0

    def take(self, more_bytes: int) -> None:
        """Make sure that the file can grow by this much.

        Raises:
            OSError: It can't: the disk or the quota is full, a file-size limit is reached, or the
                file was removed. HDF5 knows nothing of it, so the file is still sound.
        """
        self._path.stat()
        wanted = int(self._file.id.get_filesize()) + more_bytes
        if wanted <= self._reserved_bytes:
            return
        try:
            os.posix_fallocate(
                self._file.id.get_vfd_handle(),
                self._reserved_bytes,
                wanted - self._reserved_bytes,
            )
        except (OSError, AttributeError) as error:  # macOS and Windows have no such function
            if isinstance(error, OSError) and error.errno not in _CANT_RESERVE:
                raise
            if shutil.disk_usage(self._path.parent).free < more_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        self._reserved_bytes = wanted


def close_unwritable(file: h5py.File) -> None:
    """Close an HDF5 file after a failed write, and leave it as that write left it.

    HDF5 would write what it still holds, fail again, and crash the process at its end. So it is
    given another file to write that to.
    """
    with tempfile.TemporaryFile() as elsewhere:
        os.dup2(elsewhere.fileno(), file.id.get_vfd_handle(), inheritable=False)
        file.close()


def is_being_written(path: Path) -> bool:
    """Say whether a process has a file open for writing, where the system tells (Linux)."""
    try:
        wanted = path.stat()
    except OSError:
        return False
    return any(_writes(process, wanted) for process in Path("/proc").glob("[0-9]*"))


def _writes(process: Path, wanted: os.stat_result) -> bool:
    try:
        opened = list((process / "fd").iterdir())
    except OSError:
        return False  # it has ended, or is another user's
    for each in opened:
        with suppress(OSError):  # it was closed just now
            found = each.stat()
            if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                told = (process / "fdinfo" / each.name).read_text(encoding="ascii")
                flags = re.search(r"^flags:\s*([0-7]+)", told, re.MULTILINE)
                if flags and int(flags[1], 8) & (os.O_WRONLY | os.O_RDWR):
                    return True
    return False


def reason(error: BaseException) -> str:
    """Say in a few words why a file couldn't be written."""
    told = re.search(r"errno = (\d+)", str(error))  # HDF5 says it in words, not in `errno`
    number = int(told[1]) if told else getattr(error, "errno", None)
    if number == errno.EFBIG:
        return "it has reached the file-size limit that is set; see 'ulimit -f'"
    said = os.strerror(number) if number else (str(error).splitlines() or [type(error).__name__])[0]
    return said[:1].lower() + said[1:]
