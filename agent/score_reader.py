"""Read the score from the screen: digits found by template matching (OpenCV's `matchTemplate`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from agent.trial import Score
from data.errors import ProfileError
from data.frames import Image
from data.score_board import Area, ScoreBoard

SURE = 0.8
"""Least correlation of a digit with its picture; those of other digits stay below 0.75."""
STEADY_NS = 700_000_000
"""A score counts when it has been read the same for so long: banners fly over it."""
AWAY_NS = 2_000_000_000
"""A score out of sight for so long: no play, but half-time, a replay or a menu."""
GONE_NS = 20_000_000_000
"""A score out of sight for so long: the match has ended. Half-time of ten seconds is common."""
MOST_DIGIT_PX = 200
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
Grey = npt.NDArray[np.uint8]


class ScoreReader:
    """Reads the two numbers of a score board.

    Raises:
        ProfileError: A digit's picture can't be read.
    """

    def __init__(self, board: ScoreBoard) -> None:
        self._board = board
        self._digits = {digit: _decoded(board, digit) for digit in sorted(board.digits)}

    def read(self, image: Image) -> Score | None:
        """Read a picture of the whole window, BGR; None where a number can't be read."""
        ours = self._number(image, self._board.ours)
        theirs = self._number(image, self._board.theirs)
        return None if ours is None or theirs is None else Score(ours, theirs)

    def _number(self, image: Image, area: Area) -> int | None:
        height, width = image.shape[:2]
        left, top, right, bottom = area
        part = image[
            round(top * height) : round(bottom * height), round(left * width) : round(right * width)
        ]
        if not part.size:
            return None
        grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        across, down = self._board.width_px / width, self._board.height_px / height
        if min(round(part.shape[1] * across), round(part.shape[0] * down)) < 1:
            return None  # a window so large that nothing is left of the area
        if (across, down) != (1.0, 1.0):
            grey = np.asarray(cv2.resize(grey, None, fx=across, fy=down), dtype=np.uint8)
        found = _separate([hit for d, p in self._digits.items() for hit in _hits(grey, d, p)])
        return int("".join(hit.digit for hit in found)) if found else None


@dataclass(frozen=True, slots=True)
class _Hit:
    digit: str
    left: int
    right: int
    sure: float


def _decoded(board: ScoreBoard, digit: str) -> Grey:
    data = board.picture(digit)
    found = None
    if _is_small_png(data):  # a profile may be a stranger's, and OpenCV reads many kinds of files
        found = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    if found is None:
        raise ProfileError(f"score: the picture of {digit} is no small PNG. Cut it out anew.")
    return np.asarray(found, dtype=np.uint8)


def _is_small_png(data: bytes) -> bool:
    """Look at the header, which tells the size before any memory is taken (PNG, section 11.2.2)."""
    sides = data[16:20], data[20:24]
    small = all(0 < int.from_bytes(side, "big") <= MOST_DIGIT_PX for side in sides)
    return data.startswith(_PNG) and small


def _hits(grey: Grey, digit: str, picture: Grey) -> list[_Hit]:
    """Return the places where a digit may stand."""
    if picture.shape[0] > grey.shape[0] or picture.shape[1] > grey.shape[1]:
        return []
    likeness = np.nan_to_num(
        cv2.matchTemplate(grey, picture, cv2.TM_CCOEFF_NORMED), nan=0.0, posinf=0.0, neginf=0.0
    )
    best = likeness.max(axis=0)
    width = picture.shape[1]
    places = np.nonzero(best >= SURE)[0]
    return [_Hit(digit, int(x), int(x) + width, float(best[x])) for x in places]


def _separate(hits: Sequence[_Hit]) -> list[_Hit]:
    """Keep the surest of those that stand on each other, from left to right."""
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda each: -each.sure):
        middle = (hit.left + hit.right) / 2
        if all(abs(middle - (k.left + k.right) / 2) > (k.right - k.left) / 2 for k in kept):
            kept.append(hit)
    return sorted(kept, key=lambda each: each.left)


class ScoreWatch:
    """Follows a score through a match; used by one thread.

    The goals are those scored since the first steady reading. A reading that falls, as it does when
    another match begins, ends the match, and so does a score that stays out of sight: what stood
    before counts.
    """

    def __init__(self) -> None:
        self._reading: Score | None = None
        self._since_ns = 0
        self._first: Score | None = None
        self._last: Score | None = None
        self.over = False
        """Whether the match has ended."""
        self.away = False
        """Whether the score is out of sight for longer than a banner takes."""

    @property
    def score(self) -> Score | None:
        """Goals since the first reading; None while there is none."""
        if self._first is None or self._last is None:
            return None
        return Score(
            self._last.goals_for - self._first.goals_for,
            self._last.goals_against - self._first.goals_against,
        )

    def see(self, reading: Score | None, at_ns: int) -> None:
        """Take in what was read at a time."""
        if reading != self._reading:
            self._reading, self._since_ns = reading, at_ns
        steady_ns = at_ns - self._since_ns
        self.away = reading is None and steady_ns >= AWAY_NS
        if reading is None:
            self.over = self.over or (self._first is not None and steady_ns >= GONE_NS)
        elif not self.over and steady_ns >= STEADY_NS:
            self._count(reading)

    def _count(self, reading: Score) -> None:
        last = self._last
        if self._first is None:
            self._first = reading
        elif last and (
            reading.goals_for < last.goals_for or reading.goals_against < last.goals_against
        ):
            self.over = True
            return
        self._last = reading
