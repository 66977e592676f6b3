"""Windows for sequence training: several streams side by side, each carrying its LSTM state on."""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from data.errors import UnderstudyError
from data.profile import GameProfile
from models.distributed import World
from models.pictures import Pictures, Warp, warp_of
from models.policy_sampling import Starts, idle_ticks
from models.policy_store import Passage
from models.previous_keys import UNTOLD, PreviousKeys, PreviousKeySettings, hidden
from models.tokens import ROW_LENGTH, Array, Tokenizer

_AXIS_TICKS = 4096  # ticks, spread over all there is, from which the mirror's axes are taken


@dataclass(frozen=True, slots=True)
class Batch:
    """One window of every stream of this process."""

    tokens: Tensor
    """`(B, T, tokens)`; zeros where padded."""
    features: Tensor | None
    """`(B, T, F)`."""
    classes: dict[str, Tensor]
    """For each head `(B, T)`."""
    weights: Tensor
    """How much each tick counts, float32 `(B, T)`; 0 where padded."""
    fresh: Tensor
    """Which streams begin anew with this window, `(B,)`."""
    pictures: Tensor | None = None
    """What to take the features from where they are not read, BGR `uint8` `(B, T, H, W, 3)`."""
    colours: tuple[int, ...] = ()
    """What the change of the colours of each stream's pictures follows from, `(B,)`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a stream reads before it begins anew; it follows from seed, stream and its number."""

    passage: int
    version: int
    mirrored: bool
    shift_px: tuple[float, float]
    """How far all that is seen is moved, to the right and down."""
    untold: bool
    """Whether the previous keys are hidden throughout."""
    salt: int
    """What further chance within it follows from."""
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Window:
    stretch: Stretch
    at: int
    """Where in the passage it begins."""

    @property
    def fresh(self) -> bool:
        return self.at == self.stretch.start


