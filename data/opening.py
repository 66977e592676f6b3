"""Open a recording that may be damaged, or a stranger's, and believe nothing that it claims."""

import io
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from data import schema
from data.closing import Closing
from data.errors import RecordingError
from data.headers import check_headers

# Rows of one column; four days at 48 Hz.
MOST_ROWS = 1 << 24
# What h5py raises on a damaged file; which of them it is depends on where the damage lies.
DAMAGE = (
    OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError,
    NotImplementedError, OverflowError, MemoryError, UnicodeError, SystemError,
)  # fmt: skip
_SUPERBLOCK = struct.Struct("<8sBBBBQQQQI")  # version 3: HDF5 file format specification, II.A
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_VERSION = b"\x03\x08\x08"  # of the superblock, then bytes to an offset and to a length


@contextmanager
def refusing_damage(path: Path) -> Iterator[None]:
    """Turn whatever HDF5 raises on a damaged file into one of our errors.

    Raises:
        RecordingError: The file is damaged.
    """
    try:
        yield
    except DAMAGE as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise RecordingError(f"{path}: damaged ({said[0][:200]}). Use a copy of it.") from error


class RecordingFile(Closing):
    """The datasets and attributes of a recording, finished or left behind, open for reading."""

    def __init__(self, path: Path) -> None:
        """Open and check its structure.

        Raises:
            RecordingError: It is not a recording, or its structure is not that of one.
        """
        self.path = path
        self._file, self._disk = _open(path)
        self._datasets: dict[str, h5py.Dataset] = {}
        try:
            with refusing_damage(path):
                self._size = path.stat().st_size
                self.attributes = schema.attributes(self._file)
                found = schema.problems(self._file, self.attributes)
                self._datasets = (
                    {} if found else {n: self._file[n] for n in schema.expected(self._file)}
                )
                self._rows = {name: self._held(name) for name in self._datasets}
            if found:
                raise RecordingError(f"{path}: {found[0]}.")
        except RecordingError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file; closing twice does nothing."""
        self._datasets = {}
        with refusing_damage(self.path):
            self._file.close()
        if self._disk is not None:
            self._disk.close()

    def __contains__(self, name: str) -> bool:
        return name in self._datasets

    def rows(self, name: str) -> int:
        """Return how many rows of a dataset are there, which may be fewer than it claims."""
        return self._rows[name]

    def width(self, name: str) -> int:
        """Return the length of one row of a two-dimensional dataset."""
        return int(self._datasets[name].shape[1])

    def read(self, name: str, start: int, stop: int) -> npt.NDArray[Any]:
        """Return rows of a dataset.

        Raises:
            RecordingError: They are damaged.
        """
        with refusing_damage(self.path):
            found: npt.NDArray[Any] = self._datasets[name][start : min(stop, self._rows[name])]
            return found

    def table(self, names: Sequence[str]) -> list[npt.NDArray[Any]]:
        """Return the columns of one table, cut to the rows that all of them have.

        Raises:
            RecordingError: They are damaged, or there are more than can be believed.
        """
        rows = min(self._rows[name] for name in names)
        if rows > MOST_ROWS:
            raise RecordingError(f"{self.path}: {names[0]} has {rows} rows; at most {MOST_ROWS}.")
        return [self.read(name, 0, rows) for name in names]

    def sound_ends(self) -> npt.NDArray[np.int64]:
        """Return where each frame's bytes end, for the frames whose picture and time are there.

        Rows that the writer made room for and never filled, which are zeros, end the table.
        """
        ends: npt.NDArray[np.int64] = self.table(schema.TABLES[0])[0]
        wrong = np.flatnonzero(np.diff(ends, prepend=0) < 0)
        ends = ends[: wrong[0]] if len(wrong) else ends
        return ends[: np.searchsorted(ends, self._rows[schema.FRAME_BYTES], side="right")]

    def _held(self, name: str) -> int:
        """Count the rows that a file of this size has room for.

        HDF5 could count those that are stored, but does it one by one, up to what is claimed.
        """
        dataset = self._datasets[name]
        row_bytes = dataset.dtype.itemsize * int(np.prod(dataset.shape[1:]))
        return int(min(dataset.shape[0], self._size // max(1, row_bytes)))


def _open(path: Path) -> tuple[h5py.File, io.FileIO | None]:
    try:
        with path.open("rb") as file:
            head = file.read(_SUPERBLOCK.size)
            _check_head(path, head)
            with refusing_damage(path):
                check_headers(file, _SUPERBLOCK.unpack(head)[8])
    except OSError as error:
        raise RecordingError(f"{path}: can't be read: {error}.") from error
    # HDF5 would take half an hour over one wrong byte if it were told of the writer (SWMR): it
    # reads again, with ever longer pauses. So it is shown a leftover as if it had been closed.
    disk = _Leftover(path) if head[11] else None
    try:
        with refusing_damage(path):
            if disk is not None:
                return h5py.File(disk, "r", libver="latest"), disk
            return h5py.File(path, "r", libver="latest", locking=False), None
    except RecordingError:
        if disk is not None:
            disk.close()
        raise


def _check_head(path: Path, head: bytes) -> None:
    if not head.startswith(_SIGNATURE) or len(head) < _SUPERBLOCK.size:
        raise RecordingError(
            f"{path}: not a recording (HDF5 can't open it). Record one with 'understudy record'."
        )
    if head[8:11] != _VERSION:  # others have metadata without checksums, and are none of ours
        raise RecordingError(
            f"{path}: it is an HDF5 file, but not a recording of Understudy: those have checksums "
            "(in h5py: libver='latest')."
        )


class _Leftover(io.FileIO):
    """A file whose writer died, with the header that it would have if it had been closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        head = super().read(_SUPERBLOCK.size)
        fields = list(_SUPERBLOCK.unpack(head))
        fields[4] = 0  # no writer
        fields[7] = os.fstat(self.fileno()).st_size  # the end of the file, which grew since
        fields[-1] = lookup3(_SUPERBLOCK.pack(*fields)[:-4])
        self._head = _SUPERBLOCK.pack(*fields)
        self.seek(0)

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - any writable buffer
        at = self.tell()
        count = super().readinto(buffer) or 0
        changed = self._head[at : at + count]
        memoryview(buffer).cast("B")[: len(changed)] = changed
        return count


