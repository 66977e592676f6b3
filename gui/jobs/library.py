"""Look through the folders of recordings and flight logs; no file in them is left out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from data.disk import is_being_written
from data.errors import UnderstudyError
from gui.jobs.line import Line

THUMBNAIL_PX = 160, 90
THUMBNAIL_QUALITY = 85
LEFTOVER = ".part"
FRESH_S = 10.0  # a recording grows four times a second while it isn't paused


@dataclass(frozen=True, slots=True)
class Stamp:
    """By which a file is known again."""

    bytes: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """Asks for all recordings."""

    folders: tuple[Path, ...]
    entries: Mapping[Path, Stamp] = field(default_factory=dict)
    """What is known already, and is not told again."""
    facts: Mapping[Path, Stamp] = field(default_factory=dict)
    """Of which the facts are known already."""


@dataclass(frozen=True, slots=True)
class First:
    """Asks for the facts of a file before those of the others."""

    path: Path


@dataclass(frozen=True, slots=True)
class Present:
    """All the files that there are, told before anything else."""

    paths: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, as the list shows it."""

    path: Path
    stamp: Stamp
    fault: str = ""
    """What is wrong with a file that can't be shown; then nothing below is known."""
    seconds: float = 0.0
    """From the first frame to the last."""
    frames: int = 0
    game: str = ""
    """Name of its profile."""
    started_at: str = ""
    """As `%Y-%m-%dT%H:%M:%S%z`; empty where the file doesn't say."""
    is_flight_log: bool = False
    thumbnail: bytes = b""
    """JPEG of a picture from its middle; empty without frames."""
    is_written: bool = False
    """Whether it is a leftover only for now: it is being recorded."""

    @property
    def is_leftover(self) -> bool:
        """Whether it was not closed: it is being written, or its recorder died."""
        return self.path.suffix == LEFTOVER


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file holds, counted over play."""

    path: Path
    stamp: Stamp
    play_s: float
    heads: Mapping[str, Mapping[str, int]]
    """Frames of each class."""
    boxes: int
    takeovers: int
    dropped: int
    problems: tuple[str, ...]
    """In sentences."""


def scan(request: Scan, line: Line) -> int:
    """Tell `Present`, then an `Entry` of every file, then its `Facts`, newest files first.

    Returns:
        The number of files.
    """
    stamps = stamps_of(request.folders)
    line.tell(Present(frozenset(stamps)))
    waiting: list[tuple[Path, Stamp]] = []
    for path, stamp in stamps.items():
        if line.stop_asked():
            return len(stamps)
        entry = None
        if request.entries.get(path) != stamp:
            entry = entry_of(path, stamp)
            if entry.is_leftover and is_written(path):
                entry = replace(entry, is_written=True)
            line.tell(entry)
        idle = entry is None or not (entry.fault or entry.is_written)
        if request.facts.get(path) != stamp and idle:
            waiting.append((path, stamp))
    while waiting and not line.stop_asked():
        for message in line.heard():
            if isinstance(message, First):
                waiting.sort(key=lambda each, first=message.path: each[0] != first)  # type: ignore[misc]
        _tell_facts(*waiting.pop(0), line)
    return len(stamps)


def is_written(leftover: Path) -> bool:
    """Say whether a leftover is being recorded: it has just grown, or a process has it open.

    It looks through all processes where it hasn't grown for a while, as while recording is paused.
    """
    try:
        grew_s = leftover.stat().st_mtime
    except OSError:
        return False
    return time.time() - grew_s < FRESH_S or is_being_written(leftover)


def entry_of(path: Path, stamp: Stamp) -> Entry:
    """Say what the list shows of a file; a damaged one has its fault."""
    from data.inspection.timeline import Timeline
    from data.reader import Recording

    try:
        with Recording(path) as recording:
            count = recording.frame_count
            return Entry(
                path,
                stamp,
                seconds=Timeline(recording).end_s if count else 0.0,
                frames=count,
                game=recording.profile.name,
                started_at=str(recording.attributes.get("started_at", "")),
                is_flight_log=recording.is_flight_log,
                thumbnail=_thumbnail(recording.jpeg(count // 2).tobytes()) if count else b"",
            )
    except UnderstudyError as error:
        return Entry(path, stamp, fault=str(error))


def facts_of(path: Path, stamp: Stamp) -> Facts:
    """Read a file through, and say what it holds; damage is a problem like others."""
    from data.inspection.summary import summarise
    from data.reader import Recording

    try:
        found = summarise(path)
        with Recording(path) as recording:
            takeovers = recording.counters["takeovers"]
    except UnderstudyError as error:
        return Facts(path, stamp, 0.0, {}, 0, 0, 0, (str(error),))
    return Facts(
        path,
        stamp,
        play_s=found.seconds,
        heads=found.heads,
        boxes=sum(found.boxes.values()),
        takeovers=takeovers,
        dropped=found.dropped,
        problems=tuple(found.problems),
    )


def _tell_facts(path: Path, stamp: Stamp, line: Line) -> None:
    if path.is_file():  # it may have gone meanwhile
        line.tell(facts_of(path, stamp))


def stamps_of(folders: tuple[Path, ...]) -> dict[Path, Stamp]:
    """Return the files that are recordings by name, the newest first."""
    found: dict[Path, Stamp] = {}
    for folder in folders:
        for path in [*folder.glob("*.h5"), *folder.glob(f"*.h5{LEFTOVER}")]:
            try:
                if path.is_file():
                    known = path.stat()
                    found[path] = Stamp(known.st_size, known.st_mtime_ns)
            except OSError:
                continue  # it has gone meanwhile
    return dict(sorted(found.items(), key=lambda each: -each[1].changed_ns))


def _thumbnail(jpeg: bytes) -> bytes:
    """Return a small picture, as JPEG; empty where the picture is damaged."""
    import cv2
    import numpy as np

    from data.frames import decode_jpeg, encode_jpeg

    image = decode_jpeg(np.frombuffer(jpeg, dtype=np.uint8))
    if image is None:
        return b""
    height, width = image.shape[:2]
    scale = min(THUMBNAIL_PX[0] / width, THUMBNAIL_PX[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return encode_jpeg(small, THUMBNAIL_QUALITY).tobytes()
