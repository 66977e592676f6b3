"""Which detectors can suggest boxes."""

from dataclasses import dataclass
from pathlib import Path

from gui.runs_on_disk import DETECTOR, RunSays, complete_runs
from models.run_files import CONFIG_NAME


@dataclass(frozen=True, slots=True)
class Source:
    """A detector."""

    title: str
    by: str
    """For `SuggestRequest.by`."""


def sources(runs: Path, *, newest: int = 50) -> list[Source]:
    """Return the detectors that were trained here, the newest first, and the shipped ones."""
    runs_here = sorted(complete_runs(runs, DETECTOR), key=_age, reverse=True)
    found = [Source(f"Run {run.folder.name}", str(run.folder)) for run in runs_here[:newest]]
    found.append(Source("Detector of the practice game", "practice"))
    found.append(Source("People and balls (COCO)", "coco"))
    return found


def _age(run: RunSays) -> float:
    try:
        return (run.folder / CONFIG_NAME).stat().st_mtime
    except OSError:
        return 0.0
