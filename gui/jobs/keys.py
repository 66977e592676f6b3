"""Which keys a game is played with, heard while a person plays it."""

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from data.frames import FrameSize
from data.key_use import KeyUse
from gui.jobs.line import Line
from gui.jobs.windows import exact_title

if TYPE_CHECKING:
    from recorder.key_learning import Heard
    from recorder.window import OpenWindow


@dataclass(frozen=True, slots=True)
class HeardKey:
    """One key so far."""

    key: str
    presses: int
    held_s: float
    """In total."""


@dataclass(frozen=True, slots=True)
class HeardKeys:
    """What has been heard so far."""

    keys: tuple[HeardKey, ...]
    held: frozenset[str]
    unusable: tuple[str, ...]
    """Keys that can be neither recorded nor pressed."""
    focused: bool
    """Whether the game's window has the focus; keys are heard only then."""
    newest_only: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Learned:
    """What was heard in the end."""

    use: KeyUse
    unusable: tuple[str, ...]
    size: FrameSize | None
    """Of the window's picture, in pixels; None when it was not shown."""


def hear_keys(request: str, line: Line) -> Learned:
    """Listen to the keys of one window until stopped, or F10 is pressed, or it closes.

    Args:
        request: The window's title.
        line: Is told `HeardKeys` whenever something has changed.

    Raises:
        DisplayError: There is no such window, or no keyboard.
    """
    from recorder.key_learning import learn_keys, usable_keys
    from recorder.keyboard import PynputKeys
    from recorder.pacing import MonotonicClock

    clock = MonotonicClock()
    told: list[HeardKeys] = []

    def tell(heard: "Heard") -> None:
        now = summed(heard)
        if told != [now]:
            told[:] = [now]
            line.tell(now)

    with (
        closing(_found(request)) as window,
        closing(PynputKeys(usable_keys(), clock, unnamed=True)) as keyboard,
    ):
        window.activate()
        rect = window.rect()
        heard = learn_keys(
            keys=keyboard, window=window, clock=clock, stop=line.stop_asked, on_heard=tell
        )
        rect = window.rect() or rect
    size = FrameSize(rect.width_px, rect.height_px) if rect else None
    return Learned(heard.use, heard.unusable, size)


def _found(title: str) -> "OpenWindow":
    from data.errors import DisplayError
    from data.profile_draft import title_pattern
    from recorder.window import find_window

    try:
        return find_window(exact_title(title))
    except DisplayError:  # a title that tells the level, or the pictures a second
        return find_window(title_pattern(title))


def summed(heard: "Heard") -> HeardKeys:
    """Say what has been heard key by key, in the order of their first presses."""
    use = heard.use
    keys = tuple(HeardKey(key, times, use.held_ns(key) / 1e9) for key, times in use.presses.items())
    return HeardKeys(keys, heard.held, heard.unusable, heard.focused)
