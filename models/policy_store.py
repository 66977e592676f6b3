"""What a policy learns from, on disk: tracked objects, features and labels, read piece by piece.

Tracking is slow Python, so each recording is tracked once as it was seen and in some worsened
versions, chunk by chunk, into the cache folder. In memory there is only an index: the labels, at a
few bytes a tick. An hour of play takes about 70 MB on disk for each version.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import augmentation as augmentation_code
from models import tokens as tokens_code
from models import tracking as tracking_code
from models.augmentation import AugmentationSettings, worsened
from models.demonstrations import Demonstration, Labelled
from models.disk_arrays import ArrayWriter, DiskArray
from models.features import SeenRecording
from models.perception import Sight
from models.seen_cache import mark_used
from models.tokens import ROW_LENGTH, Array, Tokenizer

CHUNK = 1000  # ticks that are in memory at once while tracking or scoring


@dataclass(frozen=True, slots=True)
class Passage:
    """One segment of a demonstration, tracked in several ways; `n` ticks that follow one another.

    Rows and features lie on disk; a read opens the file, reads those rows and closes it.
    """

    source: Path
    """The recording."""
    tracked: tuple[DiskArray, ...]
    """Tracked rows as `Tokenizer.rows` returns them; the first as seen, the others worsened."""
    pooled: DiskArray
    """Pooled picture features `(n, F)`, in half precision."""
    frame_numbers: npt.NDArray[np.int64]
    """Which frame of the recording each tick is, `(n,)`."""
    held: dict[str, npt.NDArray[np.int16]]
    """For each head, the label of each tick `(n,)`."""
    weights: npt.NDArray[np.float32]
    """How much each tick's label counts, `(n,)`; 0 for not at all."""

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def versions(self) -> int:
        """In how many ways it is tracked."""
        return len(self.tracked)

    @property
    def classes(self) -> dict[str, npt.NDArray[np.int64]]:
        """For each head, the label of each tick `(n,)`."""
        return self.labels(0, len(self))

    @property
    def counts(self) -> npt.NDArray[np.bool_]:
        """Which ticks count, `(n,)`."""
        return self.weights > 0

    def rows(self, start: int, stop: int, version: int = 0) -> Array:
        """Read tracked objects, `(k, objects, ROW_LENGTH)`."""
        return self.tracked[version].read(start, stop)

    def features(self, start: int, stop: int) -> Array:
        """Read pooled picture features, float32 `(k, F)`."""
        return self.pooled.read(start, stop).astype(np.float32)

    def labels(self, start: int, stop: int) -> dict[str, npt.NDArray[np.int64]]:
        """Return the labels of some ticks, for each head `(k,)`."""
        return {name: held[start:stop].astype(np.int64) for name, held in self.held.items()}

    def frames(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """Return which frames of the recording some ticks are, `(k,)`."""
        return self.frame_numbers[start:stop]

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Cut it into ranges that may be in memory at once, in order."""
        for start in range(0, len(self), CHUNK):
            yield start, min(start + CHUNK, len(self))


def passages_of(
    demonstrations: Sequence[tuple[Demonstration, Labelled]],
    tokenizer: Tokenizer,
    *,
    copies: int = 0,
    augmentation: AugmentationSettings | None = None,
    seed: int = 0,
) -> list[Passage]:
    """Track every segment as it was seen, and in `copies` worsened versions; what is known is kept.

    Raises:
        RecordingError: There is no room on the disk.
    """
    passages = []
    for demonstration, labels in demonstrations:
        seen, segments = demonstration.seen, demonstration.segments
        versions = [_tracked(seen, segments, tokenizer)]
        if augmentation is not None:
            versions += [
                _tracked(seen, segments, tokenizer, _Worsening(augmentation, seed, copy))
                for copy in range(copies)
            ]
        first = 0
        for start, stop in segments:
            rows = slice(first, first + stop - start)
            passages.append(
                Passage(
                    seen.source,
                    tuple(version.part(rows.start, rows.stop) for version in versions),
                    seen.features.part(start, stop),
                    seen.frames[start:stop],
                    {
                        name: of_head[start:stop].astype(np.int16)
                        for name, of_head in labels.classes.items()
                    },
                    labels.weights[start:stop],
                )
            )
            first = rows.stop
    return passages


def fingerprint(passages: Sequence[Passage]) -> str:
    """Name some passages by labels, weights, and a few of what was seen: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for passage in passages:
        digest.update(passage.source.name.encode() + passage.weights.tobytes())
        for name, held in passage.held.items():
            digest.update(name.encode() + held.tobytes())
        for tick in range(0, len(passage), max(1, len(passage) // 8)):
            for version in range(passage.versions):
                digest.update(passage.rows(tick, tick + 1, version).tobytes())
            digest.update(passage.features(tick, tick + 1).tobytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Worsening:
    """One worsened version, as its chunks and its file's name follow from it."""

    settings: AugmentationSettings
    seed: int
    copy: int


def _tracked(
    seen: SeenRecording,
    segments: Sequence[tuple[int, int]],
    tokenizer: Tokenizer,
    worsening: _Worsening | None = None,
) -> DiskArray:
    """Return the tracked rows of all segments, one after another, from the cache if possible."""
    facts = [segments, tokenizer.follows, worsening and asdict(worsening), CHUNK, _code()]
    digest = hashlib.sha256(json.dumps([seen.key, *facts]).encode()).hexdigest()
    path = seen.folder / f"{seen.key}-{digest[:16]}.rows.npy"
    ticks = sum(stop - start for start, stop in segments)
    try:
        known = DiskArray.open(path)
        if known.shape == (ticks, tokenizer.objects, ROW_LENGTH):
            mark_used(path)
            return known
    except (OSError, ValueError, EOFError):
        pass  # not there, or damaged: it is only a cache
    row_shape = (tokenizer.objects, ROW_LENGTH)
    with ArrayWriter(path, row_shape, np.float32, rows_to_come=ticks) as writer:
        for segment in segments:
            sights = _sights(seen, segment, worsening, salt=int(digest[:8], 16))
            for rows in tokenizer.follow(sights):
                writer.append(rows[None])
        return writer.finish()


def _sights(
    seen: SeenRecording, segment: tuple[int, int], worsening: _Worsening | None, *, salt: int
) -> Iterator[Sight]:
    """Read a segment chunk by chunk; a burst of misses ends with its chunk."""
    for start in range(*segment, CHUNK):
        part = seen.part(start, min(start + CHUNK, segment[1]))
        if worsening is not None:
            part = worsened(part, worsening.settings, np.random.default_rng((salt, start)))
        yield from part.sights()


@cache
def _code() -> str:
    """Name the code that tracks, so that rows tracked by other code are not taken for its own."""
    digest = hashlib.sha256()
    for module in (augmentation_code, tokens_code, tracking_code):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]
