"""What is in a folder already: recordings and runs, counted."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UnderstudyError
from gui.jobs.line import Line
from gui.runs_on_disk import POLICY, Kind, complete_runs

if TYPE_CHECKING:
    from data.reader import Recording


@dataclass(frozen=True, slots=True)
class StockRequest:
    """Where to look."""

    recordings: Path
    runs: Path


@dataclass(frozen=True, slots=True)
class Run:
    """One run folder that is complete."""

    folder: Path
    kind: Kind
    game: str
    """Its profile's name."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What was found."""

    seconds: tuple[tuple[str, float], ...] = ()
    """Of each readable recording: its profile's name, and how long somebody plays in it."""
    runs: tuple[Run, ...] = ()
    """By name."""

    def seconds_of(self, game: str) -> list[float]:
        """Return the lengths of a game's recordings."""
        return [length for name, length in self.seconds if name == game]

    def policies_of(self, game: str) -> list[Run]:
        """Return the runs that can play a game."""
        return [run for run in self.runs if run.kind == POLICY and run.game == game]


def take_stock(request: StockRequest, line: Line) -> Stock:
    """Count recordings and runs; what can't be read is left out."""
    lengths = []
    for file in sorted(request.recordings.glob("*.h5")):
        if line.stop_asked():
            break
        found = _length(file)
        if found is not None:
            lengths.append(found)
    return Stock(tuple(lengths), tuple(find_runs(request.runs)))


def find_runs(folder: Path) -> list[Run]:
    """List the complete runs in a folder, by name; a few small files are read."""
    return [Run(run.folder, run.kind, run.game) for run in complete_runs(folder) if run.game]


def play_seconds(recording: "Recording") -> float:
    """Return how long somebody plays in a recording, without pauses."""
    times = recording.times_ns
    return sum(float(times[stop - 1] - times[start]) / 1e9 for start, stop in recording.segments())


def _length(file: Path) -> tuple[str, float] | None:
    from data.reader import Recording

    try:
        with Recording(file) as recording:
            return recording.profile.name, play_seconds(recording)
    except UnderstudyError:
        return None
