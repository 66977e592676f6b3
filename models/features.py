"""What the detector sees in a recording: looked at once, kept on disk, read piece by piece."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from data.errors import UnderstudyError
from data.frames import Image
from data.reader import Recording
from models.disk_arrays import ArrayWriter, DiskArray
from models.perception import Sight
from models.seen_cache import mark_used

PROGRESS_EVERY = 20  # frames; about twice a second on two cores
_FILES = ("objects", "ends", "features")


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

    def __len__(self) -> int:
        return len(self.ends)

    def frame_of_object(self) -> npt.NDArray[np.int64]:
        """Return the frame index of each object, `(objects,)`."""
        counts = np.diff(self.ends, prepend=0)
        return np.repeat(np.arange(len(self.ends), dtype=np.int64), counts)

    def sights(self) -> Iterator[Sight]:
        """Go through the sights; their features are left empty."""
        nothing = np.zeros(0, dtype=np.float32)
        first = 0
        for end in self.ends.tolist():
            of_frame = slice(first, end)
            yield Sight(
                self.boxes[of_frame], self.classes[of_frame], self.scores[of_frame], nothing
            )
            first = end

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
        )


@dataclass(frozen=True, slots=True)
class SeenRecording:
    """What was seen in some frames of a recording, on disk."""

    source: Path
    """The recording."""
    frames: npt.NDArray[np.int64]
    """Which of its frames, rising `(n,)`."""
    folder: Path
    """Where the files lie."""
    key: str
    """What their names begin with; names recording, frames and eyes."""
    objects: DiskArray
    """float32 `(objects, 6)`: x1 y1 x2 y2 in stored pixels, class, score."""
    ends: DiskArray
    """int64 `(n,)`: where each frame's objects end."""
    features: DiskArray
    """Pooled picture features, float16 `(n, F)`."""

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def feature_count(self) -> int:
        """How many pooled features a frame has."""
        return self.features.shape[1]

    def part(self, start: int, stop: int) -> SeenFrames:
        """Read the sights of a range of frames."""
        ends = self.ends.read(start, stop)
        first = int(self.ends.read(start - 1, start)[0]) if start else 0
        objects = self.objects.read(first, int(ends[-1]) if len(ends) else first)
        return SeenFrames(
            objects[:, :4], objects[:, 4].astype(np.int64), objects[:, 5], ends - first
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
) -> SeenRecording:
    """Return the sights of some frames of a recording, from the cache where they are known.

    What is seen goes to disk at once: an hour of play takes no more memory than a minute.

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
        RecordingError: There is no room on the disk.
    """
    key = _key(recording.path, frames, eyes.fingerprint)
    known = _load(recording.path, frames, folder, key)
    if known is not None:
        return known

    def looks() -> Iterator[Sight]:
        began_s = now_s()
        for done, frame in enumerate(frames.tolist()):
            if stop():
                raise Stopped(f"{recording.path}: stopped after {done} of {len(frames)} frames.")
            if done and done % PROGRESS_EVERY == 0:
                left_s = (now_s() - began_s) / done * (len(frames) - done)
                on_progress(SeenProgress(recording.path.name, done, len(frames), left_s))
            yield eyes.see(recording.frame(frame))
        on_progress(SeenProgress(recording.path.name, len(frames), len(frames), 0.0))

    return keep_sights(looks(), source=recording.path, frames=frames, folder=folder, key=key)


def keep_sights(
    sights: Iterable[Sight],
    *,
    source: Path,
    frames: npt.NDArray[np.int64],
    folder: Path,
    key: str,
) -> SeenRecording:
    """Write sights to disk one by one; nothing is left behind when they break off.

    Raises:
        RecordingError: There is no room on the disk.
    """
    objects_path, ends_path, features_path = _paths(folder, key)
    end = 0
    with (
        ArrayWriter(objects_path, (6,), np.float32) as objects,
        ArrayWriter(ends_path, (), np.int64) as ends,
        ExitStack() as later,
    ):
        features: ArrayWriter | None = None
        for sight in sights:
            if features is None:
                width = sight.features.shape
                features = later.enter_context(
                    ArrayWriter(features_path, width, np.float16, rows_to_come=len(frames))
                )
            rows = np.column_stack([sight.boxes.reshape(-1, 4), sight.classes, sight.scores])
            end += len(rows)
            objects.append(rows)
            ends.append(np.array([end]))
            features.append(sight.features[None])
        if features is None:
            features = later.enter_context(ArrayWriter(features_path, (0,), np.float16))
        return SeenRecording(
            source,
            frames,
            folder,
            key,
            features=features.finish(),
            objects=objects.finish(),
            ends=ends.finish(),  # last: its presence says that all are whole
        )


def _paths(folder: Path, key: str) -> tuple[Path, Path, Path]:
    objects, ends, features = (folder / f"{key}.{name}.npy" for name in _FILES)
    return objects, ends, features


def _key(path: Path, frames: npt.NDArray[np.int64], fingerprint: str) -> str:
    facts = path.stat()
    digest = hashlib.sha256(frames.tobytes())
    digest.update(f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}|{fingerprint}".encode())
    return f"{path.stem[:40]}-{digest.hexdigest()[:24]}"


def _load(
    source: Path, frames: npt.NDArray[np.int64], folder: Path, key: str
) -> SeenRecording | None:
    try:
        objects, ends, features = (DiskArray.open(path) for path in _paths(folder, key))
        whole = len(ends) == len(features) == len(frames)
        if not whole or (len(ends) and ends.read(len(ends) - 1, len(ends))[0] != len(objects)):
            return None
    except (OSError, ValueError, EOFError):
        return None  # not there, or damaged: it is only a cache
    mark_used(objects.path, ends.path, features.path)
    return SeenRecording(source, frames, folder, key, objects, ends, features)
