"""Fixtures that several test files share."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import understudy
from recorder.display import VirtualScreen

if TYPE_CHECKING:
    from tests.x11 import Desk

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def virtual_screen() -> Iterator[VirtualScreen]:
    """A private desktop of 1400x900 pixels, which DISPLAY names while it lives."""
    missing = [program for program in ("Xvfb", "openbox") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed; `make setup` installs them")
    with VirtualScreen(1400, 900) as screen, screen.active():
        yield screen


@pytest.fixture
def desk(virtual_screen: VirtualScreen) -> Iterator["Desk"]:
    """Somebody else's connection to the private desktop: opens windows, moves keys."""
    from tests.x11 import Desk

    with Desk() as opened:
        yield opened


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in an empty folder; return exit status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["understudy", *map(str, words)])
        capsys.readouterr()
        try:
            understudy.main()
            status = 0
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        said = capsys.readouterr()
        return status, said.out, said.err

    return call
