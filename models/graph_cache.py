"""Exported detectors, kept for the next who needs the same one: an export takes seconds.

A training, a benchmark and the doctor all look with the detector that ships. What is kept here is
sealed as the graphs in run folders are, see `models.graph_seal`; any may go at any time.
"""

from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

MOST_GRAPHS = 16
FORM = 1
"""Of the graph; the next when `models.perception.Graph` computes something else."""


def shared_graph(mark: str) -> Path:
    """Return where a detector's graph is kept for this user, and remove old ones beside it.

    Args:
        mark: The detector's fingerprint.
    """
    folder = user_cache_path("understudy") / "graphs"
    with suppress(OSError):  # without a cache all works, only later
        folder.mkdir(parents=True, exist_ok=True)
        for file in _newest_first(folder)[MOST_GRAPHS - 1 :]:
            file.unlink(missing_ok=True)
    return folder / f"{mark}-{FORM}.onnx"


def _newest_first(folder: Path) -> list[Path]:
    files = [(file.stat().st_mtime_ns, file) for file in folder.glob("*.onnx")]
    return [file for _, file in sorted(files, reverse=True)]
