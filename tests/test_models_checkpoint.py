import json
from pathlib import Path

import pytest
import torch

from data.errors import CheckpointError
from data.profile import GameProfile
from models import checkpoint
from models.checkpoint import (
    code_revision,
    load_run,
    make_config,
    require_profile,
    save_run,
    select_weights,
)
from models.run_files import MOST_CONFIG_BYTES
from tests.factories import altered_profile, practice_profile


def config(kind: str = "policy") -> dict[str, object]:
    return make_config(kind, settings={"a": 1}, profile=practice_profile(), seed=7, note="x")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    weights = {"detector.w": torch.arange(6.0).view(2, 3).T, "policy.b": torch.ones(2).half()}
    save_run(tmp_path / "run", weights=weights, config=config())
    return tmp_path / "run"


def test_a_run_comes_back_whole(run: Path) -> None:
    files = load_run(run, kind="policy")
    assert files.config == config()
    assert files.config["rate_hz"] == 20
    assert files.config["frame"] == {"width_px": 480, "height_px": 270}
    assert files.profile == practice_profile()
    assert torch.equal(files.weights["detector.w"], torch.arange(6.0).view(2, 3).T)
    assert files.weights["policy.b"].dtype == torch.float16
    assert sorted(path.name for path in run.iterdir()) == ["checkpoint.safetensors", "config.json"]


def test_weights_are_selected_by_prefix(run: Path) -> None:
    assert list(select_weights(load_run(run).weights, "policy.")) == ["b"]


def test_a_failed_save_leaves_the_old_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(checkpoint.safetensors.torch, "save", full)
    with pytest.raises(CheckpointError, match="run: the run can't be written: disk full"):
        save_run(run, weights={}, config={**config(), "seed": 8})
    assert load_run(run).config["seed"] == 7
    assert sorted(path.name for path in run.iterdir()) == ["checkpoint.safetensors", "config.json"]


def damage(run: Path, name: str, text: str) -> None:
    (run / name).write_text(text, encoding="utf-8")


def test_missing_folders_and_files_are_told(tmp_path: Path, run: Path) -> None:
    with pytest.raises(CheckpointError, match="no such run folder"):
        load_run(tmp_path / "absent")
    (run / "checkpoint.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"not a run folder; it has no checkpoint\.safe"):
        load_run(run)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.json", "{", r"config\.json can't be read"),
        ("config.json", "[]", "not a run of Understudy"),
        ("config.json", '{"format": "understudy-run", "version": 99}', "run format 99"),
        ("config.json", '{"format": "understudy-run", "version": 1}', "has no 'kind'"),
        (
            "config.json",
            " " * MOST_CONFIG_BYTES + "{}",
            r"config\.json can't be read .* larger than",
        ),
        ("config.json", "[" * 200_000, r"config\.json can't be read .* too deep"),
        ("checkpoint.safetensors", "garbage", r"checkpoint\.safetensors can't be read"),
    ],
)
def test_damage_is_told_in_one_line(run: Path, name: str, text: str, message: str) -> None:
    damage(run, name, text)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_run(run)
    assert "\n" not in str(caught.value)


def test_the_wrong_kind_says_what_to_train(run: Path) -> None:
    with pytest.raises(CheckpointError, match=r"a policy run, but a detector run .*train detector"):
        load_run(run, kind="detector")


def changed(**changes: object) -> GameProfile:
    values = json.loads(practice_profile().to_json())
    for path, value in changes.items():
        target = values
        *parents, last = path.split("__")
        for part in parents:
            target = target[int(part) if part.isdigit() else part]
        target[int(last) if last.isdigit() else last] = value
    return GameProfile.model_validate(values)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (changed(capture__rate_hz=10), "rate 20 Hz, profile practice has 10 Hz"),
        (changed(capture__width_px=640), "frame size 480x270, profile practice has 640x270"),
        (changed(objects__2__name="puck"), "objects .*ball.*puck"),
        (changed(heads__2__name="run"), "heads .*sprint.*run"),
        (changed(heads__2__classes__sprint=["r"]), "keys "),
        (
            changed(heads__1__classes__shoot=["s"], heads__1__classes__pass=["d"]),
            "classes of head action",
        ),
    ],
)
def test_another_profile_is_refused_by_its_difference(profile: GameProfile, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        require_profile(config(), profile, source="runs/x")


def test_the_same_profile_fits() -> None:
    require_profile(config(), practice_profile(), source="runs/x")


def test_objects_that_were_named_after_the_training_are_no_difference() -> None:
    known = [kind.model_dump() for kind in practice_profile().objects]
    later = altered_profile(objects=[*known, {"name": "keeper"}])
    require_profile(config(), later, source="runs/x")
    first = altered_profile(objects=[{"name": "keeper"}, *known])
    with pytest.raises(CheckpointError, match="profile practice has keeper, player"):
        require_profile(config(), first, source="runs/x")


def test_a_detector_minds_neither_keys_nor_rate() -> None:
    require_profile(config("detector"), changed(capture__rate_hz=10), source="runs/x")
    with pytest.raises(CheckpointError, match="objects"):
        require_profile(config("detector"), changed(objects__2__name="puck"), source="runs/x")


def test_the_code_has_a_name_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_git(*_: object, **__: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(checkpoint.subprocess, "run", no_git)
    assert code_revision().startswith("understudy ")
