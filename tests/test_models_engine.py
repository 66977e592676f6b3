import numpy as np
import pytest
import torch

from data.errors import CheckpointError, UnderstudyError
from data.reader import Recording
from models import perception
from models.checkpoint import load_run, save_run
from models.decisions import logits_of
from models.demonstrations import labelled, load_demonstration
from models.engine import PolicyRunner, policy_of
from models.policy_store import passages_of
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import ToyEyes, toy_run

PROFILE = practice_profile()


def toy_runner(raised=None, **more) -> PolicyRunner:
    """A policy that plays the toy game; `raised` are offsets instead of its own."""
    report, _, _ = toy_run()
    policy, offsets = policy_of(load_run(report.out))
    return PolicyRunner(PROFILE, policy, {**offsets, **(raised or {})}, ToyEyes(), **more)


def frames(count: int):
    _, paths, _ = toy_run()
    with Recording(paths[0]) as recording:
        return [recording.frame(index) for index in range(count)]


def test_live_play_decides_as_training_saw_it(tmp_path):
    report, paths, _ = toy_run()
    policy, offsets = policy_of(load_run(report.out))
    demonstration = load_demonstration(paths[0], PROFILE, ToyEyes(), folder=tmp_path)
    tokenizer = Tokenizer(PROFILE, PROFILE.capture.size)
    passages = passages_of(
        [(demonstration, labelled(demonstration, PROFILE, shift_ms=150))], tokenizer
    )
    logits = logits_of(policy, passages, tokenizer)
    runner = toy_runner()
    for tick, image in enumerate(frames(40)):
        decision = runner.step(image)
        for name, probabilities in decision.probabilities.items():
            expected = torch.softmax(logits[name][0][tick] + offsets[name], dim=0).numpy()
            np.testing.assert_allclose(probabilities, expected, atol=1e-4)


def test_probabilities_are_one_for_each_class_and_sum_to_one():
    decision = toy_runner().step(frames(1)[0])
    assert {name: len(p) for name, p in decision.probabilities.items()} == {
        "movement": 9,
        "action": 5,
        "sprint": 2,
    }
    for probabilities in decision.probabilities.values():
        assert probabilities.dtype == np.float32
        assert float(probabilities.sum()) == pytest.approx(1.0, abs=1e-5)


def test_resetting_forgets_the_past():
    runner = toy_runner()
    images = frames(10)
    fresh = runner.step(images[0]).probabilities["movement"]
    for image in images[1:]:
        runner.step(image)
    assert not np.allclose(runner.step(images[0]).probabilities["movement"], fresh, atol=1e-6)
    runner.reset()
    np.testing.assert_allclose(runner.step(images[0]).probabilities["movement"], fresh, atol=1e-6)


def test_offsets_raise_the_chances_of_their_class():
    plain = toy_runner({"action": torch.zeros(5)})
    raised = toy_runner({"action": torch.tensor([0.0, 3.0, 0.0, 0.0, 0.0])})
    image = frames(1)[0]
    before = plain.step(image).probabilities["action"]
    after = raised.step(image).probabilities["action"]
    assert after[1] > before[1]


def test_the_time_of_seeing_is_told_without_that_of_deciding():
    clock = iter([100, 400])
    decision = toy_runner(now_ns=lambda: next(clock)).step(frames(1)[0])
    assert decision.encode_ns == 300
    assert len(decision.sight.boxes) > 0


def test_a_run_folder_plays_by_itself():
    report, _, _ = toy_run()
    runner = PolicyRunner.load(report.out, engine="torch", threads=1)
    assert runner.rate_hz == 20.0
    assert (runner.size.width_px, runner.size.height_px) == (480, 270)
    decision = runner.step(frames(1)[0])
    assert set(decision.probabilities) == {"movement", "action", "sprint"}


@pytest.mark.parametrize("kept", ["policy.", "detector."])
def test_a_run_with_weights_missing_is_refused_in_one_line(tmp_path, kept):
    report, _, _ = toy_run()
    run = load_run(report.out)
    weights = {name: w for name, w in run.weights.items() if name.startswith(kept)}
    save_run(tmp_path / "broken", weights=weights, config=run.config)
    with pytest.raises(CheckpointError, match="can't be rebuilt") as caught:
        PolicyRunner.load(tmp_path / "broken", engine="torch")
    assert "\n" not in str(caught.value)


def test_both_engines_decide_the_same():
    report, _, _ = toy_run()
    runners = [PolicyRunner.load(report.out, engine=engine) for engine in ("onnx", "torch")]
    assert [runner.identity.engine for runner in runners] == ["onnx", "torch"]
    for image in frames(20):
        ours, theirs = (runner.step(image).probabilities for runner in runners)
        for name, of_head in ours.items():
            np.testing.assert_allclose(np.log(of_head), np.log(theirs[name]), atol=1e-4)


class Full:
    """A GPU without room."""

    def __init__(self, network, example, *, device):
        if device == "cuda":
            raise RuntimeError("CUDA out of memory.\nTried to allocate 2 MiB")


def test_a_gpu_that_does_not_start_is_told_of_in_a_line_and_played_without(monkeypatch, caplog):
    report, _, _ = toy_run()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(perception, "TorchEngine", Full)
    runner = PolicyRunner.load(report.out)
    assert runner.identity.engine == "onnx"
    (record,) = caplog.records
    assert record.getMessage() == (
        "PyTorch's CUDA engine does not start (CUDA out of memory). Played without it."
    )
    with pytest.raises(UnderstudyError, match=r"\(CUDA out of memory\)\. Leave out --engine"):
        PolicyRunner.load(report.out, device="cuda")
