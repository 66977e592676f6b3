from pathlib import Path

import pytest

from data.box_files.importing import NothingImportedError
from tests.box_folders import pitch, save, stored, taken, told
from tests.factories import practice_profile

LINE = "0 0.25 0.5 0.125 0.4\n"
STORED = ("player", (90, 81, 150, 189))


def one_picture(root: Path, lines: str = LINE, names: str | None = "player\nball\n") -> Path:
    save(root / "a.png", pitch())
    (root / "a.txt").write_text(lines)
    if names is not None:
        (root / "classes.txt").write_text(names)
    return root


@pytest.mark.parametrize(
    ("picture", "label"),
    [
        ("a.png", "a.txt"),
        ("a.png", "a.TXT"),
        ("images/train/a.png", "labels/train/a.txt"),
        ("train/images/a.png", "train/labels/a.txt"),
        ("obj_train_data/a.png", "obj_train_data/a.txt"),
        ("pictures/a.png", "boxes/a.txt"),
    ],
)
def test_labels_are_found_where_tools_put_them(tmp_path: Path, picture: str, label: str):
    root = tmp_path / "set"
    save(root / picture, pitch())
    (root / label).parent.mkdir(parents=True, exist_ok=True)
    (root / label).write_text(LINE)
    (root / "classes.txt").write_text("player\nball\n")
    found = taken(root, "yolo", tmp_path / "set.h5", profile=practice_profile())
    assert found.problems == []
    assert stored(tmp_path / "set.h5") == [[STORED]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.yaml", "names: ['player', \"ball\"]\nnc: 2\n"),
        ("data.yaml", "path: ../x\nnames:\n  0: player\n  1: ball\n"),
        ("data.yaml", "path: .\ntrain: images\nval: images\nnames:\n  0: player\n  1: ball\n"),
        ("football.yml", "names:\n- player\n- ball\n"),
        ("labels/classes.txt", "player\r\nball\r\n\r\n"),
        ("data/obj.names", "player\nball"),
    ],
)
def test_names_are_read_where_tools_put_them(tmp_path: Path, name: str, text: str):
    root = one_picture(tmp_path / "set", "1 0.5 0.5 0.1 0.1\n", names=None)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text)
    found = taken(root, "yolo", tmp_path / "set.h5", profile=practice_profile())
    assert (found.classes["ball"], found.problems) == (1, [])


@pytest.mark.parametrize(
    ("line", "said", "done"),
    [
        ("0 0.5 0.5 0.1", "4 numbers", "dropped"),
        ("0 0.5 0.5 0.1 wide", "no number", "dropped"),
        ("ball 0.5 0.5 0.1 0.1", "no number of a class", "dropped"),
        ("-1 0.5 0.5 0.1 0.1", "no number of a class", "dropped"),
        ("0.5 0.5 0.5 0.1 0.1", "no number of a class", "dropped"),
        ("1 0.5 0.5 0 0.1", "0 wide", "dropped"),
        ("1 0.5 0.5 -0.1 0.1", "-48 wide", "dropped"),
        ("1 inf 0.5 0.1 0.1", "no number", "dropped"),
        ("1 512 300 40 20", "outside", "dropped"),
        ("1 1 0.5 0.1 0.1", "reaches 24 pixels", "clipped"),
        ("7 0.5 0.5 0.1 0.1", "no object '7'", "dropped"),
        ("1 0.1 0.1 0.2 0.1 0.2 0.3", "polygon", "what encloses it taken"),
        (LINE.strip(), "box 1 again", "dropped"),
    ],
)
def test_every_wrong_line_is_told_by_its_number(tmp_path: Path, line: str, said: str, done: str):
    root = one_picture(tmp_path / "set", f"{LINE}\n{line}\n")
    found = taken(root, "yolo", tmp_path / "set.h5", profile=practice_profile())
    assert [(one.file, one.box, one.done) for one in told(found, said)] == [("a.txt", 3, done)]
    assert stored(tmp_path / "set.h5")[0][0] == STORED


def test_a_score_behind_a_box_is_no_problem(tmp_path: Path):
    root = one_picture(tmp_path / "set", LINE.replace("\n", " 0.93\n"))
    assert taken(root, "yolo", tmp_path / "set.h5").problems == []


@pytest.mark.parametrize("number", ["1", "7", "7.0", "1234"])
def test_a_tracker_s_score_and_number_behind_a_box_are_passed_over(tmp_path: Path, number: str):
    root = one_picture(tmp_path / "set", LINE.replace("\n", f" 0.93 {number}\n"))
    found = taken(root, "yolo", tmp_path / "set.h5", profile=practice_profile())
    assert (found.problems, stored(tmp_path / "set.h5")) == ([], [[STORED]])


