"""Which object of a profile a class of a stranger's file is."""

import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from data.box_files.folder import Problems, shown
from data.errors import UnderstudyError
from data.frames import FrameSize
from data.profile import MOST_OBJECTS, Capture, GameProfile, Head, ObjectClass
from data.profile_errors import nearest

MAPPED = "--map"
_LIKE = 0.8  # a class spelt so like a more frequent one may be a slip
_STORED_WIDTH_PX = 480
_LONGEST = 200  # characters of a label that count
_LONGEST_NAME = 40
_MADE_UP = "class_"  # begins the name of a label that has no letters for one


class Classes:
    """Finds the object that a label speaks of."""

    def __init__(
        self,
        objects: tuple[str, ...],
        mapping: Mapping[str, str],
        spelt: Mapping[str, str] | None = None,
    ) -> None:
        """Take the objects, and which label is which where a person says so.

        Args:
            objects: Names of the profile's objects.
            mapping: Label to object; to an empty text for one that is left out.
            spelt: Labels that objects were named after.

        Raises:
            UnderstudyError: A label is mapped to no object.
        """
        for label, target in mapping.items():
            if target and target not in objects:
                meant = nearest(target, objects)
                hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(objects)}."
                raise UnderstudyError(
                    f"{MAPPED} {shown(label)}={shown(target)}: the profile has no object "
                    f"{shown(target)!r}; {hint}"
                )
        self._objects = objects
        self._mapped = {_plain(label): target for label, target in mapping.items()}
        self._exact = {name: name for name in objects} | dict(spelt or {})
        self._plain = {_plain(label): name for label, name in self._exact.items()}

    def find(self, label: str) -> tuple[str | None, str | None]:
        """Return the object, and what is to be told of it; None and None where it is left out."""
        if (plain := _plain(label)) in self._mapped:
            return self._mapped[plain] or None, None
        if label in self._exact:
            return self._exact[label], None
        if plain in self._plain:
            return self._plain[plain], f"its class is written {shown(label)!r}"
        meant = nearest(label, self._objects)
        hint = f"; if it is {meant}, add {MAPPED} '{shown(label)}={meant}'" if meant else ""
        return None, f"the profile has no object {shown(label)!r}{hint}"


def _plain(label: str) -> str:
    """Reduce a label to what is left when case, spaces, marks and accents don't count."""
    plain = unicodedata.normalize("NFKD", label[:_LONGEST]).casefold()
    return "".join(character for character in plain if character.isalnum()) or label[:_LONGEST]


def object_name(label: str) -> str:
    """Make of a label a name that an object can have."""
    plain = unicodedata.normalize("NFKD", label[:_LONGEST]).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST_NAME]
    if not name:
        name = _MADE_UP + "_".join(f"{ord(character):x}" for character in label[:5])
    return name if name[0].isalpha() else f"{_MADE_UP}{name}"[:_LONGEST_NAME]


def _own_names(targets: Iterable[str], labels: Iterable[str] = ()) -> dict[str, str]:
    """Name each object that is mapped to, then each label, by its `_plain`; no two are the same.

    A target that is the made-up name of a label, as an earlier import told it, means that label.
    """
    names: dict[str, str] = {}
    meant = set()
    for target in targets:
        if (plain := _plain(target)) not in names:
            names[plain] = _free(object_name(target), set(names.values()))
            if target == names[plain] and target.startswith(_MADE_UP):
                meant.add(target)
    for label in labels:
        if (plain := _plain(label)) not in names:
            name = object_name(label)
            names[plain] = name if name in meant else _free(name, set(names.values()))
        meant.discard(names[plain])  # it is this label, and no other
    return names


def _free(name: str, taken: set[str]) -> str:
    free, count = name, 1
    while free in taken:
        count += 1
        suffix = f"_{count}"
        free = name[: _LONGEST_NAME - len(suffix)] + suffix
    return free


def named_targets(mapping: Mapping[str, str]) -> dict[str, str]:
    """Return a mapping with its objects called by names that objects can have."""
    targets = list(filter(None, mapping.values()))
    names = _own_names(targets)
    return {label: target and names[_plain(target)] for label, target in mapping.items()}


def made_profile(
    folder: str, labels: Counter[str], mapping: Mapping[str, str], sizes: Counter[FrameSize]
) -> tuple[GameProfile, dict[str, str]]:
    """Make a profile of what is in a folder: its classes, and the shape of most of its pictures.

    A profile must have a key, so it has one that is never stored.

    Returns:
        The profile, and the label that each object is named after, with the object.
    """
    known = {_plain(label) for label in mapping}
    own: list[str] = []  # the most frequent label of those that differ in case and such
    for label, _ in labels.most_common():
        if (plain := _plain(label)) not in known:
            known.add(plain)
            own.append(label)
    targets = list(filter(None, mapping.values()))
    named = _own_names(targets, own)
    spelt = {label: named[_plain(label)] for label in own}
    names = [*(named[_plain(target)] for target in targets), *spelt.values()]
    size = max(sizes, key=lambda one: (sizes[one], one.width_px), default=FrameSize(480, 270))
    width = max(32, min(_STORED_WIDTH_PX, size.width_px) // 2 * 2)
    height = 2 * round(width * size.height_px / size.width_px / 2)
    objects = list(dict.fromkeys(names))[:MOST_OBJECTS]
    profile = GameProfile(
        name="boxes",
        title="$x",  # no window's
        description=f"Made of the boxes in {folder}. It has no keys: its head stands for none.",
        capture=Capture(width_px=width, height_px=max(32, min(2160, height))),
        heads=(Head(name="no_keys", classes={"none": (), "unused": ("f1",)}),),
        objects=tuple(ObjectClass(name=name) for name in objects),
    )
    return profile, {label: name for label, name in spelt.items() if name in objects}


def tell_renamed(spelt: Mapping[str, str], problems: Problems) -> None:
    """Tell of labels whose name was another's already.

    Args:
        spelt: What objects were named after, with their names.
        problems: Where it is told.
    """
    for label, name in spelt.items():
        if name != object_name(label):
            problems.add(
                ".", None,
                f"class {shown(label)!r} would be called {object_name(label)}, as another one is",
                f"called {name}; {_map(label, 'NAME')} calls it otherwise",
            )  # fmt: skip


def tell_slips(labels: Counter[str], spelt: Mapping[str, str], problems: Problems) -> None:
    """Tell of classes that are spelt like more frequent ones.

    Args:
        labels: How often each is found.
        spelt: Those that objects were named after, with their names.
        problems: Where it is told.
    """
    named = {_plain(label): label for label in spelt}
    counts: Counter[str] = Counter()
    for label, count in labels.items():
        if (plain := _plain(label)) in named:
            counts[plain] += count
    for plain, count in counts.items():
        often = [other for other, many in counts.items() if count < many]
        if like := get_close_matches(plain, often, n=1, cutoff=_LIKE):
            label, other = named[plain], named[like[0]]
            problems.add(
                ".", None, f"class {shown(label)} ({count} boxes) is spelt like {shown(other)}",
                f"kept; {_map(label, spelt[other])} makes them one",
            )  # fmt: skip


def _map(label: str, target: str) -> str:
    return f"{MAPPED} {shlex.quote(f'{shown(label)}={target}')}"
