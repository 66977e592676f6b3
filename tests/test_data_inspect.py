import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from data.errors import OutputExistsError, RecordingError, UnderstudyError
from data.frames import encode_jpeg
from data.inspection.summary import summarise
from data.inspection.thumbnails import write_thumbnails
from data.inspection.view import SPAN_NAMES, bar, view
from data.schema import FRAME_BYTES, CaptureFacts, SpanKind
from tests.conftest import Run
from tests.factories import TICK_NS, altered_profile, write_recording
from tests.recorded_play import busy, held, write_play


def test_inspect_shows_every_finding_on_one_screen(run: Run, tmp_path: Path):
    times = [i * TICK_NS for i in range(1200) if not 300 <= i < 320]
    facts = CaptureFacts(10, 20, 960, 540, 1.0, "mss", 20.0, "[b]Football")
    about = {"session": "abc", "part_of_session": 2}
    spans = [(SpanKind.MOVED, 2, 2.05), (SpanKind.DISCARDED, 40, 50)]
    keys = [event for event in busy(60) if event.key != "e"]
    write_play(
        tmp_path / "a.h5", times=times, spans=spans, facts=facts, keys=keys, attributes=about
    )
    status, said, _ = run("inspect", "a.h5")
    assert status == 0
    for words in (
        "a.h5  49 s of play, 1180 frames", "“[b]Football”, 960x540 at 10,20 (mss)", "abc, part 2",
        "20 (1.69%): 20 at 0:14", "0:02  window moved", "0:40  discarded, 10 s", "none 100%",
        "! 20 frames were dropped", "! Head sprint shows only one class",
    ):  # fmt: skip
        assert words in said, said
    assert len(said.splitlines()) < 30


def test_several_recordings_are_inspected_into_one_object(run: Run, tmp_path: Path):
    write_recording(tmp_path / "a.h5", frames=5)
    write_recording(tmp_path / "b.h5", frames=6)
    status, said, _ = run("inspect", "a.h5", "b.h5", "--json")
    assert status == 0
    found = json.loads(said)["files"]
    assert [found[name]["frames"] for name in ("a.h5", "b.h5")] == [5, 6]


def test_small_counts_show_in_a_bar():
    assert bar([0, 1, 1000, 500]) == " ▁█▄"
    assert bar([0, 0]) == "  "


def test_every_span_kind_has_a_name_for_people(tmp_path: Path):
    assert {kind.name.lower() for kind in SpanKind} == SPAN_NAMES.keys()
    assert view("a", summarise(write_play(tmp_path / "a.h5", seconds=1)))


def test_what_was_done_to_a_recording_is_told_in_its_own_words(run: Run, tmp_path: Path):
    done = [
        {"did": "merge", "sources": ["a.h5", "b.h5"]},
        {"did": "trim", "source": "c.h5"},
        {"did": "suggest", "source": "d.h5", "by": "coco", "frames": 3},
        {"did": "[b]shrink", "source": "e.h5"},
        {},
    ]
    write_play(tmp_path / "x.h5", seconds=1, attributes={"edited": json.dumps(done)})
    _, said, _ = run("inspect", "x.h5")
    assert (
        "merged from a.h5, b.h5; trimmed from c.h5; boxes suggested, from d.h5; "
        "[b]shrink from e.h5; ? from ?"
    ) in " ".join(said.split())


def test_a_contact_sheet_shows_the_play_with_lit_keys(tmp_path: Path):
    path = write_play(tmp_path / "a.h5", keys=held("d", 0, 60))
    dark = write_play(tmp_path / "b.h5", keys=[])
    sheets = []
    for source in (path, dark):
        out = write_thumbnails(source, source.with_suffix(".png"))
        sheets.append(cv2.imread(str(out)).astype(int))
    lit, unlit = sheets
    assert lit.shape == unlit.shape
    assert lit.shape[0] > 1000
    yellow = (lit[:, :, 2] > 200) & (lit[:, :, 0] < 150)
    assert yellow.sum() > 24 * 400
    assert ((unlit[:, :, 2] > 200) & (unlit[:, :, 0] < 150)).sum() == 0


def test_a_contact_sheet_is_refused_where_it_can_not_be(tmp_path: Path):
    path = write_play(tmp_path / "a.h5", seconds=1)
    empty = write_play(tmp_path / "b.h5", seconds=0)
    with pytest.raises(UnderstudyError, match=r"\.jpg or \.png"):
        write_thumbnails(path, tmp_path / "a.gif")
    with pytest.raises(RecordingError, match="no frame"):
        write_thumbnails(empty, tmp_path / "b.png")
    (tmp_path / "a.jpg").write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        write_thumbnails(path, tmp_path / "a.jpg")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.h5", "a.jpg", "b.h5"]


def test_a_damaged_picture_leaves_its_place_in_the_contact_sheet(run: Run, tmp_path: Path):
    path = write_play(tmp_path / "a.h5", seconds=1)
    with h5py.File(path, "r+") as file:
        file[FRAME_BYTES][: int(file["frames/end"][0])] = 0
    assert run("inspect", "a.h5", "--thumbnails", "a.jpg")[0] == 0
    assert cv2.imread("a.jpg") is not None
    assert run("inspect", "a.h5", "a.h5", "--thumbnails", "b.jpg")[0] == 2


def test_a_tall_narrow_profile_gives_a_sheet_of_ordinary_size(tmp_path: Path):
    tall = altered_profile(capture={"width_px": 32, "height_px": 2160})
    jpeg = encode_jpeg(np.full((2160, 32, 3), 90, np.uint8), 90)
    path = write_play(tmp_path / "a.h5", seconds=2, profile=tall, jpeg_at=lambda i: jpeg)
    sheet = cv2.imread(str(write_thumbnails(path, tmp_path / "a.png")))
    assert max(sheet.shape) < 3000
