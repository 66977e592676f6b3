import numpy as np
import pytest

from agent.decision import STUCK_S, DecisionSettings, decide, settings_for
from data.errors import UnderstudyError
from data.profile import load_profile
from tests.factories import altered_profile, practice_profile
from tests.fakes import one_hot

PROFILE = practice_profile()
MS = 1_000_000


def likely(**chosen):
    return {head.name: one_hot(head, chosen) for head in PROFILE.heads}


def held_over_time(settings, *ticks):
    """Decide on `(at_ms, {head: class})` one after another; return what is held each time."""
    state, found = None, []
    for at_ms, chosen in ticks:
        decision, state = decide(PROFILE, settings, likely(**chosen), at_ns=at_ms * MS, state=state)
        found.append(decision.held)
    return found


@pytest.mark.parametrize(
    ("chosen", "keys"),
    [
        ({}, set()),
        ({"movement": "up_right"}, {"up", "right"}),
        ({"movement": "left", "action": "shoot", "sprint": "sprint"}, {"left", "d", "e"}),
    ],
)
def test_the_likeliest_classes_give_the_keys(chosen, keys):
    decision, _ = decide(PROFILE, DecisionSettings(), likely(**chosen), at_ns=0)
    assert decision.held == keys
    assert decision.classes["movement"] == PROFILE.head("movement").names.index(
        chosen.get("movement", "none")
    )


def test_keys_that_exclude_each_other_are_never_held_together():
    joint = {chord for head in PROFILE.heads for chord in head.chords}
    for head in PROFILE.heads:
        for before in head.names:
            for after in head.names:
                held = held_over_time(
                    DecisionSettings(min_hold_ms={head.name: 100}),
                    *((at_ms, {head.name: name}) for at_ms, name in ((0, before), (50, after))),
                )
                assert set(held) <= joint
    assert not any({"left", "right"} <= chord or {"up", "down"} <= chord for chord in joint)


def test_a_class_is_kept_for_the_least_time():
    settings = DecisionSettings(min_hold_ms={"movement": 100})
    up, right = {"movement": "up"}, {"movement": "right"}
    held = held_over_time(settings, (0, up), (50, right), (99, right), (100, right), (150, up))
    assert held == [{"up"}, {"up"}, {"up"}, {"right"}, {"right"}]


def test_holding_nothing_is_left_at_once():
    settings = DecisionSettings(min_hold_ms={"action": 100})
    shoot, nothing = {"action": "shoot"}, {}
    held = held_over_time(
        settings, (0, shoot), (50, nothing), (100, nothing), (150, shoot), (200, nothing)
    )
    assert held == [{"d"}, {"d"}, set(), {"d"}, {"d"}]


def test_the_profiles_least_time_holds_unless_overridden():
    heads = tuple(
        head.model_copy(update={"min_hold_ms": 80.0 if head.name == "movement" else 0.0})
        for head in PROFILE.heads
    )
    profile = PROFILE.model_copy(update={"heads": heads})
    for settings, expected in (
        (DecisionSettings(), {"up"}),
        (DecisionSettings(min_hold_ms={"movement": 0}), {"right"}),
    ):
        _, state = decide(profile, settings, likely(movement="up"), at_ns=0)
        decision, _ = decide(
            profile, settings, likely(movement="right"), at_ns=50 * MS, state=state
        )
        assert decision.held == expected


def test_only_allowed_keys_are_held():
    settings = DecisionSettings(allowed=frozenset({"up", "d"}))
    decision, _ = decide(PROFILE, settings, likely(movement="up_right", action="pass"), at_ns=0)
    assert decision.held == {"up"}


def test_drawing_follows_the_probabilities_and_the_seed():
    uneven = likely()
    uneven["sprint"] = np.array([0.3, 0.7], dtype=np.float32)

    def draws(temperature, seed):
        settings = DecisionSettings(temperature=temperature)
        rng = np.random.default_rng(seed)
        return [
            decide(PROFILE, settings, uneven, at_ns=i, rng=rng)[0].classes["sprint"]
            for i in range(400)
        ]

    assert np.mean(draws(1.0, 1)) == pytest.approx(0.7, abs=0.07)
    assert draws(1.0, 1) == draws(1.0, 1) != draws(1.0, 2)
    assert set(draws(0.01, 1)) == {1}


@pytest.mark.parametrize(
    "wrong", [None, np.array([0.5, 0.5], np.float32), np.full(9, np.nan, np.float32)]
)
def test_unusable_probabilities_are_refused(wrong):
    given = likely()
    if wrong is None:
        del given["movement"]
    else:
        given["movement"] = wrong
    with pytest.raises(UnderstudyError, match="head movement"):
        decide(PROFILE, DecisionSettings(), given, at_ns=0)


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1}, {"min_hold_ms": {"movement": -1}}, {"stuck_s": 0}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        DecisionSettings(**wrong)


def test_where_nothing_changes_keys_are_drawn_ever_more_evenly():
    settings, rng = DecisionSettings(stuck_s=3.0), np.random.default_rng(0)
    still = likely(action="shoot")
    still["movement"] = np.full(9, 0.01, np.float32)
    still["movement"][0], still["movement"][8] = 0.93, 0.0
    state, chosen = None, []
    for tick in range(20 * 12):
        at_ns = tick * 50_000_000
        decision, state = decide(PROFILE, settings, still, at_ns=at_ns, state=state, rng=rng)
        chosen.append(decision.classes["movement"])
    others = np.array(chosen) != 0
    assert not others[:60].any()
    assert 0 < others[60:120].mean() < others[180:].mean()
    assert 8 not in chosen  # ruled out, however hot
    moved = dict(still, movement=np.eye(9, dtype=np.float32)[2] * 0.9 + 0.01)
    after, _ = decide(PROFILE, settings, moved, at_ns=12 * 10**9, state=state, rng=rng)
    assert after.classes["movement"] == 2


def test_a_choice_that_wavers_is_not_stuck():
    settings, rng = DecisionSettings(stuck_s=1.0), np.random.default_rng(0)
    state = None
    for tick in range(100):
        wanted = ("up", "right")[tick // 15 % 2]
        probabilities = likely(movement=wanted)
        decision, state = decide(
            PROFILE, settings, probabilities, at_ns=tick * 50_000_000, state=state, rng=rng
        )
        assert decision.classes["movement"] == PROFILE.head("movement").names.index(wanted)


def test_the_profile_that_is_played_with_says_how_long_a_key_is_held():
    edited = altered_profile(
        heads=[head.model_dump() | {"min_hold_ms": 400} for head in PROFILE.heads]
    )
    heads = {head.name for head in PROFILE.heads}
    assert settings_for(edited).min_hold_ms == dict.fromkeys(heads, 400)
    assert settings_for(edited, min_hold_ms=50).min_hold_ms == dict.fromkeys(heads, 50)
    ticks = [(at_ms, {"movement": ("up", "right")[at_ms // 50 % 2]}) for at_ms in range(0, 450, 50)]
    trained_with = held_over_time(settings_for(edited), *ticks)  # decides on the run's own profile
    assert trained_with == [{"up"}] * 9
    assert held_over_time(settings_for(PROFILE), *ticks)[:2] == [{"up"}, {"right"}]


def test_only_games_whose_picture_may_stand_still_get_stuck():
    assert settings_for(PROFILE).stuck_s is None
    game = load_profile("tuxfootball")
    assert settings_for(game).stuck_s == STUCK_S
    assert settings_for(game, stuck_s=0.0).stuck_s is None
