"""The time of a recording: what of it is play, and where pictures are missing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from data.keys import KeyEvent
from data.reader import Recording
from data.schema import BREAKS

_TOGETHER_S = 1.0  # holes nearer to each other than this are told as one


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of play in which pictures that were due are missing."""

    start_s: float
    """Since the first frame."""
    seconds: float
    frames: int
    """How many are missing."""
    after: int
    """Index of the last frame before it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A key from its press to its release, or to the recording's end."""

    key: str
    start_ns: int
    end_ns: int


class Timeline:
    """When frames were taken, without pauses, discards and the like."""

    def __init__(self, recording: Recording) -> None:
        self.times_ns = recording.times_ns
        self.segments = recording.segments()
        self.start_ns = int(self.times_ns[0]) if len(self.times_ns) else 0
        self.wanted_hz = recording.facts.rate_hz
        self._counted = recording.counters["dropped"]
        breaks = sorted((s.start_ns, s.end_ns) for s in recording.spans() if s.kind in BREAKS)
        self._break_starts = np.array([start for start, _ in breaks], dtype=np.int64)
        self._break_ends = np.maximum.accumulate(np.array([end for _, end in breaks], np.int64))
        self.gaps_ns = np.concatenate(
            [np.zeros(0), *(np.diff(self.times_ns[a:b]) for a, b in self.segments)]
        )
        self.usual_ns = float(np.median(self.gaps_ns)) if len(self.gaps_ns) else 0.0
        self._edges, self._played = self._clock()

    @property
    def stills(self) -> bool:
        """Whether no frame follows another: a set of pictures, not a stretch of play."""
        return bool(self.segments) and not len(self.gaps_ns)

    @property
    def play_frames(self) -> int:
        """Frames outside pauses, discards and the like."""
        return sum(stop - start for start, stop in self.segments)

    @property
    def play_s(self) -> float:
        """Seconds of play; each frame stands for the usual time between two."""
        return float(self._played[-1]) if len(self._played) else 0.0

    @property
    def end_s(self) -> float:
        """Where the last frame ends, since the first."""
        return self.since_start_s(int(self.times_ns[-1])) + self.usual_ns / 1e9

    def since_start_s(self, at_ns: float) -> float:
        """Return a time as the recording's own clock has it: seconds since the first frame."""
        return (at_ns - self.start_ns) / 1e9

    def played_s(self, at_ns: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return how many seconds were played before each monotonic time; of the same shape."""
        since_ns = np.asarray(at_ns, dtype=np.int64) - self.start_ns
        if not len(self._edges):
            return np.zeros(since_ns.shape)
        found: npt.NDArray[np.float64] = np.interp(since_ns, self._edges, self._played)
        return found

    def moment_of(self, played_s: float) -> float:
        """Return when so many seconds had been played, in seconds since the first frame."""
        return float(np.interp(played_s, self._played, self._edges)) / 1e9

    def play_mask(self) -> npt.NDArray[np.bool_]:
        """Say of each frame whether it is play, `(frames,)`."""
        mask = np.zeros(len(self.times_ns), dtype=np.bool_)
        for start, stop in self.segments:
            mask[start:stop] = True
        return mask

    def in_play(self, at_ns: int) -> bool:
        """Say whether a time lies in no break."""
        return not self._broken(at_ns, at_ns)

    @cached_property
    def holes(self) -> list[Hole]:
        """Return where pictures that were due are missing, near ones taken together.

        A tick that only comes late leaves no hole: what counts is how far all later pictures are
        behind the steady rhythm, not how far two are apart.
        """
        found: list[Hole] = []
        period_ns = 1e9 / self.wanted_hz
        for start, stop in [] if self.stills else self._stretches():
            times = self.times_ns[start:stop]
            behind = (times - times[0]) / period_ns - np.arange(len(times))
            lasting = np.minimum.accumulate(behind[::-1])[::-1]
            missing = np.diff(np.round(lasting - lasting[0]))
            for i in np.flatnonzero(missing > 0):
                at_s = self.since_start_s(int(times[i]))
                until_s = self.since_start_s(int(times[i + 1]))
                count, after = int(missing[i]), start + int(i)
                if found and at_s - (found[-1].start_s + found[-1].seconds) < _TOGETHER_S:
                    last = found.pop()
                    at_s, count, after = last.start_s, last.frames + count, last.after
                found.append(Hole(at_s, until_s - at_s, count, after))
        return found

    @property
    def dropped(self) -> int:
        """Frames that are missing: as the recorder counted them, or as the holes show."""
        return max(self._counted, sum(hole.frames for hole in self.holes))

    def _clock(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the edges of play since the start in ns, and the seconds played up to each."""
        edges, played = [], []
        total_s = 0.0
        for index, (start, stop) in enumerate(self.segments):
            begin_ns = int(self.times_ns[start]) - self.start_ns
            end_ns = int(self.times_ns[stop - 1]) - self.start_ns + self.usual_ns
            if index + 1 < len(self.segments):
                next_ns = int(self.times_ns[self.segments[index + 1][0]]) - self.start_ns
                end_ns = min(end_ns, next_ns)
            edges += [begin_ns, end_ns]
            played += [total_s, total_s + (end_ns - begin_ns) / 1e9]
            total_s = played[-1]
        return np.array(edges, dtype=np.float64), np.array(played, dtype=np.float64)

    def _stretches(self) -> list[tuple[int, int]]:
        """Return frame ranges that no break interrupts, though holes may."""
        joined: list[tuple[int, int]] = []
        for start, stop in self.segments:
            before, at = int(self.times_ns[start - 1]), int(self.times_ns[start])
            if joined and joined[-1][1] == start and not self._broken(before, at):
                joined[-1] = (joined[-1][0], stop)
            else:
                joined.append((start, stop))
        return joined

    def _broken(self, from_ns: int, to_ns: int) -> bool:
        last = int(np.searchsorted(self._break_starts, to_ns)) - 1
        return last >= 0 and int(self._break_ends[last]) > from_ns


def holds_of(events: list[KeyEvent], end_ns: int) -> list[Hold]:
    """Return every stretch of time that a key was held, in order of the presses."""
    down: dict[str, int] = {}
    found = []
    for event in events:
        if event.down:
            down.setdefault(event.key, event.at_ns)
        elif event.key in down:
            found.append(Hold(event.key, down.pop(event.key), event.at_ns))
    found += [Hold(key, start_ns, max(start_ns, end_ns)) for key, start_ns in down.items()]
    return sorted(found, key=lambda hold: hold.start_ns)
