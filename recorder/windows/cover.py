"""How much of a picture other windows hide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.window import NOT_SHOWN, Rect, WindowState

# A tool tip hides less (96x96 of 1280x720), and can't be read in a stored picture: there it has
# 36x36 pixels. A message that pops up, a menu or a dialog hides more.
COVERED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Cover:
    """What another window hides: the part of the screen that lies in all of its regions."""

    regions: tuple[tuple[Rect, ...], ...]
    """Each the union of its rectangles."""


def state_on(screen: Rect, picture: Rect, covers: Iterable[Cover], *, focused: bool) -> WindowState:
    """Say how a window stands that may be covered, or lie partly outside the screen.

    What is outside does not count as covered; a window wholly outside is not shown.
    """
    view = common(picture, screen)
    if view is None:
        return NOT_SHOWN
    covered = hidden_share(view, covers) > COVERED_SHARE
    return WindowState(picture, focused, covered, gone=False)


def hidden_share(view: Rect, covers: Iterable[Cover]) -> float:
    """Return the share of a part of the screen that is hidden, from 0 to 1."""
    hidden: NDArray[np.bool_] | None = None
    for cover in covers:
        parts = [_within(view, region) for region in cover.regions]
        if not parts or not all(parts):
            continue
        if hidden is None:
            hidden = np.zeros((view.height_px, view.width_px), dtype=np.bool_)
        if len(parts) == 1:
            _paint(hidden, parts[0], view)
            continue
        both = np.ones_like(hidden)
        for part in parts:
            both &= _paint(np.zeros_like(hidden), part, view)
        hidden |= both
    return 0.0 if hidden is None else float(hidden.mean())


def common(one: Rect, other: Rect) -> Rect | None:
    """Return where two rectangles overlap."""
    left, top = max(one.left_px, other.left_px), max(one.top_px, other.top_px)
    right = min(one.left_px + one.width_px, other.left_px + other.width_px)
    bottom = min(one.top_px + one.height_px, other.top_px + other.height_px)
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def around(view: Rect, hole: Rect | None) -> tuple[Rect, ...]:
    """Return what is left of a rectangle outside a hole, in up to four pieces."""
    hole = hole and common(view, hole)
    if hole is None:
        return (view,)
    above = hole.top_px - view.top_px
    below = view.height_px - above - hole.height_px
    before = hole.left_px - view.left_px
    after = view.width_px - before - hole.width_px
    pieces = (
        (view.left_px, view.top_px, view.width_px, above),
        (view.left_px, hole.top_px + hole.height_px, view.width_px, below),
        (view.left_px, hole.top_px, before, hole.height_px),
        (hole.left_px + hole.width_px, hole.top_px, after, hole.height_px),
    )
    return tuple(Rect(*piece) for piece in pieces if piece[2] and piece[3])


def _within(view: Rect, region: Sequence[Rect]) -> list[Rect]:
    return [part for rect in region if (part := common(view, rect)) is not None]


def _paint(mask: NDArray[np.bool_], parts: Sequence[Rect], view: Rect) -> NDArray[np.bool_]:
    for part in parts:
        top, left = part.top_px - view.top_px, part.left_px - view.left_px
        mask[top : top + part.height_px, left : left + part.width_px] = True
    return mask
