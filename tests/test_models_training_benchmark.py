import json
from pathlib import Path

import pytest
import torch

from models.training_benchmark import bench_train, made_up
from tests.conftest import Run
from tests.factories import practice_profile
from tests.toy_play import tiny_detector, toy_demonstration

CPU = torch.device("cpu")


def test_learning_is_measured_beside_a_bare_loop():
    shares: list[float] = []
    found = bench_train(
        [toy_demonstration(ticks=200)],
        practice_profile(),
        seconds=0.01,
        device=CPU,
        show=shares.append,
    )
    assert found["recordings"] == ["toy0"]
    assert found["reference"]["name"] == "bare PyTorch"
    assert found["steps"] > 0
    ours, bare = found["ours"]["steps_per_s"], found["reference"]["steps_per_s"]
    assert found["ratio"] == pytest.approx(ours / bare, abs=0.02)
    assert shares[-1] == 1.0


def test_a_measurement_that_is_stopped_has_no_figures():
    found = bench_train(
        [toy_demonstration(ticks=200)],
        practice_profile(),
        seconds=9.0,
        device=CPU,
        stop=lambda: True,
    )
    assert found == {}


def test_what_is_made_up_has_the_shape_of_play(tmp_path: Path):
    profile = practice_profile()
    one = made_up(profile, tiny_detector(profile), tmp_path)
    objects = sum(kind.most for kind in profile.objects)
    assert {len(sight.scores) for sight in one.seen.part(0, 5).sights()} == {objects}
    assert {event.key for event in one.events} == set(profile.keys)


def test_the_command_says_that_it_made_up_what_it_learned_from(run: Run):
    status, said, wrong = run("bench", "train", "--seconds", 1, "--device", "cpu", "--json")
    assert status == 0, wrong
    found = json.loads(said)
    assert found["made_up"] is True
    assert found["machine"]["device"] == "cpu"
