from pathlib import Path

import pytest

from data.box_files.importing import NothingImportedError
from tests.box_folders import coco, pitch, save, stored, taken, told
from tests.factories import practice_profile

IMAGE = {"id": 7, "file_name": "train/a.png", "width": 480, "height": 270}
PLAYER = {"id": 1, "image_id": 7, "category_id": 1, "bbox": [100, 50, 30, 70.5]}
STORED = ("player", (100, 50, 130, 120.5))


def one_picture(root: Path, text: str) -> Path:
    save(root / "images/train/a.png", pitch())
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations/instances.json").write_text(text)
    return root


def test_a_folder_of_the_usual_layout_is_read_whole(tmp_path: Path):
    root, out = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER])), tmp_path / "set.h5"
    found = taken(root, "coco", out, profile=practice_profile())
    assert (found.images, found.boxes, found.problems) == (1, 1, [])
    assert stored(out) == [[STORED]]


@pytest.mark.parametrize("key", [7, 7.0, "7"])
def test_ids_are_the_same_however_they_are_written(tmp_path: Path, key: object):
    root = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER | {"image_id": key}]))
    assert taken(root, "coco", tmp_path / "set.h5").boxes == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"iscrowd": 1}, "crowd"),
        ({"image_id": 8}, "image 8 is not in the file"),
        ({"image_id": None}, "no image_id"),
        ({"category_id": None}, "no category_id"),
        ({"category_id": 9}, "no object '9'"),
        ({"bbox": [1, 2, 3]}, "no bbox of four numbers"),
        ({"bbox": None}, "no bbox of four numbers"),
        ({"bbox": None, "segmentation": {"counts": [1, 2], "size": [1, 3]}}, "no polygon"),
        ({"bbox": [10, 10, -5, 5]}, "-5 wide"),
        ({"bbox": [10, 10, float("nan"), 5]}, "no number"),
    ],
)
def test_a_wrong_annotation_is_told_and_dropped(tmp_path: Path, change: dict, said: str):
    text = coco([IMAGE], [PLAYER, PLAYER | {"id": 2} | change])
    found = taken(
        one_picture(tmp_path / "set", text), "coco", tmp_path / "set.h5", profile=practice_profile()
    )
    assert [(one.box, one.done) for one in told(found, said)] == [(2, "dropped")]
    assert stored(tmp_path / "set.h5") == [[STORED]]


def test_a_polygon_gives_the_box_that_is_missing(tmp_path: Path):
    outline = {"segmentation": [[100, 50, 130, 60, 120, 120.5]], "bbox": None}
    root = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER | outline]))
    found = taken(root, "coco", tmp_path / "set.h5", profile=practice_profile())
    assert [(one.box, one.done) for one in found.problems] == [(1, "read")]
    assert stored(tmp_path / "set.h5") == [[STORED]]


def test_pictures_that_are_gone_or_have_no_id_are_told(tmp_path: Path):
    images = [IMAGE, {"id": 8, "file_name": "gone.png"}, {"file_name": "b.png"}, {"id": 9}, IMAGE]
    text = coco(images, [PLAYER, PLAYER | {"image_id": 8}])
    root = one_picture(tmp_path / "set", text)
    save(root / "b.png", pitch(1))
    found = taken(root, "coco", tmp_path / "set.h5")
    assert len(told(found, "gone (gone.png): 1 boxes left out")) == 1
    assert len(told(found, "image 3 has no id")) == 1
    assert len(told(found, "image 5 has the id of another")) == 1
    assert len(told(found, "picture of image 9 is gone")) == 1
    assert found.files == ["images/train/a.png"]  # on b.png may be anything


def test_a_listed_picture_without_boxes_shows_nothing(tmp_path: Path):
    root = one_picture(tmp_path / "set", coco([IMAGE], []))
    found = taken(root, "coco", tmp_path / "set.h5")
    assert (found.images, found.problems) == (1, [])
    assert stored(tmp_path / "set.h5") == [[]]