@pytest.mark.parametrize("line", ["0 0 0.5 0.5 0 0.25 1.0", "0 0.1 0.2 0.9 0.5 0.5 1"])
def test_a_triangle_at_the_lower_edge_is_no_tracked_box(tmp_path: Path, line: str):
    root = one_picture(tmp_path / "set", line)
    found = taken(root, "yolo", tmp_path / "set.h5", profile=practice_profile())
    assert len(told(found, "polygon")) == 1
    assert stored(tmp_path / "set.h5")[0][0][1][3] == 270


@pytest.mark.parametrize("behind", ["0.3 0.6 2 0.2 0.4 1", "0.3 0.6 0.2 0.4", "0.3 0.6 2 0.9"])
@pytest.mark.parametrize("names", ["names: [player, ball]\n", ""])
def test_of_key_points_only_the_box_is_taken(tmp_path: Path, behind: str, names: str):
    root = one_picture(tmp_path / "set", LINE.replace("\n", f" {behind}\n"))
    (root / "data.yaml").write_text(f"{names}kpt_shape: [2, 3]\n")
    found = taken(root, "yolo", tmp_path / "set.h5", profile=practice_profile())
    assert (found.problems, stored(tmp_path / "set.h5")) == ([], [[STORED]])


def test_key_points_of_another_folder_do_not_make_a_polygon_a_box(tmp_path: Path):
    root = one_picture(tmp_path / "set/shapes", "0 0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.3\n")
    one_picture(tmp_path / "set/pose", LINE.replace("\n", " 0.3 0.6 0.2 0.4\n"))
    (root / "data.yaml").write_text("names: [player, ball]\n")
    (tmp_path / "set/pose/data.yaml").write_text("names: [player, ball]\nkpt_shape: [2, 2]\n")
    found = taken(tmp_path / "set", "yolo", tmp_path / "set.h5", profile=practice_profile())
    assert [one.file for one in told(found, "polygon")] == ["shapes/a.txt"]


def test_classes_without_names_are_called_by_numbers_and_can_be_mapped(tmp_path: Path):
    root = one_picture(tmp_path / "set", LINE + "12 0.5 0.5 0.1 0.1\n", names=None)
    found = taken(root, "yolo", tmp_path / "set.h5")
    assert found.classes == {"class_0": 1, "class_12": 1}
    assert len(told(found, "called by their numbers")) == 1
    mapping = {"0": "player", "12": "ball"}
    found = taken(root, "yolo", tmp_path / "set.h5", profile=practice_profile(), mapping=mapping)
    assert (found.classes["player"], found.classes["ball"]) == (1, 1)


def test_empty_labels_show_nothing_and_missing_ones_are_told(tmp_path: Path):
    root = one_picture(tmp_path / "set")
    for name in "bc":
        save(root / f"{name}.png", pitch())
    (root / "b.txt").write_text("\n")
    (root / "gone.txt").write_text(LINE)
    found = taken(root, "yolo", tmp_path / "set.h5")
    assert {one.file: one.done for one in found.problems} == {
        "c.png": "kept, as a picture of nothing",
        "gone.txt": "not read",
    }
    assert [len(boxes) for boxes in stored(tmp_path / "set.h5")] == [1, 0, 0]


@pytest.mark.parametrize(
    "text",
    ["[" * 30_000, "names: [" * 5, "names: 5", "a: &a [*a]\nnames: *a", "\tnames: x", "{}", "\0",
     "a: &a [x, x]\nb: &b [*a, *a]\nnames: {<<: *b, 0: *b}", "x" * 40_000, "names: {1e300: a}"],
)  # fmt: skip
def test_hostile_names_are_no_names(tmp_path: Path, text: str):
    root = one_picture(tmp_path / "set", names=None)
    (root / "data.yaml").write_text(text)
    found = taken(root, "yolo", tmp_path / "set.h5")
    assert found.boxes == 1
    assert found.classes == {"class_0": 1}


def test_names_are_texts_whatever_they_look_like(tmp_path: Path):
    root = one_picture(tmp_path / "set", names=None)
    (root / "data.yaml").write_text("names: [yes, 1.0]")
    assert taken(root, "yolo", tmp_path / "set.h5").classes == {"yes": 1}


def test_a_label_file_that_is_no_text_costs_its_picture_only(tmp_path: Path):
    root = one_picture(tmp_path / "set")
    for name, data in (("b", b"\xff\xfe\x00"), ("c", b"0 .5 .5 .1 .1\n" * 30_000)):
        save(root / f"{name}.png", pitch())
        (root / f"{name}.txt").write_bytes(data)
    found = taken(root, "yolo", tmp_path / "set.h5")
    assert found.files == ["a.png"]
    assert [one.file for one in found.problems] == ["b.png", "b.txt", "c.png", "c.txt"]


def test_a_folder_of_another_format_is_refused(tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    with pytest.raises(NothingImportedError, match="Check the folder and --format"):
        taken(tmp_path / "set", "yolo", tmp_path / "set.h5")
