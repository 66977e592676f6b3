import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from data.paths import part_path
from data.reader import Recording
from gui.practice.launch import practice
from tests.conftest import Run
from tests.fakes import PATIENCE_S, wait_until

SHORT = ("--coach", "--headless", "--seconds", "1", "--seed", "3")


def practised(*options: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(practice)
    result = CliRunner().invoke(app, [*SHORT, *options])
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def test_kits_and_a_crop_change_the_recorded_pictures_and_boxes(tmp_path: Path):
    assert practised("--record", f"{tmp_path}/plain.h5")[0] == 0
    options = ("--kits", "7", "--crop", "0.2,0.1,0.8,0.8")
    assert practised("--record", f"{tmp_path}/other.h5", *options)[0] == 0
    with Recording(tmp_path / "plain.h5") as plain, Recording(tmp_path / "other.h5") as other:
        assert plain.frame_count == other.frame_count
        assert plain.key_events() == other.key_events()
        assert (plain.frame(0) != other.frame(0)).any()
        assert plain.boxes()[0] != other.boxes()[0]


@pytest.mark.parametrize("crop", ["0.1,0.1,0.8", "a,b,c,d", "0.5,0,0.6,1", "0,0,0.01,1"])
def test_a_crop_that_is_none_is_refused_with_an_example(tmp_path: Path, crop: str):
    code, said = practised("--record", f"{tmp_path}/a.h5", "--crop", crop)
    assert code == 2
    assert "0.1,0.1,0.8,0.8" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [("--kits", "1"), ("--crop", "0,0,1,1")])
def test_kits_and_crop_need_something_that_draws(options: tuple[str, str]):
    code, said = practised(*options)
    assert code == 2
    assert "--record" in said


def test_how_to_intervene_needs_a_bot_to_stand_behind():
    code, said = practised("--intervene", "label")
    assert code == 2
    assert "--behind" in said


def test_a_match_that_is_interrupted_ends_in_good_order_and_says_so(tmp_path: Path):
    path, result = tmp_path / "coach.h5", tmp_path / "result.json"
    words = ["--coach", "--headless", "--seconds", "36000", "--record", path, "--result", result]
    command = [sys.executable, "-m", "gui.practice.launch", *map(str, words)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            wait_until(part_path(path).exists, "the recording", patience_s=60)
            program.send_signal(signal.SIGINT)
            said, complaint = program.communicate(timeout=PATIENCE_S)
        finally:
            program.kill()
    assert (program.returncode, complaint) == (130, "")
    assert "before full time" in said
    assert not result.exists()
    with Recording(path) as recording:
        assert recording.complete
        assert f"recorded {recording.frame_count} frames" in said


@pytest.mark.parametrize("command", ["practice", "trial coach", "improve run"])
def test_a_seed_below_zero_is_wrong_usage(run: Run, command: str):
    status, _, said = run(*command.split(), "--seed", -1)
    assert status == 2
    assert "--seed" in said
