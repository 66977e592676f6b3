"""Say in numbers what is seen: objects nearest first, relative to what the person controls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.frames import FrameSize
from data.profile import GameProfile
from models import bearings
from models.object_encoder import TokenLayout
from models.perception import Sight
from models.tracking import Track, Tracker, TrackState

Array = npt.NDArray[np.float32]

AHEAD_S = 0.2  # every object's place is also told this much later; a reaction takes as long
ROSE_AHEAD_S = 0.3
MOST_TOLD = np.float32(2.0)  # of an age: who is controlled may be out of sight for minutes
STILL = 0.05  # a class that spreads less than this share of the picture never moves across it

# What the tracker says of one object: a row of `rows`.
_PRESENT, _SEEN, _AGE, _SCORE, _X, _Y, _W, _H, _VX, _VY = range(10)
ROW_LENGTH = 10


@dataclass(frozen=True, slots=True)
class TokenState:
    """What is remembered between two ticks; None in its place is a fresh start."""

    tracks: TrackState


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """One object of a tick as the policy is told of it, for drawing."""

    kind: str | None
    """Its class; None for what the person controls."""
    seen: bool
    """Whether the detector found it on this very tick."""
    box: tuple[float, float, float, float]
    """x1 y1 x2 y2 in stored pixels."""
    motion: tuple[float, float]
    """Pixels per second."""


class Tokenizer:
    """Turn sights into vectors of roughly unit range.

    A vector holds one block of numbers about what the person controls, then one block for each
    slot: every object class but the reference has as many slots as the profile's `most`, filled
    nearest first. An empty slot is all zeros. Last comes a rose of directions for each class: see
    `models.bearings`. `names` says what each number is.
    """

    def __init__(
        self, profile: GameProfile, size: FrameSize, *, rate_hz: float | None = None
    ) -> None:
        self._size = size
        rate_hz = rate_hz or profile.capture.rate_hz
        self.follows = f"{profile.objects} {profile.reference} {size} {rate_hz}"
        """All that tracking depends on beside its code."""
        self._tracker = Tracker(profile, size, rate_hz)
        self._mirror_column: int | None = None
        if profile.mirror is not None:
            self._mirror_column = _X if profile.mirror.axis == "horizontal" else _Y
        self._first: dict[int, int] = {}  # object class -> its first slot
        self._most = {index: kind.most for index, kind in enumerate(profile.objects)}
        self._slot_names: list[str] = []
        self._slot_kinds: list[str] = []
        self._singles: list[int] = []  # slots of the things that exist once
        for index, kind in enumerate(profile.objects):
            if kind.name == profile.reference:
                continue
            self._first[index] = len(self._slot_names)
            if kind.most == 1:
                self._singles.append(len(self._slot_names))
            self._slot_names += [f"{kind.name}{i}" for i in range(kind.most)]
            self._slot_kinds += [kind.name] * kind.most
        empty = np.zeros((1, 1 + len(self._slot_names), ROW_LENGTH), dtype=np.float32)
        own = [f"own.{name}" for name in self._own_numbers(empty[:, 0])]
        slot = list(self._slot_numbers(empty[:, :1], empty[:, 1:]))
        self._layout = TokenLayout(len(own), len(self._slot_names), len(slot))
        self.names: tuple[str, ...] = (
            *own,
            *(f"{name}.{what}" for name in self._slot_names for what in slot),
            *(f"{name}.{what}" for name in self._rose_names(profile) for what in bearings.NAMES),
        )

    @property
    def length(self) -> int:
        """How many numbers a vector has."""
        return len(self.names)

    @property
    def layout(self) -> TokenLayout:
        """Which of a vector's numbers belong to which object."""
        return self._layout

    @property
    def objects(self) -> int:
        """How many rows `rows` has for each sight."""
        return 1 + len(self._slot_names)

    def step(self, sight: Sight, state: TokenState | None) -> tuple[Array, TokenState]:
        """Describe one sight, given what was remembered.

        Returns:
            A vector `(length,)`, and the state for the next tick.
        """
        tracks = self._tracker.step(sight, None if state is None else state.tracks)
        return self.describe(self._rows(tracks)[None])[0], TokenState(tracks)

    def rows(self, sights: Iterable[Sight]) -> Array:
        """Track sights that follow one another, from a fresh start: `(n, objects, ROW_LENGTH)`."""
        found = list(self.follow(sights))
        if not found:
            return np.zeros((0, self.objects, ROW_LENGTH), dtype=np.float32)
        return np.stack(found)

    def follow(self, sights: Iterable[Sight]) -> Iterator[Array]:
        """Track sights that follow one another, one by one: `(objects, ROW_LENGTH)` for each."""
        tracks = None
        for sight in sights:
            tracks = self._tracker.step(sight, tracks)
            yield self._rows(tracks)

    def tracked(self, rows: Array) -> list[TrackedObject]:
        """List what the rows `(objects, ROW_LENGTH)` of one tick hold."""
        return [
            TrackedObject(
                kind,
                bool(row[_SEEN]),
                self._tracker.box(*row[_X : _H + 1].tolist()),
                (float(row[_VX]), float(row[_VY])),
            )
            for kind, row in zip((None, *self._slot_kinds), rows, strict=True)
            if row[_PRESENT] > 0
        ]

    def describe(self, rows: Array) -> Array:
        """Compute the vectors `(n, length)` of tracked objects, as `rows` returns them."""
        own = np.stack(list(self._own_numbers(rows[:, 0]).values()), axis=-1)
        slots = np.stack(list(self._slot_numbers(rows[:, :1], rows[:, 1:]).values()), axis=-1)
        rose = self._rose(rows[:, :1], rows[:, 1:])
        return np.concatenate([own, slots.reshape(len(rows), -1), rose], axis=1)

    def mirror_axes(self, sequences: Sequence[Array]) -> Array:
        """Find about which coordinate each object is to be flipped, from all that was tracked.

        The field's axis is the mean place of what moves about, not the picture's middle. What
        never moves across the axis (a goal) lies on an axis of its own: it maps onto itself.

        Returns:
            One coordinate in pixels for each row, `(objects,)`.

        Raises:
            ValueError: The profile doesn't say how to mirror.
        """
        column = self._mirror_column
        if column is None:
            raise ValueError("the profile has no mirror rule")
        rows = np.concatenate(sequences)
        extent = (self._size.width_px if column == _X else self._size.height_px) * STILL
        axes = np.full(rows.shape[1], np.nan, dtype=np.float32)
        moving = [rows[:, 0][rows[:, 0, _PRESENT] > 0, column]]
        for kind, first in self._first.items():
            of_class = slice(1 + first, 1 + first + self._most[kind])
            places = rows[:, of_class][rows[:, of_class, _PRESENT] > 0, column]
            if len(places) and places.std() < extent:
                axes[of_class] = places.mean()
            else:
                moving.append(places)
        anywhere = np.concatenate(moving)
        axes[np.isnan(axes)] = anywhere.mean() if len(anywhere) else extent / STILL / 2
        return axes

    def mirrored(self, rows: Array, axes: Array) -> Array:
        """Flip where tracked objects stand; markers stay above what they mark.

        Args:
            rows: `(..., objects, ROW_LENGTH)`.
            axes: `(objects,)`, as `mirror_axes` returns them.

        Raises:
            ValueError: The profile doesn't say how to mirror.
        """
        column = self._mirror_column
        if column is None:
            raise ValueError("the profile has no mirror rule")
        flipped = rows.copy()
        present = rows[..., _PRESENT] > 0
        flipped[..., column] = np.where(present, 2 * axes - rows[..., column], rows[..., column])
        flipped[..., column + _VX - _X] *= -1.0
        return flipped

    def shifted(self, rows: Array, *, dx_px: float, dy_px: float) -> Array:
        """Move all tracked `(..., objects, ROW_LENGTH)`, as in a picture cut out elsewhere."""
        moved = rows.copy()
        present = rows[..., _PRESENT] > 0
        moved[..., _X] += dx_px * present
        moved[..., _Y] += dy_px * present
        return moved

    def _rows(self, state: TrackState) -> Array:
        own = state.own
        rows = np.zeros((1 + len(self._slot_names), ROW_LENGTH), dtype=np.float32)
        rows[0] = _row(own)
        rows[0, _PRESENT] = own.hits > 0
        for kind, first in self._first.items():
            others = [track for track in state.tracks[kind] if not track.own]
            if len(others) > 1:
                others.sort(key=lambda t: (t.x - own.x) ** 2 + (t.y - own.y) ** 2)
            chosen = [_row(track) for track in others[: self._most[kind]]]
            if chosen:
                rows[1 + first : 1 + first + len(chosen)] = chosen
        return rows

    def _own_numbers(self, own: Array) -> dict[str, Array]:
        width, height = self._size.width_px, self._size.height_px
        return {
            "present": own[:, _PRESENT],
            "seen": own[:, _SEEN],
            "age": np.minimum(own[:, _AGE] * 0.1, MOST_TOLD),
            "x": own[:, _X] * (2.0 / width) - 1.0,
            "y": own[:, _Y] * (2.0 / height) - 1.0,
            "w": own[:, _W] * (10.0 / height),
            "h": own[:, _H] * (10.0 / height),
            "vx": own[:, _VX] * (2.0 / height),
            "vy": own[:, _VY] * (2.0 / height),
        }

    def _slot_numbers(self, own: Array, slots: Array) -> dict[str, Array]:
        """Compute each number for all slots at once: name -> `(n, slots)`."""
        width, height = self._size.width_px, self._size.height_px
        unit = 2.0 / height
        present = slots[..., _PRESENT]
        place, motion = slots[..., _X : _Y + 1], slots[..., _VX : _VY + 1]
        away = place - own[..., _X : _Y + 1]
        relative = motion - own[..., _VX : _VY + 1]
        ahead = np.tanh((away + AHEAD_S * relative) * (16.0 / height))
        numbers = {
            "present": present,
            "seen": slots[..., _SEEN],
            "age": slots[..., _AGE] * 0.1,
            "score": slots[..., _SCORE],
            "x": (place[..., 0] * (2.0 / width) - 1.0) * present,
            "y": (place[..., 1] * (2.0 / height) - 1.0) * present,
            "w": slots[..., _W] * (5.0 / height),
            "h": slots[..., _H] * (5.0 / height),
            "vx": motion[..., 0] * unit,
            "vy": motion[..., 1] * unit,
            "relative_vx": relative[..., 0] * unit * present,
            "relative_vy": relative[..., 1] * unit * present,
            "ahead_dx": ahead[..., 0] * present,
            "ahead_dy": ahead[..., 1] * present,
            **_relation("", away, present, height),
        }
        for single in self._singles:
            there = slots[:, single : single + 1]
            numbers |= _relation(
                f"to_{self._slot_names[single]}_",
                there[..., _X : _Y + 1] - place,
                present * there[..., _PRESENT],
                height,
            )
        return numbers

    def _rose_names(self, profile: GameProfile) -> list[str]:
        classes = [profile.object_names[kind] for kind in self._first]
        return [*classes, *(f"{self._slot_names[single]}_ahead" for single in self._singles)]

    def _rose(self, own: Array, slots: Array) -> Array:
        """Tell the directions of each class, and of single things `ROSE_AHEAD_S` later."""
        present = slots[..., _PRESENT]
        away = slots[..., _X : _Y + 1] - own[..., _X : _Y + 1]
        height = self._size.height_px
        there = bearings.bearings(away, present, height_px=height)
        found = [
            there[:, first : first + self._most[kind]].sum(axis=1)
            for kind, first in self._first.items()
        ]
        ahead = away + ROSE_AHEAD_S * slots[..., _VX : _VY + 1]
        for one in self._singles:
            found.append(bearings.bearings(ahead[:, one], present[:, one], height_px=height))
        nothing = np.zeros((len(slots), 0), dtype=np.float32)  # of no class but the reference
        return np.concatenate([nothing, *found], axis=1)


def _row(track: Track) -> tuple[float, ...]:
    return (
        1.0, track.age == 0, track.age, track.score,
        track.x, track.y, track.width, track.height, track.vx, track.vy,
    )  # fmt: skip


def _relation(prefix: str, away: Array, present: Array, height_px: int) -> dict[str, Array]:
    """Tell vectors `(..., 2)` in pixels at two scales, and their direction and length."""
    distance = np.sqrt((away * away).sum(axis=-1))
    coarse = away * ((2.0 / height_px) * present)[..., None]
    fine = np.tanh(away * (16.0 / height_px)) * present[..., None]
    direction = away * (present / (distance + 1.0))[..., None]
    return {
        f"{prefix}dx": coarse[..., 0],
        f"{prefix}dy": coarse[..., 1],
        f"{prefix}fine_dx": fine[..., 0],
        f"{prefix}fine_dy": fine[..., 1],
        f"{prefix}direction_x": direction[..., 0],
        f"{prefix}direction_y": direction[..., 1],
        f"{prefix}distance": np.log1p(distance * (30.0 / height_px)) * (0.4 * present),
    }
