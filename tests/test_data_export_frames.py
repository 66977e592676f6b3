import csv
from pathlib import Path

from data.boxes import Box
from data.export.frames import export_frames
from data.keys import KeyEvent
from data.profile import GameProfile
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from tests.factories import TICK_NS, capture_facts, picture, practice_profile

MS = 1_000_000
START_NS = 7_000_000_000


def write_play(path: Path) -> Path:
    """Six frames from second 7 on, one of them paused; `d` is held on the last two."""
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(6):
            writer.append_frame(picture(index), START_NS + index * TICK_NS)
        writer.append_keys(
            [
                KeyEvent(START_NS + 4 * TICK_NS - MS, "d", True),
                KeyEvent(START_NS + 4 * TICK_NS - MS, "left", True),
            ]
        )
        writer.append_span(
            SpanKind.PAUSED, START_NS + 2 * TICK_NS - MS, START_NS + 2 * TICK_NS + MS
        )
        writer.append_boxes(1, [Box("ball", 10, 20, 30.5, 40)])
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_holds_the_recorded_pictures_and_tables(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    out = tmp_path / "frames"
    written = export_frames(path, out)
    assert (written.frames, written.episodes) == (6, 2)
    frames = rows_of(out / "frames.csv")
    with Recording(path) as recording:
        for index, row in enumerate(frames):
            assert (out / row["file"]).read_bytes() == recording.jpeg(index).tobytes()
        assert (
            GameProfile.from_json((out / "profile.json").read_text(), source="it")
            == recording.profile
        )
    assert [row["index"] for row in frames] == [str(index) for index in range(6)]
    assert [float(row["seconds"]) for row in frames] == [0, 0.05, 0.1, 0.15, 0.2, 0.25]
    assert [row["segment"] for row in frames] == ["0", "0", "", "1", "1", "1"]
    assert [row["held"] for row in frames] == ["", "", "", "", "d left", "d left"]
    assert [row["head_action"] for row in frames] == ["none"] * 4 + ["shoot"] * 2
    assert [row["head_movement"] for row in frames] == ["none"] * 4 + ["left"] * 2
    assert rows_of(out / "keys.csv")[0] == {
        "seconds": "0.199000", "key": "d", "down": "1", "by": "human",
    }  # fmt: skip
    assert rows_of(out / "spans.csv") == [
        {"kind": "paused", "start_seconds": "0.099000", "end_seconds": "0.101000"}
    ]
    assert rows_of(out / "boxes.csv") == [
        {"frame": "1", "class": "ball", "x1": "10.0", "y1": "20.0", "x2": "30.5", "y2": "40.0",
         "origin": "human"}
    ]  # fmt: skip


def test_a_shift_moves_labels_and_held_keys_alike(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    export_frames(path, tmp_path / "frames", shift_ms=100)
    frames = rows_of(tmp_path / "frames/frames.csv")
    assert [row["head_action"] for row in frames] == ["none"] * 2 + ["shoot"] * 4
    assert [row["held"] for row in frames] == [""] * 2 + ["d left"] * 4


def test_keys_that_are_commas_and_quotes_survive_the_table(tmp_path: Path):
    profile = GameProfile.model_validate(
        {
            "name": "odd",
            "title": "odd",
            "heads": [{"name": "h", "classes": {"none": [], "a": [","], "b": ['"']}}],
        }
    )
    with RecordingWriter(tmp_path / "a.h5", profile=profile, facts=capture_facts()) as writer:
        writer.append_frame(picture(0), 0)
        writer.append_keys([KeyEvent(-2, ",", True), KeyEvent(-1, '"', True)])
    export_frames(tmp_path / "a.h5", tmp_path / "frames")
    assert [row["key"] for row in rows_of(tmp_path / "frames/keys.csv")] == [",", '"']
    assert rows_of(tmp_path / "frames/frames.csv")[0]["held"] == '" ,'
