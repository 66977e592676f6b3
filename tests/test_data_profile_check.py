from pathlib import Path

import pytest

from data.errors import ProfileError
from data.profile import GameProfile, load_profile, shipped_profiles
from data.profile_check import check_profile

HEAD = """
[[heads]]
name = "movement"
[heads.classes]
none = []
left = ["left"]
right = ["right"]
"""
GOOD = f'name = "game"\ntitle = "^Game"\n{HEAD}'
MIRROR = '\n[mirror]\naxis = "horizontal"\nswap = [["left", "right"]]\n'


@pytest.fixture
def check(tmp_path: Path):
    def check(text: str):
        file = tmp_path / "game.toml"
        file.write_text(text, encoding="utf-8")
        return check_profile(str(file))

    return check


def test_every_shipped_profile_is_sound_without_a_doubt():
    for name in shipped_profiles():
        check = check_profile(name)
        assert isinstance(check.profile, GameProfile)
        assert (check.problems, check.warnings) == ((), ())


def test_all_wrong_fields_are_named_each_with_its_cure(check):
    text = GOOD.replace('title = "^Game"', 'title = "("\nwidht = 3\n[capture]\nwitdh_px = 480')
    text = text.replace('["left"]', '["lefft"]') + '\n[[objects]]\nname = "Ball"\nmost = 0\n'
    assert check(text).profile is None
    assert check(text).problems == (
        "title: not a regular expression as RE2 knows them: missing ): (.",
        "capture.witdh_px: no such field; did you mean width_px?",
        "heads[movement].classes: left: 'lefft' is not a key; did you mean 'left'?",
        "objects[Ball].name: 'Ball' is no name here; use up to 40 lower-case letters, digits and "
        "_, starting with a letter.",
        "objects[Ball].most: should be greater than or equal to 1 (got 0).",
        "widht: no such field; known here: name, title, description, capture, heads, objects, "
        "reference, mirror, stop_key, hotkeys, may_stand_still, score.",
    )


@pytest.mark.parametrize("wrong_besides", ["", 'title = "("', "[capture]\nwidth_px = 31"])
def test_contradictions_between_fields_show_beside_fields_that_are_wrong_alone(
    check, wrong_besides
):
    top = 'name = "game"\ntitle = "^Game"\nstop_key = "left"\nreference = "me"\n'
    if wrong_besides.startswith("title"):
        top = top.replace('title = "^Game"', wrong_besides)
        wrong_besides = ""
    swap = '[mirror]\naxis = "horizontal"\nswap = [["left", "q"], ["left", "f10"]]\n'
    problems = check(f"{top}{wrong_besides}\n{HEAD}\n{HEAD}\n{swap}").problems
    for said in (
        "two heads are called movement; rename one.",
        "key 'left' is used by two heads; give each key one head.",
        "hot key 'left' is also a playing key; choose another.",
        "reference 'me' is none of the objects (there are none).",
        "mirror swaps 'left' twice; name each key in one pair only.",
        "mirror swaps 'q', which no head uses; remove the pair.",
    ):
        assert f"the profile: {said}" in problems


def test_a_mirror_rule_without_counterparts_is_a_problem_of_each_class(check):
    assert check(GOOD + MIRROR).problems == ()
    found = check(GOOD.replace('left = ["left"]', 'up_left = ["up", "left"]') + MIRROR)
    assert found.problems == (
        'heads[movement].classes.up_left: its mirror image ["right", "up"] is no class; add one, '
        "or remove the mirror rule.",
        'heads[movement].classes.right: its mirror image ["left"] is no class; add one, or remove '
        "the mirror rule.",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"^Game"', '".*"', "title: '.*' matches any window"),
        ('"^Game"', '"^G"\n[capture]\nwidth_px = 320\nheight_px = 600', "320x600 is an odd shape"),
        ('"^Game"', '"^G"\n[capture]\nwidth_px = 1920\nheight_px = 1080', "makes large files"),
        ('"^Game"', '"^G"\n[capture]\nrate_hz = 100', "capture.rate_hz: 100 is more"),
        (
            'title = "^Game"',
            'title = "^Game"\nobjects = [{name = "man"}, {name = "ball"}]',
            "nothing says whom you control",
        ),
        ("none = []", 'none = []\nup = ["up"]', 'add up_left = ["up", "left"].'),
    ],
)
def test_what_is_allowed_but_doubtful_is_a_warning(check, old, new, said):
    assert check(GOOD).warnings == ()
    found = check(GOOD.replace(old, new))
    assert found.problems == ()
    assert said in " ".join(found.warnings)


def test_a_line_that_is_no_toml_is_shown_with_a_mark_under_the_place(check):
    said = check('name = "game"\ntitle = "^Game\n' + HEAD).problems[0].splitlines()
    assert said[0].startswith("line 2: not TOML: ")
    assert said[1].strip() == 'title = "^Game'
    assert said[2].index("^") == len(said[1])


def test_a_long_line_is_shown_around_the_place(check):
    said = check("x = [" + "1, " * 5000 + "!]").problems[0].splitlines()
    assert len(said) == 3
    assert said[1][said[2].index("^")] == "!"
    assert max(map(len, said)) < 120


def test_values_of_a_million_characters_are_not_repeated(check):
    text = GOOD.replace('"^Game"', '"' + "x" * 1_000_000 + '"').replace('"left"', f'"{"k" * 9999}"')
    assert max(map(len, check(text).problems)) < 500


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x" + ".a" * 3000 + " = 1"])
def test_what_is_nested_without_end_is_a_problem_like_others(check, text):
    assert check(text).problems == ("tables or lists are nested too deeply for a profile.",)


def test_loading_says_the_first_problem_and_how_many_more(tmp_path):
    (tmp_path / "game.toml").write_text("x = 1\ny = 2\n" + GOOD, encoding="utf-8")
    with pytest.raises(ProfileError, match=r"game\.toml: x: no such field; .* And 1 more\.$"):
        load_profile(str(tmp_path / "game.toml"))
