import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from data.errors import CheckpointError
from models.checkpoint import load_run, select_weights
from models.engine import policy_of
from models.perception import build_detector
from models.run_files import CONFIG_NAME, STATE_NAME, WEIGHTS_NAME
from models.training_state import load_state, restore_tensors
from tests.toy_play import toy_run

SCRIPT = Path(__file__).with_name("forged_runs.py")


def forged(folder: Path, **policy: object) -> Path:
    """Copy the toy run, other settings of its policy written into its config."""
    shutil.copytree(toy_run()[0].out, folder)
    config = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
    config["settings"]["policy"].update(policy)
    (folder / CONFIG_NAME).write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_a_forged_config_is_refused_or_played(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", SCRIPT, toy_run()[0].out, tmp_path / "forged"],
        cwd=SCRIPT.parent.parent,
        env={"PYTHONPATH": str(SCRIPT.parent.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *unsound, told = done.stdout.splitlines()
    assert unsound == []
    assert int(told.removeprefix("tried ")) > 100


@pytest.mark.parametrize("name", ["hidden", "embed", "bottleneck"])
def test_a_network_of_a_million_units_takes_no_memory(tmp_path: Path, name: str):
    """Built, it would be terabytes: the shapes are compared before."""
    with pytest.raises(CheckpointError, match="loading state_dict"):
        policy_of(load_run(forged(tmp_path / "run", **{name: 10**6})))


def test_layers_without_end_are_refused(tmp_path: Path):
    with pytest.raises(CheckpointError, match="1 to 16 layers"):
        policy_of(load_run(forged(tmp_path / "run", layers=10**9)))


def test_a_detector_of_a_million_channels_takes_no_memory():
    run = load_run(toy_run()[0].out)
    settings = {**run.config["settings"]["detector"], "width": 10**7}
    with pytest.raises(CheckpointError, match="size mismatch"):
        build_detector(settings, select_weights(run.weights, "detector."), source="forged")


@pytest.mark.parametrize("head", [2**40, 100_000_001])
def test_a_header_that_claims_gigabytes_is_refused(tmp_path: Path, head: int):
    folder = forged(tmp_path / "run")
    weights = folder / WEIGHTS_NAME
    weights.write_bytes(head.to_bytes(8, "little") + weights.read_bytes()[8:])
    with pytest.raises(CheckpointError, match=WEIGHTS_NAME):
        load_run(folder)


def test_a_tensor_that_claims_gigabytes_is_refused(tmp_path: Path):
    folder = forged(tmp_path / "run")
    header = json.dumps(
        {"policy.x": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}
    ).encode()
    (folder / WEIGHTS_NAME).write_bytes(len(header).to_bytes(8, "little") + header + bytes(64))
    with pytest.raises(CheckpointError, match=WEIGHTS_NAME):
        load_run(folder)


@pytest.mark.parametrize(
    "state", ["[" * 100_000, "[]", "{}", '{"losses": 3}', '{"losses": [], "x": 1}']
)
def test_a_forged_state_of_training_is_refused(tmp_path: Path, state: str):
    header = {"format": "understudy-training-2-policy", "state": state}
    safetensors.torch.save_file({"a": torch.zeros(1)}, tmp_path / STATE_NAME, metadata=header)
    with pytest.raises(CheckpointError, match="Begin anew"):
        load_state(tmp_path, kind="policy")


@pytest.mark.parametrize("name", ["optimiser.x.step", "network.extra"])
def test_forged_tensors_of_training_are_refused(name: str):
    network = nn.Linear(1, 1)
    tensors = {f"network.{n}": t for n, t in network.state_dict().items()}
    with pytest.raises(CheckpointError, match="of another network"):
        restore_tensors(
            tensors | {name: torch.zeros(1)},
            {"network": network},
            torch.optim.AdamW(network.parameters()),
            torch.amp.GradScaler("cpu", enabled=False),
            source="forged",
        )
