"""Tells a picture that stands still or is black: a game that hangs, a menu, a capture that fails.

Pure: pictures and their times go in. A pause menu that blinks now and then must not make the agent
start and stop, so a picture counts as moving again only after it has moved for a while.
"""

from enum import Enum, auto

from data.frames import Image

PATIENCE_NS = 3_000_000_000
MOVING_NS = 500_000_000
"""How long a picture must have moved before the agent plays again."""
GAP_NS = 260_000_000
"""The longest standstill within movement: a game that draws four pictures a second moves."""
GAP_TICKS = 1.5
"""The same where it is longer: a slow policy's own pictures lie further apart than that."""
STEP = 3  # of three pixels in each direction one is looked at: 0.03 ms; nothing that plays is less
BLACK = 16  # the darkest grey of television; no pixel of a black picture is brighter


class Picture(Enum):
    """What the last seconds showed."""

    MOVING = auto()
    FROZEN = auto()
    BLACK = auto()


class PictureGuard:
    """Watches the pictures for standstill; used by one thread.

    Args:
        rate_hz: How many pictures a second it sees: the policy's rate.
        may_stand_still: Whether the game's picture stands still at times until somebody plays; then
            only a black one counts.
    """

    def __init__(self, rate_hz: float, *, may_stand_still: bool = False) -> None:
        self._gap_ns = max(GAP_NS, round(GAP_TICKS * 1e9 / rate_hz))
        self._may_stand_still = may_stand_still
        self.now = Picture.MOVING
        """What the last seconds showed."""
        self._last: Image | None = None
        self._changed_ns = 0
        self._moving_since_ns = 0
        self._lit_ns = 0

    def forget(self) -> None:
        """Begin anew, after nobody has looked for a while."""
        self.now = Picture.MOVING
        self._last = None

    def see(self, image: Image, at_ns: int) -> None:
        """Take in the next picture."""
        seen = image[::STEP, ::STEP].copy()
        first = self._last is None
        if first or seen.max() > BLACK:
            self._lit_ns = at_ns
        if first or (seen != self._last).any():
            if first or at_ns - self._changed_ns > self._gap_ns:
                self._moving_since_ns = at_ns
            self._changed_ns = at_ns
        self._last = seen
        self.now = self._judged(at_ns)

    def _judged(self, at_ns: int) -> Picture:
        if at_ns - self._lit_ns >= PATIENCE_NS:
            return Picture.BLACK
        if self._may_stand_still:
            return Picture.MOVING
        if at_ns - self._changed_ns >= PATIENCE_NS:
            return Picture.FROZEN
        if self.now is not Picture.MOVING and not self._moves_again(at_ns):
            return Picture.FROZEN
        return Picture.MOVING

    def _moves_again(self, at_ns: int) -> bool:
        lit = at_ns == self._lit_ns
        lasted_ns = self._changed_ns - self._moving_since_ns
        return lit and lasted_ns >= MOVING_NS and at_ns - self._changed_ns <= self._gap_ns
