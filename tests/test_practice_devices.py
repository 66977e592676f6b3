import json
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtGui import QPainter

from agent.loop import PlaySettings, play
from data.boxes import BoxOrigin
from data.errors import OutputExistsError
from data.frames import FrameSize
from data.keys import By, KeyEvent
from data.profile import load_profile
from data.reader import Recording
from gui.practice import devices
from gui.practice.demonstration import record_coach
from gui.practice.devices import HeadlessGame, stored_boxes
from gui.practice.drawing import Artist
from gui.practice.players import CoachPlayer, RandomPlayer
from gui.practice.state import MatchState, Phase
from tests.fakes import FakeRunner
from tests.scripted_player import ScriptedPlayer

SECOND = 1_000_000_000


def past_kick_off(game: HeadlessGame) -> HeadlessGame:
    while game.state.phase is not Phase.PLAY:
        wait(game, 0.02)
    return game


def wait(game: HeadlessGame, seconds: float) -> None:
    game.clock.sleep_until_ns(game.clock.now_ns() + round(seconds * SECOND))


def controlled_x(game: HeadlessGame) -> float:
    return game.state.players[game.state.controlled].x


@pytest.mark.parametrize(("until_s", "steps"), [(0.0, 0), (0.016, 0), (0.017, 1), (2.5, 150)])
def test_the_match_follows_the_clock(until_s, steps):
    game = HeadlessGame()
    game.clock.sleep_until_ns(round(until_s * SECOND))
    assert game.state.step == steps
    assert game.clock.now_ns() == round(until_s * SECOND)


