"""`understudy record` and `understudy windows`, on a real display with real keys."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from recorder import desktop as desktop_module
from recorder.live import StatusLine
from recorder.status import DISK_STOP_BYTES, RecordStatus, State
from recorder.window import find_window
from tests.conftest import Run
from tests.factories import capture_facts, practice_profile
from tests.fakes import wait_until
from tests.x11 import Desk

TITLE = "Tiny Game"
RECORD = ("record", "--window", f"^{TITLE}$", "--out", "game.h5", "--seconds", 30)
AT_ONCE = ("--countdown", 0)


@pytest.fixture
def game(desk: Desk):
    window = desk.window(TITLE, size=(480, 270))
    with closing(find_window(TITLE, timeout_s=10)) as found:
        found.activate()
        wait_until(lambda: found.state().focused, "the game has the focus")
    return window


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do something on another thread while the command runs."""
    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join()


class Told:
    """What the command's status line is told, as seen from beside it."""

    def __init__(self) -> None:
        self.newest: RecordStatus | None = None

    def wait_for(self, condition: Callable[[RecordStatus], bool], what: str) -> None:
        wait_until(lambda: self.newest is not None and condition(self.newest), what)

    def frames(self, more: int = 5) -> None:
        wanted = (self.newest.frames if self.newest else 0) + more
        self.wait_for(lambda status: status.frames >= wanted, f"{wanted} frames")

    def state(self, state: State) -> None:
        self.wait_for(lambda status: status.state is state, state)


@pytest.fixture
def status(monkeypatch) -> Told:
    told, tell = Told(), StatusLine.tell

    def watched(line: StatusLine, status: RecordStatus) -> None:
        told.newest = status
        tell(line, status)

    monkeypatch.setattr(StatusLine, "tell", watched)
    return told


def test_a_recording_is_steered_by_hot_keys_which_are_not_in_it(
    run: Run, tmp_path, desk, game, status
):
    def play() -> None:
        status.frames()
        desk.tap("left")
        status.frames()
        desk.tap("f9")
        status.state(State.PAUSED)
        desk.tap("f9")
        status.state(State.RECORDING)
        desk.tap("f8")
        status.frames()
        desk.tap("f10")

    with meanwhile(play):
        code, said, told = run(*RECORD, *AT_ONCE)
    assert code == 0, told
    assert "stopped." in said
    assert "paused 1x" in said
    assert "understudy inspect game.h5" in said
    with Recording(tmp_path / "game.h5") as found:
        assert {event.key for event in found.key_events()} == {"left"}
        assert {SpanKind.PAUSED, SpanKind.DISCARDED} == {span.kind for span in found.spans()}
        assert found.facts.window_title == TITLE
        assert found.profile == practice_profile()
        assert found.attributes["part_of_session"] == 1


def test_a_window_that_is_closed_ends_with_a_line_and_a_whole_recording(
    run: Run, tmp_path, desk, game, status
):
    def close() -> None:
        status.frames()
        game.destroy()
        desk.display.sync()

    with meanwhile(close):
        code, said, told = run(*RECORD, *AT_ONCE, "--json")
    assert code == 1
    assert told.splitlines()[-1].startswith("understudy: the window was closed.")
    found = json.loads(said)
    assert found["ending"] == "the window was closed"
    assert found["files"] == ["game.h5"]
    assert {"frames", "seconds", "rate_hz", "dropped", "late_ticks", "bytes", "waits"} <= set(found)
    with Recording(tmp_path / "game.h5") as recording:
        assert recording.complete
        assert recording.frame_count == found["frames"] >= 5


def test_a_disk_that_is_nearly_full_ends_with_a_line_and_a_whole_recording(
    run: Run, tmp_path, game, monkeypatch
):
    usage = type("Usage", (), {"free": DISK_STOP_BYTES - 1})
    monkeypatch.setattr("recorder.targets.shutil.disk_usage", lambda folder: usage)
    status, _, told = run(*RECORD, *AT_ONCE)
    assert status == 1
    assert "disk is nearly full" in told.splitlines()[-1]
    with Recording(tmp_path / "game.h5") as found:
        assert found.complete


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_recording_is_whole_and_told(run: Run, tmp_path, game, status, number):
    def interrupt() -> None:
        status.frames()
        os.kill(os.getpid(), number)

    with meanwhile(interrupt):
        code, said, _ = run(*RECORD, *AT_ONCE)
    assert code == 130
    assert "frames in" in said
    with Recording(tmp_path / "game.h5") as found:
        assert found.complete


