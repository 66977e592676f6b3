"""The run folders that there are, and what their files say of them."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from data.errors import CheckpointError, UnderstudyError
from data.profile import MOST_CLASSES, MOST_HEADS, MOST_OBJECTS, GameProfile
from data.small_files import read_small
from gui.names import name_fault
from gui.runs_on_disk import Kind, RunSays, read_run
from gui.train.begun import NAME as BEGUN_NAME
from gui.train.begun import Begun
from models.run_files import CONFIG_NAME, METRICS_NAME, STATE_NAME, WEIGHTS_NAME

MOST_BYTES = 16 << 20  # of the looks that a training took, or its report
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bar:
    """How well a class is told, beside what knows little."""

    name: str
    value: float | None
    """F1 of a policy, average precision of a detector, 0 to 1; None where it is undefined."""
    rivals: Mapping[str, float]
    support: int | None = None
    """Ticks of it on what was held out."""


@dataclass(frozen=True, slots=True)
class BarGroup:
    """The classes of a head, or a detector's objects."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run folder."""

    folder: Path
    kind: Kind
    game: str
    """Its profile's name; empty where it isn't known."""
    changed_s: float
    """When it last changed, of the wall clock."""
    finished: bool
    plays: bool
    """Whether there are weights in it already."""
    can_go_on: bool
    """Cut short, and it is known what with."""
    learned_from: str
    """In words; empty where it isn't known."""
    score: float | None
    """Macro-F1 of a policy's first head; mean average precision of a detector."""
    groups: tuple[BarGroup, ...]
    objects: tuple[str, ...]
    """Names of the objects of its profile."""
    size_px: tuple[int, int]
    """Width and height of its profile's pictures."""

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.folder.name

    @property
    def report(self) -> Path | None:
        """Its report, where there is one."""
        path = self.folder / "report.md"
        return path if path.is_file() else None


def list_runs(folder: Path) -> list[RunEntry]:
    """Return all runs of a folder, the newest first; what is no run is passed over."""
    if not folder.is_dir():
        return []
    found = [run_entry(each) for each in folder.iterdir() if each.is_dir()]
    return sorted(filter(None, found), key=lambda entry: entry.changed_s, reverse=True)


def run_entry(folder: Path) -> RunEntry | None:
    """Read what a folder says of itself; None where it is no run, or a damaged one."""
    begun = _begun(folder)
    run = _says(folder)
    told = begun or run
    if told is None:
        return None
    kind = told.kind
    config = run.values if run is not None else None
    profile = _profile(run)
    plays = (folder / WEIGHTS_NAME).is_file() and run is not None
    finished = plays and not (folder / STATE_NAME).exists()
    groups = _groups(kind, folder, config)
    return RunEntry(
        folder=folder,
        kind=kind,
        game=profile.name if profile is not None else "",
        changed_s=_changed_s(folder),
        finished=finished,
        plays=plays,
        can_go_on=begun is not None and not finished,
        learned_from=_learned_from(begun, config),
        score=_score(kind, folder, config),
        groups=groups,
        objects=profile.object_names if profile is not None else (),
        size_px=(profile.capture.width_px, profile.capture.height_px) if profile else (0, 0),
    )


def proposed_name(kind: Kind, folder: Path) -> str:
    """Return a name that no run has yet, such as `policy-3`."""
    taken = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    number = 1
    while f"{kind}-{number}" in taken:
        number += 1
    return f"{kind}-{number}"


def name_problem(name: str, folder: Path, *, own: str = "") -> str | None:
    """Say why a run can't have a name, or None.

    Args:
        name: What a person typed.
        folder: Of the runs.
        own: The name that the run has already.
    """
    if not name.strip():
        return "Give the run a name."
    if fault := name_fault(name):
        return fault
    if name != own and (folder / name).exists():
        return f"There is a run {name} already. Choose another name."
    return None


def fits(entry: RunEntry, profile: GameProfile) -> bool:
    """Say whether a detector's run sees a game's objects in pictures of its size."""
    size = (profile.capture.width_px, profile.capture.height_px)
    seen = entry.kind == "detector" and entry.plays
    return seen and (entry.objects, entry.size_px) == (profile.object_names, size)


