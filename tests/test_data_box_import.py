import csv
import json
from pathlib import Path

import numpy as np
import pytest

from data.box_files.folder import MOST_PROBLEMS, BoxFormat, Problems
from data.box_files.importing import import_boxes
from data.boxes import BoxOrigin
from data.editing import merge, trim
from data.errors import RecordingError, UnderstudyError
from data.export.output import ExportStopped
from data.inspection.summary import summarise
from data.reader import Recording
from models.detector_data import crop, gather_boxes, read_frames
from tests.box_folders import pitch, save, stored, taken, told, xml
from tests.conftest import Run
from tests.factories import practice_profile, write_recording

PLAYER = ("player", (100, 50, 130, 120))


def make_set(root: Path, names: str = "ab", *, label: str = "player") -> Path:
    for index, name in enumerate(names):
        save(root / f"{name}.png", pitch(index))
        (root / f"{name}.xml").write_text(xml([(label, PLAYER[1])]))
    return root


def test_boxes_and_pictures_go_through_the_same_placement(tmp_path: Path):
    image = np.zeros((600, 800, 3), dtype=np.uint8)
    image[200:300, 400:500] = 255
    save(tmp_path / "set/a.png", image)
    text = xml([("ball", (400, 200, 500, 300))], size=(800, 600))
    (tmp_path / "set/a.xml").write_text(text)
    out = tmp_path / "set.h5"
    taken(tmp_path / "set", "voc", out, profile=practice_profile())
    with Recording(out) as recording:
        box = recording.boxes()[0].boxes[0]
        rows, columns = np.nonzero(recording.frame(0)[:, :, 0] > 127)
        assert box.origin is BoxOrigin.HUMAN
    seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    np.testing.assert_allclose((box.x1, box.y1, box.x2, box.y2), seen, atol=1)


def test_a_set_is_a_sound_recording_with_nothing_wrong(tmp_path: Path):
    taken(make_set(tmp_path / "set", "abc"), "voc", tmp_path / "set.h5")
    found = summarise(tmp_path / "set.h5")
    assert (found.frames, found.boxes, found.problems) == (3, {"player": 3}, [])
    assert found.captured.source == "pictures"


def test_a_detector_learns_from_pictures_of_nothing_too(tmp_path: Path):
    make_set(tmp_path / "set", "a")
    save(tmp_path / "set/b.png", pitch(5))
    taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    frames = read_frames([tmp_path / "set.h5"], names=practice_profile().object_names, stride=1)
    assert [len(frame.truth.boxes) for frame in frames] == [1, 0]
    assert gather_boxes(frames).boxes.shape == (1, 4)
    rng = np.random.default_rng(1)
    piece, truth = crop(frames[1].image(), frames[1].truth, size=(96, 160), random=rng)
    assert piece.shape == (96, 160, 3)
    assert truth.boxes.shape == (0, 4)


def test_frames_without_boxes_stay_labelled_through_trim_and_never_by_merge(tmp_path: Path):
    make_set(tmp_path / "set", "abc")
    for name in "ac":
        (tmp_path / f"set/{name}.xml").write_text(xml([]))
    taken(tmp_path / "set", "voc", tmp_path / "a.h5", profile=practice_profile())
    assert [len(boxes) for boxes in stored(tmp_path / "a.h5")] == [0, 1, 0]
    trim(tmp_path / "a.h5", tmp_path / "b.h5", from_s=5.0)
    assert [len(boxes) for boxes in stored(tmp_path / "b.h5")] == [1, 0]
    write_recording(tmp_path / "play.h5", frames=3)
    assert stored(tmp_path / "play.h5") == []
    with pytest.raises(RecordingError, match="labelled throughout"):
        merge([tmp_path / "a.h5", tmp_path / "play.h5"], tmp_path / "c.h5")


def test_a_picture_too_thin_to_be_stored_is_left_out(tmp_path: Path):
    make_set(tmp_path / "set")
    save(tmp_path / "set/thin.png", pitch(width=4000, height=1))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    assert found.files == ["a.png", "b.png"]
    assert [one.done for one in found.problems] == ["kept, as a picture of nothing", "left out"]


def test_pictures_of_other_kinds_are_told(tmp_path: Path):
    make_set(tmp_path / "set")
    (tmp_path / "set/c.tif").write_bytes(b"II*\0")
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5")
    assert [(one.file, one.done) for one in found.problems] == [("c.tif", "left out")]


