import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from data.errors import CheckpointError, RecordingError
from models.checkpoint import load_run, save_run
from models.decisions import no_offsets
from models.demonstrations import labelled, load_demonstration
from models.engine import policy_of
from models.evaluation import evaluate_policy, evaluate_run, remember
from models.neighbours import TABLE_NAME, Neighbours
from models.policy_store import Passage, passages_of
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import ToyEyes, toy_folder, toy_recording, toy_run

PROFILE = practice_profile()
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)
FIVE = {"macro_f1", "onset_f1", "balanced_accuracy", "changed_accuracy", "classes"}
MORE = {"stale_share", "hold_ms", "nll", "ece", "keys"}


@cache
def toy_passages(seed: int, *, ticks: int = 300) -> list[Passage]:
    path = toy_recording(toy_folder() / f"judged{seed}.h5", seed=seed, ticks=ticks)
    one = load_demonstration(path, PROFILE, ToyEyes(), folder=toy_folder() / "judged")
    return passages_of([(one, labelled(one, PROFILE, shift_ms=150))], TOKENIZER)


@pytest.fixture(scope="module")
def policy():
    report, _, _ = toy_run()
    return policy_of(load_run(report.out))[0]


@pytest.fixture(scope="module")
def judged(policy):
    games = [passage for seed in range(10, 26) for passage in toy_passages(seed, ticks=60)]
    known = remember(games, TOKENIZER)
    return evaluate_policy(policy, no_offsets(PROFILE), toy_passages(5), PROFILE, neighbours=known)


def test_the_report_has_every_number_of_the_contract(judged):
    found = json.loads(json.dumps(judged.to_json(), allow_nan=False))
    assert list(found["heads"]) == ["movement", "action", "sprint"]
    for head in found["heads"].values():
        assert set(head) == FIVE | MORE | {"with_offsets", "told_last_keys", "baselines"}
        assert set(head["with_offsets"]) == {"nll", "ece"}
        assert set(head["baselines"]) == {"majority", "repeat", "neighbours"}
        for baseline in head["baselines"].values():
            assert set(baseline) == FIVE | MORE
        for one in head["classes"].values():
            assert set(one) == {"precision", "recall", "f1", "support"}
        for one in head["keys"].values():
            assert set(one) == {"wanted", "pressed", "onset_f1", "late_ms", "hold_ms"}


def test_what_was_never_pressed_is_null(judged):
    cross = judged.to_json()["heads"]["action"]["classes"]["cross"]
    assert cross["support"] == 0
    assert cross["recall"] is None


def test_the_copier_is_right_except_where_something_changes(judged):
    repeat = judged.heads["movement"].baselines["repeat"]
    assert repeat.changed_accuracy == 0.0
    assert repeat.stale_share == 1.0
    assert repeat.balanced_accuracy > 0.4
    assert repeat.onset_f1 > 0.9  # a tick late still counts: why onsets alone flatter
    assert repeat.calibration is None  # it has no doubts, so no probabilities


def test_the_majority_always_says_the_same_and_knows_how_often(judged):
    sprint = judged.heads["sprint"].baselines["majority"]
    assert sprint.classes["none"].recall == 1.0
    movement = judged.heads["movement"].baselines["majority"]
    assert sum(score.recall == 1.0 for score in movement.classes.values()) == 1
    shares = np.array([score.support for score in movement.classes.values()], dtype=np.float64)
    shares = shares[shares > 0] / shares.sum()
    assert movement.calibration.nll == pytest.approx(-(shares * np.log(shares)).sum(), abs=1e-5)


def test_similar_ticks_of_the_same_person_beat_the_commonest_class(judged):
    movement = judged.heads["movement"].baselines
    assert movement["neighbours"].macro_f1 > movement["majority"].macro_f1 + 0.1


def test_only_ticks_that_count_are_remembered():
    passages = toy_passages(5)
    counts, truth = passages[0].counts, passages[0].classes["movement"]
    known = remember(passages, TOKENIZER)
    assert len(known.vectors) == int(counts.sum()) < len(truth)  # the last ticks have no label
    assert np.array_equal(known.classes["movement"], truth[counts])


def test_without_a_table_there_are_no_neighbours(policy):
    found = evaluate_policy(policy, no_offsets(PROFILE), toy_passages(5), PROFILE, neighbours=None)
    assert set(found.heads["movement"].baselines) == {"majority", "repeat"}


def test_offsets_change_decisions_but_not_the_policys_own_probabilities(policy, judged):
    offsets = no_offsets(PROFILE)
    offsets["sprint"][1] = 20.0
    found = evaluate_policy(policy, offsets, toy_passages(5), PROFILE, neighbours=None)
    before, after = judged.heads["sprint"], found.heads["sprint"]
    assert (after.runs[0].decided == 1).all()
    assert not (before.runs[0].decided == 1).all()
    assert after.score.calibration == before.score.calibration
    assert before.tuned == before.score.calibration
    assert after.tuned.nll > before.tuned.nll + 1


def test_play_of_the_agent_alone_can_not_be_judged(policy):
    nobody = [replace(one, weights=0 * one.weights) for one in toy_passages(5)]
    with pytest.raises(RecordingError, match="judged5: no person plays"):
        evaluate_policy(policy, no_offsets(PROFILE), nobody, PROFILE, neighbours=None)


def test_a_run_is_judged_from_its_folder(tmp_path: Path):
    report, paths, _ = toy_run()
    found = evaluate_run(report.out, paths[:1], cache=tmp_path, engine="torch", threads=1)
    baselines = found.heads["movement"].baselines
    assert baselines["repeat"].changed_accuracy == 0.0
    assert "neighbours" in baselines
    assert list(tmp_path.iterdir())  # what its own detector saw is kept
    assert [passage.source for passage in found.passages] == [paths[0]]


def test_training_keeps_what_the_neighbours_need(policy):
    report, _, _ = toy_run()
    assert (report.out / TABLE_NAME).is_file()
    known = Neighbours.load(report.out, PROFILE, length=TOKENIZER.length)
    assert len(known.vectors) == report.ticks


def test_a_detectors_run_can_not_be_judged(tmp_path: Path):
    report, paths, _ = toy_run()
    run = load_run(report.out)
    save_run(tmp_path / "d", weights=run.weights, config={**run.config, "kind": "detector"})
    with pytest.raises(CheckpointError, match="a policy run is needed"):
        evaluate_run(tmp_path / "d", paths[:1])
