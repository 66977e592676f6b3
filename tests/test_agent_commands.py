"""`understudy play` as a program of its own, on a real desktop."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from data.reader import Recording
from tests.conftest import Run
from tests.fakes import wait_until
from tests.toy_play import toy_run

# Fails on the first import of Qt, wherever it is.
PROGRAM = """
import sys
sys.modules["PyQt6"] = None
from understudy import main
main()
"""


@contextmanager
def playing(folder, desk, *words, title="Understudy Practice"):
    """Play headless in a window of one colour; yield the program and its telemetry's path."""
    report, _, _ = toy_run()
    window = desk.window(title, size=(480, 270))
    path = folder / "t.jsonl"
    options = ["--headless", "--wait", "20", "--telemetry", str(path), *words]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "play", str(report.out), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            yield program, path, window
        finally:
            program.kill()


def told(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def wait_until_it_plays(path):
    def plays():
        return any(line["event"] == "tick" for line in told(path))

    wait_until(plays, "it plays", patience_s=90)  # a busy machine takes long to load PyTorch


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_headless_play_in_good_order_without_qt(tmp_path, desk, number):
    log = tmp_path / "flight.h5"
    with playing(tmp_path, desk, "--log", str(log), "--dry-run") as (program, path, _):
        wait_until_it_plays(path)
        program.send_signal(number)
        said, errors = program.communicate(timeout=30)
        assert program.returncode == 130, errors
    assert "stopped." in said
    assert "Traceback" not in errors
    events = [line["event"] for line in told(path)]
    assert (events[0], events[-1]) == ("start", "stop")
    assert told(path)[-1]["report"]["stop_reason"] == "stopped"
    with Recording(log) as recording:
        assert recording.frame_count >= 15
        assert recording.attributes["ended_by"] == "stopped"


def test_it_ends_by_itself_and_prints_one_object(tmp_path, desk):
    with playing(tmp_path, desk, "--seconds", "2", "--json", "--dry-run") as (program, path, _):
        said, errors = program.communicate(timeout=60)
        assert program.returncode == 0, errors
    report = json.loads(said)
    assert report["stop_reason"] == "time is up"
    assert report == told(path)[-1]["report"]
    assert set(report["stages_ms"]) == {"grab", "fit", "encode", "decide", "press"}


def test_a_window_that_is_closed_ends_play_and_is_named(tmp_path, desk):
    with playing(tmp_path, desk) as (program, path, window):
        wait_until_it_plays(path)
        window.destroy()
        desk.display.sync()
        said, errors = program.communicate(timeout=30)
        assert program.returncode == 0, errors
    assert "the game's window was closed." in said
    assert desk.down() == set()


def test_only_allowed_keys_are_pressed(tmp_path, desk):
    log = tmp_path / "flight.h5"
    words = ("--allow", "e", "--stuck", "0.5", "--log", str(log), "--seconds", "2")
    with playing(tmp_path, desk, *words) as (program, path, window):
        _, errors = program.communicate(timeout=60)
        assert program.returncode == 0, errors
        seen = set(desk.presses_seen(window))
    assert seen <= {desk.code("e")}
    assert any(line["event"] == "tick" for line in told(path))
    with Recording(log) as recording:
        assert recording.flight_facts is not None
        assert recording.flight_facts.decision["allowed"] == ["e"]
        assert recording.flight_facts.decision["stuck_s"] == 0.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--allow", "up,q"], "'q' is none of the profile's keys"),
        (["--json", "--telemetry", "-"], "the last line of --telemetry - has it"),
        (["--log-minutes", "5"], "--log-minutes goes with --log"),
    ],
)
def test_wrong_options_are_refused(run: Run, words, said):
    report, _, _ = toy_run()
    status, _, errors = run("play", report.out, *words)
    assert status == 2
    assert said in " ".join(errors.replace("│", " ").split())
