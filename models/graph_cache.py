"""Exported detectors, kept for the next who needs the same one: an export takes seconds.

A training, a benchmark and the doctor all look with the detector that ships. What is kept here is
sealed as the graphs in run folders are, see `models.graph_seal`; any may go at any time.
"""

from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from models.seen_cache import newest_first

MOST_GRAPHS = 16
FORM = 1
"""Of the graph; the next when `models.perception.Graph` computes something else."""


def shared_graph(mark: str) -> Path:
    """Return where a detector's graph is kept for this user.

    Args:
        mark: The detector's fingerprint.
    """
    return _folder() / f"{mark}-{FORM}.onnx"


def make_room() -> None:
    """Remove what was not used for longest, so that one more can be kept."""
    folder = _folder()
    with suppress(OSError):  # without a cache all works, only later
        folder.mkdir(parents=True, exist_ok=True)
        for _, _, file in newest_first(folder.glob("*.onnx"))[MOST_GRAPHS - 1 :]:
            file.unlink(missing_ok=True)


def _folder() -> Path:
    return user_cache_path("understudy") / "graphs"
