"""How long something still takes, told in one way on all pages."""


class TimeLeft:
    """Estimates how long a phase still takes, from how it went so far."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._phase: str | None = None
        self._from_s = self._from_share = 0.0

    def seconds(self, phase: str, share: float, now_s: float) -> float | None:
        """Return the seconds left of a phase; None while it is too early to say.

        Args:
            phase: Its name; a new one begins anew.
            share: How much of it is done, 0 to 1.
            now_s: Of a monotonic clock.
        """
        if phase != self._phase:
            self._phase, self._from_s, self._from_share = phase, now_s, share
            return None
        done, spent_s = share - self._from_share, now_s - self._from_s
        if done <= 0.01 or spent_s < 1.0:
            return None
        return spent_s / done * (1.0 - share)


def time_left(seconds: float | None) -> str:
    """Say how long something still takes, such as `about 3 minutes left`; empty where unknown."""
    return "" if seconds is None else f"{_about(seconds)} left"


def _about(seconds: float) -> str:
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10:.0f} seconds"
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"about {minutes} minute{'' if minutes == 1 else 's'}"
    return f"about {seconds / 3600:.1f} hours"
