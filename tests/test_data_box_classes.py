from collections import Counter

import pytest

from data.box_files.classes import (
    Classes,
    made_profile,
    named_targets,
    object_name,
    tell_renamed,
    tell_slips,
)
from data.box_files.folder import Problems
from data.errors import UnderstudyError
from data.frames import FrameSize
from data.profile import GameProfile

OBJECTS = ("player", "ball", "goal_post")


@pytest.mark.parametrize("label", ["Player", " player ", "PLAYER", "pla-yer", "pläyer"])
def test_case_spaces_marks_and_accents_do_not_count_but_are_told(label: str):
    name, told = Classes(OBJECTS, {}).find(label)
    assert name == "player"
    assert "written" in (told or "")


def test_an_unknown_class_is_told_with_the_nearest_object():
    assert Classes(OBJECTS, {}).find("player") == ("player", None)
    name, told = Classes(OBJECTS, {}).find("playr")
    assert name is None
    assert "--map 'playr=player'" in (told or "")
    assert "--map" not in (Classes(OBJECTS, {}).find("crowd")[1] or "")


def test_a_person_says_which_class_is_which_and_which_is_left_out():
    classes = Classes(OBJECTS, {"Sports Ball": "ball", "dog": "", "player": "goal_post"})
    assert classes.find("sports_ball") == ("ball", None)
    assert classes.find("dog") == (None, None)
    assert classes.find("player") == ("goal_post", None)


def test_a_class_mapped_to_no_object_is_refused():
    with pytest.raises(UnderstudyError, match="did you mean 'ball'"):
        Classes(OBJECTS, {"x": "bal"})


@pytest.mark.parametrize(
    "label", ["Ball", "sports ball", "7", "球", "ball!" * 50, "_", "Größe", "\ud800", "a\0b"]
)
def test_every_label_makes_a_name_that_an_object_can_have(label: str):
    profile, spelt = made_profile("x", Counter({label: 1}), {}, Counter())
    assert profile.object_names == (object_name(label),)
    assert Classes(profile.object_names, {}, spelt).find(label) == (object_name(label), None)
    assert GameProfile.from_json(profile.to_json(), source="x") == profile


def test_a_made_profile_has_the_shape_of_most_pictures():
    sizes = Counter({FrameSize(1280, 960): 3, FrameSize(1920, 1080): 1})
    profile, _ = made_profile("x", Counter({"a": 1}), {}, sizes)
    assert profile.capture.size == FrameSize(480, 360)
    small, _ = made_profile("x", Counter({"a": 1}), {}, Counter({FrameSize(300, 300): 1}))
    assert small.capture.size == FrameSize(300, 300)
    thin, _ = made_profile("x", Counter({"a": 1}), {}, Counter({FrameSize(60_000, 1): 1}))
    assert thin.capture.size == FrameSize(480, 32)


def test_a_made_profile_takes_labels_that_differ_in_case_as_one():
    labels = Counter({"ball": 3, "Ball": 9, "player": 2})
    profile, spelt = made_profile("x", labels, {"player": "ball"}, Counter())
    assert profile.object_names == ("ball",)
    classes = Classes(profile.object_names, {"player": "ball"}, spelt)
    assert classes.find("Ball") == ("ball", None)
    assert classes.find("BALL")[0] == classes.find("player")[0] == "ball"


def test_a_made_profile_keeps_the_most_frequent_classes():
    labels = Counter({f"class {index}": 100 - index for index in range(80)})
    profile, spelt = made_profile("x", labels, {}, Counter())
    assert len(profile.objects) == len(spelt) == 64
    assert Classes(profile.object_names, {}, spelt).find("class 79")[0] is None


def test_classes_that_are_spelt_alike_are_told():
    problems = Problems()
    labels = Counter({"player": 390, "Player": 10, "playr": 2, "ball": 50})
    spelt = {"player": "player", "playr": "playr", "ball": "ball"}
    tell_slips(labels, spelt, problems)
    assert [one.done for one in problems.told] == ["kept; --map playr=player makes them one"]


ALIKE = [
    ("игрок_красный", "игрок_синий", "мяч"),
    ("红队 player", "蓝队 player", "球"),
    (f"{'x' * 40} red", f"{'x' * 40} blue", "x"),
    ("足球运动员一号", "足球运动员二号", "7"),
    ("player", "红队 player", "player_2"),
]


@pytest.mark.parametrize("labels", ALIKE)
def test_classes_whose_names_would_be_the_same_stay_apart_and_are_told(labels: tuple[str, ...]):
    counted, problems = Counter(dict(zip(labels, (9, 5, 2), strict=True))), Problems()
    profile, spelt = made_profile("x", counted, {}, Counter())
    assert len(profile.objects) == 3
    classes = Classes(profile.object_names, {}, spelt)
    assert [classes.find(label) for label in labels] == [(spelt[label], None) for label in labels]
    assert spelt[labels[1]].endswith("_2")
    tell_renamed(spelt, problems)
    assert f"called {spelt[labels[1]]}; --map " in problems.told[0].done


def test_a_class_that_is_mapped_does_not_take_another_one_in():
    labels, mapping = Counter({"红队 player": 2, "蓝队 player": 5}), {"红队 player": "player"}
    profile, spelt = made_profile("x", labels, mapping, Counter())
    assert profile.object_names == ("player", "player_2")
    assert spelt == {"蓝队 player": "player_2"}
    assert named_targets(mapping) == mapping


def test_classes_mapped_to_names_that_would_be_the_same_stay_apart():
    mapping = {"1": "красный", "2": "красная", "3": "Красный", "4": ""}
    named = named_targets(mapping)
    assert named["1"] == named["3"] != named["2"]
    assert named["4"] == ""


def test_a_made_up_name_that_was_told_means_its_class():
    labels, mapping = Counter({"0": 9, "1": 5}), {"1": "class_0"}
    profile, spelt = made_profile("x", labels, mapping, Counter())
    assert (profile.object_names, spelt) == (("class_0",), {"0": "class_0"})