def test_a_countdown_that_is_stopped_leaves_nothing(run: Run, tmp_path, desk, game, monkeypatch):
    begun = threading.Event()
    count_down = desktop_module.count_down

    def watched(*args, **more):
        begun.set()
        count_down(*args, **more)

    def stop() -> None:
        begun.wait()
        desk.tap("f10")

    monkeypatch.setattr(desktop_module, "count_down", watched)
    with meanwhile(stop):
        status, said, told = run(*RECORD, "--countdown", 60)
    assert (status, said) == (1, "")
    assert "nothing was recorded" in told.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_last_stretch_is_saved_when_asked_and_at_the_end(run: Run, tmp_path, desk, game):
    def play() -> None:
        first = tmp_path / "game.h5"
        wait_until(lambda: first.is_file() or desk.tap("f7"), "a first file")
        wait_until(lambda: (tmp_path / "game-2.h5").is_file() or desk.tap("f7"), "a second file")
        desk.tap("f10")

    with meanwhile(play):
        status, said, told = run(*RECORD, *AT_ONCE, "--keep-last", 5, "--rate", 60, "--json")
    assert status == 0, told
    files = json.loads(said)["files"]
    assert files[:2] == ["game.h5", "game-2.h5"]
    times = []
    for index, name in enumerate(files, start=1):
        with Recording(tmp_path / name) as found:
            assert found.complete
            assert found.attributes["part_of_session"] == index
            times += found.times_ns.tolist()
    assert times == sorted(set(times))


def test_a_session_is_resumed_in_a_further_file(run: Run, tmp_path, game):
    assert run(*RECORD, *AT_ONCE, "--seconds", 0.5, "--rate", 30)[0] == 0
    status, said, told = run(*RECORD, *AT_ONCE, "--seconds", 0.5, "--resume", "--json")
    assert status == 0, told
    assert json.loads(said)["files"] == ["game-2.h5"]
    with Recording(tmp_path / "game.h5") as first, Recording(tmp_path / "game-2.h5") as second:
        assert first.attributes["session"] == second.attributes["session"]
        assert second.attributes["part_of_session"] == 2
        assert second.facts.rate_hz == 30


def test_an_output_is_refused_before_the_window_is_looked_for(run: Run, tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    (tmp_path / "game.h5").write_bytes(b"precious")
    status, _, told = run(*RECORD)
    assert status == 1
    assert told == "understudy: game.h5 exists. Choose another name, or pass --force.\n"


def test_a_leftover_is_named_and_never_overwritten(run: Run, tmp_path, game):
    part = tmp_path / "game.h5.part"
    writer = RecordingWriter(
        tmp_path / "game.h5", profile=practice_profile(), facts=capture_facts()
    )
    writer.flush()
    leftover = part.read_bytes()
    writer.abandon()
    part.write_bytes(leftover)
    for words in ([], ["--force"]):
        status, _, told = run(*RECORD, *words)
        assert status == 1
        assert "understudy repair game.h5.part" in told
    status, _, told = run(*RECORD, *AT_ONCE, "--resume", "--seconds", 0.3)
    assert status == 0
    assert "understudy repair game.h5.part" in told
    assert part.read_bytes() == leftover
    assert (tmp_path / "game-2.h5").is_file()


@pytest.mark.parametrize(
    "words",
    [("--pick", "--window", "x"), ("--resume", "--force"), ("--window", "("), ("--keep-last", 0)],
)
def test_options_that_make_no_sense_are_wrong_usage(run: Run, tmp_path, words):
    assert run("record", "--out", "game.h5", *words)[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_windows_are_listed(run: Run, desk, game):
    status, said, _ = run("windows", "--json")
    (mine,) = (each for each in json.loads(said)["windows"] if each["title"] == TITLE)
    assert status == 0
    assert mine["focused"]
    assert (mine["rect"]["width_px"], mine["rect"]["height_px"]) == (480, 270)
    assert TITLE in run("windows")[1]
