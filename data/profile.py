"""A game's profile: its window, what is stored, the keys it is played with, what is seen in it."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from data.errors import ProfileError
from data.frames import FrameSize
from data.key_names import is_key_name, not_a_key
from data.profile_errors import first_problem, problem_lines
from data.score_board import ScoreBoard
from data.title_pattern import check_pattern

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# A profile may come from a stranger's file: nothing may be made as large as it claims.
MOST_PROFILE_BYTES = 1 << 20
MOST_DOTS = 5000  # tomllib takes 0.1 s for a dotted key of so many parts, and 11 s for 32,000
_ENDLESS = re.compile(r"[0-9_]{1000}")  # Python refuses to read a longer number
STORED = {"stored": True}  # context of what is read from a recording or a run
MOST_HEADS = 16
MOST_CLASSES = 64
MOST_HEAD_KEYS = 12  # a head's classes are looked up in a table of 2 to this many rows
MOST_OBJECTS = 64


def _checked_key(name: str) -> str:
    if not is_key_name(name):
        raise ValueError(not_a_key(name))
    return name


def _refuse(problems: Iterable[str]) -> None:
    """Raise all problems at once, each on a line of its own, as `problem_lines` takes them."""
    if told := "\n".join(problems):
        raise ValueError(told)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Capture(_Strict):
    """What is stored of the screen."""

    width_px: int = Field(default=480, ge=32, le=3840, multiple_of=2)
    height_px: int = Field(default=270, ge=32, le=2160, multiple_of=2)
    rate_hz: float = Field(default=20.0, gt=0, le=240)
    jpeg_quality: int = Field(default=84, ge=30, le=100)

    @property
    def size(self) -> FrameSize:
        """The stored frame's size."""
        return FrameSize(self.width_px, self.height_px)


