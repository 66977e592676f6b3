"""Cut recordings, and put them together."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.boxes import Box
from data.errors import RecordingError, UnderstudyError
from data.export.output import Ticker
from data.inspection.timeline import Timeline
from data.moments import moment
from data.paths import part_path
from data.reader import Recording
from data.recording_copy import Copier, Part, whole
from data.schema import SpanKind
from data.writer import COUNTERS, RecordingWriter

BORDER_NS = 1_000_000_000  # passes between two recordings put together
BORDER_FRAMES = 5  # at least; a hole as long as this ends a segment, too
# What the writer sets itself, or what is not true of a copy.
_NOT_COPIED = frozenset(
    [*COUNTERS, "format", "version", "profile", "clock", "complete", "part_of_session"]
)


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit wrote."""

    path: Path
    frames: int
    seconds: float
    """Of play."""
    left_out: int
    """Frames of the sources that were not copied."""


def trim(
    path: Path,
    out: Path,
    *,
    from_s: float | None = None,
    to_s: float | None = None,
    cuts: Sequence[tuple[float, float]] = (),
    force: bool = False,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Edited:
    """Copy a recording without its beginning, its end, or stretches in between.

    Where a stretch was cut out, a discarded span keeps what is learned from reaching across. Keys
    held at a cut are released there, and pressed again where the copy goes on. Late ticks can't be
    told apart by place; the copy counts none.

    Args:
        path: A recording or flight log.
        out: The copy.
        from_s: Where it begins, in seconds since the first frame; None for the beginning.
        to_s: Where it ends; None for the end.
        cuts: What to leave out, both ends of each stretch.
        force: Replace an `out` that exists.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every frame.

    Raises:
        OutputExistsError: `out` exists and `force` is off.
        RecordingError: No frame would be left.
        ExportStopped: `stop` said so.
    """
    _check_names([path], out)
    with Recording(path) as recording:
        timeline = Timeline(recording)
        if not recording.frame_count:
            raise RecordingError(f"{path} holds no frame: there is nothing to trim.")
        parts = _parts(timeline, from_s, to_s, cuts)
        if not parts:
            raise RecordingError(
                f"{path}: no frame would be left of its {recording.frame_count}. Choose moments "
                f"between 0:00 and {moment(timeline.end_s)}."
            )
        chosen = np.concatenate([part.frames for part in parts])
        did = {"did": "trim", "source": path.name, "from_s": from_s, "to_s": to_s, "cut_s": cuts}
        writer = _begin(recording, out, [*recording.history, did], force=force)
        with whole(writer):
            copier = Copier(writer, Ticker(len(chosen), on_progress, stop))
            for index, part in enumerate(parts):
                copier.add(recording, part, shift_ns=0)
                if part.end_ns is not None and index + 1 < len(parts):
                    next_ns = int(timeline.times_ns[parts[index + 1].frames[0]])
                    writer.append_span(SpanKind.DISCARDED, part.end_ns, next_ns - 1)
            dropped = sum(hole.frames for hole in timeline.holes if hole.after in chosen)
            copier.finish(dropped=dropped, late_ticks=0)
        return _edited(out, sources=recording.frame_count)


def merge(
    paths: Sequence[Path],
    out: Path,
    *,
    force: bool = False,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Edited:
    """Put recordings of one game one after another, in the order given.

    Their clocks have nothing to do with each other, so that each is moved to follow the one before
    after a pause; keys still held at its end are released there.

    Args:
        paths: Recordings of one profile and rate.
        out: The whole.
        force: Replace an `out` that exists.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every frame.

    Raises:
        OutputExistsError: `out` exists and `force` is off.
        RecordingError: They don't fit together; the message says which and why.
        ExportStopped: `stop` said so.
    """
    _check_names(paths, out)
    with ExitStack() as stack:
        recordings = [stack.enter_context(Recording(path)) for path in paths]
        for recording in recordings:
            if not recording.frame_count:
                raise RecordingError(f"{recording.path} holds no frame. Leave it out.")
            _require_alike(recordings[0], recording)
        total = sum(recording.frame_count for recording in recordings)
        steps = [step for recording in recordings for step in recording.history]
        did = {"did": "merge", "sources": [path.name for path in paths]}
        writer = _begin(recordings[0], out, [*steps, did], force=force)
        with whole(writer):
            copier = Copier(writer, Ticker(total, on_progress, stop))
            shift_ns = 0
            for index, recording in enumerate(recordings):
                last = index + 1 == len(recordings)
                end_ns = None if last else _end_ns(recording)
                part = Part(np.arange(recording.frame_count), opens=index > 0, end_ns=end_ns)
                copier.add(recording, part, shift_ns=shift_ns)
                if end_ns is not None:
                    next_ns = end_ns + shift_ns + _border_ns(recording)
                    writer.append_span(SpanKind.PAUSED, end_ns + shift_ns, next_ns - 1)
                    shift_ns = next_ns - int(recordings[index + 1].times_ns[0])
            copier.finish(
                dropped=sum(Timeline(recording).dropped for recording in recordings),
                late_ticks=sum(recording.counters["late_ticks"] for recording in recordings),
            )
        return _edited(out, sources=total)


def add_boxes(
    path: Path,
    out: Path,
    boxes: Mapping[int, Sequence[Box]],
    *,
    did: Mapping[str, Any],
    force: bool = False,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Edited:
    """Copy a recording whole, with further boxes.

    Args:
        path: A recording or flight log.
        out: The copy.
        boxes: By frame; what the recording has already stays.
        did: What is told of it in the copy's history.
        force: Replace an `out` that exists.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every frame.

    Raises:
        OutputExistsError: `out` exists and `force` is off.
        RecordingError: It holds no frame, or can't be written.
        ExportStopped: `stop` said so.
    """
    _check_names([path], out)
    with Recording(path) as recording:
        if not recording.frame_count:
            raise RecordingError(f"{path}: it holds no frame to put a box on.")
        writer = _begin(recording, out, [*recording.history, dict(did)], force=force)
        with whole(writer):
            copier = Copier(writer, Ticker(recording.frame_count, on_progress, stop))
            frames = np.arange(recording.frame_count)
            copier.add(recording, Part(frames, opens=False, end_ns=None), shift_ns=0)
            for frame, further in boxes.items():
                writer.append_boxes(frame, further)
            copier.finish(
                dropped=Timeline(recording).dropped, late_ticks=recording.counters["late_ticks"]
            )
        return _edited(out, sources=recording.frame_count)


def _parts(
    timeline: Timeline,
    from_s: float | None,
    to_s: float | None,
    cuts: Sequence[tuple[float, float]],
) -> list[Part]:
    """Return what is left between the cuts; stretches without a frame are left out."""

    def at_ns(seconds: float) -> int:
        return timeline.start_ns + round(seconds * 1e9)

    parts: list[Part] = []
    begin_ns = None if from_s is None else at_ns(from_s)
    limit_ns = None if to_s is None else at_ns(to_s)
    if limit_ns is not None and limit_ns > int(timeline.times_ns.max()):
        limit_ns = None  # there is nothing to leave out
    edges = [(at_ns(start_s), at_ns(end_s)) for start_s, end_s in sorted(cuts)]
    if limit_ns is not None:
        edges = [edge for edge in edges if edge[0] < limit_ns]
    for end_ns, next_ns in [*edges, (limit_ns, None)]:
        chosen = np.ones(len(timeline.times_ns), dtype=np.bool_)
        if begin_ns is not None:
            chosen &= timeline.times_ns >= begin_ns
        if end_ns is not None:
            chosen &= timeline.times_ns < end_ns
        if chosen.any():
            parts.append(Part(np.flatnonzero(chosen), opens=begin_ns is not None, end_ns=end_ns))
        if next_ns is not None:
            begin_ns = next_ns if begin_ns is None else max(begin_ns, next_ns)
    return parts


def _check_names(sources: Sequence[Path], out: Path) -> None:
    """Refuse to write over what is read, by its name or by that of the unfinished output."""
    written = {out.resolve(), part_path(out).resolve()}
    for source in sources:
        if source.resolve() in written:
            raise UnderstudyError(f"{out} would overwrite {source}. Choose another name.")


def _require_alike(first: Recording, other: Recording) -> None:
    differences = {
        "has another rate": other.facts.rate_hz != first.facts.rate_hz,
        "has another picture size": other.profile.capture.size != first.profile.capture.size,
        "has other heads or keys": other.profile.heads != first.profile.heads,
        "has other objects": other.profile.objects != first.profile.objects,
        "is labelled throughout, or the other is": other.all_labelled != first.all_labelled,
        "is a flight log, or the other is": other.is_flight_log != first.is_flight_log,
    }
    for what, differs in differences.items():
        if differs:
            raise RecordingError(
                f"{other.path} {what}: it can't be merged with {first.path}. Leave it out, or "
                "train on both files as they are."
            )


def _begin(
    recording: Recording, out: Path, history: list[dict[str, Any]], *, force: bool
) -> RecordingWriter:
    kept = {
        name: value
        for name, value in recording.attributes.items()
        if name not in _NOT_COPIED
        and not name.startswith("capture_")
        and isinstance(value, (str, int, float, np.integer, np.floating))
    }
    return RecordingWriter(
        out,
        profile=recording.profile,
        facts=recording.facts,
        force=force,
        head_probabilities=recording.is_flight_log,
        attributes=kept | {"edited": json.dumps(history)},
    )


def _end_ns(recording: Recording) -> int:
    """Return when everything in a recording is over."""
    ends = [int(recording.times_ns.max())]
    ends += [event.at_ns for event in recording.key_events()[-1:]]
    ends += [span.end_ns for span in recording.spans()]
    return max(ends) + 1


def _border_ns(recording: Recording) -> int:
    return max(BORDER_NS, round(BORDER_FRAMES * 1e9 / recording.facts.rate_hz))


def _edited(out: Path, *, sources: int) -> Edited:
    with Recording(out) as written:
        frames = written.frame_count
        return Edited(out, frames, Timeline(written).play_s, sources - frames)
