"""Cut the digits of a score board out of a picture, for a profile's part `score`."""

import base64
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from data.errors import UnderstudyError
from data.frames import Image
from data.score_board import Area

LEAST_PX = 4
"""Of a character's height; what is smaller is dirt."""
MARGIN_PX = 1


def cut_digits(image: Image, area: Area, shows: str) -> dict[str, str]:
    """Return the picture of each digit that stands in an area, as a PNG in base64.

    Characters are connected spots that differ from the ground by Otsu's threshold; spots above each
    other count as one.

    Args:
        image: Of the whole window, BGR.
        area: Where the characters stand.
        shows: What stands there, such as `12:34`; what is no digit is left out.

    Raises:
        UnderstudyError: Other than so many characters are found, or none of them is a digit.
    """
    height, width = image.shape[:2]
    left, top, right, bottom = area
    part = image[
        round(top * height) : round(bottom * height), round(left * width) : round(right * width)
    ]
    wanted = [character for character in shows if not character.isspace()]
    if not part.size or not any(character.isdigit() for character in wanted):
        raise UnderstudyError(
            f"{shows!r}: no digit to cut out. Say what stands there, such as 12:34."
        )
    grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    mask = _mask(grey)
    spans = _spans(mask)
    if len(spans) != len(wanted):
        raise UnderstudyError(
            f"{shows!r} has {len(wanted)} characters, but {len(spans)} were found there. Draw the "
            "area closer around them, or choose a moment with a quiet ground."
        )
    return {
        character: _png(grey[:, max(0, a - MARGIN_PX) : b + MARGIN_PX], mask[:, a:b])
        for character, (a, b) in zip(wanted, spans, strict=True)
        if character.isdigit()
    }


def _mask(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return what belongs to characters, be they lighter than the ground or darker: 255, else 0."""
    _, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if mask.mean() > 127:  # dark characters on a light ground
        mask = 255 - mask
    _, spot_of, found, _ = cv2.connectedComponentsWithStats(np.asarray(mask, dtype=np.uint8))
    tall = found[:, cv2.CC_STAT_HEIGHT] >= min(LEAST_PX, int(grey.shape[0]))
    tall[0] = False  # the ground
    return np.where(tall[spot_of], 255, 0).astype(np.uint8)


def _spans(mask: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return the columns of each character, from left to right."""
    _, _, found, _ = cv2.connectedComponentsWithStats(mask)
    spots = sorted((int(s[cv2.CC_STAT_LEFT]), int(s[cv2.CC_STAT_WIDTH])) for s in found[1:])
    return _joined([(left, left + width) for left, width in spots])


def _joined(spots: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spots that stand above each other, such as those of a colon."""
    spans: list[tuple[int, int]] = []
    for left, right in spots:
        if spans and left < spans[-1][1] - 1:
            spans[-1] = spans[-1][0], max(spans[-1][1], right)
        else:
            spans.append((left, right))
    return spans


def _png(grey: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]) -> str:
    """Return the rows in which a character's mask has something."""
    rows = np.nonzero(mask.any(axis=1))[0]
    top, bottom = max(0, int(rows[0]) - MARGIN_PX), int(rows[-1]) + 1 + MARGIN_PX
    done, data = cv2.imencode(".png", grey[top:bottom])
    if not done:
        raise UnderstudyError("a digit can't be written as PNG.")
    return base64.b64encode(data.tobytes()).decode()
