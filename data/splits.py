"""Training and validation, apart by whole recordings: neighbouring frames are near copies."""

import random
from collections.abc import Sequence
from pathlib import Path


def split_recordings(
    paths: Sequence[Path],
    *,
    validation_fraction: float,
    seed: int,
    held_out: Sequence[Path] = (),
) -> tuple[list[Path], list[Path]]:
    """Split recordings into training and validation.

    `held_out` names the validation ones, unless it names none or leaves nothing to train on. A
    fraction above zero takes at least one recording, and always leaves one to train on; a single
    recording is never split.
    """
    named = sorted(set(paths) & set(held_out))
    if 0 < len(named) < len(paths):
        return sorted(set(paths) - set(named)), named
    shuffled = sorted(paths)
    random.Random(seed).shuffle(shuffled)
    if len(shuffled) < 2 or validation_fraction <= 0:
        return shuffled, []
    count = min(len(shuffled) - 1, max(1, round(len(shuffled) * validation_fraction)))
    return sorted(shuffled[count:]), sorted(shuffled[:count])
