from pathlib import Path

import h5py
import numpy as np
import pytest

from data import schema
from data.boxes import Box, BoxOrigin
from data.errors import RecordingError
from data.inspection.summary import summarise
from data.keys import KeyEvent
from data.profile import ObjectClass
from data.reader import Recording
from data.relabelling import replace_boxes
from tests.factories import practice_profile, write_recording

TRUTH = Box("ball", 5, 6, 15.25, 16.5, BoxOrigin.TRUTH)
DRAWN = Box("player", 100, 50, 120, 90)


def boxes_of(path: Path) -> dict[int, tuple[Box, ...]]:
    with Recording(path) as recording:
        return {one.frame: one.boxes for one in recording.boxes()}


def everything_else(path: Path) -> dict[str, object]:
    with h5py.File(path, "r", libver="latest") as file:
        found: dict[str, object] = {name: str(value) for name, value in file.attrs.items()}
        file.visititems(
            lambda name, item: (
                found.update({name: np.array(item).tolist()})
                if isinstance(item, h5py.Dataset) and name not in schema.TABLES[3]
                else None
            )
        )
    return found


def test_some_frames_get_other_boxes_and_all_else_stays(tmp_path: Path):
    keys = [KeyEvent(10, "right", True), KeyEvent(90_000_000, "right", False)]
    path = write_recording(tmp_path / "a.h5", frames=12, boxes=[TRUTH], keys=keys)
    before = everything_else(path)
    assert replace_boxes(path, {3: [DRAWN, TRUTH], 7: []}) == 12
    assert boxes_of(path) == {f: (TRUTH,) for f in range(12) if f not in (3, 7)} | {
        3: (DRAWN, TRUTH)
    }
    assert everything_else(path) == before
    assert summarise(path).frames == 12
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_boxes_come_and_go_any_number_of_times(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=4)
    replace_boxes(path, {2: [DRAWN] * 300})
    replace_boxes(path, {2: []})
    assert boxes_of(path) == {}
    replace_boxes(path, {0: [DRAWN]})
    assert boxes_of(path) == {0: (DRAWN,)}


@pytest.mark.parametrize(
    ("boxes", "told"),
    [({4: [DRAWN]}, "no frame 4"), ({0: [Box("referee", 0, 0, 9, 9)]}, "no object 'referee'")],
)
def test_what_does_not_fit_is_refused_and_nothing_is_changed(tmp_path: Path, boxes, told):
    path = write_recording(tmp_path / "a.h5", frames=4, boxes=[TRUTH])
    before = path.read_bytes()
    with pytest.raises(RecordingError, match=told):
        replace_boxes(path, boxes)
    assert path.read_bytes() == before


def test_a_leftover_is_refused(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=4)
    with h5py.File(path, "r+") as file:
        file.attrs["complete"] = 0
    with pytest.raises(RecordingError, match="Repair it first"):
        replace_boxes(path, {0: [DRAWN]})


def test_where_the_copy_can_not_be_written_the_recording_stays(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=4, boxes=[TRUTH])
    before = path.read_bytes()
    (tmp_path / "a.h5.boxes.part").mkdir()
    with pytest.raises(RecordingError, match="boxes can't be written"):
        replace_boxes(path, {0: [DRAWN]})
    assert path.read_bytes() == before


def test_an_object_that_the_recording_did_not_know_is_named_in_it(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=4, boxes=[TRUTH])
    before = practice_profile().object_names
    keeper, referee = ObjectClass(name="keeper", most=2), ObjectClass(name="referee")
    box = Box("keeper", 10, 20, 30, 60)
    replace_boxes(path, {1: [TRUTH, box]}, further=[keeper, referee])
    assert boxes_of(path)[1] == (TRUTH, box)
    assert boxes_of(path)[2] == (TRUTH,)
    with Recording(path) as recording:
        assert recording.profile.object_names == (*before, "keeper")
        assert recording.profile.objects[-1] == keeper
        assert list(recording.attributes["object_names"]) == [*before, "keeper"]
    assert summarise(path).frames == 4
    replace_boxes(path, {1: [box], 3: [box]})
    assert boxes_of(path)[3] == (box,)
