import tomllib
from pathlib import Path

import pytest

from data.errors import ProfileError
from data.profile import GameProfile, load_profile, shipped_profiles

GOOD = """
name = "game"
title = "^Game"
[[heads]]
name = "move"
[heads.classes]
none = []
left = ["left"]
right = ["right"]
"""


def test_every_shipped_profile_is_valid():
    assert {"practice", "tuxfootball", "fifa18"} <= set(shipped_profiles())
    for name in shipped_profiles():
        profile = load_profile(name)
        assert profile.name == name
        for head in profile.heads:
            assert len(profile.mirrored_classes(head)) == len(head.names)


def test_movement_of_the_practice_game_has_eight_directions_and_none():
    movement = load_profile("practice").head("movement")
    assert len(movement.chords) == 9
    assert movement.chords[movement.none_index] == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["left"]', '["lefft"]', "'lefft' is not a key"),
        ('["left"]', '["right"]', "same keys"),
        ("none = []", 'none = ["a"]', "empty chord"),
        ('title = "^Game"', 'title = "("', "regular expression"),
        ('title = "^Game"', 'title = "^Game"\nstop_key = "left"', "also a playing key"),
        ('title = "^Game"', 'title = "^Game"\nspeed = 3', "speed"),
        ('title = "^Game"', 'title = "^Game"\nreference = "me"', "none of the objects"),
        ("none = []", "none = [", "not TOML"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, old: str, new: str, said: str):
    file = tmp_path / "game.toml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"game\.toml") as caught:
        load_profile(str(file))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_shipped_profiles():
    with pytest.raises(ProfileError, match="practice"):
        load_profile("tennis")


def test_a_profile_survives_its_json():
    profile = load_profile("practice")
    assert GameProfile.from_json(profile.to_json(), source="here") == profile


def test_mirroring_twice_gives_every_class_back():
    profile = load_profile("practice")
    for head in profile.heads:
        mirrored = profile.mirrored_classes(head)
        assert [mirrored[index] for index in mirrored] == list(range(len(head.names)))
    movement = profile.head("movement")
    up_right = movement.names.index("up_right")
    assert movement.names[profile.mirrored_classes(movement)[up_right]] == "down_right"


def test_a_mirror_without_a_counterpart_is_refused():
    profile = GameProfile.model_validate(
        tomllib.loads(
            GOOD.replace('right = ["right"]', 'right_left = ["right", "left"]')
            + '\n[mirror]\naxis = "horizontal"\nswap = [["left", "right"]]\n'
        )
    )
    with pytest.raises(ProfileError, match="mirror image"):
        profile.mirrored_classes(profile.heads[0])
