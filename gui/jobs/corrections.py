"""What runs there are, and how often a person took over from each while it played."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import UnderstudyError
from data.profile import GameProfile
from data.reader import Recording
from data.schema import SpanKind
from gui.jobs.line import Line
from gui.runs_on_disk import POLICY, broken, has_weights, read_run
from gui.train.begun import Begun
from models.run_files import WEIGHTS_NAME

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look."""

    runs: Path
    flights: Path
    more: tuple[Path, ...] = ()
    """Run folders elsewhere that are wanted as well."""


@dataclass(frozen=True, slots=True)
class PolicyRun:
    """A policy that can play."""

    folder: Path
    profile: GameProfile
    made_s: float
    """When it was trained, of the wall clock."""
    recordings: tuple[str, ...]
    """Names, without ending, of the recordings it was trained on."""
    sources: tuple[Path, ...] = ()
    """Where they were then, as far as that is known."""

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class RunsFound:
    """All policies, the newest first."""

    runs: tuple[PolicyRun, ...]
    refused: tuple[str, ...] = ()
    """What is wrong with run folders that can't be used, in sentences."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """How a person corrected one run's play."""

    takeovers: int = 0
    seconds: float = 0.0
    logs: tuple[Path, ...] = ()
    """The flight logs that hold them."""


def look_around(request: Places, line: Line) -> Mapping[Path, Corrected]:
    """Tell the runs (`RunsFound`), then return the corrections of each by its folder."""
    found, refused = [], []
    folders = [*_folders(request.runs), *request.more]
    for folder in dict.fromkeys(each.resolve() for each in folders):
        try:
            run = policy_run(folder)
        except UnderstudyError as error:
            refused.append(str(error))
            continue
        if run is not None:
            found.append(run)
    found.sort(key=lambda run: run.made_s, reverse=True)
    line.tell(RunsFound(tuple(found), tuple(refused)))
    return corrections_in(sorted(request.flights.glob("*.h5")), line)


def policy_run(folder: Path) -> PolicyRun | None:
    """Read what a run folder says of itself; None for one that holds no finished policy.

    Raises:
        CheckpointError: It is damaged.
    """
    if not has_weights(folder):
        return None
    run = read_run(folder)
    if run.kind != POLICY:
        return None
    try:
        names = run.values.get("recordings", {})
        recordings = [str(name) for part in ("training", "validation") for name in names[part]]
        made_s = (folder / WEIGHTS_NAME).stat().st_mtime
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise broken(folder, error) from error
    return PolicyRun(folder, run.profile, made_s, tuple(recordings), _sources(folder))


def corrections_in(paths: Sequence[Path], line: Line) -> dict[Path, Corrected]:
    """Gather the take-overs in flight logs by the run that played; others are passed over."""
    found: dict[Path, Corrected] = {}
    for path in paths:
        if line.stop_asked():
            break
        try:
            with Recording(path) as recording:
                facts = recording.flight_facts
                spans = recording.spans() if facts is not None else []
        except UnderstudyError as error:  # told by the library, which lists it
            log.info("%s", error)
            continue
        theirs = [span for span in spans if span.kind is SpanKind.TAKEOVER]
        if facts is None or not theirs:
            continue
        run = Path(facts.run).resolve()
        known = found.get(run, Corrected())
        seconds = sum(span.end_ns - span.start_ns for span in theirs) / 1e9
        found[run] = Corrected(
            known.takeovers + len(theirs), known.seconds + seconds, (*known.logs, path)
        )
    return found


def material_of(
    run: PolicyRun, corrected: Corrected, places: Sequence[Path]
) -> tuple[list[Path], list[str]]:
    """Return what to train on again: the run's own recordings, then its corrections.

    Args:
        run: Names its recordings.
        corrected: The flight logs to add.
        places: Folders to look for the recordings in, the likeliest first.

    Returns:
        The files that are there, and the names of those that are not.
    """
    found: list[Path] = []
    missing = []
    for name in run.recordings:
        known = [path for path in run.sources if path.stem == name]
        likely = [*known, *(place / f"{name}.h5" for place in places)]
        there = [path for path in likely if path.is_file()]
        if there:
            found.append(there[0])
        else:
            missing.append(name)
    return list(dict.fromkeys([*found, *corrected.logs])), missing


def _sources(folder: Path) -> tuple[Path, ...]:
    try:
        return Begun.read(folder).recordings
    except UnderstudyError:  # trained on the command line, which keeps only names
        return ()


def _folders(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    return sorted(each for each in place.iterdir() if each.is_dir())
