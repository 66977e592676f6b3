import re

import pytest

from data.errors import ProfileError
from data.frames import FrameSize
from data.key_use import KeyTally, KeyUse, held_together
from data.keys import KeyEvent
from data.profile import HotKeys, load_profile
from data.profile_draft import (
    class_name,
    draft_profile,
    parse_keys,
    propose_heads,
    stored_size,
    title_pattern,
    unclassed_chords,
)

S = 1_000_000_000
ARROWS = ("up", "down", "left", "right")
EIGHT = load_profile("practice").head("movement").classes


def played(*holds: tuple[str, float, float]) -> KeyUse:
    """Add up keys that are held from one second to another."""
    events = [KeyEvent(round(at * S), key, down) for key, start, end in holds
              for at, down in ((start, True), (end, False))]  # fmt: skip
    tally = KeyTally()
    for event in sorted(events, key=lambda event: event.at_ns):
        tally.feed(event)
    return tally.use()


def walk(keys=ARROWS, start=0.0):
    """Hold up with left, then right with down, as when walking in circles."""
    up, down, left, right = keys
    return [(up, start, start + 2), (left, start + 1, start + 3),
            (right, start + 4, start + 6), (down, start + 5, start + 7)]  # fmt: skip


def classes(use, names=None):
    return {head.name: dict(head.classes) for head in propose_heads(use, names)}


def test_arrows_get_eight_directions_and_none():
    assert classes(played(*walk())) == {"movement": dict(EIGHT)}


def test_two_arrows_get_two_directions():
    two = {"none": (), "right": ("right",), "left": ("left",)}
    assert classes(KeyUse.of(["left", "right"])) == {"movement": two}


def test_one_arrow_is_an_action_like_any_other_key():
    assert classes(KeyUse.of(["up", "x"])) == {"action": {"none": (), "up": ("up",), "x": ("x",)}}


@pytest.mark.parametrize("keys", ["wsad", "ikjl"])
def test_letters_that_steer_are_directions(keys):
    found = classes(played(*walk(keys)))
    assert list(found) == ["movement"]
    assert found["movement"]["up_right"] == (keys[0], keys[3])
    assert classes(KeyUse.of(keys)) == found


def test_the_same_letters_as_actions_beside_arrows_are_actions():
    taps = [(key, 10 + i, 10.2 + i) for i, key in enumerate("wsad")]
    found = classes(played(*walk(), *taps))
    assert found["movement"] == dict(EIGHT)
    assert found["action"] == {"none": (), "w": ("w",), "s": ("s",), "a": ("a",), "d": ("d",)}
    assert classes(KeyUse.of([*ARROWS, *"wsad"])) == found


def test_two_groups_that_steer_are_two_heads():
    found = classes(played(*walk(), *walk("wsad", start=10)))
    assert list(found) == ["movement", "movement_2"]
    assert found["movement_2"]["down_left"] == ("s", "a")


def test_a_key_held_with_the_actions_has_a_head_of_its_own():
    sprint = [("e", 0, 0.9), ("e", 2, 2.9)]
    taps = [("d", 0.2, 0.4), ("s", 0.6, 0.8), ("d", 2.2, 2.4), ("s", 2.6, 2.8)]
    found = classes(played(*sprint, *taps, *walk(start=10)))
    assert found["e"] == {"none": (), "e": ("e",)}
    assert found["action"] == {"none": (), "d": ("d",), "s": ("s",)}


def test_a_key_held_for_much_of_the_play_has_a_head_of_its_own_even_if_let_go_for_actions():
    found = classes(played(("e", 0, 9), ("d", 9, 9.3), ("s", 9.5, 9.6), *walk()))
    assert found["e"] == {"none": (), "e": ("e",)}
    assert found["action"] == {"none": (), "d": ("d",), "s": ("s",)}


def test_keys_shown_one_after_another_are_actions_however_few():
    found = classes(played(("left", 0, 1), ("right", 1, 2), ("d", 2, 3), ("s", 3, 4.5)))
    assert found["action"] == {"none": (), "d": ("d",), "s": ("s",)}


def test_keys_that_overlapped_only_once_still_exclude_each_other():
    once = [("d", 0, 0.4), ("s", 0.1, 0.4), ("d", 2, 2.2), ("s", 3, 3.2)]
    assert list(classes(played(*once, *walk(start=4)))) == ["movement", "action"]


def test_keys_that_only_roll_into_each_other_still_exclude_each_other():
    rolled = [("d", 0, 0.20), ("s", 0.18, 0.4), ("d", 1, 1.20), ("s", 1.18, 1.4)]
    assert list(classes(played(*rolled, *walk(start=2)))) == ["movement", "action"]


