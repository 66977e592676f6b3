"""What an installed program brings along, and what the shell and the desktop are told of it."""

import configparser
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from gui.icons import SHAPES
from gui.theme import DARK
from tests.conftest import Run
from understudy import app

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agent", "data", "gui", "models", "recorder")
SHARED = (
    "share/applications/understudy.desktop",
    "share/icons/hicolor/scalable/apps/understudy.svg",
)
BUILD = """
import os, sys
from setuptools import build_meta
os.chdir(sys.argv[1])
build_meta.build_wheel(sys.argv[2])
"""


def sources() -> list[str]:
    """All files that a wheel should hold, as they are named in it."""
    found = ["understudy.py"]
    for package in PACKAGES:
        files = [path for path in (ROOT / package).rglob("*") if path.is_file()]
        found += [path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"]
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    for name in [*sources(), *SHARED, "README.md", "pyproject.toml"]:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / name).write_bytes((ROOT / name).read_bytes())
    words = [sys.executable, "-c", BUILD, folder / "source", folder]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return zipfile.ZipFile(made)


def test_a_wheel_holds_every_module_and_every_file_that_is_read(wheel: zipfile.ZipFile):
    names = set(wheel.namelist())
    assert set(sources()) <= names
    assert not any(name.startswith("tests/") for name in names)
    for shared in SHARED:
        assert sum(name.endswith(f".data/data/{shared}") for name in names) == 1, shared


def test_the_desktop_entry_names_what_is_installed():
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str
    entry.read(ROOT / SHARED[0], encoding="utf-8")
    told = entry["Desktop Entry"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert told["Exec"] in project["scripts"]
    assert told["TryExec"] == told["Exec"]
    assert told["Icon"] == Path(SHARED[1]).stem
    assert told["StartupWMClass"] == Path(SHARED[0]).stem  # `setDesktopFileName` in gui/app.py
    assert (told["Type"], told["Terminal"]) == ("Application", "false")
    assert all(told[name].endswith(";") for name in ("Categories", "Keywords"))


def test_the_installed_icon_is_the_one_of_the_window():
    def shapes(svg: str) -> list[tuple[str, dict[str, str]]]:
        return [(each.tag.rpartition("}")[2], each.attrib) for each in ElementTree.fromstring(svg)]

    installed = (ROOT / SHARED[1]).read_text(encoding="utf-8")
    assert shapes(installed) == shapes(f"<svg>{SHAPES['app'].format(DARK.accent)}</svg>")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_shown_for_the_shell(run: Run, monkeypatch: pytest.MonkeyPatch, shell: str):
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: (shell, f"/bin/{shell}"))
    status, said, _ = run("--show-completion")
    assert status == 0
    assert "understudy" in said
    assert f"complete_{shell}" in said


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("understudy pra", "practice"),
        ("understudy train po", "policy"),
        ("understudy practice --head", "--headless"),
        ("understudy export --to min", "minari"),
        ("understudy boxes export FILE OUT --format v", "voc"),
        ("understudy practice --difficulty am", "amateur"),
        ("understudy curve --difficulty b", "beginner"),
        ("understudy play RUN --engine o", "onnx"),
        ("understudy play RUN --device cuda-", "cuda-half"),
        ("understudy replay LOG --engine o", "onnx"),
        ("understudy train policy --device cu", "cuda"),
        ("understudy train policy --profile pr", "practice"),
        ("understudy play RUN --profile pr", "practice"),
        ("understudy record --profile fi", "fifa18"),
        ("understudy boxes import DIR --profile tux", "tuxfootball"),
        ("understudy trial RUN --profile tux", "tuxfootball"),
        ("understudy profile show my_", "my_game.toml"),
        ("understudy profile check my_", "my_game.toml"),
    ],
)
def test_completion_knows_commands_options_and_their_values(
    words: str, completed: str, tmp_path: Path
):
    (tmp_path / "my_game.toml").touch()
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [Path(sys.executable).with_name("understudy")],
        env=os.environ | asked | {"_UNDERSTUDY_COMPLETE": "complete_bash"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [completed]


def test_help_stays_readable(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, said, _ = run("--help")
    assert max(len(line) for line in said.splitlines()) <= 80
    assert "--show-completion" in said


def commands(
    command: TyperGroup | TyperCommand, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], TyperGroup | TyperCommand]]:
    yield path, command
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, (*path, name))


def words_of(text: str) -> set[str]:
    return set(text.replace("`", "").replace("│", " ").split())


EVERY = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_help_swallows_no_word(path: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "400")
    command = EVERY[path]
    told = [command.help, *(getattr(param, "help", "") for param in command.params)]
    _, said, _ = run(*path, "--help")
    assert words_of(" ".join(filter(None, told))) - words_of(said) == set()


def test_there_are_helps_with_words_in_square_brackets():
    helps = [command.help or "" for command in EVERY.values()]
    assert any("[score]" in told for told in helps)
