"""What is told and left when what is seen, tracked or learned finds no room on the disk."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from data.errors import CheckpointError, RecordingError
from models.checkpoint import load_run, make_config, save_run
from models.demonstrations import labelled
from models.disk_arrays import ArrayWriter
from models.features import Stopped, keep_sights
from models.perception import Sight
from models.policy_store import passages_of
from models.run_files import STATE_NAME
from models.tokens import Tokenizer
from models.training_state import TrainingState, save_state
from tests.factories import practice_profile
from tests.toy_play import sight, toy_demonstration

LIMIT_BYTES = 60_000
STATE = TrainingState(
    kind="detector", step=1, seconds=0.0, losses=(), settings={}, data="", more={}
)


@contextmanager
def no_file_larger_than(most_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def wide_sights(count: int) -> Iterator[Sight]:
    features = np.ones(400, dtype=np.float32)
    for _ in range(count):
        yield replace(sight(), features=features)


def test_looking_at_a_recording_tells_how_much_room_it_takes_and_leaves_nothing(tmp_path: Path):
    with (
        no_file_larger_than(LIMIT_BYTES),
        pytest.raises(RecordingError, match=r"can't be written: .* takes about 2 MB; make room"),
    ):
        keep_sights(
            wide_sights(2000), source=Path("x"), frames=np.arange(2000), folder=tmp_path, key="k"
        )
    assert not list(tmp_path.iterdir())


def test_what_ends_the_looking_is_told_though_the_disk_is_full_then(tmp_path: Path):
    """Closing writes what is left in the buffer, and fails: that must not hide the reason."""

    def stopped() -> Iterator[Sight]:
        yield from wide_sights(3)
        raise Stopped("a person")

    with no_file_larger_than(100), pytest.raises(Stopped, match="a person"):
        keep_sights(stopped(), source=Path("x"), frames=np.arange(9), folder=tmp_path, key="k")
    assert not list(tmp_path.iterdir())


def test_an_array_without_room_for_its_end_leaves_nothing(tmp_path: Path):
    with no_file_larger_than(100), ArrayWriter(tmp_path / "a.npy", (2,), np.float32) as writer:
        writer.append(np.ones((30, 2), dtype=np.float32))
        with pytest.raises(RecordingError, match=r"a\.npy: can't be written: it has reached"):
            writer.finish()
    assert not list(tmp_path.iterdir())


def test_tracking_tells_how_much_room_it_takes_and_leaves_nothing():
    profile = practice_profile()
    demonstration = toy_demonstration(0, 300)
    folder = demonstration.seen.folder
    before = set(folder.iterdir())
    pairs = [(demonstration, labelled(demonstration, profile, shift_ms=100))]
    with (
        no_file_larger_than(LIMIT_BYTES),
        pytest.raises(RecordingError, match="takes about 1 MB; make room"),
    ):
        passages_of(pairs, Tokenizer(profile, profile.capture.size))
    assert set(folder.iterdir()) == before


def test_a_run_without_room_is_told_in_a_line_and_the_old_one_stays(tmp_path: Path):
    run = tmp_path / "run"
    config = make_config("policy", settings={}, profile=practice_profile(), seed=7)
    save_run(run, weights={"a": torch.zeros(10)}, config=config)
    with (
        no_file_larger_than(LIMIT_BYTES),
        pytest.raises(CheckpointError, match=r"run: the run can't be written: it has .*Make room"),
    ):
        save_run(run, weights={"a": torch.zeros(100_000)}, config={**config, "seed": 8})
    assert sorted(file.name for file in run.iterdir()) == ["checkpoint.safetensors", "config.json"]
    assert load_run(run).config["seed"] == 7


def test_a_run_that_can_have_no_folder_is_told_in_a_line(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CheckpointError, match="the run can't be written: not a directory"):
        save_run(tmp_path / "file" / "run", weights={}, config={})


def test_a_training_that_finds_no_room_to_save_keeps_what_it_had_saved(tmp_path: Path):
    numbers = {"weights": torch.ones(50_000)}
    save_state(tmp_path, STATE, {"weights": torch.zeros(8)})
    before = (tmp_path / STATE_NAME).read_bytes()
    with (
        no_file_larger_than(LIMIT_BYTES),
        pytest.raises(CheckpointError, match=r"can't be written: .*Make room"),
    ):
        save_state(tmp_path, STATE, numbers)
    assert [file.name for file in tmp_path.iterdir()] == [STATE_NAME]
    assert (tmp_path / STATE_NAME).read_bytes() == before