def test_waiting_for_what_has_passed_changes_nothing():
    game = HeadlessGame()
    game.clock.sleep_until_ns(SECOND)
    game.clock.sleep_until_ns(SECOND // 2)
    assert (game.clock.now_ns(), game.state.step) == (SECOND, 60)


def test_a_picture_shows_the_match_at_the_time_of_the_clock():
    game = HeadlessGame(size=(640, 360))
    first = game.screen.grab()
    wait(game, 3.01)
    second = game.screen.grab()
    assert (first.at_ns, second.at_ns) == (0, round(3.01 * SECOND))
    assert first.image.shape == (360, 640, 3)
    assert first.image.dtype == np.uint8
    assert (first.image != second.image).any()
    assert (second.image == game.screen.grab().image).all()
    blue, green, red = first.image[100:330].reshape(-1, 3).mean(axis=0)
    assert green > red > blue, "grass, in BGR"


def test_nothing_is_drawn_when_nobody_looks(monkeypatch):
    monkeypatch.setattr(devices, "Artist", None)
    game = HeadlessGame(seconds=5, player=CoachPlayer(1, devices.SIZE))
    game.run()
    assert game.over


def test_the_boxes_are_those_of_the_picture_size():
    large, small = HeadlessGame(size=(1280, 720)), HeadlessGame(size=(640, 360))
    for a, b in zip(large.seen(), small.seen(), strict=True):
        assert (a.class_name, a.x1, a.y2) == (b.class_name, 2 * b.x1, 2 * b.y2)


def test_stored_boxes_lie_in_the_letterboxed_frame():
    game = HeadlessGame()
    plain = stored_boxes(game, FrameSize(480, 270))
    boxed = stored_boxes(game, FrameSize(480, 300))
    for a, b, seen in zip(plain, boxed, game.screen.seen(), strict=True):
        assert a.class_name == seen.class_name
        assert (b.x1, b.y1, b.x2, b.y2) == (a.x1, a.y1 + 15, a.x2, a.y2 + 15)
        assert (a.x1, a.y2) == (seen.x1 / 2, seen.y2 / 2)
        assert a.origin is BoxOrigin.TRUTH


def test_a_hidden_ball_has_no_stored_box():
    game = past_kick_off(HeadlessGame())
    rival, ball = game.state.players[-2], game.state.ball
    rival.x, rival.y = game.state.focus_x, 30.0
    ball.x, ball.y, ball.z = rival.x, rival.y + 0.5, 0.0
    in_front = stored_boxes(game, FrameSize(480, 270))
    ball.y = rival.y - 0.5
    behind = stored_boxes(game, FrameSize(480, 270))
    assert "ball" in [box.class_name for box in in_front]
    assert "ball" not in [box.class_name for box in behind]
    assert "ball" in [box.class_name for box in game.seen()], "the coach knows where it must be"


def test_a_crop_shows_a_part_of_the_same_match_and_its_boxes_follow():
    crop = devices.Crop(0.25, 0.1, 0.5, 0.8)
    whole, part = (
        past_kick_off(HeadlessGame(seed=4, player=CoachPlayer(4, devices.SIZE), crop=each))
        for each in (None, crop)
    )
    assert part.size == (480, 432)
    image = whole.screen.grab().image
    assert (part.screen.grab().image == image[54 : 54 + 432, 240 : 240 + 480]).all()
    (full,) = [box for box in whole.screen.seen() if box.class_name == "marker"]
    (moved,) = [box for box in part.screen.seen() if box.class_name == "marker"]
    assert (moved.x1, moved.y2) == (full.x1 - 240, full.y2 - 54)
    assert len(part.screen.seen()) < len(whole.screen.seen())
    with pytest.raises(ValueError, match="inside the picture"):
        devices.Crop(0.5, 0.0, 0.6, 1.0)


def test_kits_dress_the_teams_anew_and_leave_the_match_alone():
    plain, dressed = (
        past_kick_off(HeadlessGame(seed=4, player=CoachPlayer(4, devices.SIZE), kits=kits))
        for kits in (None, 77)
    )
    assert plain.state == dressed.state
    assert (plain.screen.grab().image != dressed.screen.grab().image).any()


def test_scripted_keys_move_the_player_and_keep_their_times():
    script = [(2.005, "right", True), (3.003, "right", False)]
    game = past_kick_off(HeadlessGame(seed=4, player=ScriptedPlayer(script)))
    game.clock.sleep_until_ns(2 * SECOND)
    before = controlled_x(game)
    assert game.keys.held == frozenset()
    wait(game, 0.5)
    assert game.keys.held == {"right"}
    assert controlled_x(game) > before + 1.0
    wait(game, 1.0)
    assert game.keys.held == frozenset()
    assert game.keys.drain() == [
        KeyEvent(round(2.005 * SECOND), "right", True, By.HUMAN),
        KeyEvent(round(3.003 * SECOND), "right", False, By.HUMAN),
    ]
    assert game.keys.drain() == []


def test_the_sinks_keys_count_from_the_next_step_and_are_the_agents():
    game = past_kick_off(HeadlessGame(seed=4))
    wait(game, 1.0)
    game.keys.drain()
    before = controlled_x(game)
    now_ns = game.clock.now_ns()
    game.sink.set_held(frozenset({"right", "e"}))
    assert controlled_x(game) == before
    wait(game, 0.5)
    assert controlled_x(game) > before + 1.0
    game.sink.set_held(frozenset({"right"}))
    game.sink.release_all()
    assert game.keys.held == frozenset()
    events = game.keys.drain()
    assert [(event.key, event.down) for event in events] == [
        ("e", True),
        ("right", True),
        ("e", False),
        ("right", False),
    ]
    assert {event.by for event in events} == {By.AGENT}
    assert events[0].at_ns == now_ns


def test_a_key_stays_down_while_the_other_hand_holds_it():
    game = HeadlessGame(player=ScriptedPlayer([(0.1, "right", True), (0.3, "right", False)]))
    wait(game, 0.2)
    game.sink.set_held(frozenset({"right"}))
    wait(game, 0.2)
    assert game.keys.held == {"right"}
    game.sink.close()
    assert game.keys.held == frozenset()
    assert [event.down for event in game.keys.drain()] == [True, False]


def test_equal_seeds_make_equal_matches_and_pictures():
    ends = []
    for _ in range(2):
        game = HeadlessGame(seconds=8, seed=6, player=CoachPlayer(6, devices.SIZE))
        game.run()
        ends.append((game.state, game.keys.drain(), game.screen.grab().image))
    assert ends[0][:2] == ends[1][:2]
    assert (ends[0][2] == ends[1][2]).all()
    assert ends[0][1], "the coach never pressed a key"


def test_chance_presses_only_the_profiles_keys_at_its_rate():
    profile = load_profile("practice")
    game = HeadlessGame(seconds=10, player=RandomPlayer(profile, 1))
    game.run()
    events = game.keys.drain()
    assert {event.key for event in events} == set(profile.keys)
    times = sorted({event.at_ns for event in events})
    assert 150 <= len(times) <= 200


def test_the_live_loop_plays_on_the_devices():
    profile = load_profile("practice")
    game = HeadlessGame(seconds=6, seed=2)
    report = play(
        runner=FakeRunner(profile, lambda _: {"movement": "right", "sprint": "sprint"}),
        screen=game.screen,
        sink=game.sink,
        window=None,
        human=game.keys,
        clock=game.clock,
        settings=PlaySettings(log_inline=True),
        log=None,
        stop=lambda: game.over,
    )
    assert report.ticks == pytest.approx(120, abs=1)
    assert report.takeovers == 0
    assert report.late_ticks == 0
    assert game.keys.held == frozenset()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("coach") / "coach.h5"
    record_coach(path, seconds=6, seed=3)
    return path


def test_the_coachs_recording_holds_frames_keys_and_true_boxes(recorded):
    game = HeadlessGame(seconds=6, seed=3, player=CoachPlayer(3, devices.SIZE))
    with Recording(recorded) as recording:
        assert recording.frame_count == 120
        assert recording.complete
        assert np.diff(recording.times_ns).tolist() == [50_000_000] * 119
        events = recording.key_events()
        labelled = recording.boxes()
        assert [one.frame for one in labelled] == list(range(120))
        for one, at_ns in zip(labelled, recording.times_ns, strict=True):
            game.clock.sleep_until_ns(int(at_ns))
            true = stored_boxes(game, recording.profile.capture.size)
            assert [box.class_name for box in one.boxes] == [box.class_name for box in true]
            assert {box.origin for box in one.boxes} == {BoxOrigin.TRUTH}
            for ours, theirs in zip(one.boxes, true, strict=True):
                assert ours.x1 == pytest.approx(theirs.x1, abs=0.01)
                assert ours.y2 == pytest.approx(theirs.y2, abs=0.01)
    assert {event.by for event in events} == {By.HUMAN}
    assert len(events) > 10


def test_a_recording_is_never_overwritten_unasked(recorded):
    size = recorded.stat().st_size
    with pytest.raises(OutputExistsError):
        record_coach(recorded, seconds=1, seed=3)
    assert recorded.stat().st_size == size
    report, game = record_coach(recorded, seconds=1, seed=3, force=True)
    assert report.frames == 20
    assert game.over


def test_the_truth_tells_of_every_recorded_picture(tmp_path: Path):
    path, truth = tmp_path / "a.h5", tmp_path / "a.jsonl"
    record_coach(path, seconds=3, seed=3, truth=truth)
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    with Recording(path) as recording:
        assert [line["at_ns"] for line in lines] == recording.times_ns.tolist()
        for line, labelled in zip(lines, recording.boxes(), strict=True):
            assert line["size"] == list(devices.SIZE)
            assert [box["class"] for box in line["boxes"]] == [
                box.class_name for box in labelled.boxes
            ]


def test_a_refused_recording_leaves_no_truth(tmp_path: Path):
    (tmp_path / "a.h5").write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        record_coach(tmp_path / "a.h5", seconds=1, seed=3, truth=tmp_path / "a.jsonl")
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_a_drawing_that_is_broken_off_lets_go_of_its_picture(monkeypatch: pytest.MonkeyPatch):
    painters: list[QPainter] = []

    def broken_off(artist: Artist, painter: QPainter, state: MatchState) -> None:
        painters.append(painter)
        raise KeyboardInterrupt

    monkeypatch.setattr(Artist, "draw", broken_off)
    with pytest.raises(KeyboardInterrupt):
        HeadlessGame().screen.grab()
    assert not painters[0].isActive(), "Qt crashes on a picture that goes before its painter"
