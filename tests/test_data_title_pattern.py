import re
import subprocess
import sys

import pytest

from data.errors import UnderstudyError
from data.profile import GameProfile
from data.title_pattern import PatternError, check_pattern, title_matches
from tests.factories import practice_profile

# Each takes Python's `re` longer than anybody waits.
ENDLESS = [r"(a+)+$", r"^(a|a)*$", r"(?:a?){40}a{40}$", r"^(\w+\s?)*$"]
DEEP = [r"((a{1000}){1000}){1000}", r"(\pL{1000}|\pN{1000})", "(" * 5000 + "a"]


@pytest.mark.parametrize(
    ("pattern", "title", "matches"),
    [
        ("^Game", "Game 3", True),
        ("^Game", "A Game", False),
        ("Game$", "My Game", True),
        ("(?i)fifa 1[78]", "FIFA 18 - 60 fps", True),
        ("^[Tt]ux ?[Ff]ootball", "TuxFootball", True),
        ("", "anything", True),
        ("Fußball — Übung", "Fußball — Übung 2", True),
    ],
)
def test_a_pattern_is_found_anywhere_in_a_title(pattern: str, title: str, matches: bool):
    assert title_matches(pattern, title) is matches


@pytest.mark.parametrize("pattern", ENDLESS)
def test_a_pattern_that_backtracks_for_ever_answers(pattern: str):
    code = "import sys; from data.title_pattern import title_matches as m; print(m(*sys.argv[1:]))"
    title = "a" * 5000 + "!"
    done = subprocess.run(
        [sys.executable, "-c", code, pattern, title], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("pattern", [*DEEP, "(", "[z-a]", "a\ud800", r"(a)\1", "(?=a)"])
def test_what_is_no_pattern_or_needs_too_much_is_refused_in_one_line(pattern: str):
    with pytest.raises(PatternError, match="not a regular expression") as caught:
        check_pattern(pattern)
    assert "\n" not in str(caught.value)


def test_a_title_that_is_no_text_is_no_fault():
    assert title_matches("^Game", "Game \udcff")
    assert not title_matches("^Game", "\udcff\x00")


def test_every_character_of_a_title_can_be_named_literally():
    titles = [chr(code) for code in range(1, 0x800)]
    assert all(title_matches(f"^{re.escape(title)}$", title) for title in titles)


def test_a_profile_stored_with_an_older_pattern_is_read_and_refused_when_a_window_is_sought():
    older = practice_profile().to_json().replace('"title":"', '"title":"(?!)', 1)
    profile = GameProfile.from_json(older, source="recording")
    with pytest.raises(UnderstudyError, match="not a regular expression"):
        title_matches(profile.title, "any")
