"""Training and validation, apart by whole recordings: neighbouring frames are near copies."""

import random
from collections.abc import Sequence
from pathlib import Path


def each_once(paths: Sequence[Path]) -> tuple[list[Path], tuple[str, ...]]:
    """Return each recording once, by whatever path it was given, and what to tell of the others."""
    first: dict[Path, Path] = {}
    again: dict[str, None] = {}
    for path in paths:
        if path.resolve() in first:
            again[path.name] = None
        first.setdefault(path.resolve(), path)
    told = f"Given more than once, and used once: {', '.join(again)}."
    return list(first.values()), (told,) if again else ()


def named_among(paths: Sequence[Path], names: Sequence[Path]) -> list[Path]:
    """Return which recordings are named, by whatever path."""
    wanted = {name.resolve() for name in names}
    return [path for path in paths if path.resolve() in wanted]


def split_recordings(
    paths: Sequence[Path],
    *,
    validation_fraction: float,
    seed: int,
    held_out: Sequence[Path] = (),
) -> tuple[list[Path], list[Path]]:
    """Split recordings into training and validation, each recording once.

    `held_out` names the validation ones, unless it names none or leaves nothing to train on. A
    fraction above zero takes at least one recording, and always leaves one to train on; a single
    recording is never split.
    """
    shuffled = sorted(each_once(paths)[0])
    named = named_among(shuffled, held_out)
    if 0 < len(named) < len(shuffled):
        return [path for path in shuffled if path not in named], named
    random.Random(seed).shuffle(shuffled)
    if len(shuffled) < 2 or validation_fraction <= 0:
        return shuffled, []
    count = min(len(shuffled) - 1, max(1, round(len(shuffled) * validation_fraction)))
    return sorted(shuffled[count:]), sorted(shuffled[:count])
