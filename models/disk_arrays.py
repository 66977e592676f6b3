"""Arrays on disk (`.npy`) of which only what is asked for is ever in memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data.closing import Closing
from data.disk import reason
from data.errors import RecordingError
from data.paths import part_path


@dataclass(frozen=True, slots=True)
class DiskArray:
    """Consecutive rows of a file; nothing stays open or mapped between two reads."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    """Where its first row begins in the file, in bytes."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a file's header.

        Raises:
            OSError: It can't be read.
            ValueError: It is no array, or is cut short.
        """
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(mapped, np.memmap):
            raise ValueError(f"{path}: not a plain array")
        return cls(path, mapped.shape, mapped.dtype, mapped.offset)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        """Size of one row."""
        return self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return some rows."""
        count = (stop - start) * self.row_bytes // self.dtype.itemsize
        rows = np.fromfile(
            self.path, self.dtype, count, offset=self.offset + start * self.row_bytes
        )
        return rows.reshape(stop - start, *self.shape[1:])

    def part(self, start: int, stop: int) -> Self:
        """Return some rows as an array of their own."""
        return replace(
            self,
            shape=(stop - start, *self.shape[1:]),
            offset=self.offset + start * self.row_bytes,
        )


class ArrayWriter(Closing):
    """Append rows to a `.npy` file, which appears whole or not at all.

    Several processes may write the same file at once, each under a name of its own.
    """

    def __init__(
        self,
        path: Path,
        row_shape: Sequence[int],
        dtype: npt.DTypeLike,
        *,
        rows_to_come: int | None = None,
    ) -> None:
        """Begin a file; its folder is made.

        Args:
            path: The file.
            row_shape: Of one row.
            dtype: Of its numbers.
            rows_to_come: How many rows there will be, for the error of a full disk.

        Raises:
            RecordingError: It can't be written.
        """
        self._path, self._row_shape, self._dtype = path, tuple(row_shape), np.dtype(dtype)
        self._rows, self._rows_to_come = 0, rows_to_come
        self._part = part_path(path.with_name(f"{os.getpid()}-{path.name}"))
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._part.unlink(missing_ok=True)  # maybe a link, left by a stranger
            self._file = self._part.open("wb")
        self._write_header()  # into the buffer

    def close(self) -> None:
        """Let go of the file; one that was not finished goes."""
        try:
            with suppress(OSError):  # it writes what is left, which a full disk refuses once more
                self._file.close()
        finally:
            self._part.unlink(missing_ok=True)

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Add rows `(k, *row_shape)`.

        Raises:
            ValueError: They are of another shape.
            RecordingError: They can't be written.
        """
        if rows.shape[1:] != self._row_shape:
            raise ValueError(f"rows are {self._row_shape}, got {rows.shape[1:]}")
        with self._writing():
            self._file.write(np.ascontiguousarray(rows, dtype=self._dtype).tobytes())
        self._rows += len(rows)

    def finish(self) -> DiskArray:
        """Let the file appear.

        Raises:
            RecordingError: It can't be written.
        """
        with self._writing():
            self._file.seek(0)
            self._write_header()  # NumPy leaves room in it for the number of rows to grow
            self._file.close()
            self._part.replace(self._path)
            return DiskArray.open(self._path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Tell what the system refuses as an error of ours."""
        try:
            yield
        except OSError as error:
            told = f"{self._path}: can't be written: {reason(error)}. "
            if self._rows_to_come is None:
                raise RecordingError(f"{told}Make room.") from error
            row_bytes = self._dtype.itemsize * int(np.prod(self._row_shape, dtype=np.int64))
            mebibytes = self._rows_to_come * row_bytes // 2**20 + 1
            raise RecordingError(f"{told}It takes about {mebibytes} MB; make room.") from error

    def _write_header(self) -> None:
        np.lib.format.write_array_header_1_0(
            self._file,
            {
                "descr": np.lib.format.dtype_to_descr(self._dtype),
                "fortran_order": False,
                "shape": (self._rows, *self._row_shape),
            },
        )
