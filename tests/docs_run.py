"""Runs those commands of the documentation that are quick and harmless: `docs_check --run`.

Each runs in a folder of its own that holds what it reads: whatever recording it names is a short
one of the coach. What needs a trained bot, a person, a network or minutes is left out; of every
command that is named, the help text is asked for.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
from typer.testing import CliRunner

import understudy
from gui.practice.demonstration import record_coach
from recorder.display import VirtualScreen
from tests.docs_check import Command, commands_of, documents, problem_of

QUICK = frozenset(
    [
        *("doctor", "windows", "inspect", "trim", "merge", "export", "--version"),
        *("profile list", "profile show", "profile check", "bench infer", "bench load"),
        *("boxes import", "boxes export", "boxes anchors", "boxes suggest", "--show-completion"),
    ]
)
MAY_REFUSE = frozenset(["doctor"])
"""Status 1 is an answer of theirs."""
RECORDED_S = 15.0
PATIENCE_S = 120
_PLACEHOLDER = re.compile(r"\$|\b[A-Z]{2,}\b|\.\.\.|\||\[|^understudy/")
_FILE = re.compile(r"^[\w./*-]+\.(?:h5|toml)$")
_OUT = re.compile(r"--(?:out|thumbnails|report)[ =]\S+")


def failures_in(root: Path) -> list[str]:
    """Run what is quick; return each failure as `file:line: what is wrong`."""
    commands = [c for file in documents(root) for c in commands_of(file) if not problem_of(c, root)]
    with tempfile.TemporaryDirectory() as made, VirtualScreen() as screen, screen.active():
        recording = Path(made) / "coach.h5"
        record_coach(recording, difficulty="beginner", seconds=RECORDED_S, seed=1)
        with h5py.File(recording, "r+", libver="latest") as file:
            for column in file["boxes"].values():  # as a person's recording has none
                column.resize(0, axis=0)
        return [*_without_help(commands, root), *_failing(commands, root, recording)]


def _without_help(commands: list[Command], root: Path) -> Iterator[str]:
    """Ask every command that is named for its help."""
    for name, command in {_name_of(c): c for c in commands if _name_of(c)}.items():
        words = [word for word in name.split() if not word.startswith("-")]
        said = CliRunner().invoke(understudy.app, [*words, "--help"])
        if said.exit_code or "Usage" not in said.output:
            yield f"{command.file.relative_to(root)}:{command.line}: {name} --help fails"


def _failing(commands: list[Command], root: Path, recording: Path) -> Iterator[str]:
    """Run each command that is quick, once."""
    known: dict[str, Command] = {}
    for command in commands:
        text = command.text.partition(" #")[0].strip()
        whole = problem_of(replace(command, in_block=True), root) is None
        if whole and _name_of(command) in QUICK and not _PLACEHOLDER.search(text):
            known.setdefault(text, command)
    for text, command in known.items():
        with tempfile.TemporaryDirectory() as folder:
            said = _run(text, Path(folder), root, recording)
        sys.stderr.write(f"{text}: {said.returncode}\n")
        allowed = {0, 1} if _name_of(command) in MAY_REFUSE else {0}
        if said.returncode not in allowed or "Traceback" in said.stderr:
            last = (said.stderr.strip() or "no word").splitlines()[-1]
            yield f"{command.file.relative_to(root)}:{command.line}: `{text}` fails: {last}"


def _run(text: str, folder: Path, root: Path, recording: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell would, beside copies of what it reads."""
    for word in _OUT.sub("", text).split()[1:]:
        if _FILE.match(word):
            place = folder / word.replace("*", "1")
            place.parent.mkdir(parents=True, exist_ok=True)
            profile = root / "data" / "profiles" / "tuxfootball.toml"
            shutil.copy(profile if place.suffix == ".toml" else recording, place)
    for name in ("tests", "docs"):
        (folder / name).symlink_to(root / name)
    (folder / "labels").symlink_to(root / "tests" / "tux_boxes")
    program = f"{sys.executable} -m understudy"
    return subprocess.run(
        ["bash", "-c", text.replace("understudy", program, 1)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def _name_of(command: Command) -> str:
    """Return a command's name without `understudy`; empty for other programs' commands."""
    words = command.text.partition(" #")[0].split()
    if words[0] != "understudy" or len(words) == 1:
        return ""
    group = words[1] in ("profile", "boxes", "bench", "train")
    return " ".join(words[1:3] if group else words[1:2])
