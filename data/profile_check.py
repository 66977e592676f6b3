"""Everything that is wrong with a profile's file, and what is allowed but doubtful."""

import copy
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from data.profile import GameProfile, Head, profile_text
from data.profile_errors import problem_lines
from data.title_pattern import title_matches

WIDEST, NARROWEST = 21 / 9, 1.0  # games' windows lie between a square and a cinema screen
FAST_HZ = 60.0
LARGE_PX = 1280 * 720
# Parts that the checks between fields don't look at: wrong, they hide nothing else.
APART = frozenset(["name", "title", "description", "capture"])
STAND_IN = {"name": "game", "title": "", "description": "", "capture": {}}


@dataclass(frozen=True, slots=True)
class Check:
    """What a look at a profile found; each finding says what to do.

    Each is one line, except that a picture of the place may follow what is no TOML.
    """

    profile: GameProfile | None
    """None while there are problems that keep it from being loaded."""
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def check_profile(name_or_path: str) -> Check:
    """Find all that is wrong with a profile, not only what comes first.

    Raises:
        ProfileError: There is no such file, or it can't be read.
    """
    text = profile_text(name_or_path)
    try:
        return _check(text)
    except RecursionError:
        return Check(None, ("tables or lists are nested too deeply for a profile.",))


def _check(text: str) -> Check:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Check(None, (syntax_problem(text, error),))
    try:
        profile = GameProfile.model_validate(read)
    except ValidationError as error:
        return Check(None, tuple(_all_problems(read, error)))
    problems = tuple(_mirror_problems(profile))
    return Check(profile, problems, tuple(_warnings(profile)))


def syntax_problem(text: str, error: tomllib.TOMLDecodeError) -> str:
    """Show the line that is no TOML, with a mark under the place."""
    said = str(error)
    at = re.search(r" \(at line (\d+), column (\d+)\)$", said)
    if at is None:
        return f"not TOML: {said}."
    line, column = int(at[1]), int(at[2])
    shown = (text.splitlines() or [""])[min(line, len(text.splitlines())) - 1]
    first = max(0, column - 60)
    part = shown[first : first + 90].replace("\t", " ")
    head = f"line {line}: not TOML: {said[: at.start()]}."
    return f"{head}\n    {part}\n    {' ' * (column - 1 - first)}^"


def _all_problems(read: dict[str, Any], error: ValidationError) -> list[str]:
    """Add what shows only when the fields that are wrong by themselves are out of the way."""
    found = problem_lines(error, GameProfile, read)
    mended = copy.deepcopy(read)
    for detail in error.errors(include_url=False):
        first = str(detail["loc"][0]) if detail["loc"] else ""
        if first in APART:
            mended[first] = STAND_IN[first]
        elif detail["type"] == "extra_forbidden":
            _remove(mended, detail["loc"])
        else:
            return found
    try:
        profile = GameProfile.model_validate(mended)
    except ValidationError as more:
        return found + [p for p in problem_lines(more, GameProfile, mended) if p not in found]
    return found + list(_mirror_problems(profile))


def _remove(read: Any, parts: tuple[int | str, ...]) -> None:  # noqa: ANN401  (what TOML can hold)
    for part in parts[:-1]:
        read = read[part]
    del read[parts[-1]]


def _mirror_problems(profile: GameProfile) -> Iterator[str]:
    for head in profile.heads:
        for name, chord in head.classes.items():
            mirrored = profile.mirrored_chord(chord)
            if mirrored not in head.chords:
                keys = ", ".join(f'"{key}"' for key in sorted(mirrored))
                yield (
                    f"heads[{head.name}].classes.{name}: its mirror image [{keys}] is no class; "
                    "add one, or remove the mirror rule."
                )


def _warnings(profile: GameProfile) -> Iterator[str]:
    if title_matches(profile.title, ""):
        yield f"title: {profile.title!r} matches any window; write how the game's title begins."
    kept = profile.capture
    shape = kept.width_px / kept.height_px
    if not NARROWEST <= shape <= WIDEST:
        yield (
            f"capture: {kept.width_px}x{kept.height_px} is an odd shape for a picture; give it the "
            "shape of the game's window, or black bars are stored."
        )
    if kept.width_px * kept.height_px > LARGE_PX:
        yield (
            f"capture: {kept.width_px}x{kept.height_px} makes large files and slow training; "
            "480x270 does for most games."
        )
    if kept.rate_hz > FAST_HZ:
        yield (
            f"capture.rate_hz: {kept.rate_hz:g} is more than most games draw; 20 does for most, "
            "and live play must keep up with it."
        )
    if len(profile.objects) > 1 and profile.reference is None:
        yield (
            "reference: nothing says whom you control. If something on the screen marks it, such "
            "as an arrow over a head, name it among the objects and here: places are then told "
            "from there."
        )
    for head in profile.heads:
        yield from _missing_diagonals(head)


def _missing_diagonals(head: Head) -> Iterator[str]:
    sides = {name: keys for name, keys in head.classes.items() if len(keys) == 1}
    for vertical in ("up", "down"):
        for across in ("left", "right"):
            if vertical in sides and across in sides:
                chord = sides[vertical] + sides[across]
                if frozenset(chord) not in head.chords:
                    keys = ", ".join(f'"{key}"' for key in chord)
                    yield (
                        f"heads[{head.name}]: {vertical} and {across} held together count as one "
                        f"of the two; add {vertical}_{across} = [{keys}]."
                    )
