import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from data.errors import UnderstudyError
from models.distributed import World, choose_device
from tests.curves import loss_curve
from tests.pitch_pictures import write_pitch_recording

ROOT = Path(__file__).resolve().parent.parent
TRAIN = (
    *("-m", "understudy", "train", "detector", "0.h5", "1.h5", "--every", "1", "--batch", "4"),
    *("--weights", "none", "--freeze-norm", "--threads", "1", "--evaluations", "1"),
)
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(2):
        write_pitch_recording(tmp_path / f"{seed}.h5", frames=8, seed=seed)
    return tmp_path


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def ended() -> Iterator[list[subprocess.Popen[str]]]:
    """Kill what a failing test would leave behind."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_two_processes_learn_what_one_learns(
    folder: Path, ended: list[subprocess.Popen[str]]
) -> None:
    more = ("--steps", "10", "--json")
    ended.append(start(folder, *TRAIN, "--out", "one", *more))
    said, failed = ended[-1].communicate()
    assert ended[-1].returncode == 0, failed
    ended.append(start(folder, *TORCHRUN, *TRAIN, "--out", "two", *more))
    said, failed = ended[-1].communicate()
    assert ended[-1].returncode == 0, failed
    assert said.count('"map50"') == 1  # one of the two speaks
    one, two = loss_curve(folder / "one"), loss_curve(folder / "two")
    assert list(one) == list(two) == list(range(1, 11))
    assert [two[step] for step in two] == pytest.approx([one[step] for step in one], abs=1e-4)
    assert max(one.values()) - min(one.values()) > 0.1  # there was something to differ in


def test_a_signal_to_one_process_ends_all_in_good_order(
    folder: Path, ended: list[subprocess.Popen[str]]
) -> None:
    ended.append(start(folder, *TORCHRUN, str(ROOT / "tests" / "stopped_rank.py"), str(folder)))
    said, failed = ended[-1].communicate()
    assert ended[-1].returncode == 0, failed
    assert sorted(said.split()) == [
        "rank0:stopped-at-3:0-threads-left",
        "rank1:None:0-threads-left",  # one that is left may abort the process as it ends
    ]
    assert (folder / "run" / "training.safetensors").is_file()
    assert "stopped by hand" in (folder / "run" / "report.md").read_text()


def test_every_item_belongs_to_one_process() -> None:
    shares = [World(rank, 3).share(range(8)) for rank in range(3)]
    assert sorted(number for share in shares for number in share) == list(range(8))


def test_alone_nothing_is_exchanged() -> None:
    world = World()
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.full((2,), 3.0)
    world.sum_gradients([weight])
    assert (world.total(2.0), world.any(True), world.any(False)) == (2.0, True, False)
    assert weight.grad.tolist() == [3.0, 3.0]


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    with pytest.raises(UnderstudyError, match="no CUDA GPU here"):
        choose_device("cuda")


def test_each_process_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose_device("auto") == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(UnderstudyError, match="--nproc-per-node 2"):
        choose_device("auto")
