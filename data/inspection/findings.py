"""What is wrong with a recording, in sentences that say where, and what to do about it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from data.frames import FrameSize, placement
from data.inspection.picture_findings import picture_findings
from data.inspection.timeline import Hold, Timeline
from data.moments import cut_option, length, moment, told
from data.reader import Recording

QUIET_S = 120.0  # this long without a key is worth a warning
QUIET_TAIL_S = 30.0  # and this long at the end, where nobody came back to the keys
QUIET_TAIL_SHARE = 0.2
STUCK_S = 60.0  # a person seldom holds a key for a minute
DROPPED_SHARE = 0.01
STALLED_S = 2.0  # a hole this long is no overload any more
RATE_SHARE = 0.05
LETTERBOX_SHARE = 0.85  # of the stored picture that shows the window
PLAY_SHARE = 0.5


def problems_of(
    recording: Recording,
    timeline: Timeline,
    holds: Sequence[Hold],
    heads: dict[str, dict[str, int]],
    *,
    on_progress: Callable[[str, float], None],
) -> list[str]:
    """Say everything that is wrong with a recording; empty when it is sound."""
    found = _file_problems(recording)
    if not recording.frame_count:
        return [*found, "It holds no frame: the game's window never had the focus."]
    found += _time_problems(recording, timeline)
    if timeline.play_frames < PLAY_SHARE * recording.frame_count:
        found.append(
            f"Only {100 * timeline.play_frames / recording.frame_count:.0f}% of its frames are "
            "play; the rest was discarded. Record more."
        )
    if timeline.play_frames and not timeline.stills:
        found += _key_problems(recording, timeline, holds, heads)
    found += _shape_problems(recording)
    return found + picture_findings(recording, timeline, holds, on_progress=on_progress)


def _file_problems(recording: Recording) -> list[str]:
    found = []
    if not recording.complete:
        found.append(
            "The recorder died before it closed this file. Close it with "
            f"'understudy repair {recording.path}'."
        )
    if recording.lost_frames:
        found.append(
            f"Its tail is truncated: {recording.lost_frames} frames after "
            f"{recording.frame_count} lost their pictures. What is before them is sound."
        )
    return found


def _time_problems(recording: Recording, timeline: Timeline) -> list[str]:
    found = []
    times = timeline.times_ns
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        at_s = timeline.since_start_s(int(times[back[0]]))
        found.append(
            f"The clock stepped backwards {_times(len(back))}, first at {moment(at_s)}: keys and "
            "pictures don't belong together there. Record again."
        )
    stalls = [
        hole
        for hole in timeline.holes
        if hole.seconds >= STALLED_S
        and hole.frames >= 0.8 * hole.seconds * timeline.wanted_hz  # all gone, not some
    ]
    found += told(
        [
            f"Nothing was stored at {moment(hole.start_s)} for {length(hole.seconds)}, though "
            "nothing paused it: the computer slept, or was overloaded."
            for hole in stalls
        ]
    )
    rate_hz = 1e9 / timeline.usual_ns if timeline.usual_ns else timeline.wanted_hz
    if abs(rate_hz - timeline.wanted_hz) > RATE_SHARE * timeline.wanted_hz:
        found.append(
            f"Frames came at {rate_hz:.1f} Hz, {timeline.wanted_hz:g} Hz were wanted. Lower "
            "--rate, make the game's window smaller, or close other programs."
        )
    elif timeline.dropped > DROPPED_SHARE * recording.frame_count:
        worst = max(timeline.holes, key=lambda hole: hole.frames, default=None)
        where = f", {worst.frames} of them at {moment(worst.start_s)}" if worst else ""
        found.append(
            f"{timeline.dropped} frames were dropped, "
            f"{100 * timeline.dropped / recording.frame_count:.1f}%{where}. Close other programs, "
            "or lower --rate."
        )
    return found


def _key_problems(
    recording: Recording,
    timeline: Timeline,
    holds: Sequence[Hold],
    heads: dict[str, dict[str, int]],
) -> list[str]:
    if not holds:
        return [
            "No key was pressed. The profile stores only "
            f"{', '.join(recording.profile.keys)}: check its key names with 'understudy profile "
            f"show {recording.profile.name}'."
        ]
    found = []
    for name, counts in heads.items():
        shown = [kind for kind, count in counts.items() if count]
        if len(shown) == 1:
            found.append(
                f"Head {name} shows only one class. Every frame is {shown[0]}: use its keys "
                f"({', '.join(sorted(recording.profile.head(name).keys))}) too, or nothing can be "
                "learned for it."
            )
    starts = timeline.played_s([hold.start_ns for hold in holds])
    ends = timeline.played_s([hold.end_ns for hold in holds])
    found += told(
        [
            f"Key {hold.key} was held for {length(end_s - start_s)} from "
            f"{moment(timeline.moment_of(start_s))}. If it was stuck, leave that out: "
            + cut_option(recording.path, timeline.moment_of(start_s), timeline.moment_of(end_s))
            for hold, start_s, end_s in zip(holds, starts, ends, strict=True)
            if end_s - start_s > STUCK_S
        ]
    )
    return found + _quiet_problems(recording.path, timeline, starts.tolist(), ends.tolist())


def _quiet_problems(
    path: Path, timeline: Timeline, starts: list[float], ends: list[float]
) -> list[str]:
    """Find stretches without a key; times are seconds of play."""
    stretches = []
    last_s = 0.0
    for start_s, end_s in sorted(zip(starts, ends, strict=True)):
        if start_s - last_s > QUIET_S:
            stretches.append((timeline.moment_of(last_s), timeline.moment_of(start_s)))
        last_s = max(last_s, end_s)
    found = told(
        [
            f"No key was touched from {moment(a)} to {moment(b)} ({length(b - a)}). If nobody "
            "played, leave it out: " + cut_option(path, a, b)
            for a, b in stretches
        ]
    )
    tail_s = timeline.play_s - last_s
    if tail_s > QUIET_S or tail_s > max(QUIET_TAIL_S, QUIET_TAIL_SHARE * timeline.play_s):
        at_s = timeline.moment_of(last_s)
        found.append(
            f"No key was touched after {moment(at_s)}, {length(tail_s)} before the end: it would "
            f"teach to do nothing. Keep what is before: 'understudy trim {path} --to "
            f"{moment(at_s + 1)} --out NEW.h5'."
        )
    return found


def _shape_problems(recording: Recording) -> list[str]:
    facts, size = recording.facts, recording.profile.capture.size
    if facts.width_px <= 0 or facts.height_px <= 0:
        return []
    source = FrameSize(facts.width_px, facts.height_px)
    scale = placement(source, size).scale
    shown = source.width_px * source.height_px * scale**2 / (size.width_px * size.height_px)
    if shown >= LETTERBOX_SHARE:
        return []
    height_px = 2 * round(size.width_px * source.height_px / source.width_px / 2)
    return [
        f"{100 * (1 - shown):.0f}% of every picture is a black border: the window is "
        f"{source.width_px}x{source.height_px}, stored as {size.width_px}x{size.height_px}. "
        f"Store {size.width_px}x{height_px}, or give the window the other shape."
    ]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
