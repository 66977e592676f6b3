import os
from pathlib import Path

import pytest

from data.box_files.importing import NothingImportedError
from data.reader import Recording
from tests.box_folders import pitch, save, stored, taken, told, xml
from tests.factories import practice_profile

PLAYER = ("player", (100, 50, 130, 120))


def test_a_folder_of_the_usual_layout_is_read_whole(tmp_path: Path):
    root, out = tmp_path / "set", tmp_path / "set.h5"
    for index, name in enumerate("ab"):
        save(root / f"JPEGImages/{name}.jpg", pitch(index))
        (root / "Annotations").mkdir(exist_ok=True)
        boxes = [PLAYER, ("ball", (10 + index, 20, 16.5, 26.25))]
        (root / f"Annotations/{name}.xml").write_text(xml(boxes, filename=f"{name}.jpg"))
    found = taken(root, "voc", out, profile=practice_profile())
    assert (found.images, found.boxes, found.problems) == (2, 4, [])
    assert found.classes["player"] == found.classes["ball"] == 2
    assert stored(out)[1] == [PLAYER, ("ball", (11, 20, 16.5, 26.25))]
    with Recording(out) as recording:
        assert recording.segments() == [(0, 1), (1, 2)]  # no picture follows another
        assert recording.key_events() == []


@pytest.mark.parametrize("name", ["a.xml", "a.XML", "a", "a.jpg.xml"])
def test_an_annotation_belongs_to_its_picture_whatever_its_suffix(tmp_path: Path, name: str):
    save(tmp_path / "set/deep/er/a.jpg", pitch())
    (tmp_path / "set" / name).write_text(xml([PLAYER]))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5")
    assert (found.images, found.boxes, found.problems) == (1, 1, [])


@pytest.mark.parametrize("name", ["a.JPG", "a.Png", "a.bmp", "a.webp"])
def test_pictures_of_every_kind_are_read(tmp_path: Path, name: str):
    kept = save(tmp_path / f"x{Path(name).suffix.lower()}", pitch()).read_bytes()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / name).write_bytes(kept)
    (tmp_path / "set/a.xml").write_text(xml([PLAYER]))
    assert taken(tmp_path / "set", "voc", tmp_path / "set.h5").problems == []


def test_one_picture_renamed_is_found_by_what_the_file_says(tmp_path: Path):
    save(tmp_path / "set/frame7.png", pitch())
    said = xml([PLAYER], filename="C:\\Users\\me\\frame7.jpg")
    (tmp_path / "set/0001.xml").write_text(said)
    assert taken(tmp_path / "set", "voc", tmp_path / "set.h5").boxes == 1


@pytest.mark.parametrize("size", [None, (0, 0), (999, 17), ("x", ""), (-480, 270), ("nan", "inf")])
def test_a_size_that_is_wrong_is_told_and_the_pictures_own_counts(tmp_path: Path, size):
    save(tmp_path / "set/a.png", pitch())
    (tmp_path / "set/a.xml").write_text(xml([PLAYER], size=size))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    assert [problem.box for problem in found.problems] == [None]
    assert stored(tmp_path / "set.h5") == [[PLAYER]]


def test_boxes_drawn_before_the_pictures_were_resized_are_resized_too(tmp_path: Path):
    for name, corners in (("a", (1600, 900, 1700, 1000)), ("b", (200, 100, 260, 240))):
        save(tmp_path / f"set/{name}.png", pitch())
        (tmp_path / f"set/{name}.xml").write_text(xml([("player", corners)], size=(1920, 1080)))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    assert len(told(found, "its boxes resized, too")) == 2
    assert stored(tmp_path / "set.h5")[1] == [("player", (50, 25, 65, 60))]