def test_a_stopped_import_leaves_nothing_behind(tmp_path: Path):
    make_set(tmp_path / "set")
    asked = iter([False, False, False, True])
    with pytest.raises(ExportStopped):
        import_boxes(
            tmp_path / "set", tmp_path / "set.h5", kind=BoxFormat.VOC, stop=lambda: next(asked)
        )
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_progress_rises_to_one(tmp_path: Path):
    shares: list[float] = []
    make_set(tmp_path / "set", "abc")
    (tmp_path / "set/c.xml").write_text("<")
    import_boxes(
        tmp_path / "set", tmp_path / "set.h5", kind=BoxFormat.VOC, on_progress=shares.append
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_problems_beyond_all_measure_are_counted():
    problems = Problems()
    for index in range(MOST_PROBLEMS + 5):
        problems.add("a", index, "x", "dropped")
    assert (len(problems.told), problems.untold) == (MOST_PROBLEMS, 5)


def test_a_missing_folder_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    for name, said in (("none", "no such folder"), ("file", "a file, not a folder")):
        with pytest.raises(UnderstudyError, match=said):
            taken(tmp_path / name, "voc", tmp_path / "set.h5")


def test_the_commands_tell_what_they_did(run: Run, tmp_path: Path):
    make_set(tmp_path / "set")
    (tmp_path / "set/b.xml").write_text(xml([("Player", PLAYER[1]), ("referee", (1, 2, 9, 9))]))
    words = ("boxes", "import", "set", "--format", "voc", "--out", "set.h5")
    status, said, _ = run(*words, "--profile", "practice", "--report", "told.csv")
    assert status == 0
    assert "b.xml, box 1: its class is written 'Player': taken for player" in said
    assert "b.xml, box 2: the profile has no object 'referee': dropped" in said
    assert "written: set.h5 (2 pictures, 2 boxes: player 2" in said
    with (tmp_path / "told.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert [row[:2] for row in rows] == [["file", "box"], ["b.xml", "1"], ["b.xml", "2"]]
    assert run(*words)[0] == 1  # it exists
    mapped = ("--map", "referee=player", "--force", "--json")
    status, said, _ = run(*words, "--profile", "practice", *mapped)
    found = json.loads(said)
    assert (status, found["images"], found["boxes"], found["classes"]["player"]) == (0, 2, 3, 3)
    assert [(one["file"], one["box"]) for one in found["problems"]] == [("b.xml", 1)]
    status, said, _ = run("boxes", "export", "set.h5", "out", "--format", "yolo", "--json")
    assert (status, json.loads(said)["frames"]) == (0, 2)
    status, said, _ = run("boxes", "import", "out", "--format", "yolo", "--out", "b.h5")
    assert (status, "2 pictures, 3 boxes: player 3; no problems" in said) == (0, True)


def test_many_problems_are_counted_on_the_screen_and_listed_in_the_report(run: Run, tmp_path: Path):
    make_set(tmp_path / "set")
    (tmp_path / "set/a.xml").write_text(xml([("player", (5, 5, 5, 9))] * 60 + [PLAYER]))
    words = ("boxes", "import", "set", "--format", "voc", "--out", "set.h5", "--report", "told.csv")
    status, said, _ = run(*words)
    assert status == 0
    assert "and 10 more (10 dropped); told.csv lists them all." in said
    assert len((tmp_path / "told.csv").read_text().splitlines()) == 61


def test_an_import_of_nothing_says_why(run: Run, tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    (tmp_path / "set/a.xml").write_text("<annotation>")
    words = ("boxes", "import", "set", "--format", "voc", "--out", "set.h5")
    status, said, told = run(*words)
    assert status == 1
    assert "a.xml: it is not XML" in said
    assert "Check the folder and --format." in told
    status, said, _ = run(*words, "--json")
    assert (status, json.loads(said)["images"], len(json.loads(said)["problems"])) == (1, 0, 1)
    assert not (tmp_path / "set.h5").exists()


@pytest.mark.parametrize("wrong", ["player", "=ball", "a=b=c,d"])
def test_a_mapping_that_is_none_is_wrong_usage(run: Run, tmp_path: Path, wrong: str):
    make_set(tmp_path / "set")
    words = ("boxes", "import", "set", "--format", "voc", "--out", "set.h5", "--map", wrong)
    assert run(*words)[0] == 2


def test_classes_without_a_letter_of_a_name_are_not_made_one(tmp_path: Path):
    root, out = tmp_path / "set", tmp_path / "set.h5"
    save(root / "a.png", pitch())
    objects = [("игрок_красный", (10, 10, 40, 80)), ("игрок_синий", (90, 10, 120, 80))]
    (root / "a.xml").write_text(xml(objects), encoding="utf-8")
    found = taken(root, "voc", out)
    assert list(found.classes.values()) == [1, 1]
    assert len({name for name, _ in stored(out)[0]}) == 2
    assert len(told(found, "'игрок_синий' would be called")) == 1
    mapping = {"игрок_красный": "red", "игрок_синий": "blue"}
    found = taken(root, "voc", out, mapping=mapping)
    assert (found.classes, found.problems) == ({"red": 1, "blue": 1}, [])
