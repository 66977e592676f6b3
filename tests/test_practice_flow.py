import json

import pytest

from data.errors import OutputExistsError
from gui.practice.difficulty import DIFFICULTIES
from gui.practice.flow import READY_STEPS, WHISTLE_STEPS, Flow, MatchSettings, Screen
from gui.practice.key_names import key_name
from gui.practice.match import Match
from gui.practice.state import GoalEvent, Team
from gui.practice.truth import TruthFile, write_result
from gui.practice.view import SeenBox

NOTHING: frozenset[str] = frozenset()


def flow(*, menu: bool = False, once: bool = False, seconds: float = 2.0) -> Flow:
    return Flow(MatchSettings("beginner", seconds, 5), menu=menu, once=once)


def steps(shown: Flow, count: int) -> None:
    for _ in range(count):
        shown.step(NOTHING)


def test_a_match_begins_after_a_second_to_get_ready():
    shown = flow()
    steps(shown, READY_STEPS)
    assert shown.screen is Screen.PLAY
    assert shown.state.step == 0
    steps(shown, 3)
    assert shown.state.step == 3


def test_the_start_screen_waits_for_a_difficulty_and_enter():
    shown = flow(menu=True)
    steps(shown, 200)
    assert (shown.screen, shown.state.step) == (Screen.START, 0)
    shown.press("down")
    assert f"> {DIFFICULTIES[1]}" in shown.panel.lines
    shown.press("up")
    shown.press("up")
    shown.press("enter")
    assert shown.screen is Screen.READY
    assert shown.state.difficulty == DIFFICULTIES[-1]


def test_a_pause_stops_the_match_and_p_goes_on():
    shown = flow()
    steps(shown, READY_STEPS + 10)
    shown.press("p")
    steps(shown, 50)
    assert (shown.screen, shown.state.step) == (Screen.PAUSED, 10)
    shown.press("p")
    steps(shown, 5)
    assert shown.state.step == 15


@pytest.mark.parametrize("before", [0, 10, READY_STEPS + 10])
def test_esc_asks_before_it_leaves(before):
    shown = flow()
    steps(shown, before)
    played, screen = shown.state.step, shown.screen
    shown.press("esc")
    steps(shown, 50)
    assert (shown.screen, shown.state.step, shown.closing) == (Screen.LEAVING, played, False)
    shown.press("esc")
    assert shown.screen is screen
    shown.press("esc")
    shown.press("enter")
    assert shown.closing


def test_playing_keys_are_no_commands():
    shown = flow()
    for key in ("enter", "up", "down", "d", "s", "w", "a", "e"):
        shown.press(key)
    assert (shown.screen, shown.closing) == (Screen.READY, False)


def test_the_result_is_shown_and_enter_plays_another_match():
    shown = flow()
    steps(shown, READY_STEPS + 120)
    assert shown.state.over
    assert shown.screen is Screen.WHISTLE
    steps(shown, WHISTLE_STEPS)
    assert shown.screen is Screen.RESULT
    assert not shown.closing
    shown.press("enter")
    assert (shown.screen, shown.state.step, shown.settings.seed) == (Screen.READY, 0, 6)


def test_a_single_match_closes_the_window_after_full_time():
    shown = flow(once=True)
    steps(shown, READY_STEPS + 120 + WHISTLE_STEPS - 1)
    assert not shown.closing
    steps(shown, 1)
    assert shown.closing


@pytest.mark.parametrize(("difficulty", "seconds"), [("easy", 60.0), ("beginner", 0.0)])
def test_impossible_matches_are_refused(difficulty, seconds):
    with pytest.raises(ValueError, match="got"):
        MatchSettings(difficulty, seconds)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x44, "d"),
        (0x20, "space"),
        (0x31, "1"),
        (0x01000012, "left"),
        (0x01000013, "up"),
        (0x01000004, "enter"),
        (0x01000000, "esc"),
        (0x0100003B, "f12"),
        (0x01000061, None),
        (0, None),
    ],
)
def test_qt_codes_have_the_profiles_names(code, name):
    assert key_name(code) == name


def truth_line(file: TruthFile, match: Match, at_ns: int = 1) -> None:
    boxes = [SeenBox("ball", 1.234, 2, 3, 4)]
    file.append(match.state, at_ns=at_ns, size=(64, 36), boxes=boxes, held={"s", "right"})


def test_truth_tells_each_goal_once(tmp_path):
    path = tmp_path / "truth.jsonl"
    match = Match("beginner", 60, 1)
    with TruthFile(path) as file:
        truth_line(file, match, 11)
        match.state.events.append(GoalEvent(1, Team.HOME))
        match.state.score[0] = 1
        truth_line(file, match)
        truth_line(file, match)
        match.state.events.append(GoalEvent(2, Team.AWAY))
        truth_line(file, match)
        truth_line(file, Match("beginner", 60, 2))
        match.state.events.pop()
        truth_line(file, match)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["goal"] for line in lines] == [None, "for", None, "against", None, "for"]
    assert lines[0] == {
        "at_ns": 11,
        "step": 0,
        "size": [64, 36],
        "boxes": [{"class": "ball", "x1": 1.23, "y1": 2, "x2": 3, "y2": 4, "visible": 1.0}],
        "score": [0, 0],
        "goal": None,
        "held": ["right", "s"],
    }
    assert lines[1]["score"] == [1, 0]


def test_truth_tells_how_much_is_to_be_seen_and_leaves_the_hidden_out(tmp_path):
    path = tmp_path / "truth.jsonl"
    boxes = [SeenBox("player", 1, 2, 3, 4, 0.75), SeenBox("ball", 1, 2, 3, 4, 0.39)]
    with TruthFile(path) as file:
        state = Match("beginner", 60, 1).state
        file.append(state, at_ns=1, size=(64, 36), boxes=boxes, held=())
    (line,) = [json.loads(text) for text in path.read_text().splitlines()]
    assert [(box["class"], box["visible"]) for box in line["boxes"]] == [("player", 0.75)]


def test_truth_on_disk_only_ever_ends_with_a_whole_line(tmp_path):
    path = tmp_path / "truth.jsonl"
    match = Match("beginner", 60, 1)
    with TruthFile(path) as file:
        for index in range(100):
            truth_line(file, match, index)
            assert not path.read_bytes() or path.read_bytes().endswith(b"}\n")
        assert path.stat().st_size > 0, "nothing is written until the end"
    assert len(path.read_text().splitlines()) == 100
    with pytest.raises(OutputExistsError):
        TruthFile(path)
    TruthFile(path, force=True).close()
    assert path.stat().st_size == 0


def test_the_result_tells_score_and_goals(tmp_path):
    state = Match("amateur", 60, 1).state
    state.score = [1, 1]
    state.events = [GoalEvent(90, Team.AWAY), GoalEvent(600, Team.HOME)]
    path = tmp_path / "new" / "result.json"
    write_result(path, MatchSettings("amateur", 60, 1), state)
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]
    assert json.loads(path.read_text()) == {
        "difficulty": "amateur",
        "seconds": 60,
        "seed": 1,
        "goals_for": 1,
        "goals_against": 1,
        "score": [1, 1],
        "goals": [{"at_s": 1.5, "goal": "against"}, {"at_s": 10.0, "goal": "for"}],
    }
