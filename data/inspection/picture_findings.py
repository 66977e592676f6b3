"""What is wrong with the pictures of a recording: damaged, black, or standing still."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from data.errors import RecordingError
from data.frames import Image, encode_jpeg
from data.inspection.timeline import Hold, Timeline
from data.moments import cut_option, length, moment, told
from data.reader import Recording

FROZEN_S = 3.0  # a menu waits this long for a key, but not while keys are pressed
BLACK_S = 5.0  # a loading screen may be black for a while
BLACK_LEVEL = 4.0  # mean of a picture that shows nothing
STILL_LEVEL = 0.2  # mean change that JPEG alone can make
ANSWER_S = 0.5  # a press this near to the end of a still stretch may be what ended it
HELD_S = 1.0  # nobody holds a key this long without anything moving
_LOOKED_AT = 24  # frames decoded of the whole recording
_COMPARED = 8  # frames compared of a stretch that seems to stand still
_SHOWN = 4096  # frames between two looks at the progress; fewer are read at once
_START, _END = b"\xff\xd8", b"\xff\xd9"  # of every JPEG


def picture_findings(
    recording: Recording,
    timeline: Timeline,
    holds: Sequence[Hold],
    *,
    on_progress: Callable[[str, float], None],
) -> list[str]:
    """Say what is wrong with the pictures.

    Every picture's two ends are read, a few are decoded; stretches of one picture are found by
    their bytes, because the same picture always compresses to the same bytes.
    """
    damaged = _damaged(recording, on_progress)
    looked = _look(recording, damaged)
    found = _damage_told(recording, timeline, damaged)
    if not looked:
        return found
    if max(float(picture.mean()) for picture in looked) < BLACK_LEVEL:
        return [
            *found,
            "The picture is black throughout: run the game in a window or borderless, not in "
            "exclusive full screen, and record again.",
        ]
    if not timeline.stills and len(looked) > 1:
        first = looked[0].astype(np.int16)
        if max(float(np.abs(first - picture).mean()) for picture in looked[1:]) < STILL_LEVEL:
            return [*found, "The picture never changes: it may show the wrong window. See "
                    f"'understudy inspect {recording.path} --thumbnails OUT.jpg'."]  # fmt: skip
    black = _black(recording, timeline)
    found += _stretches_told(
        recording, timeline, black, "The picture is black", "a loading screen, or a wrong window"
    )
    frozen = [
        (start, stop)
        for start, stop in _frozen(recording, timeline)
        if _played(timeline, holds, start, stop) and not _inside(start, stop, black)
    ]
    return found + _stretches_told(
        recording, timeline, frozen, "The picture stands still though keys are pressed",
        "the game hung, or was not what was recorded",
    )  # fmt: skip


def _damaged(
    recording: Recording, on_progress: Callable[[str, float], None]
) -> npt.NDArray[np.bool_]:
    count = recording.frame_count
    damaged = np.zeros(count, dtype=np.bool_)
    for index in range(count):
        try:
            data = recording.jpeg(index)
            damaged[index] = data[:2].tobytes() != _START or data[-2:].tobytes() != _END
        except RecordingError:
            damaged[index] = True
        if index % _SHOWN == _SHOWN - 1 or (index == count - 1 and count > _SHOWN):
            on_progress(f"reading {recording.path.name}", (index + 1) / count)
    return damaged


def _damage_told(
    recording: Recording, timeline: Timeline, damaged: npt.NDArray[np.bool_]
) -> list[str]:
    where = np.flatnonzero(damaged)
    if not len(where):
        return []
    first_s, last_s = (
        timeline.since_start_s(int(timeline.times_ns[index])) for index in (where[0], where[-1])
    )
    return [
        f"{len(where)} damaged pictures between {moment(first_s)} and {moment(last_s)}: the disk "
        f"may be failing. Leave them out: {cut_option(recording.path, first_s, last_s)}"
    ]


def _look(recording: Recording, damaged: npt.NDArray[np.bool_]) -> list[Image]:
    """Decode a few frames, evenly spread; those that can't be are marked as damaged."""
    looked = []
    sound = np.flatnonzero(~damaged)
    if not len(sound):
        return []
    for position in np.unique(np.linspace(0, len(sound) - 1, _LOOKED_AT).astype(int)):
        index = int(sound[position])
        try:
            looked.append(recording.frame(index))
        except RecordingError:
            damaged[index] = True
    return looked


