"""What is in a recording, and what is wrong with it, in words."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from data.keys import KeyEvent, labels_at
from data.reader import Recording

QUIET_S = 120.0  # this long without a key is worth a warning
LOOKED_AT = 24  # frames decoded to find a black or frozen picture


@dataclass(frozen=True, slots=True)
class Summary:
    """What `understudy inspect` prints."""

    frames: int
    seconds: float
    rate_hz: float
    dropped: int
    jitter_ms: dict[str, float]
    """`p50` and `p99` of how far frame times stray from their usual distance."""
    bytes: int
    keys: dict[str, int]
    """Presses of each key."""
    heads: dict[str, dict[str, int]]
    """Frames of each class."""
    boxes: dict[str, int]
    """Labelled objects of each class."""
    spans: dict[str, int]
    problems: list[str]


def summarise(path: Path) -> Summary:
    """Read a recording through and say what is in it.

    Raises:
        RecordingError: It is not a recording.
    """
    with Recording(path) as recording:
        times = recording.times_ns
        gaps = np.concatenate(
            [np.diff(times[start:stop]) for start, stop in recording.segments()] or [np.zeros(0)]
        )
        usual_ns = float(np.median(gaps)) if len(gaps) else 0.0
        strays = np.abs(gaps - usual_ns) / 1e6
        events = recording.key_events()
        presses = dict.fromkeys(recording.profile.keys, 0)
        for event in events:
            presses[event.key] += event.down
        heads, labels = {}, labels_at(recording.profile, events, times, shift_ns=0)
        for head in recording.profile.heads:
            counts = np.bincount(labels[head.name], minlength=len(head.names))
            heads[head.name] = {name: int(counts[i]) for i, name in enumerate(head.names)}
        boxes = dict.fromkeys(recording.profile.object_names, 0)
        for labelled in recording.boxes():
            for box in labelled.boxes:
                boxes[box.class_name] += 1
        spans: dict[str, int] = {}
        for span in recording.spans():
            spans[span.kind.name.lower()] = spans.get(span.kind.name.lower(), 0) + 1
        return Summary(
            frames=recording.frame_count,
            seconds=float(np.sum(gaps) + usual_ns) / 1e9 if len(times) else 0.0,
            rate_hz=1e9 / usual_ns if usual_ns else 0.0,
            dropped=recording.counters["dropped"],
            jitter_ms={
                "p50": float(np.percentile(strays, 50)) if len(strays) else 0.0,
                "p99": float(np.percentile(strays, 99)) if len(strays) else 0.0,
            },
            bytes=recording.byte_count,
            keys=presses,
            heads=heads,
            boxes=boxes,
            spans=spans,
            problems=_problems(recording, events, heads),
        )


def _problems(
    recording: Recording, events: list[KeyEvent], heads: dict[str, dict[str, int]]
) -> list[str]:
    found = []
    times = recording.times_ns
    if not recording.complete:
        found.append("The recorder died before it closed this file; 'understudy repair' closes it.")
    if not len(times):
        return [*found, "It holds no frame."]
    if not any(event.down for event in events):
        found.append("No key was pressed: check the window's focus and the profile's key names.")
    else:
        at = np.array([times[0], *(event.at_ns for event in events), times[-1]])
        quiet_s = float(np.max(np.diff(at))) / 1e9
        if quiet_s > QUIET_S:
            found.append(f"No key was touched for {quiet_s:.0f} s.")
        for name, counts in heads.items():
            if sum(count > 0 for count in counts.values()) == 1:
                found.append(f"Head {name} shows only one class.")
    if bool(np.any(np.diff(times) <= 0)):
        found.append("The clock stepped backwards.")
    dropped = recording.counters["dropped"]
    if dropped > 0.01 * len(times):
        found.append(f"{dropped} frames were dropped: close other programs, or lower the rate.")
    return found + _picture_problems(recording)


def _picture_problems(recording: Recording) -> list[str]:
    chosen = np.unique(np.linspace(0, recording.frame_count - 1, LOOKED_AT).astype(int))
    pictures = [recording.frame(int(i)) for i in chosen]
    found = []
    if max(float(picture.mean()) for picture in pictures) < 4.0:
        found.append("The picture is black: the window may have been covered or drawn elsewhere.")
    elif len(pictures) > 1:
        changes = [float(np.abs(a.astype(np.int16) - b).mean()) for a, b in pairwise(pictures)]
        if max(changes) < 0.2:
            found.append("The picture never changes: it may show the wrong window.")
    return found
