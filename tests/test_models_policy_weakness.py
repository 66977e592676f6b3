import numpy as np
import pytest

from data.profile import Head
from models.evaluation import Evaluation, HeadEvaluation
from models.policy_metrics import Run, score_head
from models.policy_weakness import Practised, weaknesses
from tests.factories import practice_profile

ACTION = Head(name="action", classes={"none": (), "shoot": ("d",), "pass": ("s",), "cross": ("a",)})
PROFILE = practice_profile().model_copy(update={"heads": (ACTION,)})
TIMES = {"none": 300, "shoot": 100, "pass": 200, "cross": 50}
NONE, SHOOT, PASS, CROSS = range(4)


def presses(*classes: int, apart: int = 12, hold: int = 3, late: int = 0) -> np.ndarray:
    """Hold one class after the other, with pauses."""
    held = np.zeros(apart * (len(classes) + 1), dtype=np.int64)
    for index, kind in enumerate(classes):
        start = apart * (index + 1) - apart // 2 + late
        held[start : start + hold] = kind
    return held


def evaluation(truth, decided, *, chances=None, baselines=None, told=None) -> Evaluation:
    run = Run(truth, decided, np.ones(len(truth), dtype=np.bool_), chances)
    score = score_head(ACTION, [run], rate_hz=20.0)
    rivals = {
        name: score_head(ACTION, [Run(truth, theirs, run.counts)], rate_hz=20.0)
        for name, theirs in (baselines or {}).items()
    }
    copying = None
    if told is not None:
        copying = score_head(ACTION, [Run(truth, told, run.counts)], rate_hz=20.0)
    judged = HeadEvaluation(score, None, rivals, copying, (run,))
    return Evaluation(PROFILE, {"action": judged}, ())


def told(
    judged: Evaluation | None = None, *, times=TIMES, seconds=840.0, mirror=None
) -> tuple[str, ...]:
    practised = Practised(seconds, {"action": times}, {"action": mirror or {}})
    return weaknesses(PROFILE, judged, practised)


PLAY = presses(*[SHOOT, PASS, CROSS, PASS] * 12)


def test_of_what_is_right_nothing_is_said():
    assert told(evaluation(PLAY, PLAY)) == ()


def test_what_was_hardly_practised_is_named_with_its_figures():
    (said,) = told(times=TIMES | {"cross": 9})
    assert said == (
        "action: `cross` was pressed only 9 times in 14:00 min of play learned from. "
        "Record more moments that call for it."
    )
    rare = told(evaluation(PLAY, np.where(PLAY == CROSS, NONE, PLAY)), times=TIMES | {"cross": 9})
    assert rare[0].startswith("action: `cross` was pressed only 9 times")
    assert rare[0].endswith("It finds 0% of the ticks held out that ask for it.")
    assert not any("never decides" in one for one in rare)  # it is said once
    assert "only 1 time in" in told(times=TIMES | {"cross": 1})[0]
    assert told(times=TIMES | {"none": 3}) == ()


def test_what_nobody_uses_is_the_least_concern():
    said = told(evaluation(presses(*[SHOOT, PASS] * 12), presses(*[SHOOT, SHOOT] * 12)),
                times=TIMES | {"cross": 0})  # fmt: skip
    assert "nobody ever pressed `cross`" in said[-1]
    (flipped,) = told(times=TIMES | {"cross": 0}, mirror={"cross": "pass", "pass": "cross"})
    assert flipped == (
        "action: nobody ever pressed `cross`. What the policy knows of it is the mirror image of "
        "`pass`."
    )
    assert len(said) > 1


def test_what_is_never_pressed_is_named_first():
    decided = np.where(PLAY == CROSS, SHOOT, PLAY)
    said = told(evaluation(PLAY, decided))
    assert said[0].startswith("action: it never decides on `cross`")
    assert "mostly takes `shoot`" in said[0]


def test_the_pair_mixed_up_most_is_told_with_its_direction():
    decided = PLAY.copy()
    decided[np.flatnonzero(PLAY == PASS)[::3]] = SHOOT
    (said,) = [one for one in told(evaluation(PLAY, decided)) if "mixed up" in one]
    assert said.startswith("action: `pass` and `shoot` are mixed up most: 24 of their 108 ticks")
    assert "24 of them `pass` taken for `shoot`" in said


@pytest.mark.parametrize(
    ("late", "word", "advice"), [(1, "late", "smaller"), (-1, "early", "larger")]
)
def test_presses_that_come_late_or_early_are_told_in_ms(late, word, advice):
    decided = presses(*[SHOOT, PASS, CROSS, PASS] * 12, late=late)
    (said,) = [one for one in told(evaluation(PLAY, decided)) if "on average" in one]
    assert said == (
        "action: it presses `a` (cross) 50 ms, `d` (shoot) 50 ms and `s` (pass) 50 ms "
        f"{word} on average. Try a {advice} --shift-ms."
    )


