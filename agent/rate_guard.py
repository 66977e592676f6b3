"""Tells when the machine can't hold the policy's rate. Pure: deadlines' numbers go in."""

from collections import deque

WINDOW_S = 3.0
LOST_SHARE = 0.8
"""With fewer of its ticks a policy sees a game that runs a quarter faster than it learned."""
HELD_SHARE = 0.95
"""What must be reached again before the agent plays on."""


class RateGuard:
    """Counts the ticks of the last three seconds; used by one thread.

    Args:
        rate_hz: The policy's.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._due = max(1, round(WINDOW_S * rate_hz))
        self._beaten: deque[int] = deque()  # at most `_due` of them
        self.lost = False
        """Whether the rate has been lost for three seconds, and not been held since."""
        self.share = 1.0
        """Of the deadlines of the last three seconds, those that a tick began at."""

    @property
    def rate_hz(self) -> float:
        """The rate of the last three seconds."""
        return self.share * self._rate_hz

    @property
    def strained(self) -> bool:
        """Whether the machine falls short of the rate, though perhaps not for long."""
        return self.share < HELD_SHARE

    def see(self, index: int) -> None:
        """Take in the next tick by the number of its deadline, see `recorder.pacing.Tick`."""
        self._beaten.append(index)
        while self._beaten[0] <= index - self._due:
            self._beaten.popleft()
        if index < self._due - 1:
            return  # not three seconds yet
        self.share = len(self._beaten) / self._due
        self.lost = self.share < (HELD_SHARE if self.lost else LOST_SHARE)
