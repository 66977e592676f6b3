import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from agent.flown import load_player
from agent.moment import moment_of
from data.errors import RecordingError
from data.keys import KeyEvent
from data.reader import Recording
from data.writer import RecordingWriter
from models.saliency import COVERED_S
from tests.conftest import Run
from tests.factories import capture_facts, practice_profile
from tests.fakes import strokes
from tests.flights import toy_flight, toy_runner
from tests.toy_play import BALL, marked, sight, toy_picture, toy_recording, toy_run


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flight with a person's take-over from 2.0 to about 3.3 s, and no focus from 4.0 to 4.6."""

    def plan(clock, window):
        clock.plan(4010, lambda: setattr(window, "has_focus", False))
        clock.plan(4610, lambda: setattr(window, "has_focus", True))

    path = tmp_path_factory.mktemp("flight") / "log.h5"
    return toy_flight(path, seconds=6.0, human=strokes("w", 2010, 2310), plan=plan)


def explained(run: Run, *words: object) -> dict:
    status, said, failed = run("explain", *words, "--json")
    assert status == 0, failed
    return json.loads(said)


def test_a_decision_is_drawn_and_told(log, run: Run, tmp_path: Path):
    found = explained(run, log, "--at", "1.5", "--out", "why.png")
    picture = cv2.imread(str(tmp_path / "why.png"))
    assert picture is not None
    assert picture.shape == (900, 1440, 3)
    assert found["by"] == "the policy plays"
    assert found["as_logged"] is True
    assert found["at_s"] == 1.5
    assert found["probabilities"][found["head"]][found["class"]] > 0
    names = {one["object"] for one in found["influences"]}
    assert {"ball", "player", "the picture's features"} <= names
    nats = [abs(one["nats"]) for one in found["influences"]]
    assert nats == sorted(nats, reverse=True)
    assert nats[0] > 0
    assert sum(one["controlled"] for one in found["influences"]) == 1


def moved(path: Path, *, rate_hz: float, jitter_ms: float = 0.0) -> Path:
    """Write three seconds of a ball that moves, and of a key that is pressed at 2.5 s."""
    rng = np.random.default_rng(1)
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts(rate_hz)) as file:
        for index in range(round(3 * rate_hz)):
            at_s = index / rate_hz
            seen = sight(*marked(240, 140), (BALL, 100 + 60 * at_s, 200))
            late_ns = round(rng.uniform(0, jitter_ms) * 1e6)
            file.append_frame(toy_picture(seen), round(at_s * 1e9) + late_ns)
        file.append_keys([KeyEvent(2_500_000_000, "w", True)])
    return path


@pytest.mark.parametrize(("rate_hz", "jitter_ms"), [(60, 0.0), (60, 0.9), (50, 0.5), (30, 0.0)])
def test_a_recording_faster_than_the_policy_is_seen_at_the_policys_rate(
    tmp_path, rate_hz, jitter_ms
):
    runner = toy_runner()
    with Recording(moved(tmp_path / "slow.h5", rate_hz=20)) as recording:
        slow = moment_of(recording, runner, 2.85)
    with Recording(moved(tmp_path / "fast.h5", rate_hz=rate_hz, jitter_ms=jitter_ms)) as recording:
        fast = moment_of(recording, runner, 2.855)
        times = recording.times_ns
        tail = fast.images[-1]
        assert (tail == recording.frame(fast.frame)).all()
        assert fast.frame == np.searchsorted(times, times[0] + 2_855_000_000, side="right") - 1
    assert len(fast.ticks) == pytest.approx(len(slow.ticks), abs=1)
    assert len(fast.images) == len(slow.images) == COVERED_S * runner.rate_hz
    balls = [tick.sight.boxes[tick.sight.classes == BALL][0, 0] for tick in fast.ticks]
    assert np.diff(balls)[-20:].mean() == pytest.approx(60 / 20, rel=0.1)
    if rate_hz == 60:
        assert np.diff(balls) == pytest.approx(60 / 20, abs=1.1), "no tick takes another's picture"
    assert fast.begun_s.keys() == slow.begun_s.keys()
    pressed = sum("w" in tick.held for tick in fast.ticks)
    assert pressed == pytest.approx(0.35 * runner.rate_hz, abs=1)


