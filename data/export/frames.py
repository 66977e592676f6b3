"""A recording as a folder of pictures and tables that any program reads.

    OUT/000000.jpg ...  every frame, the recorded JPEG bytes unchanged
    OUT/frames.csv      index, file, seconds, segment, held, and a column head_NAME for each head
    OUT/keys.csv        seconds, key, down, by
    OUT/spans.csv       kind, start_seconds, end_seconds
    OUT/boxes.csv       frame, class, x1, y1, x2, y2 (pixels of the stored frame), origin
    OUT/profile.json    the profile it was recorded with

Seconds count from the first frame. `segment` numbers the runs of frames that no pause, discard or
hole interrupts; it is empty on frames inside one. `held` lists keys with a space between them.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from data.errors import RecordingError
from data.export.output import Exported, Ticker, size_of, whole_output
from data.keys import held_at
from data.reader import Recording

MARK = "frames.csv"


def export_frames(
    path: Path,
    out: Path,
    *,
    force: bool = False,
    shift_ms: float = 0.0,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Exported:
    """Write a recording or flight log as a folder of JPEG pictures and CSV tables.

    Args:
        path: What to export.
        out: The folder.
        force: Replace a folder that an earlier export made.
        shift_ms: Label a frame with the keys held this much later.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every frame.

    Raises:
        OutputExistsError: `out` exists and may not be replaced.
        RecordingError: There is nothing in it.
        UnderstudyError: It can't be written.
        ExportStopped: `stop` said so.
    """
    with Recording(path) as recording:
        if not recording.frame_count:
            raise RecordingError(f"{path}: it holds no frame.")
        ticker = Ticker(recording.frame_count, on_progress, stop)
        with whole_output(out, force=force, mark=MARK) as part:
            part.mkdir()
            for index in range(recording.frame_count):
                ticker.tick()
                (part / _picture_name(index)).write_bytes(recording.jpeg(index).tobytes())
            _write_tables(recording, part, shift_ns=round(shift_ms * 1e6))
            (part / "profile.json").write_text(recording.profile.to_json(), encoding="utf-8")
        return Exported(out, 1, len(recording.segments()), recording.frame_count, size_of(out))


def _picture_name(index: int) -> str:
    return f"{index:06d}.jpg"


def _write_tables(recording: Recording, folder: Path, *, shift_ns: int) -> None:
    first_ns = int(recording.times_ns[0])

    def seconds(at_ns: int) -> str:
        return f"{(at_ns - first_ns) / 1e9:.6f}"

    heads = recording.profile.heads
    _write_csv(
        folder / MARK,
        ["index", "file", "seconds", "segment", "held", *(f"head_{head.name}" for head in heads)],
        _frame_rows(recording, seconds, shift_ns=shift_ns),
    )
    _write_csv(
        folder / "keys.csv",
        ["seconds", "key", "down", "by"],
        (
            (seconds(event.at_ns), event.key, int(event.down), event.by.name.lower())
            for event in recording.key_events()
        ),
    )
    _write_csv(
        folder / "spans.csv",
        ["kind", "start_seconds", "end_seconds"],
        (
            (span.kind.name.lower(), seconds(span.start_ns), seconds(span.end_ns))
            for span in recording.spans()
        ),
    )
    _write_csv(
        folder / "boxes.csv",
        ["frame", "class", "x1", "y1", "x2", "y2", "origin"],
        (
            (labelled.frame, box.class_name, box.x1, box.y1, box.x2, box.y2,
             box.origin.name.lower())
            for labelled in recording.boxes()
            for box in labelled.boxes
        ),
    )  # fmt: skip


def _frame_rows(
    recording: Recording, seconds: Callable[[int], str], *, shift_ns: int
) -> Iterable[Sequence[object]]:
    keys, times = recording.profile.keys, recording.times_ns
    held = held_at(recording.key_events(), keys, times + shift_ns)
    labels = recording.labels(shift_ns=shift_ns)
    segment_of: dict[int, int] = {}
    for number, (start, stop) in enumerate(recording.segments()):
        segment_of.update(dict.fromkeys(range(start, stop), number))
    for index, at_ns in enumerate(times):
        yield (
            index,
            _picture_name(index),
            seconds(int(at_ns)),
            segment_of.get(index, ""),
            " ".join(key for key, down in zip(keys, held[index], strict=True) if down),
            *(head.names[labels[head.name][index]] for head in recording.profile.heads),
        )


def _write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