def _black(recording: Recording, timeline: Timeline) -> list[tuple[int, int]]:
    """Return stretches of frames that show nothing; a black picture compresses to next to none."""
    capture = recording.profile.capture
    nothing = np.zeros((capture.height_px, capture.width_px, 3), dtype=np.uint8)
    small = recording.jpeg_sizes() <= 1.1 * len(encode_jpeg(nothing, capture.jpeg_quality))
    found = []
    for start, stop in _runs(timeline, small, BLACK_S):
        try:
            picture = recording.frame((start + stop) // 2)
        except RecordingError:
            continue
        if float(picture.mean()) < BLACK_LEVEL:
            found.append((start, stop))
    return found


def _frozen(recording: Recording, timeline: Timeline) -> list[tuple[int, int]]:
    """Return stretches of frames that are all the same picture."""
    sizes = recording.jpeg_sizes()
    same = np.zeros(len(sizes), dtype=np.bool_)
    same[1:] = sizes[1:] == sizes[:-1]
    found = []
    for start, stop in _runs(timeline, same, FROZEN_S):
        compared = np.unique(np.linspace(start, stop - 1, _COMPARED).astype(int))
        first, *others = (_bytes(recording, int(index)) for index in compared)
        if all(other == first for other in others):
            found.append((start, stop))
    return found


def _bytes(recording: Recording, index: int) -> bytes:
    try:
        return recording.jpeg(index).tobytes()
    except RecordingError:
        return str(index).encode()  # a damaged picture is like no other


def _runs(
    timeline: Timeline, flags: npt.NDArray[np.bool_], least_s: float
) -> list[tuple[int, int]]:
    """Return ranges of play in which every frame is flagged, if they last long enough."""
    found = []
    for begin, end in timeline.segments:
        edges = np.flatnonzero(np.diff(flags[begin:end], prepend=False, append=False)) + begin
        for start, stop in edges.reshape(-1, 2):
            lasts_ns = timeline.times_ns[stop - 1] - timeline.times_ns[start]
            if lasts_ns >= least_s * 1e9:
                found.append((int(start), int(stop)))
    return found


def _played(timeline: Timeline, holds: Sequence[Hold], start: int, stop: int) -> bool:
    """Say whether the person pressed keys that the picture should have answered."""
    from_ns = int(timeline.times_ns[start])
    to_ns = int(timeline.times_ns[stop - 1]) - round(ANSWER_S * 1e9)
    presses = sum(from_ns < hold.start_ns < to_ns for hold in holds)
    longest_ns = max(
        (min(hold.end_ns, to_ns) - max(hold.start_ns, from_ns) for hold in holds), default=0
    )
    return presses >= 2 or longest_ns >= HELD_S * 1e9


def _inside(start: int, stop: int, ranges: list[tuple[int, int]]) -> bool:
    return any(begin <= start + 1 and stop <= end for begin, end in ranges)


def _stretches_told(
    recording: Recording,
    timeline: Timeline,
    ranges: list[tuple[int, int]],
    what: str,
    why: str,
) -> list[str]:
    sentences = []
    for start, stop in ranges:
        first_s = timeline.since_start_s(int(timeline.times_ns[start]))
        last_s = timeline.since_start_s(int(timeline.times_ns[stop - 1]))
        sentences.append(
            f"{what} from {moment(first_s)} for {length(last_s - first_s)}: {why}. "
            f"Leave it out: {cut_option(recording.path, first_s, last_s)}"
        )
    return told(sentences)