def test_a_recording_slower_than_the_policy_is_refused(tmp_path):
    with (
        Recording(moved(tmp_path / "slow.h5", rate_hz=10)) as recording,
        pytest.raises(RecordingError, match=r"slow.h5: it has 10.0 frames a second, .* needs 20"),
    ):
        moment_of(recording, toy_runner(), 2.5)


def test_one_may_ask_why_not(log, run: Run):
    found = explained(run, log, "--at", "1.5", "--class", "shoot", "--no-map", "--out", "a.png")
    assert (found["head"], found["class"]) == ("action", "shoot")
    found = explained(
        run, log, "--at", "1.5", "--class", "sprint:none", "--no-map", "--out", "b.png"
    )
    assert (found["head"], found["class"]) == ("sprint", "none")
    status, _, said = run("explain", log, "--at", "1.5", "--class", "fly")
    assert status == 2
    assert "'fly' is none of" in " ".join(said.split())


def test_while_a_person_plays_it_tells_what_the_policy_would_do(log, run: Run):
    found = explained(run, log, "--at", "2.3", "--no-map", "--out", "a.png")
    assert found["by"] == "a person plays"
    assert found["keys"] == {"w": "person"}
    assert found["as_logged"] is None


def test_a_plain_recording_is_explained_with_a_run(run: Run, tmp_path: Path):
    recording = toy_recording(tmp_path / "plain.h5", seed=8, ticks=40)
    status, _, said = run("explain", recording, "--at", "1")
    assert status == 1
    assert "does not say which run played" in said
    found = explained(
        run, recording, "--at", "1", "--run", toy_run()[0].out, "--no-map", "--out", "a.png"
    )
    assert found["by"] == "a person plays"


def test_the_same_numbers_as_in_play_though_most_is_left_out(log):
    with Recording(log) as recording:
        moment = moment_of(recording, toy_runner(), 5.5)
        decisions = recording.decisions()
    start = int(np.flatnonzero(decisions.fresh)[-1])
    assert decisions.at_ns[start] == pytest.approx(4.65e9, abs=0.1e9)
    assert len(moment.ticks) == 1 + round((5.5e9 - decisions.at_ns[start]) / 5e7)
    assert moment.logged is not None
    for head, said in moment.logged.items():
        assert (said == moment.probabilities[head]).all()


def test_it_asks_about_what_was_begun_last(log):
    with Recording(log) as recording:
        runner, heads = toy_runner(), recording.profile.heads
        for at_s in np.arange(0.5, 1.9, 0.1):
            moment = moment_of(recording, runner, float(at_s))
            pressing = {h.name for h in heads if moment.chosen[h.name] != h.none_index}
            asked = moment.asked()
            assert asked in pressing or not pressing
            assert all(moment.begun_s[asked] <= moment.begun_s[name] for name in pressing)


def test_a_moment_that_nobody_looked_at_is_refused(log, run: Run):
    status, _, said = run("explain", log, "--at", "4.4")
    assert status == 1
    assert "nothing was looked at between 4.0 and 4." in said
    status, _, said = run("explain", log, "--at", "2:00")
    assert status == 1
    assert "it ends at 0:05, before 2:00" in said
    status, _, said = run("explain", log, "--at", "soon")
    assert status == 2
    assert "'soon' is no moment" in " ".join(said.split())


def test_a_picture_that_exists_is_kept(log, run: Run, tmp_path: Path):
    (tmp_path / "mine.png").write_text("mine", encoding="utf-8")
    status, _, said = run("explain", log, "--at", "1", "--out", "mine.png")
    assert status == 1
    assert "mine.png" in said
    assert (tmp_path / "mine.png").read_text(encoding="utf-8") == "mine"


def test_a_run_for_another_engine_is_loaded_as_the_log_says(log):
    with Recording(log) as recording:
        runner = load_player(recording, None)
        assert runner.identity is not None
        assert runner.identity.engine == "onnx"
        assert load_player(recording, None, engine="torch").identity.engine == "torch"