class Head(_Strict):
    """One decision taken every tick: named classes, each a chord of keys held together."""

    name: Name
    classes: dict[Name, tuple[str, ...]] = Field(min_length=2, max_length=MOST_CLASSES)
    min_hold_ms: float = Field(default=0.0, ge=0, le=2000)
    """How long a decision is kept at least; 0 lets it change every tick."""

    @field_validator("classes")
    @classmethod
    def _check_classes(cls, classes: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        _refuse(_class_problems(classes))
        return classes

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Class names, in order."""
        return tuple(self.classes)

    @cached_property
    def chords(self) -> tuple[frozenset[str], ...]:
        """Each class's keys, in order."""
        return tuple(frozenset(chord) for chord in self.classes.values())

    @cached_property
    def none_index(self) -> int:
        """The class that holds nothing."""
        return self.chords.index(frozenset())

    @cached_property
    def keys(self) -> frozenset[str]:
        """Every key of the head."""
        return frozenset().union(*self.chords)


def _class_problems(classes: dict[str, tuple[str, ...]]) -> Iterator[str]:
    of_chord: dict[frozenset[str], str] = {}
    for name, chord in classes.items():
        yield from (f"{name}: {not_a_key(key)}" for key in chord if not is_key_name(key))
        twin = of_chord.setdefault(frozenset(chord), name)
        if twin != name:
            yield f"{twin} and {name} have the same keys; give each class a chord of its own"
    if frozenset() not in of_chord:
        yield "no class has the empty chord; add one, for example none = []"
    count = len(frozenset().union(*of_chord))
    if count > MOST_HEAD_KEYS:
        yield (
            f"{count} keys in one head; give each head at most {MOST_HEAD_KEYS}, "
            "and put keys that don't exclude each other into heads of their own"
        )


class ObjectClass(_Strict):
    """Something to be seen on the screen."""

    name: Name
    most: int = Field(default=1, ge=1, le=64)
    """How many of them the policy is told of at most."""


class Mirror(_Strict):
    """How a picture may be flipped, and the keys that swap when it is."""

    axis: Literal["horizontal", "vertical"]
    swap: tuple[tuple[str, str], ...] = Field(min_length=1)


class HotKeys(_Strict):
    """Keys that steer a recording; they are never stored."""

    pause: str = "f9"
    """Pauses, and goes on."""
    discard: str = "f8"
    """Marks the last seconds as not to be learned from."""
    save: str = "f7"
    """Saves what just happened, where only the last stretch is kept."""
    stop: str = "f10"
    """Ends the recording."""

    @field_validator("pause", "discard", "save", "stop")
    @classmethod
    def _check(cls, key: str) -> str:
        return _checked_key(key)

    @property
    def keys(self) -> tuple[str, ...]:
        """All of them."""
        return (self.pause, self.discard, self.save, self.stop)


class GameProfile(_Strict):
    """All that Understudy knows about a game."""

    name: Name
    title: str = Field(max_length=200)
    """Regular expression that the window's title matches; see `data.title_pattern`."""
    description: str = Field(default="", max_length=1000)
    capture: Capture = Capture()
    heads: tuple[Head, ...] = Field(min_length=1, max_length=MOST_HEADS)
    objects: tuple[ObjectClass, ...] = Field(default=(), max_length=MOST_OBJECTS)
    reference: Name | None = None
    """The object class that marks whom the person controls; positions are told relative to it."""
    mirror: Mirror | None = None
    stop_key: str = "f12"
    """Ends live play, and recording, too."""
    hotkeys: HotKeys = HotKeys()
    may_stand_still: bool = False
    """Whether the picture stands still at times until somebody plays, such as before a kick-off;
    elsewhere live play lets go of the keys when nothing has moved for three seconds."""
    score: ScoreBoard | None = None
    """Where goals are counted; None where nobody can."""

    @field_validator("title")
    @classmethod
    def _check_title(cls, title: str, info: ValidationInfo) -> str:
        if info.context is not STORED:
            check_pattern(title)
        return title

    @field_validator("stop_key")
    @classmethod
    def _check_stop_key(cls, key: str) -> str:
        return _checked_key(key)

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        _refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        """Say what is wrong between fields that are each right by themselves."""
        for name in _twice(head.name for head in self.heads):
            yield f"two heads are called {name}; rename one"
        keys = [key for head in self.heads for key in head.keys]
        for key in _twice(keys):
            yield f"key {key!r} is used by two heads; give each key one head"
        steering = [*self.hotkeys.keys, self.stop_key]
        for key in sorted(set(steering) & set(keys)):
            yield f"hot key {key!r} is also a playing key; choose another"
        for key in _twice(steering):
            yield f"{key!r} is given to two hot keys; choose another for one"
        if self.score is not None and self.stop_key in self.score.start:
            yield f"the stop key {self.stop_key!r} also begins a match; choose another"
        objects = [kind.name for kind in self.objects]
        for name in _twice(objects):
            yield f"two object classes are called {name}; rename one"
        if self.reference is not None and self.reference not in objects:
            known = ", ".join(objects) or "there are none"
            yield f"reference {self.reference!r} is none of the objects ({known})"
        swapped = [key for pair in self.mirror.swap for key in pair] if self.mirror else []
        for key in _twice(swapped):
            yield f"mirror swaps {key!r} twice; name each key in one pair only"
        for key in sorted(set(swapped) - set(keys)):
            yield f"mirror swaps {key!r}, which no head uses; remove the pair"

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every playing key, sorted: the only keys ever stored or pressed."""
        return tuple(sorted({key for head in self.heads for key in head.keys}))

    @cached_property
    def object_names(self) -> tuple[str, ...]:
        """Object class names, in order."""
        return tuple(kind.name for kind in self.objects)

    def head(self, name: str) -> Head:
        """Return the head of that name."""
        return next(head for head in self.heads if head.name == name)

    def mirrored_chord(self, chord: Iterable[str]) -> frozenset[str]:
        """Return the keys that a flipped picture calls for where these are held."""
        swap = {}
        for a, b in self.mirror.swap if self.mirror else ():
            swap[a], swap[b] = b, a
        return frozenset(swap.get(key, key) for key in chord)

    def mirrored_classes(self, head: Head) -> tuple[int, ...]:
        """For each class of a head, the class that a flipped picture calls for.

        Raises:
            ProfileError: A chord with its keys swapped is no class of the head.
        """
        found = []
        for name, chord in head.classes.items():
            mirrored = self.mirrored_chord(chord)
            if mirrored not in head.chords:
                raise ProfileError(
                    f"profile {self.name}: head {head.name}, class {name}: its mirror image "
                    f"{sorted(mirrored)} is no class. Add one, or remove the mirror rule."
                )
            found.append(head.chords.index(mirrored))
        return tuple(found)

    def to_json(self) -> str:
        """Write the profile as JSON, as recordings and checkpoints keep it."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str, *, source: str) -> Self:
        """Read what `to_json` wrote.

        A title that is no pattern for us, as earlier programs wrote them, is no fault until a
        window is looked for: what was recorded stays readable.

        Raises:
            ProfileError: The text is not a profile; the message names `source`.
        """
        try:
            read = json.loads(text[: MOST_PROFILE_BYTES + 1])
            return cls.model_validate(read, context=STORED)
        except ValidationError as error:
            told = first_problem(problem_lines(error, cls, read))
            raise ProfileError(f"{source}: {told}") from error
        except (ValueError, RecursionError) as error:  # not JSON, or numbers without end
            raise ProfileError(f"{source}: the profile inside is not JSON ({error}).") from error


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with Understudy."""
    folder = files("data") / "profiles"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def profile_text(name_or_path: str) -> str:
    """Read a shipped profile by name, or a profile's file, as it is written.

    Raises:
        ProfileError: There is none of that name, or it can't be read.
    """
    if name_or_path in shipped_profiles():
        return (files("data") / "profiles" / f"{name_or_path}.toml").read_text(encoding="utf-8")
    path = Path(name_or_path)
    if not path.is_file():
        raise ProfileError(
            f"no profile {name_or_path!r}. Shipped ones: {', '.join(shipped_profiles())}; "
            "or give the path of a .toml file."
        )
    try:
        with path.open("rb") as file:
            read = file.read(MOST_PROFILE_BYTES + 1)
        if len(read) > MOST_PROFILE_BYTES:
            raise ProfileError(
                f"{path}: too large for a profile; at most {MOST_PROFILE_BYTES} bytes."
            )
        text = read.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: can't be read: {error}.") from error
    if text.count(".") > MOST_DOTS or _ENDLESS.search(text):
        raise ProfileError(f"{path}: it has thousands of dots or digits; that is no profile.")
    return text


def load_profile(name_or_path: str) -> GameProfile:
    """Load a shipped profile by name, or a profile from a file.

    Raises:
        ProfileError: There is none of that name, or a field is wrong; the message names it.
    """
    text = profile_text(name_or_path)
    try:
        read = tomllib.loads(text)
        return GameProfile.model_validate(read)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProfileError(f"{name_or_path}: not TOML: {error}.") from error
    except ValidationError as error:
        told = first_problem(problem_lines(error, GameProfile, read))
        raise ProfileError(f"{name_or_path}: {told}") from error