def test_chords_that_are_no_class_are_told_with_what_they_are_read_as():
    use = played(
        ("left", 0, 1.5), ("right", 0.5, 1), ("d", 3, 3.4), ("s", 3.38, 3.6), *walk(start=9)
    )
    heads = propose_heads(use)
    assert unclassed_chords(use, heads) == [
        "left and right held together for 0.5 s: head movement reads it as right."
    ]


@pytest.mark.parametrize("profile", ["practice", "tuxfootball", "fifa18"])
def test_the_heads_of_a_shipped_profile_are_proposed_from_its_keys(profile):
    wanted = load_profile(profile)
    names = {chord[0]: name for head in wanted.heads for name, chord in head.classes.items()
             if len(chord) == 1 and chord[0] not in ARROWS}  # fmt: skip
    taps = [(key, 20 + i, 20.2 + i) for i, key in enumerate(names) if key != "e"]
    sprint = [("e", 0.5, 6.5)] if "e" in names else []
    proposed = propose_heads(played(*walk(), *taps, *sprint), names)
    assert {h.name: h.classes for h in proposed} == {h.name: h.classes for h in wanted.heads}


def test_more_keys_than_one_head_takes_are_spread_over_heads():
    heads = propose_heads(KeyUse.of("bcdefghmnopqrtuvxyz"))
    assert [len(head.keys) for head in heads] == [12, 7]
    assert [head.name for head in heads] == ["action", "action_2"]


def test_no_key_is_refused():
    with pytest.raises(ProfileError, match="no key"):
        propose_heads(KeyUse.of([]))


def test_sums_count_presses_times_and_pairs():
    use = played(("up", 0, 2), ("d", 1, 1.5), ("d", 3, 4))
    assert use.presses == {"up": 1, "d": 2}
    assert (use.held_ns("up"), use.held_ns("d"), use.held_ns("up", "d")) == (2 * S, 1.5 * S, S / 2)
    assert use.times("up", "d") == 1
    assert held_together(use) == [("up", "d")]


def test_a_key_pressed_elsewhere_and_released_here_counts_for_nothing():
    tally = KeyTally()
    tally.feed(KeyEvent(S, "d", False))
    tally.feed(KeyEvent(2 * S, "up", True))
    tally.let_go(3 * S)
    tally.feed(KeyEvent(9 * S, "up", False))
    assert tally.use().presses == {"up": 1}
    assert tally.use().chord_ns == {frozenset({"up"}): S}


@pytest.mark.parametrize("key", [*ARROWS, "1", ";", "é", "ж", "`", "\\", "ctrl_l", "٣", "中"])
def test_every_key_has_a_name_for_its_class(key):
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,39}", class_name(key))


def test_keys_are_read_with_what_they_do():
    assert parse_keys("up, d=shoot,1,;") == {
        "up": "up", "d": "shoot", "1": "key_1", ";": "semicolon"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lefft", "did you mean 'left'?"),
        ("D", "did you mean 'd'?"),
        ("media_next", "'media_next' is not a key"),
        ("d,d", "given twice"),
        ("d=x,s=x", "two keys are called 'x'"),
        ("d=none", "not `none`"),
        ("d=Shoot", "lower-case"),
    ],
)
def test_keys_that_are_wrong_are_refused(text, said):
    with pytest.raises(ProfileError, match=re.escape(said)):
        parse_keys(text)


def test_hot_keys_that_are_played_with_are_replaced():
    heads = propose_heads(KeyUse.of(["f9", "f12", "f11", "d"]))
    profile = draft_profile("game", "^Game", heads, size=FrameSize(480, 270), rate_hz=20)
    assert profile.hotkeys == HotKeys(pause="f6")
    assert profile.stop_key == "f5"


@pytest.mark.parametrize(
    ("window", "stored"),
    [((1920, 1080), (480, 270)), ((800, 600), (480, 360)), ((1366, 768), (480, 270)),
     ((100, 3000), (480, 2160)), ((4000, 10), (480, 32)), (None, (480, 270))],
)  # fmt: skip
def test_the_stored_size_has_the_windows_shape_and_an_even_height(window, stored):
    size = stored_size(FrameSize(*window) if window else None)
    assert (size.width_px, size.height_px) == stored


@pytest.mark.parametrize(
    ("title", "pattern"),
    [
        ("FIFA 18", "^FIFA 18"),
        ("Tux Kart 1.4 - 60 fps", r"^Tux Kart 1\.4"),
        ("What? (demo)", r"^What\? \(demo\)"),
        ("x" * 500, "^" + "x" * 90),
    ],
)
def test_a_title_becomes_a_pattern_that_finds_it(title, pattern):
    assert title_pattern(title) == pattern
    assert re.search(pattern, title)


def test_a_part_that_cannot_be_is_named():
    heads = propose_heads(KeyUse.of(["d"]))
    with pytest.raises(ProfileError, match=r"capture\.height_px: should be a multiple of 2"):
        draft_profile("game", "^Game", heads, size=FrameSize(480, 271), rate_hz=20)
