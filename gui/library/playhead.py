"""Which frame is due: playing, stepping and scrubbing through the times of a recording."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

HOLE_S = 1.0  # a longer time without pictures
JUMP_S = 0.25  # is played as this


class Playhead:
    """A place in a recording.

    Args:
        clock: Seconds that pass as on a wall clock.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times_s: npt.NDArray[np.float64] = np.zeros(0)
        self._played_s = np.zeros(1)  # the same without holes
        self._frame = 0
        self._speed = 1.0
        self._playing_since: tuple[float, float] | None = None  # clock, place in `_played_s`

    def load(self, times_s: npt.NDArray[np.float64]) -> None:
        """Go to the beginning of another recording; `times_s` are its frames', rising from 0."""
        self._times_s, self._frame, self._playing_since = times_s, 0, None
        gaps_s = np.diff(times_s)
        gaps_s[gaps_s > HOLE_S] = JUMP_S
        self._played_s = np.concatenate([[0.0], np.cumsum(gaps_s)])

    @property
    def frame(self) -> int:
        """The frame that is due."""
        return self._frame

    @property
    def count(self) -> int:
        """Frames in all."""
        return len(self._times_s)

    @property
    def at_s(self) -> float:
        """The time of that frame."""
        return float(self._times_s[self._frame]) if self.count else 0.0

    @property
    def end_s(self) -> float:
        """The time of the last frame."""
        return float(self._times_s[-1]) if self.count else 0.0

    @property
    def playing(self) -> bool:
        """Whether it moves by itself."""
        return self._playing_since is not None

    @property
    def speed(self) -> float:
        """How much faster than it was recorded."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Play faster or slower from here."""
        self._speed = speed
        if self.playing:
            self.play()

    def play(self) -> None:
        """Move from here; at the end, from the beginning."""
        if self._frame + 1 >= self.count:
            self._frame = 0
        if self.count:
            self._start()

    def pause(self) -> None:
        """Stay here."""
        self._playing_since = None

    def step(self, frames: int) -> None:
        """Pause, and go some frames on or, below 0, back."""
        self.pause()
        self._frame = min(max(0, self._frame + frames), max(0, self.count - 1))

    def seek(self, at_s: float) -> None:
        """Go to the frame shown at a time, and go on playing if it played."""
        index = int(np.searchsorted(self._times_s, at_s + 1e-9, side="right")) - 1
        self._frame = min(max(0, index), max(0, self.count - 1))
        if self.playing:
            self._start()

    def advance(self) -> bool:
        """Go to where the clock says, and pause at the end; say whether the frame changed."""
        if self._playing_since is None:
            return False
        since, from_s = self._playing_since
        before, due_s = self._frame, from_s + (self._clock() - since) * self._speed
        index = int(np.searchsorted(self._played_s, due_s + 1e-9, side="right")) - 1
        self._frame = min(max(before, index), self.count - 1)
        if self._frame + 1 >= self.count:
            self.pause()
        return self._frame != before

    def _start(self) -> None:
        self._playing_since = self._clock(), float(self._played_s[self._frame])
