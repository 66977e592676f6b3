import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from data.errors import UnderstudyError
from models.distributed import World
from models.policy import Policy, PolicySettings
from models.policy_batches import Batch
from models.policy_learning import PolicyLearner, learning_rate
from models.policy_recipe import FitSettings
from tests.test_models_distributed import TORCHRUN, loss_curve
from tests.toy_play import toy_recording

ROOT = Path(__file__).resolve().parent.parent
HEADS = (("movement", 4), ("action", 3))
SHAPE = PolicySettings(heads=HEADS, tokens=6, features=5, embed=16, hidden=8)
SETTINGS = FitSettings(streams=4, window=7, average=0.5)


def learner(settings=SETTINGS, *, mine=(0, 1, 2, 3)):
    torch.manual_seed(0)
    return PolicyLearner(
        Policy(SHAPE),
        settings,
        World(),
        mine=mine,
        class_weights={name: torch.ones(size) for name, size in HEADS},
    )


def batch(seed=0, *, fresh=False, streams=4):
    randoms = torch.Generator().manual_seed(seed)
    return Batch(
        torch.randn(streams, 7, 6, generator=randoms),
        torch.randn(streams, 7, 5, generator=randoms),
        {name: torch.randint(size, (streams, 7), generator=randoms) for name, size in HEADS},
        torch.ones(streams, 7),
        torch.full((streams,), fresh),
    )


def test_the_rate_rises_then_falls_as_half_a_cosine():
    rates = [learning_rate(SETTINGS, share) for share in (0.0, 0.05, 0.5, 1.0)]
    assert rates[0] < 0.1 * rates[1]
    assert rates[1] > rates[2] > rates[3] > 0
    assert rates[2] == pytest.approx(0.51 * SETTINGS.learning_rate)


def test_dropout_follows_from_seed_and_step():
    ones = torch.ones(4, 7, 5)
    drops = [learner()._drop(step)(ones, 0.5) for step in (3, 3, 4)]
    assert torch.equal(drops[0], drops[1])
    assert not torch.equal(drops[0], drops[2])
    other = learner(replace(SETTINGS, seed=1))._drop(3)(ones, 0.5)
    assert not torch.equal(drops[0], other)
    assert set(drops[0].unique().tolist()) == {0.0, 2.0}


def test_a_share_of_the_streams_is_dropped_as_in_the_whole_batch():
    whole = learner()._drop(2)(torch.ones(4, 7, 5), 0.3)
    part = learner(mine=(1, 3))._drop(2)(torch.ones(2, 7, 5), 0.3)
    assert torch.equal(part, whole[[1, 3]])


def test_streams_that_go_on_remember_and_fresh_ones_do_not():
    losses = []
    for fresh in (False, True):
        one = learner()
        one.learn(0, 0.0, batch(0))
        losses.append(one.learn(1, 0.1, batch(1, fresh=fresh)))
    untaught = learner()
    untaught.learn(0, 0.0, batch(0))
    untaught._memory = None
    losses.append(untaught.learn(1, 0.1, batch(1)))
    assert losses[0] != losses[1] == losses[2]


def test_a_restored_learner_takes_the_same_steps():
    one, two = learner(), learner()
    for step in range(3):
        one.learn(step, 0.1 * step, batch(step))
    state = {name: tensor.clone() for name, tensor in one.state().items()}
    two.restore(state, source="a test")
    for step in range(3, 6):
        assert one.learn(step, 0.1, batch(step)) == two.learn(step, 0.1, batch(step))
    for name, weight in one.average.state_dict().items():
        assert torch.equal(weight, two.average.state_dict()[name])


def test_a_tick_that_weighs_more_counts_more():
    losses = []
    for weight in (1.0, 4.0):
        shown = batch()
        shown.weights[0] = weight
        losses.append(learner().learn(0, 0.0, shown))
    plain, heavy = losses
    of_first = learner().learn(0, 0.0, only_first(batch()))
    assert heavy == pytest.approx((4 * plain + 3 * of_first) / 7, rel=1e-4)


def only_first(shown):
    shown.weights[1:] = 0.0
    return shown


def test_a_window_without_a_tick_that_counts_changes_nothing():
    one = learner()
    before = {name: w.clone() for name, w in one.policy.state_dict().items()}
    shown = batch()
    shown.weights.zero_()
    assert one.learn(0, 0.5, shown) == 0.0
    assert all(torch.equal(w, before[name]) for name, w in one.policy.state_dict().items())


def test_a_loss_that_is_no_number_ends_training_with_advice():
    shown = batch()
    shown.tokens[0, 0, 0] = float("nan")
    with pytest.raises(UnderstudyError, match=r"at step 1: .* lower --learning-rate"):
        learner().learn(0, 0.0, shown)


def test_half_precision_learns_about_the_same():
    one, half = learner(), learner()
    half.dtype = torch.bfloat16
    for step in range(3):
        single = one.learn(step, 0.2, batch(step))
        assert half.learn(step, 0.2, batch(step)) == pytest.approx(single, rel=0.02)


def test_two_processes_learn_what_one_learns(tmp_path):
    for seed in range(2):
        toy_recording(tmp_path / f"{seed}.h5", seed=seed, ticks=50)
    words = (
        *("-m", "understudy", "train", "policy", "--recordings", "0.h5", "1.h5", "--steps", "8"),
        *("--streams", "5", "--window", "8", "--hidden", "16", "--copies", "1", "--threads", "1"),
        *("--device", "cpu", "--json"),
    )
    said = []
    for out, launcher in (("one", ()), ("two", TORCHRUN)):
        found = subprocess.run(
            [sys.executable, *launcher, *words, "--out", out],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        said.append(found.stdout)
    assert said[1].count('"best_step"') == 1  # one of the two speaks
    one, two = loss_curve(tmp_path / "one"), loss_curve(tmp_path / "two")
    assert list(one) == list(two) == list(range(1, 9))
    assert [two[step] for step in two] == pytest.approx([one[step] for step in one], abs=1e-4)
    assert max(one.values()) - min(one.values()) > 0.1  # there was something to differ in
    alone, together = (
        safetensors.torch.load_file(tmp_path / name / "checkpoint.safetensors")
        for name in ("one", "two")
    )
    for name, weight in alone.items():
        torch.testing.assert_close(together[name], weight, atol=1e-4, rtol=0)
