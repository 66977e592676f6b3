import json
from dataclasses import replace

import numpy as np
import pytest

from data.errors import CheckpointError, RecordingError
from models.checkpoint import load_run, save_run
from models.decisions import no_offsets
from models.engine import policy_of
from models.evaluation import evaluate_policy, evaluate_run
from tests.factories import practice_profile
from tests.toy_play import toy_demonstration, toy_run

PROFILE = practice_profile()


@pytest.fixture
def policy():
    report, _, _ = toy_run()
    return policy_of(load_run(report.out))[0]


@pytest.fixture
def judged(policy):
    demonstration = toy_demonstration(5)
    features = np.zeros((300, policy.settings.features), dtype=np.float16)
    demonstration = replace(demonstration, seen=replace(demonstration.seen, features=features))
    return demonstration, evaluate_policy(
        policy, no_offsets(PROFILE), [demonstration], PROFILE, shift_ms=150
    )


def test_the_report_has_every_number_of_the_contract(judged):
    found = json.loads(json.dumps(judged[1].to_json(), allow_nan=False))
    assert list(found["heads"]) == ["movement", "action", "sprint"]
    five = {"macro_f1", "onset_f1", "balanced_accuracy", "changed_accuracy", "classes"}
    for head in found["heads"].values():
        assert set(head) == {*five, "baselines"}
        assert set(head["baselines"]) == {"majority", "repeat"}
        for baseline in head["baselines"].values():
            assert set(baseline) == five
        for one in head["classes"].values():
            assert set(one) == {"precision", "recall", "f1", "support"}


def test_what_was_never_pressed_is_null(judged):
    cross = judged[1].to_json()["heads"]["action"]["classes"]["cross"]
    assert cross["support"] == 0
    assert cross["recall"] is None


def test_the_copier_is_right_except_where_something_changes(judged):
    movement = judged[1].heads["movement"]
    assert movement.repeat.changed_accuracy == 0.0
    assert movement.repeat.balanced_accuracy > 0.4
    assert movement.repeat.onset_f1 > 0.9  # a tick late still counts: why onsets alone flatter


def test_the_majority_always_says_the_same(judged):
    sprint = judged[1].heads["sprint"]
    assert sprint.majority.classes["none"].recall == 1.0
    movement = judged[1].heads["movement"].majority
    assert sum(score.recall == 1.0 for score in movement.classes.values()) == 1


def test_play_of_the_agent_alone_can_not_be_judged(judged, policy):
    demonstration = judged[0]
    nobody = replace(demonstration, counts=np.zeros(300, dtype=np.bool_))
    with pytest.raises(RecordingError, match="toy5: no person plays"):
        evaluate_policy(policy, no_offsets(PROFILE), [nobody], PROFILE, shift_ms=150)


def test_a_run_is_judged_from_its_folder(tmp_path):
    report, paths, _ = toy_run()
    found = evaluate_run(report.out, paths[:1], cache=tmp_path, engine="torch", threads=1)
    assert found["heads"]["movement"]["baselines"]["repeat"]["changed_accuracy"] == 0.0
    assert list(tmp_path.iterdir())  # what its own detector saw is kept


def test_a_detectors_run_can_not_be_judged(tmp_path):
    report, paths, _ = toy_run()
    run = load_run(report.out)
    save_run(tmp_path / "d", weights=run.weights, config={**run.config, "kind": "detector"})
    with pytest.raises(CheckpointError, match="a policy run is needed"):
        evaluate_run(tmp_path / "d", paths[:1])
