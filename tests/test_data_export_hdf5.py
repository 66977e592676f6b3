import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from data.export.hdf5 import Hdf5Output


def test_what_was_written_is_read_back(tmp_path: Path):
    with Hdf5Output(tmp_path / "a.hdf5") as output:
        output.file["numbers"] = np.arange(1000)
        assert not output.failed()
    with h5py.File(tmp_path / "a.hdf5") as file:
        assert (file["numbers"][:] == np.arange(1000)).all()


def test_a_refused_write_is_told_at_the_end_and_hidden_from_hdf5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    output = Hdf5Output(tmp_path / "a.hdf5")
    whole = output.file.create_dataset(
        "numbers", shape=(8, 100_000), chunks=(1, 100_000), dtype=int
    )
    whole[:4] = 1
    output.file.flush()

    def refuse(_fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", refuse)
        whole[2:6] = 2
        output.file.flush()
        assert output.failed()
        whole[5] = 3
        output.file.flush()
        whole.id.refresh()  # from the file, not from what HDF5 remembers
        assert whole[:, 7].tolist() == [1, 1, 2, 2, 2, 3, 0, 0]
        with pytest.raises(OSError, match="No space left"):
            output.close()
