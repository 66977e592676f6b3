"""Fixtures that several test files share."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import understudy
from recorder.display import VirtualScreen
from tests.fakes import PATIENCE_S

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from gui.start_page import StartPage
    from gui.studio import Studio
    from recorder.keyboard import PynputKeys
    from tests.x11 import Desk

SCREEN_PROGRAMS = ("Xvfb", "openbox")
LONG = ("test_practice_demo.py", "test_tux_football.py", "test_gui_whole_way.py")
Run = Callable[..., tuple[int, str, str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: at the end one process would wait for the other."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """Begin with empty caches, which the processes of one run of the tests share.

    What a killed process leaves in its temporary folder goes with the tests' own.
    """
    mine = tmp_path_factory.getbasetemp()
    shared = mine if worker_id == "master" else mine.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared / "caches"))
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp", numbered=False)))
        patch.setattr(tempfile, "tempdir", None)  # asked for anew
        yield


@pytest.fixture(scope="session")
def virtual_screen() -> Iterator[VirtualScreen]:
    """A private desktop of 1400x900 pixels, which DISPLAY names while it lives."""
    missing = [program for program in SCREEN_PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed; `make setup` installs them")
    with VirtualScreen(1400, 900) as screen, screen.active():
        yield screen


@pytest.fixture(scope="session")
def qapp_args(virtual_screen: VirtualScreen) -> list[str]:
    """Have Qt open its windows on the private desktop."""
    return ["understudy"]


@pytest.fixture(scope="session", autouse=True)
def _windows_first(request: pytest.FixtureRequest) -> None:
    """Start Qt on the private desktop before a test without windows does so on none: it stays."""
    windows = any(item.path.name.startswith("test_gui_") for item in request.session.items)
    if windows and all(map(shutil.which, SCREEN_PROGRAMS)):
        request.getfixturevalue("qapp")


@pytest.fixture
def studio(qapp: "QApplication", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Studio":
    """An empty folder, nothing remembered, on the private desktop."""
    from gui.preferences import Preferences
    from gui.studio import Studio
    from gui.theme import Mode, apply_theme

    assert qapp.platformName() == "xcb"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    apply_theme(qapp, Mode.LIGHT)
    made = Studio(tmp_path, Preferences(tmp_path / "preferences.ini"))
    made.log_file = tmp_path / "understudy.log"
    return made


@pytest.fixture
def start_page(studio: "Studio", qtbot: "QtBot") -> Iterator["StartPage"]:
    """The page Start, shown and entered."""
    from gui.start_page import StartPage

    made = StartPage(studio)
    made.resize(1000, 700)
    made.show()
    made.entered()
    yield made
    made.left()
    made.shut_down()
    qtbot.waitUntil(lambda: not made.still_running(), timeout=round(1000 * PATIENCE_S))
    made.close()
    made.deleteLater()


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


@pytest.fixture
def listen(virtual_screen: VirtualScreen) -> Iterator[Callable[..., "PynputKeys"]]:
    """Open keyboards to listen to on the private desktop; they are closed at the end."""
    from recorder.keyboard import PynputKeys

    opened: list[PynputKeys] = []

    def listen(keys: set[str], **more: Any) -> PynputKeys:
        opened.append(PynputKeys(keys, **more))
        return opened[-1]

    yield listen
    for keys in opened:
        keys.close()