def rename_run(entry: RunEntry, name: str) -> Path:
    """Give a run another name, and return its folder.

    Raises:
        UnderstudyError: It can't have that name.
    """
    problem = name_problem(name, entry.folder.parent, own=entry.name)
    if problem is not None:
        raise UnderstudyError(problem)
    target = entry.folder.with_name(name)
    try:
        return entry.folder.rename(target)
    except OSError as error:
        raise UnderstudyError(f"{entry.name} can't be renamed: {error.strerror}.") from error


def date_words(changed_s: float) -> str:
    """Write a moment of the wall clock, to the minute."""
    return datetime.fromtimestamp(changed_s).astimezone().strftime("%Y-%m-%d %H:%M")


def _begun(folder: Path) -> Begun | None:
    if not (folder / BEGUN_NAME).is_file():
        return None
    try:
        return Begun.read(folder)
    except CheckpointError as error:
        log.warning("%s", error)
        return None


def _says(folder: Path) -> RunSays | None:
    if not (folder / CONFIG_NAME).is_file():
        return None
    try:
        return read_run(folder)
    except CheckpointError as error:
        log.warning("%s", error)
        return None


def _profile(run: RunSays | None) -> GameProfile | None:
    if run is None:
        return None
    try:
        return run.profile
    except CheckpointError as error:
        log.warning("%s", error)
        return None


def _changed_s(folder: Path) -> float:
    paths = [folder / name for name in (WEIGHTS_NAME, STATE_NAME, BEGUN_NAME, CONFIG_NAME)]
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)


def _learned_from(begun: Begun | None, config: Mapping[str, Any] | None) -> str:
    if begun is not None:
        return f"{begun.seconds / 60:.1f} min, {_count(len(begun.recordings), 'recording')}"
    names = (config or {}).get("recordings")
    if not isinstance(names, dict):
        return ""
    return _count(sum(len(each) for each in names.values()), "recording")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _groups(kind: str, folder: Path, config: Mapping[str, Any] | None) -> tuple[BarGroup, ...]:
    try:
        if kind == "policy":
            heads = ((config or {}).get("evaluation") or {}).get("heads", {})
            return tuple(_of_head(name, head) for name, head in list(heads.items())[:MOST_HEADS])
        best = _best_look(folder)
        found = best.get("ap50") if best else None
        if not found:
            return ()
        known = list(found.items())[:MOST_OBJECTS]
        bars = tuple(Bar(name, _number(value), {}) for name, value in known)
        return (BarGroup("objects", bars),)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        log.warning("%s: its scores can't be read: %s", folder, error)
        return ()


def _of_head(name: str, head: Mapping[str, Any]) -> BarGroup:
    baselines = head.get("baselines", {})
    bars = []
    for of_class, score in list(head["classes"].items())[:MOST_CLASSES]:
        rivals = {
            rival: value
            for rival, told in baselines.items()
            if (value := _number(told["classes"][of_class]["f1"])) is not None
        }
        bars.append(Bar(of_class, _number(score["f1"]), rivals, int(score["support"])))
    return BarGroup(name, tuple(bars))


def _score(kind: str, folder: Path, config: Mapping[str, Any] | None) -> float | None:
    try:
        if kind == "policy":
            heads = ((config or {}).get("evaluation") or {}).get("heads", {})
            return _number(next(iter(heads.values()))["macro_f1"]) if heads else None
        best = _best_look(folder)
        return _number(best["map50"]) if best else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _best_look(folder: Path) -> Mapping[str, Any] | None:
    """Return a detector's look whose weights were kept."""
    looks = [look for look in looks_of(folder) if look.get("map50") is not None]
    return max(looks, key=lambda look: float(look["map50"])) if looks else None


def looks_of(folder: Path) -> Sequence[Mapping[str, Any]]:
    """Return what a training wrote at its looks at what is held out, oldest first."""
    try:
        text = read_small(folder / METRICS_NAME, most_bytes=MOST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ()
    return tuple(_looks(text.splitlines()))


def _looks(lines: Iterable[str]) -> Iterable[Mapping[str, Any]]:
    for line in lines:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):  # the last line may be cut short
            continue
        if isinstance(found, dict) and "step" in found:
            yield found


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
