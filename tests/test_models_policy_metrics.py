import numpy as np
import pytest

from data.profile import Head
from models.policy_metrics import Run, changed_ticks, matched, score_head

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


@pytest.mark.parametrize(
    ("wanted", "found", "hits"),
    [([], [], 0), ([5], [7], 1), ([5], [8], 0), ([1, 2], [2], 1), ([1, 9], [2, 8, 10], 2)],
)
def test_matching_is_one_to_one(wanted, found, hits):
    assert matched(wanted, found, tolerance=2) == hits


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="equally long"):
        run([0, 1], [0])
