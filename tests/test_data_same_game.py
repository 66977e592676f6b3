"""A profile that was changed after recordings were made with it."""

import pytest

from data.errors import ProfileError
from data.profile import GameProfile, Head, ObjectClass
from data.same_game import is_same_game, why_not_learned, with_objects
from tests.factories import altered_profile, practice_profile


def of_heads(*heads: Head) -> GameProfile:
    return altered_profile(name="mine", mirror=None, heads=[head.model_dump() for head in heads])


@pytest.mark.parametrize(
    ("name", "title", "same"),
    [
        ("practice", "", True),
        ("mine", "", False),
        ("mine", "Sunday Ball 2", True),
        ("mine", "Another Game", False),
    ],
)
def test_a_game_is_known_by_its_profiles_name_or_its_window(name, title, same):
    profile = altered_profile(name=name, title="^Sunday Ball")
    assert is_same_game(profile, recorded=practice_profile(), window_title=title) is same


def test_other_groups_of_the_same_keys_and_other_objects_can_be_learned():
    steering = practice_profile().head("movement")
    fewer = of_heads(Head(name="steering", classes={"none": (), "go": ("right",)}))
    assert set(fewer.keys) < set(steering.keys)
    assert why_not_learned(fewer, recorded=practice_profile()) == ""
    seen = altered_profile(objects=[{"name": "puck"}], reference=None)
    assert why_not_learned(seen, recorded=practice_profile()) == ""


def test_keys_that_nobody_listened_to_can_not_be_learned():
    more = of_heads(
        *practice_profile().heads, Head(name="jump", classes={"none": (), "jump": ("space",)})
    )
    assert "without listening to the key space" in why_not_learned(
        more, recorded=practice_profile()
    )
    assert why_not_learned(practice_profile(), recorded=more) == ""


def test_pictures_of_another_size_can_not_be_learned():
    larger = altered_profile(capture={"width_px": 640, "height_px": 360})
    reason = why_not_learned(larger, recorded=practice_profile())
    assert "its pictures are 480x270, those of profile practice 640x360" in reason


def test_further_objects_follow_those_that_are_there():
    had = practice_profile()
    named = with_objects(
        had, [ObjectClass(name="keeper", most=2), ObjectClass(name="ball", most=9)]
    )
    assert named.object_names == (*had.object_names, "keeper")
    assert named.objects[: len(had.objects)] == had.objects
    assert with_objects(had, had.objects) is had
    assert had.object_names == practice_profile().object_names


def test_there_is_an_end_to_objects():
    with pytest.raises(ProfileError, match="at most 64"):
        with_objects(practice_profile(), [ObjectClass(name=f"thing_{i}") for i in range(60)])
