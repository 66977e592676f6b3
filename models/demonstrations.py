"""What a person did, ready to learn from: sights, labels, and which ticks count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import RecordingError
from data.keys import By, KeyEvent, labels_at
from data.profile import GameProfile
from data.reader import Recording
from data.same_game import why_not_learned
from data.schema import Span, SpanKind
from models.features import Eyes, SeenProgress, SeenRecording, see_recording

CORRECTION_WEIGHT = 3.0
"""How much a person's corrections of a playing policy count beside plain play."""
LABELLED_BY = "labelled_by"
"""Attribute of a recording whose keys nobody pressed: who said that they should have been."""
SETTLE_NS = 250_000_000
"""A key that the agent held until a take-over is known to be the person's only this much later."""
_LONG_NS = 1_000_000_000  # in which one late frame of twenty changes a rate by a twentieth


@dataclass(frozen=True, slots=True)
class Correction:
    """A stretch of a flight log in which a person played instead of the agent."""

    start_ns: int
    """When the person's first key went down."""
    end_ns: int
    """When the last one came up: what follows is the wait in which the agent is handed the keys."""

    def __post_init__(self) -> None:
        if self.end_ns < self.start_ns:
            raise ValueError(f"a correction ends after it starts, got {self}")

    def covers(self, times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Say which times lie inside, `(n,)`."""
        return (times_ns >= self.start_ns) & (times_ns < self.end_ns)

    def teaches(self, times_ns: npt.NDArray[np.int64], shift_ns: int) -> npt.NDArray[np.bool_]:
        """Say which ticks are labelled by it: tick and label time both lie inside, `(n,)`."""
        told_ns = times_ns + shift_ns
        return self.covers(times_ns) & self.covers(told_ns) & (told_ns >= self.start_ns + SETTLE_NS)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One recording at the policy's rate."""

    name: str
    seen: SeenRecording
    times_ns: npt.NDArray[np.int64]
    """When each tick's frame was grabbed, `(n,)`."""
    events: tuple[KeyEvent, ...]
    """What the person pressed, without the agent's keys."""
    counts: npt.NDArray[np.bool_]
    """Whether the person was playing at each tick, `(n,)`."""
    segments: tuple[tuple[int, int], ...]
    """Ranges `(start, stop)` of ticks that follow one another."""
    corrections: tuple[Correction, ...] | None = None
    """What a person did in a flight log; None for plain play."""

    def __post_init__(self) -> None:
        if not len(self.seen) == len(self.times_ns) == len(self.counts):
            raise ValueError("sights, times and counts must be equally long")


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labels of a demonstration."""

    classes: dict[str, npt.NDArray[np.int64]]
    """For each head, class indices `(n,)`."""
    counts: npt.NDArray[np.bool_]
    """Whether each tick's label is to be learned, `(n,)`."""
    weights: npt.NDArray[np.float32]
    """How much it counts, `(n,)`: 0 where it doesn't, 1 for plain play."""


def labelled(
    demonstration: Demonstration,
    profile: GameProfile,
    *,
    shift_ms: float,
    correction_weight: float = CORRECTION_WEIGHT,
) -> Labelled:
    """Label each tick with the keys held `shift_ms` later; past a segment's end none counts.

    Of a flight log only a person's corrections count, by `correction_weight`: the agent's own keys
    never do, nor the moments before a take-over, which are what the person found wrong.
    """
    shift_ns = round(shift_ms * 1e6)
    times = demonstration.times_ns
    classes = labels_at(profile, demonstration.events, times, shift_ns=shift_ns)
    counts = demonstration.counts.copy()
    for start, stop in demonstration.segments:
        counts[start:stop] &= times[start:stop] + shift_ns <= times[stop - 1]
    weights = np.ones(len(times), dtype=np.float32)
    if demonstration.corrections is not None:
        taught = np.zeros(len(times), dtype=np.bool_)
        for correction in demonstration.corrections:
            taught |= correction.teaches(times, shift_ns)
        counts &= taught
        weights *= correction_weight
    return Labelled(classes, counts, np.where(counts, weights, np.float32(0)))


def teaching_ticks(demonstration: Demonstration, profile: GameProfile, *, shift_ms: float) -> int:
    """Count the ticks that are learned from, in segments of two ticks or more."""
    counts = labelled(demonstration, profile, shift_ms=shift_ms).counts
    return sum(int(counts[a:b].sum()) for a, b in demonstration.segments if b - a > 1)


def teaches(demonstration: Demonstration, profile: GameProfile, *, shift_ms: float) -> bool:
    """Say whether a person presses keys in it, and some tick is learned from."""
    return bool(demonstration.events and teaching_ticks(demonstration, profile, shift_ms=shift_ms))


def ticks_of(
    times_ns: npt.NDArray[np.int64], segments: Sequence[tuple[int, int]], *, rate_hz: float
) -> tuple[npt.NDArray[np.int64], tuple[tuple[int, int], ...]]:
    """Choose the frames that a policy of a given rate would have seen.

    A recording of about that rate is taken whole; of a faster one, the newest frame at each tick.
    The rate is that of all segments together: in a segment of two frames a single late one would
    halve it. Only a segment of a second or more is judged as faster by itself.

    Returns:
        Frame indices, and the segments in terms of them.

    Raises:
        RecordingError: The recording is slower than the policy.
    """
    recorded_hz = _rate_hz(times_ns, segments, unknown=rate_hz)
    if recorded_hz < 0.8 * rate_hz:
        raise RecordingError(
            f"it has {recorded_hz:.1f} frames a second, the policy needs {rate_hz:g}. "
            "Record at that rate, or lower the profile's rate_hz."
        )
    chosen: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    ranges = []
    total = 0
    for start, stop in segments:
        frames = np.arange(start, stop, dtype=np.int64)
        long = times_ns[stop - 1] - times_ns[start] >= _LONG_NS
        own_hz = _rate_hz(times_ns, [(start, stop)], unknown=rate_hz) if long else recorded_hz
        if own_hz > 1.25 * rate_hz:
            due = np.arange(times_ns[start], times_ns[stop - 1] + 1, 1e9 / rate_hz)
            newest = np.searchsorted(times_ns[start:stop], due, side="right") - 1
            frames = start + np.unique(newest).astype(np.int64)
        chosen.append(frames)
        ranges.append((total, total + len(frames)))
        total += len(frames)
    return np.concatenate(chosen), tuple(ranges)


def _rate_hz(
    times_ns: npt.NDArray[np.int64], segments: Sequence[tuple[int, int]], *, unknown: float
) -> float:
    """Return the frames a second within segments; `unknown` where no frame follows another."""
    steps = sum(stop - start - 1 for start, stop in segments)
    time_ns = sum(int(times_ns[stop - 1] - times_ns[start]) for start, stop in segments)
    return steps * 1e9 / time_ns if time_ns else unknown


def load_demonstration(
    path: Path,
    profile: GameProfile,
    eyes: Eyes,
    *,
    folder: Path,
    on_progress: Callable[[SeenProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Demonstration:
    """Read a recording and look at its frames, or take what is cached.

    Raises:
        RecordingError: It lacks keys of the profile, or its pictures are of another size.
        Stopped: `stop` said so.
    """
    with Recording(path) as recording:
        require_learnable(recording.profile, profile, source=str(path))
        try:
            frames, segments = ticks_of(
                recording.times_ns, recording.segments(), rate_hz=profile.capture.rate_hz
            )
        except RecordingError as error:
            raise RecordingError(f"{path}: {error}") from error
        seen = see_recording(
            recording,
            frames,
            eyes,
            folder=folder,
            on_progress=on_progress,
            stop=stop,
        )
        times = recording.times_ns[frames]
        events = recording.key_events()
        theirs = tuple(e for e in events if e.by is By.HUMAN and e.key in profile.keys)
        counts, corrections = np.ones(len(times), dtype=np.bool_), None
        if recording.is_flight_log or any(event.by is not By.HUMAN for event in events):
            corrections = corrections_of(theirs, recording.spans())
            counts[:] = False
            for correction in corrections:
                counts |= correction.covers(times)
        return Demonstration(
            name=path.stem,
            seen=seen,
            times_ns=times,
            events=theirs,
            counts=counts,
            segments=segments,
            corrections=corrections,
        )


def corrections_of(events: Sequence[KeyEvent], spans: Sequence[Span]) -> tuple[Correction, ...]:
    """Return what a person did in the take-overs of a flight log.

    A take-over's span lasts until the agent resumes, after a quiet while; a correction ends where
    the person's last key came up, or the wait would teach the policy to stand still.

    Args:
        events: The person's keys, in order of time.
        spans: Of the flight log.
    """
    found = []
    for span in spans:
        if span.kind is SpanKind.TAKEOVER:
            moved = [event.at_ns for event in events if span.start_ns <= event.at_ns <= span.end_ns]
            if moved:
                found.append(Correction(moved[0], moved[-1]))
    return tuple(found)


def corrects(path: Path) -> bool:
    """Say whether a recording corrects a policy, in take-overs or in labels put to what it did.

    Such a recording is learned from and never held out: beside plain play its score says little.

    Raises:
        RecordingError: It is no recording.
    """
    with Recording(path) as recording:
        return recording.is_flight_log or LABELLED_BY in recording.attributes


def require_learnable(recorded: GameProfile, profile: GameProfile, *, source: str) -> None:
    """Refuse a recording that a profile's policy can't learn from.

    Raises:
        RecordingError: The message says why, and what to do.
    """
    reason = why_not_learned(profile, recorded=recorded)
    if reason:
        raise RecordingError(f"{source}: {reason}.")
