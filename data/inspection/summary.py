"""What is in a recording, counted over play: pauses, discards and the like are left out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.inspection.findings import problems_of
from data.inspection.timeline import Hold, Hole, Timeline, holds_of
from data.keys import labels_at
from data.profile import GameProfile
from data.reader import Recording

HOLD_EDGES_MS = (50, 100, 200, 400, 800, 1600)
HOLD_BINS = (*(f"<{edge}" for edge in HOLD_EDGES_MS), f">={HOLD_EDGES_MS[-1]}")
"""Names of the bins of hold lengths, in milliseconds."""


@dataclass(frozen=True, slots=True)
class SpanTold:
    """A stretch of time that is special."""

    kind: str
    start_s: float
    """Since the first frame."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Captured:
    """What was stored, and from where."""

    window_title: str
    """Empty where there was no window, or none was noted."""
    window: tuple[int, int, int, int]
    """Left, top, width and height on the screen, in pixels, when the recording began."""
    source: str
    stored: tuple[int, int]
    """Width and height of a stored picture."""
    rate_hz: float
    """Pictures a second that were wanted."""
    keys: list[str]
    """The only keys that can be in the file."""
    started_at: str
    platform: str
    session: str
    """Shared by the files of one session; empty for a file of its own."""
    part_of_session: int
    """1 for the session's first file; 0 without a session."""
    repaired: bool
    edited: list[dict[str, Any]]
    """What was trimmed and merged, oldest first."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What `understudy inspect` prints."""

    frames: int
    """Stored frames."""
    play_frames: int
    """Those outside pauses, discards and the like; what follows counts only these."""
    seconds: float
    """Of play."""
    rate_hz: float
    dropped: int
    """As the recorder counted them, or as the holes between frames show."""
    holes: list[Hole]
    """Where frames are missing."""
    jitter_ms: dict[str, float]
    """`p50` and `p99` of how far frame times stray from their usual distance."""
    bytes: int
    """Of all stored pictures."""
    bytes_per_hour: float
    """Of play."""
    keys: dict[str, int]
    """Presses of each key."""
    held_s: dict[str, float]
    """Seconds that each key was held."""
    holds_ms: dict[str, dict[str, int]]
    """For each key, how many holds were how long: `HOLD_BINS`."""
    heads: dict[str, dict[str, int]]
    """Frames of each class."""
    boxes: dict[str, int]
    """Labelled objects of each class."""
    spans: list[SpanTold]
    captured: Captured
    problems: list[str]


def summarise(
    path: Path, *, on_progress: Callable[[str, float], None] = lambda name, share: None
) -> Summary:
    """Read a recording through and say what is in it.

    Args:
        path: A recording, finished or left behind.
        on_progress: Told what is done, and the share of it from 0 to 1.

    Raises:
        RecordingError: It is not a recording.
    """
    with Recording(path) as recording:
        timeline = Timeline(recording)
        events = recording.key_events()
        holds = holds_of(events, _last_ns(timeline))
        mask, sizes = timeline.play_mask(), recording.jpeg_sizes()
        strays = np.abs(timeline.gaps_ns - timeline.usual_ns) / 1e6
        labels = labels_at(recording.profile, events, timeline.times_ns, shift_ns=0)
        heads = {}
        for head in recording.profile.heads:
            counts = np.bincount(labels[head.name][mask], minlength=len(head.names))
            heads[head.name] = {name: int(counts[i]) for i, name in enumerate(head.names)}
        told = _holds_told(recording.profile, timeline, holds)
        return Summary(
            frames=recording.frame_count,
            play_frames=timeline.play_frames,
            seconds=timeline.play_s,
            rate_hz=1e9 / timeline.usual_ns if timeline.usual_ns else 0.0,
            dropped=timeline.dropped,
            holes=timeline.holes,
            jitter_ms={
                "p50": float(np.percentile(strays, 50)) if len(strays) else 0.0,
                "p99": float(np.percentile(strays, 99)) if len(strays) else 0.0,
            },
            bytes=recording.byte_count,
            bytes_per_hour=(
                float(sizes[mask].sum()) / timeline.play_s * 3600 if timeline.play_s else 0.0
            ),
            keys={key: sum(counts.values()) for key, counts in told.items()},
            held_s=_held_s(recording.profile, timeline, holds),
            holds_ms=told,
            heads=heads,
            boxes=recording.box_counts(),
            spans=_spans(recording, timeline),
            captured=_captured(recording),
            problems=problems_of(recording, timeline, holds, heads, on_progress=on_progress),
        )


def _last_ns(timeline: Timeline) -> int:
    times = timeline.times_ns
    return int(times[-1] + timeline.usual_ns) if len(times) else 0


def _holds_told(
    profile: GameProfile, timeline: Timeline, holds: list[Hold]
) -> dict[str, dict[str, int]]:
    told = {key: dict.fromkeys(HOLD_BINS, 0) for key in profile.keys}
    for hold in holds:
        if timeline.in_play(hold.start_ns):
            length_ms = (hold.end_ns - hold.start_ns) / 1e6
            told[hold.key][HOLD_BINS[int(np.searchsorted(HOLD_EDGES_MS, length_ms, "right"))]] += 1
    return told


def _held_s(profile: GameProfile, timeline: Timeline, holds: list[Hold]) -> dict[str, float]:
    held = dict.fromkeys(profile.keys, 0.0)
    starts = timeline.played_s([hold.start_ns for hold in holds])
    ends = timeline.played_s([hold.end_ns for hold in holds])
    for hold, start_s, end_s in zip(holds, starts, ends, strict=True):
        held[hold.key] += float(end_s - start_s)
    return held


def _spans(recording: Recording, timeline: Timeline) -> list[SpanTold]:
    told = [
        SpanTold(
            span.kind.name.lower(),
            timeline.since_start_s(span.start_ns),
            (span.end_ns - span.start_ns) / 1e9,
        )
        for span in recording.spans()
    ]
    return sorted(told, key=lambda span: span.start_s)


def _captured(recording: Recording) -> Captured:
    facts, capture, found = recording.facts, recording.profile.capture, recording.attributes
    part = found.get("part_of_session", 0)
    return Captured(
        window_title=facts.window_title,
        window=(facts.left_px, facts.top_px, facts.width_px, facts.height_px),
        source=facts.source,
        stored=(capture.width_px, capture.height_px),
        rate_hz=facts.rate_hz,
        keys=list(recording.profile.keys),
        started_at=str(found.get("started_at", "")),
        platform=str(found.get("platform", "")),
        session=str(found.get("session", "")),
        part_of_session=int(part) if isinstance(part, (int, np.integer)) else 0,
        repaired=str(found.get("repaired", 0)) == "1",
        edited=recording.history,
    )