def test_a_wrong_size_of_the_same_shape_moves_no_box_that_fits(tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    (tmp_path / "set/a.xml").write_text(xml([PLAYER], size=(1920, 1080)))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    assert len(told(found, "taken as pixels of the picture")) == 1
    assert stored(tmp_path / "set.h5") == [[PLAYER]]


def test_the_challenges_own_files_count_pixels_from_one(tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    more = "<source><database>The VOC2007 Database</database></source>"
    (tmp_path / "set/a.xml").write_text(xml([("player", (1, 1, 480, 270))], more=more))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    assert found.problems == []
    assert stored(tmp_path / "set.h5") == [[("player", (0, 0, 480, 270))]]


def test_every_wrong_box_is_told_by_its_number_and_the_others_stay(tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    things = [
        PLAYER,
        ("player", (10, 10, 10, 40)),
        ("player", ("left", 10, 20, 40)),
        ("", (10, 10, 20, 40)),
        PLAYER,
        ("ball", (470, 260, 500, 300)),
    ]
    text = xml(things).replace("</annotation>", "<object><name>goal</name></object></annotation>")
    (tmp_path / "set/a.xml").write_text(text)
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    assert [
        (one.file, one.box, one.done) for one in sorted(found.problems, key=lambda p: p.box)
    ] == [
        ("a.xml", 2, "dropped"),
        ("a.xml", 3, "dropped"),
        ("a.xml", 4, "dropped"),
        ("a.xml", 5, "dropped"),
        ("a.xml", 6, "clipped"),
        ("a.xml", 7, "dropped"),
    ]
    assert stored(tmp_path / "set.h5") == [[PLAYER, ("ball", (470, 260, 480, 270))]]


def test_what_is_missing_is_told_and_nothing_ends_the_import(tmp_path: Path):
    root = tmp_path / "set"
    for name in ("good", "alone", "broken", "cut"):
        save(root / f"{name}.png", pitch())
    (root / "good.xml").write_text(xml([PLAYER]))
    (root / "gone.xml").write_text(xml([PLAYER, PLAYER]))
    (root / "cut.xml").write_text(xml([PLAYER])[:-30])
    (root / "broken.xml").write_text(xml([PLAYER]))
    (root / "broken.png").write_bytes((root / "good.png").read_bytes()[:3000])
    (root / "README").write_text("How these were made")
    found = taken(root, "voc", tmp_path / "set.h5")
    assert {one.file: one.done for one in found.problems} == {
        "alone.png": "kept, as a picture of nothing",
        "broken.png": "left out, with 1 boxes",
        "cut.png": "left out",
        "cut.xml": "left out, and its picture",
        "gone.xml": "2 boxes left out",
        "README": "not read",
    }
    assert found.files == ["good.png", "alone.png"]
    assert stored(tmp_path / "set.h5") == [[PLAYER], []]


def test_pictures_without_annotation_can_be_left_out(tmp_path: Path):
    for name in "ab":
        save(tmp_path / f"set/{name}.png", pitch())
    (tmp_path / "set/a.xml").write_text(xml([PLAYER]))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", labelled_only=True)
    assert [(one.file, one.done) for one in found.problems] == [("b.png", "left out")]
    assert found.images == 1


def test_the_nearest_of_pictures_with_one_name_is_taken(tmp_path: Path):
    for place in ("train", "val"):
        save(tmp_path / f"set/{place}/1.png", pitch())
        (tmp_path / f"set/{place}/1.xml").write_text(xml([PLAYER]))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5")
    assert (found.images, found.files) == (2, ["train/1.png", "val/1.png"])


def test_a_second_annotation_of_a_picture_is_told(tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    for name in ("a", "a.xml"):
        (tmp_path / "set" / name).write_text(xml([PLAYER]))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5")
    assert [(one.file, one.done) for one in found.problems] == [("a.xml", "left out")]
    assert found.boxes == 1


def test_names_in_another_encoding_are_read(tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    (tmp_path / "set/a.xml").write_bytes(xml([PLAYER], filename="für.png").encode("latin-1"))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5")
    assert len(told(found, "Latin-1")) == found.boxes == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE a [<!ENTITY x "player">]>' + xml([("&x;", (1, 2, 3, 4))]), "entities"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "/etc/passwd">]>' + xml([]), "entities"),
        ("<annotation>" * 1000, "more than an annotation can"),
        ("<annotation>" + "<a/>" * 200_000 + "</annotation>", "more than an annotation can"),
        ("<annotation>" + " " * 5_000_000 + "</annotation>", "too large"),
        ("", "empty"),
        ("no XML at all", "not XML"),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', "klingon"),
    ],
    ids=["entity", "outside entity", "deep", "wide", "huge", "empty", "text", "encoding"],
)
def test_hostile_xml_is_refused_in_words(tmp_path: Path, text: str, said: str):
    save(tmp_path / "set/a.png", pitch())
    (tmp_path / "set/a.xml").write_text(text)
    with pytest.raises(NothingImportedError) as refused:
        taken(tmp_path / "set", "voc", tmp_path / "set.h5")
    (told_of,) = refused.value.problems
    assert said in told_of.problem
    assert told_of.done == "left out, and its picture"
    assert not (tmp_path / "set.h5").exists()


def test_what_is_told_can_be_shown(tmp_path: Path):
    save(tmp_path / "set/a.png", pitch())
    (tmp_path / "set/a\n\x1b[31m.xml").write_text(xml([], filename="x\x9b" + "y" * 10_000))
    (tmp_path / "set/a.xml").write_text(xml([("\u202e" + "z" * 10_000, PLAYER[1])]))
    found = taken(tmp_path / "set", "voc", tmp_path / "set.h5", profile=practice_profile())
    assert len(found.problems) == 2
    for one in found.problems:
        assert f"{one.file}{one.problem}{one.done}".isprintable()
        assert len(one.problem) < 500


def test_nothing_outside_the_folder_is_read(tmp_path: Path):
    root = tmp_path / "set"
    secret = save(tmp_path / "secret/picture.png", pitch(1))
    save(root / "a.png", pitch())
    (root / "a.xml").write_text(xml([PLAYER]))
    (root / "b.xml").write_text(xml([PLAYER], filename="../secret/picture.png"))
    (root / "c.xml").write_text(xml([PLAYER], filename=str(secret)))
    (root / "d.png").symlink_to(secret)
    (root / "linked").symlink_to(tmp_path / "secret")
    os.mkfifo(root / "e.png")
    found = taken(root, "voc", tmp_path / "set.h5")
    assert found.files == ["a.png"]
    assert {one.file for one in found.problems} == {"b.xml", "c.xml", "d.png", "linked", "e.png"}