def test_no_shift_is_advised_where_keys_are_off_both_ways():
    late, early = np.where(PLAY == SHOOT, 0, PLAY), np.where(PLAY == SHOOT, PLAY, 0)
    decided = np.roll(early, 1) + np.roll(np.where(late == PASS, 0, late), -1)
    decided += np.where(late == PASS, PASS, 0)
    said = [one for one in told(evaluation(PLAY, decided)) if "on average" in one]
    assert said == [
        "action: it presses `d` (shoot) 50 ms late on average.",
        "action: it presses `a` (cross) 50 ms early on average.",
    ]


def test_holding_the_old_keys_is_called_copying():
    copied = np.concatenate([PLAY[:1], PLAY[:-1]])
    said = told(evaluation(PLAY, copied))
    assert "at 100% of the ticks at which the person changed the keys" in said[0]
    assert "copies" in said[0]


def test_being_better_when_told_the_true_keys_is_called_copying():
    decided = np.where(PLAY == CROSS, SHOOT, PLAY)
    said = told(evaluation(PLAY, decided, told=PLAY))
    assert any("told its own, as in play, 0.67: it leans on copying" in one for one in said)
    assert told(evaluation(PLAY, PLAY, told=PLAY)) == ()


def test_a_class_that_neighbours_know_better_is_named_with_both_figures():
    decided = np.where(PLAY == CROSS, NONE, PLAY)
    decided[np.flatnonzero(PLAY == CROSS)[:3]] = CROSS
    found = told(evaluation(PLAY, decided, baselines={"neighbours": PLAY}))
    (said,) = [one for one in found if "looking up" in one]
    assert "`cross` 0.15, looking up similar ticks 1.00" in said
    assert "Train longer" in said
    assert told(evaluation(PLAY, PLAY, baselines={"neighbours": decided})) == ()


def test_pressing_at_the_wrong_moments_is_told_from_not_having_learned():
    decided = PLAY.copy()
    decided[np.flatnonzero(PLAY == NONE)[::3]] = PASS
    idle = np.full_like(PLAY, NONE)
    found = told(evaluation(PLAY, decided, baselines={"majority": idle}))
    (said,) = [one for one in found if "always the commonest" in one]
    assert "when nothing is to be pressed" in said


def test_what_is_mostly_missed_is_told_with_both_shares():
    decided = PLAY.copy()
    decided[np.flatnonzero(PLAY == CROSS)[4:]] = PASS
    decided[np.flatnonzero(PLAY == NONE)[:12]] = CROSS
    (said,) = [one for one in told(evaluation(PLAY, decided)) if "of the 36 ticks" in one]
    assert said == (
        "action: of the 36 ticks of `cross` it finds 11%, and of the 16 on which it decides on it "
        "25% are right; it mostly takes `pass` there. Record more of it."
    )


def test_pressing_too_often_or_too_seldom_is_told():
    seldom = PLAY.copy()
    seldom[len(PLAY) // 2 :] = NONE
    assert any("too seldom it presses `a` (cross) 6 times, the person 12; `d`" in one
               for one in told(evaluation(PLAY, seldom)))  # fmt: skip
    often = presses(*[PASS] * 48)
    assert any("too often it presses `s` (pass) 48 times, the person 24" in one
               for one in told(evaluation(PLAY, often)))  # fmt: skip


def test_short_holds_are_told_with_both_medians():
    short = presses(*[SHOOT, PASS, CROSS, PASS] * 12, hold=1)
    said = told(evaluation(PLAY, short))
    assert any("`d` (shoot) for 50 ms, the person for 150;" in one for one in said)


def test_one_that_is_surer_than_right_is_told_so():
    decided = np.full_like(PLAY, NONE)
    chances = np.full((len(PLAY), 4), 0.01, dtype=np.float32)
    chances[:, NONE] = 0.97
    said = told(evaluation(PLAY, decided, chances=chances))
    assert any("surer than it should be: 97% on average" in one for one in said)


def test_too_little_held_out_play_is_told():
    few = presses(SHOOT, *[PASS] * 20, *[CROSS] * 20)
    said = told(evaluation(few, few))
    assert said == (
        "action: `shoot` was held for 3 ticks of the held-out play only, too few to judge it. "
        "Hold out more recordings.",
    )


def test_without_held_out_play_only_practice_is_judged():
    assert told(None) == ()
    assert len(told(None, times=TIMES | {"pass": 2})) == 1
