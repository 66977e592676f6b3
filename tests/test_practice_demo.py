"""The whole way, small but real: window, keys, training, live play, report."""

import json
import os
from contextlib import nullcontext
from html import escape
from pathlib import Path
from types import SimpleNamespace

import av
import pytest

from agent.guard import Reason
from data.errors import OutputExistsError, UnderstudyError
from data.keys import By
from data.reader import Recording
from gui.practice import demo as demo_module
from gui.practice.demo import DemoSettings, run_demo
from gui.practice.demo_report import PLAYERS, headline, write_report
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from tests.conftest import Run
from tests.test_practice_window import opened

QUICK = PolicyTrainingSettings(fit=FitSettings(steps=60))
SMALL = {"recorded_matches": 3, "match_s": 6.0, "trial_matches": 2, "training": QUICK}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    display = os.environ.pop("DISPLAY", None)
    try:
        run_demo(DemoSettings(out=out, **SMALL))
        assert "DISPLAY" not in os.environ  # the private screen is nobody else's
    finally:
        if display is not None:
            os.environ["DISPLAY"] = display
    return out


def test_the_demo_reports_all_that_it_promised(demo: Path):
    report = json.loads((demo / "report.json").read_text())
    for player in PLAYERS:
        assert report[player]["matches"] == 2
        low, high = report[player]["goals_for"]["ci95"]
        assert low <= report[player]["goals_for"]["mean"] <= high
    assert {"movement", "action", "sprint"} == set(report["evaluation"]["heads"])
    assert report["live"]["ticks"] > 60
    assert {"rate_hz", "p50_ms", "p99_ms", "late_ticks"} <= set(report["live"])
    assert all(seconds >= 0 for seconds in report["steps"].values())
    assert "shipped" in report["detector"]
    page = (demo / "report.html").read_text()
    assert escape(report["headline"]) in page
    assert "play.mp4" in page


def test_the_recordings_hold_the_coachs_real_keys(demo: Path):
    for index in (1, 2, 3):
        with Recording(demo / "recordings" / f"coach-{index}.h5") as recording:
            assert recording.facts.source == "mss"
            assert recording.frame_count > 90
            assert {event.by for event in recording.key_events()} == {By.HUMAN}


def test_the_bot_pressed_keys_and_was_filmed(demo: Path):
    with Recording(demo / "flight.h5") as flight:
        assert flight.is_flight_log
        assert {event.by for event in flight.key_events()} == {By.AGENT}
        assert flight.probabilities().shape[1] == 16
        frames = flight.frame_count
    with av.open(str(demo / "play.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == frames


def test_a_report_is_not_overwritten_unasked(demo: Path):
    before = (demo / "report.json").read_bytes()
    with pytest.raises(OutputExistsError, match="--force"):
        run_demo(DemoSettings(out=demo, **SMALL))
    assert (demo / "report.json").read_bytes() == before


def test_a_demo_that_is_stopped_says_so_and_leaves_no_report(tmp_path: Path):
    with pytest.raises(UnderstudyError, match="stopped"):
        run_demo(DemoSettings(out=tmp_path, **SMALL), stop=lambda: True)
    assert not (tmp_path / "report.json").exists()


def test_a_bot_that_was_ended_by_the_stop_key_is_not_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    runner = SimpleNamespace(load=lambda path: SimpleNamespace(profile=None))
    ended = SimpleNamespace(stop_reason=Reason.STOP_KEY)
    monkeypatch.setattr(demo_module, "PolicyRunner", runner)
    monkeypatch.setattr(demo_module, "practice_window", lambda *_: nullcontext())
    monkeypatch.setattr(demo_module, "play_desktop", lambda *_, **__: ended)
    monkeypatch.setattr(demo_module, "read_result", lambda *_: pytest.fail("it was waited for"))
    demo = demo_module._Demo(DemoSettings(out=tmp_path), lambda name, share: None, lambda: False)
    with pytest.raises(UnderstudyError, match=r"^the stop key was pressed; what was made"):
        demo.play()


def test_text_from_files_is_escaped_in_the_page(demo: Path, tmp_path: Path):
    report = json.loads((demo / "report.json").read_text())
    report["detector"] = "<script>"
    page = write_report(tmp_path, report, pictures=[]).read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "of its teacher's" in headline(report) or report["coach"]["goals_for"]["mean"] == 0


def test_the_run_is_judged_and_tried_by_the_commands(demo: Path, run: Run):
    policy, held_out = demo / "policy", demo / "recordings/coach-3.h5"
    status, said, _ = run("evaluate", policy, held_out, "--json")
    assert status == 0
    movement = json.loads(said)["heads"]["movement"]
    promised = {"macro_f1", "onset_f1", "balanced_accuracy", "changed_accuracy", "classes"}
    assert promised <= movement.keys()
    assert {"majority", "neighbours", "repeat"} == movement["baselines"].keys()
    assert movement["baselines"]["repeat"]["changed_accuracy"] == 0
    assert {"precision", "recall", "f1", "support"} == movement["classes"]["right"].keys()
    status, said, _ = run("trial", policy, "--matches", 1, "--seconds", 5, "--json")
    assert status == 0
    assert json.loads(said)["matches"] == 1


def test_play_and_record_run_side_by_side_on_a_display(
    demo: Path, run: Run, virtual_screen, tmp_path: Path
):
    with opened(tmp_path, "--seconds", "60") as game:
        game.wait_for(lambda line: line["step"] > 0, "kick-off")
        status, said, _ = run(
            "play", demo / "policy", "--headless", "--seconds", 3, "--log", "log.h5", "--json"
        )
        assert status == 0, said
        assert json.loads(said)["decisions"] > 30
        game.wait_for(lambda line: line["held"] == [], "all keys released")
        assert any(line["held"] for line in game.lines())  # the game saw its keys
        status, said, _ = run("record", "--out", "a.h5", "--seconds", 1, "--json")
        assert status == 0, said
        assert json.loads(said)["frames"] > 10
    with Recording(tmp_path / "log.h5") as log:
        assert log.is_flight_log
