import tomllib

import pytest

from data.profile import GameProfile, load_profile, shipped_profiles
from data.profile_toml import to_toml
from tests.factories import altered_profile


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_profile_written_as_toml_is_read_back_the_same(name):
    profile = load_profile(name)
    assert GameProfile.model_validate(tomllib.loads(to_toml(profile))) == profile


@pytest.mark.parametrize(
    "text",
    [r"^It's \"so\" \d", r"^A\.B", 'say "hi"', "tab\tline\nend", "Ж ü \x7f \x01", "'''", "# no"],
)
def test_every_title_survives(text):
    profile = altered_profile(title=text.replace("\\", r"\\"), description=text)
    assert GameProfile.model_validate(tomllib.loads(to_toml(profile))) == profile


def test_a_regular_expression_stays_readable():
    assert r"title = '^FIFA\.18'" in to_toml(altered_profile(title=r"^FIFA\.18"))


def test_numbers_of_the_capture_survive_whole():
    capture = {"width_px": 640, "height_px": 360, "rate_hz": 29.97002997, "jpeg_quality": 71}
    profile = altered_profile(capture=capture, mirror=None)
    heads = [head.model_dump() | {"min_hold_ms": 12.5} for head in profile.heads]
    profile = altered_profile(capture=capture, mirror=None, heads=heads)
    assert GameProfile.model_validate(tomllib.loads(to_toml(profile))) == profile


def test_remarks_cannot_leave_their_comment():
    text = to_toml(load_profile("practice"), ["one\nname = 'two'"])
    assert GameProfile.model_validate(tomllib.loads(text)) == load_profile("practice")


def test_the_examples_in_the_comments_are_right_when_uncommented():
    profile = altered_profile(objects=[], reference=None, mirror=None)
    text = to_toml(profile)
    lines = text.splitlines()
    examples = [line[2:] for line in lines if line.startswith(("# [", "# name", "# most"))]
    examples += [line[2:] for line in lines if line.startswith(("# axis", "# swap"))]
    read = GameProfile.model_validate(tomllib.loads("\n".join([text, *examples])))
    assert read.object_names == ("player", "ball")
    assert read.mirror is not None
    assert read.mirror.swap == (("left", "right"),)


def test_show_prints_toml_to_copy(run, tmp_path):
    status, said, _ = run("profile", "show", "fifa18", "--toml")
    assert status == 0
    (tmp_path / "copy.toml").write_text(said, encoding="utf-8")
    assert load_profile(str(tmp_path / "copy.toml")) == load_profile("fifa18")
