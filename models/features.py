"""What the detector sees in a recording, computed once and kept on disk."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from data.errors import UnderstudyError
from data.frames import Image
from data.paths import part_path
from data.reader import Recording
from models.perception import Sight

PROGRESS_EVERY = 20  # frames; about twice a second on two cores


class Eyes(Protocol):
    """Whatever sees objects in a fitted picture, as `models.perception.Perception` does."""

    fingerprint: str
    """Changes when what it sees does."""

    def see(self, image: Image) -> Sight:
        """Return what one BGR picture shows."""
        ...


@dataclass(frozen=True, slots=True)
class SeenProgress:
    """How far looking at a recording has come."""

    name: str
    """The recording."""
    done: int
    """Frames."""
    frames: int
    left_s: float

    @property
    def share(self) -> float:
        """Of the frames, 0 to 1."""
        return self.done / max(1, self.frames)


class Stopped(UnderstudyError):
    """The person stopped it before there was anything to keep."""


@dataclass(frozen=True, slots=True)
class SeenFrames:
    """The sights of consecutive frames, objects of all frames in one row after another."""

    boxes: npt.NDArray[np.float32]
    """`(objects, 4)`, x1 y1 x2 y2 in stored pixels."""
    classes: npt.NDArray[np.int64]
    """`(objects,)`, indices into the profile's `object_names`."""
    scores: npt.NDArray[np.float32]
    """`(objects,)`, 0 to 1."""
    ends: npt.NDArray[np.int64]
    """Where each frame's objects end, `(frames,)`."""
    features: npt.NDArray[np.float16]
    """Pooled picture features, `(frames, F)`; from the cache, a memory-mapped file."""

    def __len__(self) -> int:
        return len(self.ends)

    def frame_of_object(self) -> npt.NDArray[np.int64]:
        """Return the frame index of each object, `(objects,)`."""
        counts = np.diff(self.ends, prepend=0)
        return np.repeat(np.arange(len(self.ends), dtype=np.int64), counts)

    def sights(self, start: int, stop: int) -> Iterator[Sight]:
        """Go through the sights of a range of frames; their features are left empty."""
        nothing = np.zeros(0, dtype=np.float32)
        for frame in range(start, stop):
            first = int(self.ends[frame - 1]) if frame else 0
            of_frame = slice(first, int(self.ends[frame]))
            yield Sight(
                self.boxes[of_frame], self.classes[of_frame], self.scores[of_frame], nothing
            )

    @classmethod
    def of(cls, sights: list[Sight]) -> "SeenFrames":
        """Join sights that follow one another."""
        counts = [len(sight.scores) for sight in sights]
        empty = np.zeros((0, 4), dtype=np.float32)
        return cls(
            np.concatenate([empty, *(sight.boxes for sight in sights)]).astype(np.float32),
            np.concatenate([empty[:, 0], *(sight.classes for sight in sights)]).astype(np.int64),
            np.concatenate([empty[:, 0], *(sight.scores for sight in sights)]).astype(np.float32),
            np.cumsum(counts, dtype=np.int64),
            np.array([sight.features for sight in sights], dtype=np.float16).reshape(
                len(sights), -1
            ),
        )


def see_recording(
    recording: Recording,
    frames: npt.NDArray[np.int64],
    eyes: Eyes,
    *,
    folder: Path,
    on_progress: Callable[[SeenProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    now_s: Callable[[], float] = time.monotonic,
) -> SeenFrames:
    """Return the sights of some frames of a recording, from the cache where they are known.

    Args:
        recording: An open recording.
        frames: Which of its frames, rising `(n,)`.
        eyes: What sees; not called when the cache answers.
        folder: Where the cache lies; it may be deleted at any time.
        on_progress: Told about twice a second; not at all when the cache answers.
        stop: Asked between frames.
        now_s: Clock of the seconds left.

    Raises:
        Stopped: `stop` said so.
    """
    key = _key(recording.path, frames, eyes.fingerprint)
    table, features = folder / f"{key}.npz", folder / f"{key}.npy"
    known = _load(table, features, len(frames))
    if known is not None:
        return known
    began_s = now_s()
    sights = []
    for done, frame in enumerate(frames.tolist()):
        if stop():
            raise Stopped(f"{recording.path}: stopped after {done} of {len(frames)} frames.")
        if done and done % PROGRESS_EVERY == 0:
            left_s = (now_s() - began_s) / done * (len(frames) - done)
            on_progress(SeenProgress(recording.path.name, done, len(frames), left_s))
        sights.append(eyes.see(recording.frame(frame)))
    on_progress(SeenProgress(recording.path.name, len(frames), len(frames), 0.0))
    seen = SeenFrames.of(sights)
    _save(seen, table, features)
    return _load(table, features, len(frames)) or seen


def _key(path: Path, frames: npt.NDArray[np.int64], fingerprint: str) -> str:
    facts = path.stat()
    digest = hashlib.sha256(frames.tobytes())
    digest.update(f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}|{fingerprint}".encode())
    return f"{path.stem[:40]}-{digest.hexdigest()[:24]}"


def _save(seen: SeenFrames, table: Path, features: Path) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    with part_path(features).open("wb") as file:
        np.save(file, seen.features, allow_pickle=False)
    part_path(features).replace(features)
    with part_path(table).open("wb") as file:
        np.savez(file, boxes=seen.boxes, classes=seen.classes, scores=seen.scores, ends=seen.ends)
    part_path(table).replace(table)  # last: its presence says that both are whole


def _load(table: Path, features: Path, frames: int) -> SeenFrames | None:
    try:
        with table.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            boxes, classes, scores, ends = (
                arrays[name] for name in ("boxes", "classes", "scores", "ends")
            )
        pooled = np.load(features, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None  # not there, or damaged: it is only a cache
    if len(ends) != frames or len(pooled) != frames:
        return None
    return SeenFrames(boxes, classes, scores, ends, pooled)
