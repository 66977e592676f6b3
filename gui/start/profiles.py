"""The profiles that can be chosen: those that ship with the program, and one's own."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import ProfileError
from data.profile import GameProfile, Head, load_profile, shipped_profiles
from data.profile_draft import NAME, class_name
from data.profile_errors import NAME_RULE
from data.title_pattern import title_matches
from gui.key_pad import key_label

MOST_TOLD = 6  # classes of a head that are told one by one


@dataclass(frozen=True, slots=True)
class Known:
    """One profile that can be chosen."""

    source: str
    """What `load_profile` takes."""
    name: str
    own: bool
    """Whether it was made here, or is a file of the user's."""
    profile: GameProfile | None
    """None while there is something wrong with it."""
    problem: str = ""
    """What is wrong, in a sentence."""


def known_profiles(folder: Path, *, also: str | None = None) -> list[Known]:
    """List the profiles that ship with the program, then the own ones.

    Args:
        folder: Of own profiles; need not exist.
        also: Another file to list, such as the one that was opened.
    """
    sources = {name: name for name in shipped_profiles()}
    own = {str(file): file.stem for file in sorted(folder.glob("*.toml"))}
    if also is not None and also not in sources:
        own.setdefault(also, Path(also).stem)
    return [_known(source, name, own=source in own) for source, name in {**sources, **own}.items()]


def _known(source: str, name: str, *, own: bool) -> Known:
    try:
        profile = load_profile(source)
    except ProfileError as error:
        return Known(source, name, own, None, str(error))
    return Known(source, profile.name, own, profile)


def profile_for(title: str, known: Iterable[Known]) -> Known | None:
    """Return the profile whose pattern a window's title matches, an own one before a shipped."""
    fits = [
        each
        for each in known
        if each.profile is not None and title_matches(each.profile.title, title)
    ]
    return min(fits, key=lambda each: not each.own, default=None)


def head_in_words(head: Head) -> str:
    """Say what a head decides, and with which keys."""
    told = [_class_in_words(name, chord) for name, chord in head.classes.items() if chord]
    keys = [key_label(chord[0]) for chord in head.classes.values() if len(chord) == 1]
    if len(told) > MOST_TOLD and keys:
        more = ", also held together" if len(told) > len(keys) else ""
        return f"{head.name}: {' '.join(keys)}{more}"
    return f"{head.name}: {', '.join(told)}"


def _class_in_words(name: str, chord: Sequence[str]) -> str:
    keys = " + ".join(map(key_label, chord))
    named_after_key = len(chord) == 1 and name == class_name(chord[0])
    return keys if named_after_key else f"{name.replace('_', ' ')} {keys}"


def window_in_words(pattern: str) -> str:
    """Say which windows a pattern matches, as simply as can be."""
    plain = re.sub(r"\\(.)", r"\1", pattern)
    if pattern.startswith("^") and re.fullmatch(r"[\w\s'.:-]+", plain[1:]):
        return f"title begins with “{plain[1:]}”"
    return f"title matches {pattern}"


def about(known: Known) -> Sequence[str]:
    """Say in a few lines what is in a profile."""
    profile = known.profile
    if profile is None:
        return [known.problem]
    lines = [profile.description] if profile.description else []
    lines.append(f"Window: {window_in_words(profile.title)}.")
    lines += [f"{head_in_words(head)}." for head in profile.heads]
    if profile.object_names:
        lines.append(f"To be seen: {', '.join(profile.object_names)}.")
    kept = profile.capture
    lines.append(
        f"Stored: {kept.width_px} by {kept.height_px} pixels, {kept.rate_hz:g} times a second."
    )
    return lines


def name_of(title: str) -> str:
    """Propose a profile's name from a window's title."""
    start = re.split(r" [-|–—] ", title.strip(), maxsplit=1)[0]  # noqa: RUF001  (dashes in titles)
    found = re.sub(r"[^a-z0-9]+", "_", start.lower()).strip("_")
    found = found if found[:1].isalpha() else f"game_{found}"
    return found[:40].strip("_")


def name_problem(name: str, taken: Collection[str]) -> str:
    """Say why a profile can't have this name; empty when it can."""
    if not name:
        return "Give the game a short name."
    if not NAME.fullmatch(name):
        return f"“{name}” can't be a name: {NAME_RULE}."
    if name in taken:
        return f"There is a profile called {name} already; choose another name."
    return ""


def own_copy(profile: GameProfile, folder: Path) -> tuple[GameProfile, Path]:
    """Name a copy of a profile, which nobody has written yet, and the file that it would have."""
    first = f"my_{profile.name}"[:37]
    free, number = first, 2
    while (folder / f"{free}.toml").exists():
        free, number = f"{first}_{number}", number + 1
    return profile.model_copy(update={"name": free}), folder / f"{free}.toml"
