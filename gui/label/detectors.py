"""Which detectors can suggest boxes."""

import re
from dataclasses import dataclass
from pathlib import Path

_HEAD_BYTES = 400
_DETECTOR = re.compile(rb'"kind":\s*"detector"')
_CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class Source:
    """A detector."""

    title: str
    by: str
    """For `SuggestRequest.by`."""


def sources(runs: Path, *, newest: int = 50) -> list[Source]:
    """Return the detectors that were trained here, the newest first, and the shipped ones."""
    found = []
    try:
        folders = [folder for folder in runs.iterdir() if _is_detector(folder)]
    except OSError:
        folders = []
    folders.sort(key=_age, reverse=True)
    for folder in folders[:newest]:
        found.append(Source(f"Run {folder.name}", str(folder)))
    found.append(Source("Detector of the practice game", "practice"))
    found.append(Source("People and balls (COCO)", "coco"))
    return found


def _is_detector(folder: Path) -> bool:
    """Look at the beginning of a run's settings only: there may be many runs."""
    try:
        with (folder / _CONFIG).open("rb") as file:
            return _DETECTOR.search(file.read(_HEAD_BYTES)) is not None
    except OSError:
        return False


def _age(folder: Path) -> float:
    try:
        return (folder / _CONFIG).stat().st_mtime
    except OSError:
        return 0.0
