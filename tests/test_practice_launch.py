from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from data.reader import Recording
from gui.practice.launch import practice

SHORT = ("--coach", "--headless", "--seconds", "1", "--seed", "3")


def run(*options: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(practice)
    result = CliRunner().invoke(app, [*SHORT, *options])
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def test_kits_and_a_crop_change_the_recorded_pictures_and_boxes(tmp_path: Path):
    assert run("--record", f"{tmp_path}/plain.h5")[0] == 0
    options = ("--kits", "7", "--crop", "0.2,0.1,0.8,0.8")
    assert run("--record", f"{tmp_path}/other.h5", *options)[0] == 0
    with Recording(tmp_path / "plain.h5") as plain, Recording(tmp_path / "other.h5") as other:
        assert plain.frame_count == other.frame_count
        assert plain.key_events() == other.key_events()
        assert (plain.frame(0) != other.frame(0)).any()
        assert plain.boxes()[0] != other.boxes()[0]


@pytest.mark.parametrize("crop", ["0.1,0.1,0.8", "a,b,c,d", "0.5,0,0.6,1", "0,0,0.01,1"])
def test_a_crop_that_is_none_is_refused_with_an_example(tmp_path: Path, crop: str):
    code, said = run("--record", f"{tmp_path}/a.h5", "--crop", crop)
    assert code == 2
    assert "0.1,0.1,0.8,0.8" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [("--kits", "1"), ("--crop", "0,0,1,1")])
def test_kits_and_crop_need_something_that_draws(options: tuple[str, str]):
    code, said = run(*options)
    assert code == 2
    assert "--record" in said