def lookup3(data: bytes) -> int:
    """Compute the checksum of HDF5's metadata: Bob Jenkins' lookup3, `hashlittle`, from 0."""
    a = b = c = (0xDEADBEEF + len(data)) & 0xFFFFFFFF
    last = max(0, (len(data) - 1) // 12 * 12)
    for at in range(0, last, 12):
        x, y, z = struct.unpack_from("<III", data, at)
        a, b, c = _mixed(a + x, b + y, c + z)
    if not data:
        return c
    x, y, z = struct.unpack("<III", data[last:].ljust(12, b"\0"))
    a, b, c = (a + x) & 0xFFFFFFFF, (b + y) & 0xFFFFFFFF, (c + z) & 0xFFFFFFFF
    for turn_c, turn_a, turn_b in ((14, 11, 25), (16, 4, 14)):
        c = ((c ^ b) - _turned(b, turn_c)) & 0xFFFFFFFF
        a = ((a ^ c) - _turned(c, turn_a)) & 0xFFFFFFFF
        b = ((b ^ a) - _turned(a, turn_b)) & 0xFFFFFFFF
    return int((c ^ b) - _turned(b, 24)) & 0xFFFFFFFF


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    for turn in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & 0xFFFFFFFF) ^ _turned(c & 0xFFFFFFFF, turn)
        c = (c + b) & 0xFFFFFFFF
        a, b, c = b, c, a
    return a & 0xFFFFFFFF, b & 0xFFFFFFFF, c & 0xFFFFFFFF


def _turned(x: int, bits: int) -> int:
    return ((x << bits) | (x >> (32 - bits))) & 0xFFFFFFFF
