"""Which object of a profile a class of a stranger's file is."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
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
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40]
    if not name:
        name = "class_" + "_".join(f"{ord(character):x}" for character in label[:5])
    return name if name[0].isalpha() else f"class_{name}"[:40]


def made_profile(
    folder: str, labels: Counter[str], mapping: Mapping[str, str], sizes: Counter[FrameSize]
) -> tuple[GameProfile, dict[str, str]]:
    """Make a profile of what is in a folder: its classes, and the shape of most of its pictures.

    A profile must have a key, so it has one that is never stored.

    Returns:
        The profile, and the label that each object is named after, with the object.
    """
    mapped = {_plain(label): target for label, target in mapping.items()}
    spelt: dict[str, str] = {}  # by the most frequent label of those that differ in case and such
    known = set(mapped)
    for label, _ in labels.most_common():
        if (plain := _plain(label)) not in known:
            known.add(plain)
            spelt[label] = object_name(label)
    names = [*filter(None, mapping.values()), *spelt.values()]
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


def tell_slips(labels: Counter[str], objects: tuple[str, ...], problems: Problems) -> None:
    """Tell of classes that are spelt like more frequent ones."""
    counts: Counter[str] = Counter()
    for label, count in labels.items():
        if (name := object_name(label)) in objects:
            counts[name] += count
    for name, count in counts.items():
        often = [other for other, many in counts.items() if count < many]
        if like := get_close_matches(name, often, n=1, cutoff=_LIKE):
            problems.add(
                ".", None, f"class {name} ({count} boxes) is spelt like {like[0]}",
                f"kept; {MAPPED} {name}={like[0]} makes them one",
            )  # fmt: skip
