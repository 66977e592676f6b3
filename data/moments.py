"""Moments of a recording as people write them: `1:30`, counted from its first frame."""

import math
import re
from pathlib import Path

_MOST_TOLD = 3  # stretches of one kind
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


def parse_moment(text: str) -> float:
    """Return the seconds of `90`, `90.5`, `1:30` or `1:02:30`.

    Raises:
        ValueError: It is none of these; the message says what would do.
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is not None:
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        if (seconds < 60 or found[2] is None) and (minutes < 60 or found[1] is None):
            return 3600 * hours + 60 * minutes + seconds
    raise ValueError(f"{text!r} is no moment; write minutes and seconds (1:30), or seconds")


def parse_stretch(text: str) -> tuple[float, float]:
    """Return both ends, in seconds, of a stretch such as `2:00-2:30`.

    Raises:
        ValueError: It is no stretch, or it doesn't end after its beginning.
    """
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no stretch; write two moments, such as 2:00-2:30")
    ends = parse_moment(start), parse_moment(end)
    if ends[0] >= ends[1]:
        raise ValueError(f"{text!r} doesn't end after its beginning")
    return ends


def moment(seconds: float) -> str:
    """Write a moment as `1:30` or `1:02:30`, whole seconds, rounded down."""
    whole = max(0, int(seconds + 1e-6))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def moment_to_tenth(seconds: float) -> str:
    """Write a moment as `1:30.5`, rounded down."""
    tenths = max(0, int(10 * seconds + 1e-6))
    return f"{moment(tenths / 10)}.{tenths % 10}"


def length(seconds: float) -> str:
    """Write how long something took, such as `0.4 s`, `12 s` or `3:05 min`."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{moment(seconds + 0.5)} {'h' if seconds >= 3599.5 else 'min'}"


def cut_option(path: Path, from_s: float, to_s: float) -> str:
    """Write the command that leaves a stretch out, with a full stop."""
    until_s = math.ceil(to_s + 1e-6)
    return f"'understudy trim {path} --cut {moment(from_s)}-{moment(until_s)} --out NEW.h5'."


def told(sentences: list[str]) -> list[str]:
    """Shorten a list of sentences of one kind."""
    more = len(sentences) - _MOST_TOLD
    return sentences[:_MOST_TOLD] + ([f"And {more} more of that kind."] if more > 0 else [])
