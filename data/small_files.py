"""Small files that may be a stranger's: bounded before they are believed."""

import json
import stat
from pathlib import Path
from typing import Any


def read_small(path: Path, *, most_bytes: int) -> bytes:
    """Read a file that is small if it is what it should be.

    Raises:
        OSError: It is not there, or can't be read.
        ValueError: It is larger, or no plain file: a pipe would be waited for without end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no plain file")
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError(f"it is larger than {most_bytes} bytes")
    return data


def read_json(path: Path, *, most_bytes: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Read a small JSON file.

    Raises:
        OSError: It is not there, or can't be read.
        ValueError: It is too large, or not JSON.
    """
    try:
        return json.loads(read_small(path, most_bytes=most_bytes).decode("utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
