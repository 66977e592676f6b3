"""Draw what the policy is told of a frame, so that a person can read it."""

from collections.abc import Sequence

import cv2
import numpy as np

from data.frames import Image
from models.tokens import TrackedObject

OWN = (255, 255, 255)
# BGR. None the green of a pitch.
_COLOURS = (
    (255, 170, 90), (90, 90, 255), (60, 230, 255), (225, 225, 225), (255, 120, 255),
    (80, 160, 255), (240, 240, 90), (200, 150, 220),
)  # fmt: skip
_AHEAD_S = 0.3  # how far ahead a motion's line points
_STILL_PX = 6.0  # a shorter line says nothing


def draw_tracked(
    image: Image, objects: Sequence[TrackedObject], kinds: Sequence[str], *, width_px: int
) -> Image:
    """Draw boxes and motions on a copy of a BGR picture, scaled to a width.

    What the person controls has a larger, white box; what the detector missed on this tick, and is
    only believed to be there, has a thin one.

    Args:
        image: The frame.
        objects: Of its tick.
        kinds: The profile's object classes: each has a colour of its own.
        width_px: Of the picture returned.
    """
    height, width = image.shape[:2]
    scale = width_px / width
    drawn = cv2.resize(
        image, (width_px, round(height * scale)), interpolation=cv2.INTER_LINEAR
    ).astype(np.uint8)
    for one in objects:
        own = one.kind is None
        colour = OWN if one.kind is None else _COLOURS[kinds.index(one.kind) % len(_COLOURS)]
        x1, y1, x2, y2 = (round(value * scale) for value in one.box)
        grown = 3 if own else 0
        cv2.rectangle(
            drawn,
            (x1 - grown, y1 - grown),
            (x2 + grown, y2 + grown),
            colour,
            2 if one.seen else 1,
            cv2.LINE_AA,
        )
        ahead = np.array(one.motion) * _AHEAD_S * scale
        if np.abs(ahead).max() >= _STILL_PX:
            start = ((x1 + x2) // 2, (y1 + y2) // 2)
            end = (start[0] + round(float(ahead[0])), start[1] + round(float(ahead[1])))
            cv2.arrowedLine(drawn, start, end, colour, 1, cv2.LINE_AA, tipLength=0.25)
    return drawn
