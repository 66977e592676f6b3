"""A policy that only looks up: on each tick, what the person held at the most similar ticks.

Whoever learned something beats it. It is told of the same objects as the policy, of one tick
only, and remembers the ticks learned from themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from data.errors import CheckpointError
from data.paths import written_whole
from data.profile import GameProfile
from models.checkpoint import unwritable

TABLE_NAME = "neighbours.safetensors"
NEIGHBOURS = 15  # odd, and few enough for a class of a hundred ticks to win its own place
MOST_TICKS = 20_000  # 27 MB with the practice game's 669 numbers; evenly thinned beyond
_CHUNK = 512  # ticks looked up at once
_PIECE = 2048  # ticks of the table at once, in single precision: 5 MB, and 4 for the distances

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Stretch = tuple[Vectors, Mapping[str, Labels]]
"""Token vectors `(n, length)` and for each head the classes held `(n,)`."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ticks learned from, to be looked up in."""

    vectors: npt.NDArray[np.float16]
    """Standardised token vectors `(ticks, length)`."""
    mean: Vectors
    """Of each number before `(length,)`."""
    scale: Vectors
    """Standard deviation of each number before `(length,)`; 1 where it never changes."""
    classes: dict[str, npt.NDArray[np.uint8]]
    """For each head what the person held `(ticks,)`."""

    @classmethod
    def of(cls, read: Callable[[], Iterable[Stretch]], *, ticks: int) -> "Neighbours | None":
        """Take ticks evenly from stretches of play, at most `MOST_TICKS`; None of none.

        Args:
            read: Goes through the stretches, one after another, so that not all need be in memory
                at once; called twice.
            ticks: How many all of them have.
        """
        if not ticks:
            return None
        mean, scale = _spread(numbers for numbers, _ in _thinned(read(), ticks))
        kept, at = min(ticks, MOST_TICKS), 0
        known = np.empty((kept, len(mean)), dtype=np.float16)
        classes: dict[str, npt.NDArray[np.uint8]] = {}
        for numbers, labels in _thinned(read(), ticks):
            rows = slice(at, at + len(numbers))
            known[rows] = (numbers - mean) / scale
            for name, of_head in labels.items():
                classes.setdefault(name, np.empty(kept, dtype=np.uint8))[rows] = of_head
            at = rows.stop
        return cls(known, mean, scale, classes)

    def chances(self, numbers: Vectors, profile: GameProfile) -> dict[str, Vectors]:
        """Return for each head the share of the nearest ticks that hold each class.

        Plus one vote that is spread as the classes are on the whole, so that nothing is ruled
        out, and ties go to what is commoner.

        Args:
            numbers: Token vectors `(n, length)`.
            profile: Whose heads.

        Returns:
            For each head `(n, classes)`, rows summing to 1.
        """
        nearest = np.concatenate(
            [np.zeros((0, min(NEIGHBOURS, len(self.vectors))), np.int64), *self._nearest(numbers)]
        )
        found = {}
        for head in profile.heads:
            size = len(head.names)
            held = self.classes[head.name].astype(np.int64)
            usual = np.bincount(held, minlength=size) / len(held)
            votes = np.stack([(held[nearest] == index).sum(axis=1) for index in range(size)], -1)
            found[head.name] = ((votes + usual) / (nearest.shape[1] + 1)).astype(np.float32)
        return found

    def _nearest(self, numbers: Vectors) -> Iterator[Labels]:
        """Go through chunks of the nearest ticks' indices, in no order: `(chunk, NEIGHBOURS)`."""
        for start in range(0, len(numbers), _CHUNK):
            asked: Vectors = numbers[start : start + _CHUNK] - self.mean
            asked /= self.scale
            far = np.zeros((len(asked), 0), dtype=np.float32)
            ticks = np.zeros((len(asked), 0), dtype=np.int64)
            for first in range(0, len(self.vectors), _PIECE):
                piece = self.vectors[first : first + _PIECE].astype(np.float32)
                away = asked @ piece.T
                away *= -2.0
                away += np.einsum("ij,ij->i", piece, piece)  # less the length of `asked`, the same
                near = _least(away)
                far = np.concatenate([far, np.take_along_axis(away, near, axis=1)], axis=1)
                ticks = np.concatenate([ticks, near + first], axis=1)
            yield np.take_along_axis(ticks, _least(far), axis=1)

    def save(self, folder: Path) -> None:
        """Write the table into a run folder.

        Raises:
            CheckpointError: It can't be written.
        """
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "vectors": self.vectors,
            "mean": self.mean,
            "scale": self.scale,
        }
        arrays |= {f"classes.{name}": of_head for name, of_head in self.classes.items()}
        try:
            with written_whole(folder / TABLE_NAME) as part:
                part.write_bytes(safetensors.numpy.save(arrays))
        except OSError as error:
            raise unwritable(folder, error) from error

    @classmethod
    def load(cls, folder: Path, profile: GameProfile, *, length: int) -> "Neighbours | None":
        """Read the table of a run folder; None where there is none.

        Raises:
            CheckpointError: It is damaged, or of another profile.
        """
        path = folder / TABLE_NAME
        if not path.is_file():
            return None
        try:
            arrays = safetensors.numpy.load_file(path)
            classes = {head.name: arrays[f"classes.{head.name}"] for head in profile.heads}
            found = cls(arrays["vectors"], arrays["mean"], arrays["scale"], classes)
        except (OSError, SafetensorError, KeyError) as error:
            raise CheckpointError(
                f"{path}: can't be read ({error}). Delete it, or train the run anew."
            ) from error
        ticks = len(found.vectors)
        shapes = {found.vectors.shape[1:], found.mean.shape, found.scale.shape}
        fits = all(
            of_head.shape == (ticks,) and ticks and int(of_head.max()) < len(head.names)
            for head, of_head in zip(profile.heads, classes.values(), strict=True)
        )
        if shapes != {(length,)} or not fits:
            raise CheckpointError(
                f"{path}: doesn't fit the run's profile. Delete it, or train the run anew."
            )
        return found


def _thinned(stretches: Iterable[Stretch], ticks: int) -> Iterator[Stretch]:
    """Leave out ticks evenly, so that `MOST_TICKS` remain of more."""
    seen = 0
    for numbers, labels in stretches:
        counted = np.arange(seen, seen + len(numbers) + 1) * min(ticks, MOST_TICKS) // ticks
        kept = np.diff(counted) > 0
        yield (
            numbers[kept].astype(np.float32),
            {name: of_head[kept] for name, of_head in labels.items()},
        )
        seen += len(numbers)


def _spread(parts: Iterable[Vectors]) -> tuple[Vectors, Vectors]:
    """Return mean and standard deviation of each number; 1 where it never changes."""
    count, total, squares = 0, np.float64(0.0), np.float64(0.0)
    for numbers in parts:
        count += len(numbers)
        total = total + numbers.sum(axis=0, dtype=np.float64)
        squares = squares + np.einsum("ij,ij->j", numbers, numbers, dtype=np.float64)
    mean = np.asarray(total / count)
    spread = np.sqrt(np.maximum(squares / count - mean * mean, 0.0))
    scale = np.where(spread > 1e-6 * (1.0 + np.abs(mean)), spread, 1.0)
    return mean.astype(np.float32), scale.astype(np.float32)


def _least(far: Vectors) -> Labels:
    """Return where the nearest of each row are, in no order."""
    many = min(NEIGHBOURS, far.shape[1])
    return np.argpartition(far, many - 1, axis=1)[:, :many]
