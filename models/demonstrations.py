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
from data.schema import BREAKS, Span, SpanKind
from models.features import Eyes, SeenFrames, SeenProgress, see_recording


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One recording at the policy's rate."""

    name: str
    seen: SeenFrames
    times_ns: npt.NDArray[np.int64]
    """When each tick's frame was grabbed, `(n,)`."""
    events: tuple[KeyEvent, ...]
    """What the person pressed, without the agent's keys."""
    counts: npt.NDArray[np.bool_]
    """Whether the person was playing at each tick, `(n,)`."""
    segments: tuple[tuple[int, int], ...]
    """Ranges `(start, stop)` of ticks that follow one another."""

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


def labelled(demonstration: Demonstration, profile: GameProfile, *, shift_ms: float) -> Labelled:
    """Label each tick with the keys held `shift_ms` later; past a segment's end none counts."""
    shift_ns = round(shift_ms * 1e6)
    times = demonstration.times_ns
    classes = labels_at(profile, demonstration.events, times, shift_ns=shift_ns)
    counts = demonstration.counts.copy()
    for start, stop in demonstration.segments:
        counts[start:stop] &= times[start:stop] + shift_ns <= times[stop - 1]
    return Labelled(classes, counts)


def ticks_of(
    times_ns: npt.NDArray[np.int64], segments: Sequence[tuple[int, int]], *, rate_hz: float
) -> tuple[npt.NDArray[np.int64], tuple[tuple[int, int], ...]]:
    """Choose the frames that a policy of a given rate would have seen.

    A recording of about that rate is taken whole; of a faster one, the newest frame at each tick.

    Returns:
        Frame indices, and the segments in terms of them.

    Raises:
        RecordingError: The recording is slower than the policy.
    """
    chosen: list[npt.NDArray[np.int64]] = []
    ranges = []
    total = 0
    for start, stop in segments:
        frames = np.arange(start, stop, dtype=np.int64)
        if stop - start > 1:
            recorded_hz = (stop - start - 1) * 1e9 / float(times_ns[stop - 1] - times_ns[start])
            if recorded_hz < 0.8 * rate_hz:
                raise RecordingError(
                    f"it has {recorded_hz:.1f} frames a second, the policy needs {rate_hz:g}. "
                    "Record at that rate, or lower the profile's rate_hz."
                )
            if recorded_hz > 1.25 * rate_hz:
                due = np.arange(times_ns[start], times_ns[stop - 1] + 1, 1e9 / rate_hz)
                newest = np.searchsorted(times_ns[start:stop], due, side="right") - 1
                frames = start + np.unique(newest).astype(np.int64)
        chosen.append(frames)
        ranges.append((total, total + len(frames)))
        total += len(frames)
    empty = np.zeros(0, dtype=np.int64)
    return np.concatenate([empty, *chosen]), tuple(ranges)


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
        RecordingError: It was made with other keys, objects or frame size than the profile's.
        Stopped: `stop` said so.
    """
    with Recording(path) as recording:
        require_same_game(recording.profile, profile, source=str(path))
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
        return Demonstration(
            name=path.stem,
            seen=seen,
            times_ns=times,
            events=tuple(event for event in events if event.by is By.HUMAN),
            counts=person_plays(times, events, recording.spans()),
            segments=segments,
        )


def person_plays(
    times_ns: npt.NDArray[np.int64], events: Sequence[KeyEvent], spans: Sequence[Span]
) -> npt.NDArray[np.bool_]:
    """Say at which times a person was playing.

    Where the agent pressed keys too, only the take-overs are the person's; its own play must never
    become what it learns from.
    """
    plays = np.ones(len(times_ns), dtype=np.bool_)
    if any(event.by is By.AGENT for event in events):
        plays[:] = False
        for span in spans:
            if span.kind is SpanKind.TAKEOVER:
                plays |= (times_ns >= span.start_ns) & (times_ns <= span.end_ns)
    for span in spans:
        if span.kind in BREAKS:
            plays &= ~((times_ns >= span.start_ns) & (times_ns <= span.end_ns))
    return plays


def require_same_game(found: GameProfile, wanted: GameProfile, *, source: str) -> None:
    """Refuse a recording that another profile's policy can't learn from.

    Raises:
        RecordingError: The message names the difference.
    """
    differences = {
        "heads": [head.classes for head in found.heads] != [head.classes for head in wanted.heads],
        "objects": found.objects != wanted.objects,
        "reference": found.reference != wanted.reference,
        "frame size": found.capture.size != wanted.capture.size,
    }
    for what, differs in differences.items():
        if differs:
            raise RecordingError(
                f"{source}: recorded with profile {found.name}, whose {what} differs from that of "
                f"{wanted.name}. Train with the profile it was recorded with."
            )
