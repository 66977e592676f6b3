import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from data.errors import CheckpointError, UnderstudyError
from models.features import Stopped
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from models.policy_run import PolicyRun
from models.policy_training import train_policy
from models.previous_keys import PreviousKeySettings
from models.run_files import STATE_NAME
from models.training_state import load_state, load_tensors
from tests.factories import practice_profile
from tests.toy_play import ToyEyes, quick_fit, tiny_detector, toy_recording
from understudy import app

ROOT = Path(__file__).resolve().parent.parent
PROFILE = practice_profile()
SETTINGS = PolicyTrainingSettings(
    fit=quick_fit(steps=24, checks=3, patience=9), device="cpu", threads=1
)

UNJUDGED = replace(SETTINGS, validation_fraction=0.0)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toys")
    return [toy_recording(folder / f"{seed}.h5", seed=seed, ticks=60) for seed in range(2)]


@pytest.fixture(scope="module")
def detector():
    torch.manual_seed(0)
    return tiny_detector(PROFILE)


@pytest.fixture(scope="module")
def whole(recordings, detector, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    learn(recordings, detector, out)
    return out


def learn(recordings, detector, out, settings=SETTINGS, **more):
    return train_policy(
        recordings,
        profile=PROFILE,
        detector=detector,
        out=out,
        settings=settings,
        eyes=ToyEyes(),
        **more,
    )


def after_steps(count):
    """Say stop when so many steps were taken."""
    asked = iter(range(10_000))
    return lambda: next(asked) - 2 * 60 >= count


def weights(out):
    return (out / "checkpoint.safetensors").read_bytes()


@pytest.fixture(scope="module")
def unjudged(recordings, detector, tmp_path_factory):
    """Without validation the last weights are kept, so every step tells."""
    out = tmp_path_factory.mktemp("unjudged")
    learn(recordings, detector, out, UNJUDGED)
    return out


@pytest.mark.parametrize("steps", [3, 8, 19])
def test_what_was_stopped_and_resumed_ends_in_the_same_bytes(
    recordings, detector, unjudged, tmp_path, steps
):
    report = learn(recordings, detector, tmp_path, UNJUDGED, stop=after_steps(steps))
    assert (report.steps, report.stopped) == (steps, True)
    assert weights(tmp_path) != weights(unjudged)
    report = learn(recordings, detector, tmp_path, UNJUDGED, resume=True)
    assert (report.steps, report.stopped) == (24, False)
    assert weights(tmp_path) == weights(unjudged)
    assert (tmp_path / "metrics.jsonl").read_text() == (unjudged / "metrics.jsonl").read_text()
    assert not (tmp_path / STATE_NAME).exists()


class Died(Exception):
    pass


def test_a_crash_costs_the_steps_since_the_last_look_and_nothing_else(
    recordings, detector, whole, tmp_path
):
    def die(progress):
        if "step 20 of" in progress.note:
            raise Died

    with pytest.raises(Died):
        learn(recordings, detector, tmp_path, on_progress=die)
    assert not (tmp_path / "checkpoint.safetensors").exists()
    assert load_state(tmp_path, kind="policy").step == 16
    learn(recordings, detector, tmp_path, resume=True)
    assert weights(tmp_path) == weights(whole)


def test_killed_and_resumed_training_ends_in_the_same_bytes(recordings, tmp_path):
    ended = []
    for name, *step in (("whole",), ("cut", "20")):
        folder = tmp_path / name
        folder.mkdir()
        for recording in recordings:
            (folder / recording.name).write_bytes(recording.read_bytes())
        ended.append(run_script(folder, *step))
    assert ended == [0, -signal.SIGKILL]
    assert run_script(tmp_path / "cut", "--resume") == 0
    assert weights(tmp_path / "cut" / "run") == weights(tmp_path / "whole" / "run")


def run_script(folder, *words):
    command = [sys.executable, str(ROOT / "tests" / "killed_policy.py"), str(folder), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(command, env=environment, check=False).returncode


def test_a_look_at_the_stop_is_told_but_not_gone_on_from(recordings, detector, whole, tmp_path):
    learn(recordings, detector, tmp_path, stop=after_steps(11))
    looks = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [look["step"] for look in looks] == [8, 11]
    state = load_state(tmp_path, kind="policy")
    assert [look["step"] for look in state.more["history"]] == [8]
    assert (state.step, len(state.losses)) == (11, 3)


def test_the_streams_memory_is_kept(recordings, detector, tmp_path):
    learn(recordings, detector, tmp_path, stop=after_steps(5))
    tensors = load_tensors(tmp_path)
    hidden = tensors["memory.hidden.movement"]
    assert hidden.shape == (SETTINGS.fit.layers, SETTINGS.fit.streams, SETTINGS.fit.hidden)
    assert hidden.abs().max() > 0


def test_other_recordings_or_settings_are_not_gone_on_with(recordings, detector, tmp_path):
    learn(recordings, detector, tmp_path, stop=after_steps(4))
    other = replace(SETTINGS, fit=replace(SETTINGS.fit, learning_rate=1e-4))
    with pytest.raises(CheckpointError, match=r"fit\.learning_rate 0\.005, which can't become"):
        learn(recordings, detector, tmp_path, other, resume=True)
    another = [recordings[0], toy_recording(tmp_path / "9.h5", seed=9, ticks=60)]
    with pytest.raises(CheckpointError, match="begun with other recordings"):
        learn(another, detector, tmp_path, resume=True)


def test_a_training_killed_before_its_first_step_is_resumed_from_nothing(
    recordings, detector, whole, tmp_path, monkeypatch
):
    def die(progress):
        raise Died

    # A process that is killed leaves what this would tidy away.
    monkeypatch.setattr(PolicyRun, "close", lambda run: None)
    with pytest.raises(Died):
        learn(recordings, detector, tmp_path, on_progress=die)
    monkeypatch.undo()
    learn(recordings, detector, tmp_path, resume=True)
    assert weights(tmp_path) == weights(whole)


def test_a_finished_training_cannot_be_resumed(recordings, detector, whole):
    with pytest.raises(CheckpointError, match="nothing to go on from"):
        learn(recordings, detector, whole, resume=True)


def test_nothing_is_left_of_what_never_took_a_step(recordings, detector, tmp_path):
    with pytest.raises(Stopped):
        learn(recordings, detector, tmp_path, stop=lambda: True)
    assert not [path for path in tmp_path.iterdir() if path.name != "seen"]


def test_settings_survive_json():
    settings = PolicyTrainingSettings(
        fit=FitSettings(steps=7, previous_keys=PreviousKeySettings(0.25, 0.5)), shift_ms=None
    )
    again = PolicyTrainingSettings.from_json(json.loads(json.dumps(settings.to_json())))
    assert again == settings


def test_options_cannot_change_on_the_way(tmp_path):
    words = ["train", "policy", "--recordings", "a.h5", "--out", str(tmp_path), "--resume"]
    found = CliRunner().invoke(app, [*words, "--hidden", "7"])
    assert found.exit_code == 2
    assert "--resume goes on with the settings" in found.output.replace("\n", " ")
    found = CliRunner().invoke(app, words)
    assert isinstance(found.exception, UnderstudyError)
