from pathlib import Path

import numpy as np
import pytest
import torch

from data.errors import CheckpointError
from models import policy_graph as module
from models.checkpoint import load_run
from models.engine import PolicyRunner, policy_of
from models.engines import Choice
from models.graph_seal import sealed
from models.policy import Policy, PolicySettings
from models.policy_graph import POLICY_GRAPH_NAME, PolicyGraph, PolicyStep, export_for_play
from models.policy_recipe import PolicyTrainingSettings
from models.policy_training import train_policy
from tests.factories import practice_profile
from tests.toy_play import ToyEyes, quick_fit, tiny_detector, toy_recording, toy_run

HEADS = (("movement", 9), ("action", 5))
ONNX, TORCH = Choice("onnx", "cpu"), Choice("torch", "cpu")


def small_policy(seed: int = 0, **changes) -> Policy:
    torch.manual_seed(seed)
    values = {"tokens": 12, "features": 7, "embed": 16, "hidden": 8}
    return Policy(PolicySettings(HEADS, **(values | changes))).eval()


def offsets(rare: float = 0.0):
    return {"movement": torch.zeros(9), "action": torch.tensor([0.0, rare, 0.0, 0.0, 0.0])}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported policy."""
    path = tmp_path_factory.mktemp("policy") / "policy.onnx"
    PolicyStep(small_policy(), offsets(), choice=ONNX, cache=path)
    return path


def seen(policy: Policy, ticks: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    shape = policy.settings
    for _ in range(ticks):
        numbers = rng.normal(size=shape.tokens + shape.features).astype(np.float32)
        yield numbers[: shape.tokens], numbers[shape.tokens :]


def logits(probabilities):
    found = np.log(probabilities)
    return found - found.mean()


@pytest.mark.parametrize("choice", [ONNX, TORCH])
def test_a_step_decides_what_the_policy_says_with_its_offsets(choice: Choice):
    policy, added = policy_of(load_run(toy_run()[0].out))
    step, memory, state = PolicyStep(policy, added, choice=choice), None, None
    for tokens, features in seen(policy, 60):
        found, memory = step([tokens, features], memory)
        with torch.inference_mode():
            expected, state = policy.step(
                torch.from_numpy(tokens)[None], torch.from_numpy(features)[None], state
            )
        assert list(found) == list(expected)
        for name, of_head in expected.items():
            ours = (of_head[0] + added[name]).numpy()
            np.testing.assert_allclose(logits(found[name]), ours - ours.mean(), atol=1e-4)


@pytest.mark.parametrize("left_out", ["tokens", "features"])
def test_what_the_policy_does_not_take_is_left_out(left_out: str):
    policy = small_policy(**{left_out: 0})
    (numbers,) = (a for pair in seen(policy, 1) for a in pair if len(a))
    found, memory = PolicyStep(policy, offsets(), choice=TORCH)([numbers], None)
    assert {name: len(p) for name, p in found.items()} == dict(HEADS)
    assert memory.shape == (2 * 2 * 2 * 8,)


def test_a_memory_stays_as_it_is(cache: Path):
    policy = small_policy()
    for choice in (ONNX, TORCH):
        step = PolicyStep(policy, offsets(), choice=choice, cache=cache)
        first, second = (list(pair) for pair in seen(policy, 2))
        _, memory = step(first, None)
        kept = memory.copy()
        once, _ = step(second, memory)
        again, _ = step(second, memory)
        np.testing.assert_array_equal(memory, kept)
        np.testing.assert_array_equal(once["movement"], again["movement"])


def test_the_graph_is_exported_once(cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "to_onnx", None)
    PolicyStep(small_policy(), offsets(), choice=ONNX, cache=cache)


@pytest.mark.parametrize("stale", ["weights", "offsets", "bytes"])
def test_a_graph_of_another_policy_is_made_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stale: str
):
    fresh = cache.read_bytes()
    copy = tmp_path / "policy.onnx"
    copy.write_bytes(b"damaged" if stale == "bytes" else fresh)
    made: list[PolicyGraph] = []

    def export(graph: PolicyGraph, *_, **__) -> bytes:
        made.append(graph)
        return fresh

    monkeypatch.setattr(module, "to_onnx", export)
    policy = small_policy(seed=1 if stale == "weights" else 0)
    PolicyStep(policy, offsets(1.0 if stale == "offsets" else 0.0), choice=ONNX, cache=copy)
    assert len(made) == 1
    assert copy.read_bytes() == sealed(fresh)
    assert [path.name for path in tmp_path.iterdir()] == ["policy.onnx"]


def test_a_folder_that_takes_no_graph_keeps_nobody_from_playing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "to_onnx", lambda *_, **__: cache.read_bytes())
    policy = small_policy()
    gone = tmp_path / "gone" / "policy.onnx"
    step = PolicyStep(policy, offsets(), choice=ONNX, cache=gone)
    assert step(list(next(seen(policy, 1))), None)[0]["action"].shape == (5,)
    assert not gone.parent.exists()


def test_a_fresh_run_is_played_without_another_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    profile, told = practice_profile(), []
    train_policy(
        [toy_recording(tmp_path / "toy.h5", ticks=60)],
        profile=profile,
        detector=tiny_detector(profile),
        out=tmp_path / "run",
        settings=PolicyTrainingSettings(fit=quick_fit(steps=5)),
        eyes=ToyEyes(),
        warn=told.append,
    )
    assert told == []
    graph = tmp_path / "run" / POLICY_GRAPH_NAME
    exported = graph.read_bytes()
    monkeypatch.setattr(module, "to_onnx", None)
    runner = PolicyRunner.load(tmp_path / "run", engine="onnx", device="cpu")
    image = np.zeros((270, 480, 3), dtype=np.uint8)
    assert runner.step(image).probabilities["action"].shape == (5,)
    assert graph.read_bytes() == exported


@pytest.mark.parametrize("error", [CheckpointError("can't be"), RuntimeError("can't be\nat all")])
def test_a_graph_that_cannot_be_made_is_told_and_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(module, "to_onnx", fail)
    told: list[str] = []
    export_for_play(small_policy(), offsets(), tmp_path, warn=told.append)
    assert told == [
        "The policy is not ready for ONNX Runtime yet, the first play tries again: can't be"
    ]
    assert not list(tmp_path.iterdir())
