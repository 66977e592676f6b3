import numpy as np
import pytest

from data.profile import Head
from models.policy_metrics import Run, changed_ticks, score_head, validation_score

HEAD = Head(
    name="action", classes={"none": (), "shoot": ("d",), "pass": ("s",), "both": ("d", "s")}
)


def run(truth, decided, counts=None) -> Run:
    mask = np.ones(len(truth), dtype=np.bool_) if counts is None else np.array(counts, dtype=bool)
    return Run(np.array(truth), np.array(decided), mask)


def score(*runs):
    return score_head(HEAD, runs, rate_hz=20.0)


def test_scores_by_class_are_those_of_the_confusion_table():
    found = score(run([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2]))
    shoot = found.classes["shoot"]
    assert (shoot.precision, shoot.recall, shoot.f1, shoot.support) == (0.5, 0.5, 0.5, 2)
    assert found.classes["none"].f1 == pytest.approx(0.8)
    assert found.macro_f1 == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 0.5 + 1.0) / 3)


def test_a_class_nobody_used_is_undefined_and_left_out_of_the_means():
    found = score(run([0, 0], [0, 0]))
    assert found.classes["pass"].f1 is None
    assert found.classes["pass"].recall is None
    assert found.macro_f1 == 1.0
    assert found.onset_f1 is None
    assert found.changed_accuracy is None


def test_a_press_counts_once_and_within_a_tenth_of_a_second():
    truth = [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    two_late = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    three_late = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    twice = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0]
    assert score(run(truth, two_late)).onset_f1 == 1.0
    assert score(run(truth, three_late)).onset_f1 == 0.0
    assert score(run(truth, twice)).onset_f1 == pytest.approx(2 / 3)


def test_presses_are_counted_by_key_not_by_class():
    # from "shoot" to "both": only the pass key goes down
    found = score(run([0, 1, 3, 3], [0, 1, 1, 3]))
    assert found.onset_f1 == 1.0


def test_presses_without_any_by_the_person_score_zero():
    assert score(run([0, 0, 0], [0, 1, 0])).onset_f1 == 0.0


def test_nothing_is_matched_across_two_runs():
    found = score(run([0, 0, 0, 1], [0, 0, 0, 0]), run([0, 0, 0], [0, 1, 0]))
    assert found.onset_f1 == 0.0


def test_a_copier_fails_on_changed_ticks():
    truth = [0, 0, 1, 1, 0, 2]
    copied = [0, 0, 0, 1, 1, 0]
    assert score(run(truth, copied)).changed_accuracy == 0.0
    assert score(run(truth, truth)).changed_accuracy == 1.0


def test_ticks_that_do_not_count_are_ignored_everywhere():
    counts = [True, True, True, False, False, False]
    found = score(run([0, 1, 0, 1, 0, 2], [0, 1, 0, 2, 2, 0], counts))
    assert found.macro_f1 == 1.0
    assert found.onset_f1 == 1.0
    assert found.changed_accuracy == 1.0


def test_the_first_tick_is_no_change():
    assert changed_ticks(np.array([2, 2, 0])).tolist() == [False, False, True]


def test_holding_on_to_the_old_keys_is_told_from_being_wrong():
    truth = [0, 1, 1, 2, 2, 0]  # changes at ticks 1, 3 and 5
    found = score(run(truth, [0, 0, 1, 3, 2, 0]))
    assert found.changed_accuracy == pytest.approx(1 / 3)
    assert found.stale_share == pytest.approx(1 / 3)


def test_a_late_press_is_measured_in_ms_with_its_sign():
    truth = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    decided = [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]  # four ticks late, one tick early
    key = score(run(truth, decided)).keys["d"]
    assert key.late_ms == pytest.approx((4 - 1) / 2 * 50.0)
    assert (key.wanted, key.pressed, key.hits) == (2, 2, 1)


def test_a_press_too_far_off_is_not_late_but_another():
    truth, decided = [0, 1, *[0] * 10], [*[0] * 8, 1, *[0] * 3]
    assert score(run(truth, decided)).keys["d"].late_ms is None


def test_hold_lengths_are_compared_key_by_key():
    truth = [0, 1, 1, 1, 1, 0, 2, 0]
    decided = [0, 1, 1, 0, 0, 0, 2, 0]
    found = score(run(truth, decided))
    shoot = found.keys["d"]
    assert (shoot.wanted_hold_ms, shoot.pressed_hold_ms, shoot.hold_ms) == (200.0, 100.0, 100.0)
    assert found.keys["s"].hold_ms == 0.0
    assert found.hold_ms == pytest.approx(50.0)
    assert score(run(truth, [0] * 8)).hold_ms is None


def test_probabilities_are_judged_where_ticks_count():
    chances = np.array([[0.7, 0.1, 0.1, 0.1], [0.25] * 4], dtype=np.float32)
    one = Run(np.array([0, 1]), np.array([0, 0]), np.array([True, False]), chances)
    found = score(one)
    assert found.calibration.nll == pytest.approx(-np.log(0.7))
    assert score(run([0, 1], [0, 0])).calibration is None
    assert score(run([0, 1], [0, 0])).to_json()["nll"] is None


def test_a_checkpoint_that_never_presses_what_is_rare_is_not_chosen():
    truth = [0] * 40 + [1] * 2 + [0] * 38
    never = score(run(truth, [0] * 80))
    early = [0] * 38 + [1] * 8 + [0] * 34  # less often right, but it presses
    often = score(run(truth, early))
    assert sum(a == b for a, b in zip(truth, early, strict=True)) < 78
    assert validation_score({"action": often}) > validation_score({"action": never})
    assert validation_score({"action": often}) == pytest.approx(
        (often.macro_f1 + often.onset_f1) / 2
    )
    assert validation_score({}) == 0.0


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="equally long"):
        run([0, 1], [0])


def test_probabilities_are_for_every_tick():
    with pytest.raises(ValueError, match="every tick"):
        Run(np.array([0, 1]), np.array([0, 1]), np.array([True] * 2), np.zeros((1, 4), np.float32))
