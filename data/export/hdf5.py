"""An HDF5 file to export to, on a disk that may be full."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from data.closing import Closing

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

HDF5_1_10 = ("v110", "v110")  # virtual datasets came with it; newer structures shut readers out


class Hdf5Output(Closing):
    """A new HDF5 file that fails with an `OSError` when it closes, and never inside HDF5.

    HDF5 keeps a dataset open whose rows it couldn't write, complains at every use, and crashes the
    process at its exit. So it is never told: once the disk refuses, `failed()` says so, and what
    HDF5 still wants to write is kept in memory until it is closed, which should be soon.
    """

    def __init__(self, path: Path, *, libver: tuple[str, str] | None = None) -> None:
        """Open the file for writing.

        Raises:
            OSError: It can't be made.
        """
        self._disk = _Disk(path)
        self.file: Any = h5py.File(self._disk, "w", libver=libver)

    def failed(self) -> bool:
        """Say whether the disk has refused something."""
        return self._disk.failure is not None

    def close(self) -> None:
        """Finish the file.

        Raises:
            OSError: The disk refused something; the file is not whole.
        """
        self.file.close()
        self._disk.close()
        if self._disk.failure is not None:
            raise self._disk.failure


class _Disk(io.RawIOBase):
    """A file that takes everything, and remembers the first error."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
        self._fd = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)  # else Windows adds \r
        self._at = 0
        self._size = 0
        self._refused: list[tuple[int, bytes]] = []
        self.failure: OSError | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, data: "ReadableBuffer") -> int:
        whole = memoryview(data).cast("B")
        if self.failure is None:
            try:
                self._write_all(whole)
            except OSError as error:
                self.failure = error
        if self.failure is not None:
            self._refused.append((self._at, bytes(whole)))
        self._at += len(whole)
        self._size = max(self._size, self._at)
        return len(whole)

    def _write_all(self, whole: memoryview) -> None:
        os.lseek(self._fd, self._at, os.SEEK_SET)
        while whole:
            whole = whole[os.write(self._fd, whole) :]

    def readinto(self, buffer: "WriteableBuffer") -> int:
        wanted = memoryview(buffer).cast("B")
        wanted[:] = bytes(len(wanted))  # what was never written reads as zeros
        os.lseek(self._fd, self._at, os.SEEK_SET)
        found = os.read(self._fd, len(wanted))
        wanted[: len(found)] = found
        for start, data in self._refused:
            first = max(start, self._at)
            last = min(start + len(data), self._at + len(wanted))
            if first < last:
                wanted[first - self._at : last - self._at] = data[first - start : last - start]
        self._at += len(wanted)
        return len(wanted)

    def truncate(self, size: int | None = None) -> int:
        self._size = self._at if size is None else size
        if self.failure is None:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError as error:
                self.failure = error
        return self._size

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()