class Streams:
    """Draw windows without end.

    Each stream reads a stretch of some windows from a passage, then starts another somewhere else.
    Which one follows from the seed, the stream and how many stretches it has had: the same whatever
    process reads it, and after whatever interruption.
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
        idle_share: float = 1.0,
        most_shift_px: float = 0.0,
        previous_keys: PreviousKeySettings | None = None,
        pictures: Pictures | None = None,
        world: World | None = None,
    ) -> None:
        """Begin at the first window; of several processes, each reads its share of the streams.

        Args:
            passages: What is read.
            tokenizer: Describes it.
            profile: Names the heads, and how they are mirrored.
            streams: How many there are, in all processes together.
            window: Ticks.
            windows_in_stretch: After how many a stream begins anew.
            mirror: Whether half of the stretches are flipped, where the profile says how.
            use_features: Whether pooled features are read.
            seed: Of all that is left to chance.
            idle_share: How often a stretch without any play is read, beside one full of it.
            most_shift_px: How far the picture of a stretch is moved at most, each way.
            previous_keys: How often the keys of the tick before are hidden; None doesn't tell them.
            pictures: Where the pictures themselves are read; None reads none.
            world: The processes that share the streams; None for this one.

        Raises:
            UnderstudyError: There are fewer streams than processes.
            ValueError: No passage has two ticks.
        """
        self._passages = [passage for passage in passages if len(passage) > 1]
        if not self._passages:
            raise ValueError("there is no passage to draw from")
        world = world or World()
        if streams < world.size:
            raise UnderstudyError(
                f"{world.size} processes can't share {streams} streams. Use more --streams."
            )
        self.mine: tuple[int, ...] = tuple(world.share(range(streams)))
        """Which of all streams this process reads."""
        self._tokenizer = tokenizer
        self._window = window
        self._stretch = window * windows_in_stretch
        self._use_features = use_features
        self._seed = seed
        self._starts = Starts(
            [idle_ticks(profile, passage.classes) for passage in self._passages],
            stretch=self._stretch,
            window=window,
            idle_share=idle_share,
        )
        self._most_shift_px = most_shift_px
        self._pictures = pictures
        self._hide = previous_keys
        self._previous = PreviousKeys([(head.name, len(head.names)) for head in profile.heads])
        self._axes: Array | None = None
        self._mirrors_x = profile.mirror is not None and profile.mirror.axis == "horizontal"
        self._swap: dict[str, npt.NDArray[np.int64]] = {}
        if mirror and profile.mirror is not None:
            self._axes = tokenizer.mirror_axes(_samples(self._passages))
            self._swap = {
                head.name: np.array(profile.mirrored_classes(head)) for head in profile.heads
            }
        self._drawn = dict.fromkeys(self.mine, 0)
        self._next = [self._begin(stream) for stream in self.mine]

    def next(self) -> Batch:
        """Return the next window of every stream."""
        return self._read(self._take())

    def skip(self, windows: int) -> None:
        """Go past some windows without reading them, as far as a training had come."""
        for _ in range(windows):
            self._take()

    def ahead(self, windows: int) -> Generator[Batch, None, None]:
        """Return so many windows, each read on a thread while the one before is learned from."""
        if windows < 1:
            return
        with ThreadPoolExecutor(1, thread_name_prefix="windows") as reader:
            waiting = reader.submit(self.next)
            for _ in range(windows - 1):
                batch = waiting.result()
                waiting = reader.submit(self.next)
                yield batch
            yield waiting.result()

    def _take(self) -> list[_Window]:
        """Return what each stream reads now, and move on."""
        taken = self._next
        self._next = []
        for stream, window in zip(self.mine, taken, strict=True):
            at = window.at + self._window
            over = at >= window.stretch.stop
            self._next.append(self._begin(stream) if over else _Window(window.stretch, at))
        return taken

    def _begin(self, stream: int) -> _Window:
        stretch = self._draw(np.random.default_rng((self._seed, stream, self._drawn[stream])))
        self._drawn[stream] += 1
        return _Window(stretch, stretch.start)

    def _draw(self, rng: np.random.Generator) -> Stretch:
        number, start = self._starts.draw(rng)
        passage = self._passages[number]
        right_px, down_px = rng.uniform(-self._most_shift_px, self._most_shift_px, 2).tolist()
        return Stretch(
            number,
            version=int(rng.integers(passage.versions)),
            mirrored=self._axes is not None and bool(rng.random() < 0.5),
            shift_px=(right_px, down_px),
            untold=self._hide is not None and bool(rng.random() < self._hide.hide_stretch),
            salt=int(rng.integers(2**31)),
            start=start,
            stop=min(len(passage), start + self._stretch),
        )

    def _read(self, windows: list[_Window]) -> Batch:
        """Read windows from the disk; all of them are described at once."""
        count, ticks = len(windows), self._window
        rows = np.zeros((count, ticks, self._tokenizer.objects, ROW_LENGTH), dtype=np.float32)
        inside = np.zeros((count, ticks), dtype=np.bool_)
        weights = np.zeros((count, ticks), dtype=np.float32)
        classes = {
            name: np.zeros((count, ticks), dtype=np.int64) for name in self._passages[0].held
        }
        pooled = np.zeros((count, ticks, self._feature_count()), dtype=np.float32)
        told = 0 if self._hide is None else self._previous.length
        before = np.zeros((count, ticks, told), dtype=np.float32)
        for index, window in enumerate(windows):
            stretch, passage = window.stretch, self._passages[window.stretch.passage]
            start, stop = window.at, min(window.at + ticks, stretch.stop)
            here = (index, slice(0, stop - start))
            rows[here] = self._changed(passage.rows(start, stop, stretch.version), stretch)
            inside[here] = True
            weights[here] = passage.weights[start:stop]
            for name, of_head in passage.labels(start, stop).items():
                classes[name][here] = self._swap[name][of_head] if stretch.mirrored else of_head
            if self._use_features and not stretch.mirrored:  # nobody knows their mirror image
                pooled[here] = passage.features(start, stop)
            if self._hide is not None and not stretch.untold:
                before[here] = self._held_before(passage, start, stop, stretch, self._hide)
        tokens = self._tokenizer.describe(rows.reshape(count * ticks, *rows.shape[2:]))
        tokens[~inside.reshape(-1)] = 0.0
        tokens = tokens.reshape(count, ticks, -1)
        if told:
            tokens = np.concatenate([tokens, before], axis=-1)
        return Batch(
            torch.from_numpy(tokens),
            torch.from_numpy(pooled) if self._use_features else None,
            {name: torch.from_numpy(of_head) for name, of_head in classes.items()},
            torch.from_numpy(weights),
            torch.tensor([window.fresh for window in windows]),
            None if self._pictures is None else self._seen(windows, self._pictures),
            tuple(window.stretch.salt for window in windows),
        )

    def _seen(self, windows: list[_Window], pictures: Pictures) -> Tensor:
        """Read the pictures of windows, flipped and moved as their objects are."""
        size = pictures.size
        found = np.zeros(
            (len(windows), self._window, size.height_px, size.width_px, 3), dtype=np.uint8
        )
        for of_window, window in zip(found, windows, strict=True):
            stretch, passage = window.stretch, self._passages[window.stretch.passage]
            frames = passage.frames(window.at, min(window.at + self._window, stretch.stop))
            of_window[: len(frames)] = pictures.read(
                passage.source, frames, warp=self._warp(stretch)
            )
        return torch.from_numpy(found)

    def _warp(self, stretch: Stretch) -> Warp | None:
        mirror = None
        if stretch.mirrored and self._axes is not None:
            mirror = (0 if self._mirrors_x else 1, float(self._axes[0]))  # the field's own axis
        return warp_of(shift_px=stretch.shift_px, mirror=mirror)

    def _changed(self, rows: Array, stretch: Stretch) -> Array:
        if stretch.mirrored and self._axes is not None:
            rows = self._tokenizer.mirrored(rows, self._axes)
        if self._most_shift_px:
            right_px, down_px = stretch.shift_px
            rows = self._tokenizer.shifted(rows, dx_px=right_px, dy_px=down_px)
        return rows

    def _held_before(
        self, passage: Passage, start: int, stop: int, stretch: Stretch, hide: PreviousKeySettings
    ) -> Array:
        held = self._previous.before(passage, start, stop)
        if stretch.mirrored:
            held = {
                name: np.append(self._swap[name], UNTOLD)[of_head] for name, of_head in held.items()
            }
        rng = np.random.default_rng((stretch.salt, start))
        return hidden(self._previous.describe(held), hide, rng)

    def _feature_count(self) -> int:
        return self._passages[0].pooled.shape[1] if self._use_features else 0


def _samples(passages: Sequence[Passage]) -> list[Array]:
    """Read single ticks, evenly spread over all passages."""
    ticks = sum(len(passage) for passage in passages)
    every = max(1, ticks // _AXIS_TICKS)
    return [
        passage.rows(tick, tick + 1)
        for passage in passages
        for tick in range(0, len(passage), every)
    ]
