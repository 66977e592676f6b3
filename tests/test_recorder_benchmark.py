import json
import os
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest

import recorder.bench.benchmark
from data.errors import DisplayError
from data.frames import decode_jpeg
from data.machine import machine
from data.profile import Capture, load_profile
from gui.practice.demonstration import record_coach
from recorder.bench.bare import BareRecorder
from recorder.bench.benchmark import Tally, bench_capture, bench_record
from recorder.bench.game import practice_game
from recorder.display import VirtualScreen
from recorder.window import Rect, find_window
from tests.conftest import Run
from tests.x11 import Desk

PROFILE = load_profile("practice")
TITLE = "Understudy Practice"


def test_the_bare_recording_holds_every_picture_in_order(desk: Desk, tmp_path: Path):
    desk.window("something", at=(0, 0), size=(400, 300))
    with BareRecorder(Rect(20, 40, 320, 180), Capture(), tmp_path / "bare.h5") as bare:
        run = bare.record(rate_hz=50, seconds=0.5, stop=lambda: False)
    assert len(run.times_ns) + run.dropped == 25
    assert (np.diff(run.times_ns) > 0).all()
    with h5py.File(tmp_path / "bare.h5") as file:
        assert list(file["at_ns"]) == list(run.times_ns)
        ends = [0, *file["end"]]
        assert len(ends) == len(run.times_ns) + 1
        for start, stop in pairwise(ends):
            image = decode_jpeg(file["bytes"][start:stop])
            assert image is not None
            assert image.shape == (270, 480, 3)


def test_a_deadline_that_passes_unused_is_counted_as_dropped(desk: Desk, tmp_path: Path):
    desk.window("something", at=(0, 0), size=(400, 300))
    with BareRecorder(Rect(0, 0, 1280, 720), Capture(), tmp_path / "bare.h5") as bare:
        run = bare.record(rate_hz=100_000, seconds=0.05, stop=lambda: False)
    assert len(run.times_ns) + run.dropped == 5000
    assert run.dropped > len(run.times_ns)


def test_jitter_is_how_far_frames_stray_from_their_usual_distance():
    tally = Tally(wall_s=0.07)
    tally.count(5)
    tally.see_times(np.array([0, 10, 20, 33, 40], dtype=np.int64) * 1_000_000)
    tally.count(2)
    tally.see_times(np.array([500, 510, 520], dtype=np.int64) * 1_000_000)  # 460 ms of another way
    told = tally.to_json()
    assert told["rate_hz"] == 100.0
    assert told["jitter_ms"] == {"p50": 0.0, "p99": pytest.approx(3.0, abs=0.05)}


def test_one_slice_that_was_disturbed_does_not_decide_the_figure():
    tally = Tally(wall_s=1.0, cpu_ms=[2.0, 50.0, 2.2])
    assert tally.to_json()["cpu_ms"] == 2.2


def test_cpu_time_is_counted_by_the_picture():
    tally = Tally()
    with tally.timed():
        sum(range(300_000))
    tally.count(2, dropped=1)
    tally.count(0)  # stopped before the first picture
    (cpu_ms,) = tally.cpu_ms
    assert 0 < cpu_ms <= 1e3 * tally.wall_s
    assert (tally.frames, tally.dropped) == (2, 1)


def test_bench_record_says_what_ours_and_the_bare_calls_took(run: Run):
    status, said, _ = run("bench", "record", "--seconds", 4, "--rate", 30, "--json")
    assert status == 0
    found = json.loads(said)
    assert found["window"] == "1280x720"
    assert found["ratio"] == pytest.approx(
        found["ours"]["cpu_ms"] / found["reference"]["cpu_ms"], rel=0.01
    )
    assert found["frames"] + found["dropped"] == pytest.approx(60, abs=2)
    for way in ("ours", "reference"):
        assert set(found[way]["jitter_ms"]) == {"p50", "p99"}
    assert found["machine"]["cores"] == os.cpu_count()


def test_bench_capture_measures_windows_of_other_widths(run: Run):
    status, said, _ = run("bench", "capture", "--seconds", 1, "--width", 640, "--json")
    assert status == 0
    found = json.loads(said)
    assert found["window"] == "640x360"
    assert found["ours"]["cpu_ms"] > 0
    assert found["reference"]["cpu_ms"] > 0


def test_a_bench_that_is_stopped_says_nothing(virtual_screen: VirtualScreen, desk: Desk):
    desk.window(TITLE, at=(10, 30), size=(640, 360))
    assert bench_record(PROFILE, seconds=4, rate_hz=30, stop=lambda: True) == {}
    assert bench_capture(PROFILE, seconds=2, rate_hz=30, stop=lambda: True) == {}


def test_a_window_that_loses_the_focus_spoils_the_measurement(desk: Desk):
    desk.window(TITLE, at=(10, 30), size=(320, 180))
    find_window(TITLE, 10.0).close()

    def take_the_focus() -> bool:
        nonlocal other
        other = other or desk.window("another", at=(400, 300))
        return False

    other = None
    with pytest.raises(DisplayError, match="disturbed"):
        bench_record(PROFILE, seconds=4, rate_hz=30, stop=take_the_focus)


def test_a_game_that_never_gets_the_focus_is_one_clear_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recorder.bench.benchmark, "WINDOW_S", 0.3)
    with pytest.raises(DisplayError, match="title"):
        bench_capture(PROFILE, seconds=1, rate_hz=None)
    desk.window(TITLE, at=(10, 30), size=(320, 180))
    find_window(TITLE, 10.0).close()
    desk.window("another", at=(10, 30), size=(640, 400))
    find_window("another", 10.0).close()
    with pytest.raises(DisplayError, match="focus"):
        bench_capture(PROFILE, seconds=1, rate_hz=None)


def test_an_hour_at_the_defaults_takes_at_most_two_gigabytes(tmp_path: Path):
    report, _ = record_coach(tmp_path / "coach.h5", seconds=12.0, seed=3)
    assert report.frames == pytest.approx(240, abs=2)
    assert report.bytes * 3600 / report.seconds <= 2e9


def test_on_screen_needs_a_desktop(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with (
        pytest.raises(DisplayError, match="--on-screen"),
        practice_game(seconds=1, width_px=1280, on_screen=True),
    ):
        pass


def test_the_machine_is_described_with_what_else_decides_the_figures():
    found = machine(threads=2, numpy=np.__version__)
    assert found["cores"] == os.cpu_count()
    assert found["cpu"]
    assert found["threads"] == 2
