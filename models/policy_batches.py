"""Windows for sequence training: several streams side by side, each carrying its LSTM state on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from data.profile import GameProfile
from models.augmentation import AugmentationSettings, worsened
from models.demonstrations import Demonstration, Labelled
from models.tokens import Array, Tokenizer


@dataclass(frozen=True, slots=True)
class Passage:
    """One segment of a demonstration, tracked in several ways."""

    versions: tuple[Array, ...]
    """Tracked rows as `Tokenizer.rows` returns them; the first as seen, the others worsened."""
    features: npt.NDArray[np.float16]
    """Pooled picture features `(n, F)`."""
    classes: dict[str, npt.NDArray[np.int64]]
    """For each head, the label of each tick `(n,)`."""
    counts: npt.NDArray[np.bool_]
    """Which ticks count `(n,)`."""

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True, slots=True)
class Batch:
    """One window of every stream."""

    tokens: Tensor
    """`(B, T, tokens)`."""
    features: Tensor | None
    """`(B, T, F)`."""
    classes: dict[str, Tensor]
    """For each head `(B, T)`."""
    counts: Tensor
    """`(B, T)`; False where padded."""
    fresh: Tensor
    """Which streams begin anew with this window, `(B,)`."""


def passages_of(
    demonstrations: Sequence[tuple[Demonstration, Labelled]],
    tokenizer: Tokenizer,
    *,
    copies: int = 0,
    augmentation: AugmentationSettings | None = None,
    seed: int = 0,
) -> list[Passage]:
    """Track every segment as it was seen, and in `copies` worsened versions."""
    rng = np.random.default_rng(seed)
    passages = []
    for demonstration, labels in demonstrations:
        seen = [demonstration.seen]
        if augmentation is not None:
            seen += [worsened(demonstration.seen, augmentation, rng) for _ in range(copies)]
        for start, stop in demonstration.segments:
            passages.append(
                Passage(
                    tuple(tokenizer.rows(version.sights(start, stop)) for version in seen),
                    demonstration.seen.features[start:stop],
                    {name: of_head[start:stop] for name, of_head in labels.classes.items()},
                    labels.counts[start:stop],
                )
            )
    return passages


@dataclass(slots=True)
class _Stream:
    passage: Passage
    version: int
    mirrored: bool
    at: int
    stop: int


class Streams:
    """Draw windows without end.

    Each stream reads a stretch of some windows from a passage, then starts another somewhere else.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        tokenizer: Tokenizer,
        profile: GameProfile,
        *,
        streams: int,
        window: int,
        windows_in_stretch: int,
        mirror: bool,
        use_features: bool,
        seed: int,
    ) -> None:
        self._passages = [passage for passage in passages if len(passage) > 1]
        if not self._passages:
            raise ValueError("there is no passage to draw from")
        self._tokenizer = tokenizer
        self._window = window
        self._stretch = window * windows_in_stretch
        self._use_features = use_features
        self._rng = np.random.default_rng(seed)
        lengths = np.array([len(passage) for passage in self._passages], dtype=np.float64)
        self._chances = lengths / lengths.sum()
        self._axes: Array | None = None
        self._swap: dict[str, npt.NDArray[np.int64]] = {}
        if mirror and profile.mirror is not None:
            self._axes = tokenizer.mirror_axes([p.versions[0] for p in self._passages])
            self._swap = {
                head.name: np.array(profile.mirrored_classes(head)) for head in profile.heads
            }
        self._heads = [head.name for head in profile.heads]
        self._streams = [self._draw() for _ in range(streams)]
        self._fresh = np.ones(streams, dtype=np.bool_)

    def next(self) -> Batch:
        """Return the next window of every stream."""
        parts = [self._read(stream) for stream in self._streams]
        tokens = torch.from_numpy(np.stack([part[0] for part in parts]))
        features = None
        if self._use_features:
            features = torch.from_numpy(np.stack([part[1] for part in parts]))
        classes = {
            name: torch.from_numpy(np.stack([part[2][name] for part in parts]))
            for name in self._heads
        }
        counts = torch.from_numpy(np.stack([part[3] for part in parts]))
        fresh = torch.from_numpy(self._fresh.copy())
        for index, stream in enumerate(self._streams):
            stream.at += self._window
            self._fresh[index] = stream.at >= stream.stop
            if self._fresh[index]:
                self._streams[index] = self._draw()
        return Batch(tokens, features, classes, counts, fresh)

    def _draw(self) -> _Stream:
        passage = self._passages[int(self._rng.choice(len(self._passages), p=self._chances))]
        # Starting before the passage, as it were, gives its edges their share of the windows.
        start = int(
            self._rng.integers(-self._stretch // 2, max(1, len(passage) - self._window // 2))
        )
        return _Stream(
            passage,
            version=int(self._rng.integers(len(passage.versions))),
            mirrored=self._axes is not None and bool(self._rng.random() < 0.5),
            at=max(0, start),
            stop=min(len(passage), max(0, start) + self._stretch),
        )

    def _read(
        self, stream: _Stream
    ) -> tuple[Array, Array, dict[str, npt.NDArray[np.int64]], npt.NDArray[np.bool_]]:
        passage = stream.passage
        inside = slice(stream.at, min(stream.at + self._window, stream.stop))
        missing = self._window - (inside.stop - inside.start)
        rows = passage.versions[stream.version][inside]
        features = passage.features[inside].astype(np.float32) if self._use_features else None
        classes = {name: passage.classes[name][inside] for name in self._heads}
        if stream.mirrored and self._axes is not None:
            rows = self._tokenizer.mirrored(rows, self._axes)
            classes = {name: self._swap[name][of_head] for name, of_head in classes.items()}
            if features is not None:
                features = np.zeros_like(features)  # nobody knows their mirror image
        tokens = _padded(self._tokenizer.describe(rows), missing)
        return (
            tokens,
            tokens[:, :0] if features is None else _padded(features, missing),
            {name: np.pad(of_head, (0, missing)) for name, of_head in classes.items()},
            np.pad(passage.counts[inside], (0, missing)),
        )


def _padded(numbers: Array, missing: int) -> Array:
    return np.pad(numbers, ((0, missing), (0, 0))) if missing else numbers