def test_names_that_lead_elsewhere_are_only_looked_up(tmp_path: Path):
    save(tmp_path / "secret.png", pitch(1))
    images = [IMAGE, *({"id": i, "file_name": name} for i, name in enumerate(
        ["../secret.png", str(tmp_path / "secret.png"), "..\\secret.png", "a\0b", "", 5]
    ))]  # fmt: skip
    root = one_picture(tmp_path / "set", coco(images, [PLAYER]))
    found = taken(root, "coco", tmp_path / "set.h5")
    assert found.files == ["images/train/a.png"]
    assert len(told(found, "is gone")) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 900_000, "not JSON"),
        ('{"images": [' + "9" * 5000 + "]}", "not JSON"),
        ('{"images": [' + "{}," * 600_000 + "{}]}", "values, at most"),
        ('{"images": 5, "annotations": "x", "categories": null}', "no list of images"),
        ('{"images": [1, null, []]}', "3 images are no objects"),
        ("[1, 2]", "not COCO"),
        ("{", "not JSON"),
        ("", "not JSON"),
        ('"\\ud800"', "not COCO"),
        ('{"images": [{"id": "\\ud800", "file_name": "\\ud800"}]}', "is gone"),
    ],
    ids=["deep", "number", "many", "kinds", "entries", "list", "cut", "empty", "text", "surrogate"],
)
def test_hostile_json_is_refused_in_words(tmp_path: Path, text: str, said: str):
    root = one_picture(tmp_path / "set", text)
    with pytest.raises(NothingImportedError) as refused:
        taken(root, "coco", tmp_path / "set.h5")
    problems = [one.problem for one in refused.value.problems]
    assert any(said in problem for problem in problems)
    assert all(problem.isprintable() for problem in problems)
    assert not (tmp_path / "set.h5").exists()


def test_pictures_that_a_broken_file_may_speak_of_are_left_out(tmp_path: Path):
    root = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER]))
    save(root / "images/val/b.png", pitch(1))
    (root / "annotations/val.json").write_text("{")
    found = taken(root, "coco", tmp_path / "set.h5")
    assert found.files == ["images/train/a.png"]
    assert [one.file for one in found.problems] == ["annotations/val.json", "images/val/b.png"]


def test_two_files_of_one_picture_are_told(tmp_path: Path):
    root = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER]))
    (root / "annotations/keypoints.json").write_text(coco([IMAGE], [PLAYER, PLAYER]))
    (root / "settings.json").write_text("{}")
    found = taken(root, "coco", tmp_path / "set.h5")
    assert {one.file: one.done for one in found.problems} == {
        "annotations/keypoints.json": "2 boxes left out",
        "settings.json": "not read",
    }


CAPTION = {"id": 1, "image_id": 7, "caption": "a player"}


def test_a_file_of_captions_does_not_take_the_pictures_from_the_boxes(tmp_path: Path):
    root = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER]))
    (root / "annotations/captions.json").write_text(coco([IMAGE], [CAPTION]))
    found = taken(root, "coco", tmp_path / "set.h5", profile=practice_profile())
    assert stored(tmp_path / "set.h5") == [[STORED]]
    assert [(one.file, one.done) for one in found.problems] == [
        ("annotations/captions.json", "not read")
    ]


def test_a_picture_that_has_only_a_caption_is_no_picture_of_nothing(tmp_path: Path):
    root = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER]))
    save(root / "images/val/b.png", pitch(1))
    image = {"id": 7, "file_name": "b.png", "width": 480, "height": 270}
    (root / "annotations/captions_val.json").write_text(coco([image], [CAPTION]))
    found = taken(root, "coco", tmp_path / "set.h5")
    assert found.files == ["images/train/a.png"]
    assert len(told(found, "left out")) == 1


def test_a_folder_of_captions_alone_is_refused(tmp_path: Path):
    root = one_picture(tmp_path / "set", coco([IMAGE], [CAPTION]))
    with pytest.raises(NothingImportedError) as refused:
        taken(root, "coco", tmp_path / "set.h5")
    assert "none of its 1 annotations has a bbox" in refused.value.problems[0].problem


def test_a_list_of_pictures_does_not_take_them_from_the_boxes(tmp_path: Path):
    root = one_picture(tmp_path / "set", coco([IMAGE], [PLAYER]))
    (root / "annotations/image_info.json").write_text(coco([IMAGE], []))
    found = taken(root, "coco", tmp_path / "set.h5", profile=practice_profile())
    assert (stored(tmp_path / "set.h5"), found.problems) == ([[STORED]], [])
