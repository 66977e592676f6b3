import base64
from contextlib import closing

import cv2
import numpy as np
import pytest

from agent.score_reader import ScoreReader
from agent.trial import Score, TrialStopped
from agent.window_trial import _tap, board_of, window_matches
from data.errors import DisplayError, ProfileError
from data.profile import load_profile
from recorder.window import find_window
from tests.factories import altered_profile
from tests.fakes import FakeRunner, wait_until

DIGIT = base64.b64encode(cv2.imencode(".png", np.zeros((8, 6, 3), np.uint8))[1].tobytes()).decode()
GAME = altered_profile(
    title="^Some Game$",
    may_stand_still=True,
    score={
        "ours": (0, 0, 0.2, 0.2),
        "theirs": (0.5, 0, 0.7, 0.2),
        "width_px": 320,
        "height_px": 180,
        "digits": {"0": DIGIT},
    },
)


class Trial:
    """Three matches of a second in a real window, and what happens in the second of them."""

    def __init__(self, desk, monkeypatch, happens=lambda trial: None):
        self.desk, self.happens = desk, happens
        self.window = desk.window("Some Game")
        self.counted, self.begun = [], 0
        self.broken = False
        monkeypatch.setattr(ScoreReader, "read", lambda reader, image: self.read())

    def read(self):
        if self.broken:
            raise DisplayError("the screen can't be read: it fell down.")
        return Score(0, 0)

    def choose(self, step):
        self.begun += step == 3
        if step == 3 and self.begun == 2:
            self.happens(self)
        return {"movement": "right"}

    def play(self, *, on_match=lambda score: None, matches=3):
        def count(score):
            self.counted.append(score)
            on_match(score)

        runner = FakeRunner(GAME, self.choose)
        seeds = range(matches)
        return window_matches(runner, GAME, seeds, count, seconds=1.0, stop=lambda: False)

    def close(self):
        self.window.destroy()
        self.desk.display.sync()


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda trial: trial.desk.tap("f12"), "the stop key was pressed"),
        (Trial.close, "the game's window was closed"),
        (lambda trial: setattr(trial, "broken", True), "the screen can't be read: it fell down."),
    ],
)
def test_a_match_that_is_cut_short_ends_the_trial_and_is_not_counted(
    desk, monkeypatch, happens, why
):
    trial = Trial(desk, monkeypatch, happens)
    with pytest.raises(TrialStopped) as ended:
        trial.play()
    assert (trial.begun, len(trial.counted)) == (2, 1)
    assert ended.value.why == why
    assert ended.value.scores == tuple(trial.counted)
    assert f"after 1 of 3 matches (0:0): {why.rstrip('.')}." in str(ended.value)
    assert desk.down() == set()


def test_the_stop_key_ends_a_trial_between_two_matches(desk, monkeypatch):
    trial = Trial(desk, monkeypatch)
    with pytest.raises(TrialStopped, match=r"1 of 3 .*: the stop key was pressed"):
        trial.play(on_match=lambda score: desk.tap("f12"))
    assert trial.begun == 1


def test_matches_whose_time_is_up_are_counted(desk, monkeypatch):
    trial = Trial(desk, monkeypatch)
    assert trial.play(matches=2) == trial.counted == [Score(0, 0)] * 2


def test_keys_that_begin_a_match_go_to_the_game_and_to_no_other_window(desk):
    game = desk.window("Some Game")
    with closing(find_window("^Some Game$", 10)) as found:
        wait_until(found.focused, "the game has the focus")
        _tap(("enter",), found, lambda: False)
        assert desk.presses_seen(game) == [desk.code("enter")]
        other = desk.window("Letter to a friend", at=(500, 400))
        wait_until(lambda: not found.focused(), "the other window has the focus")
        _tap(("enter",), found, lambda: False)
        desk.display.sync()
        assert desk.presses_seen(other) == []
        assert desk.down() == set()


def test_a_game_without_a_score_board_is_refused_with_what_to_do():
    with pytest.raises(ProfileError, match=r"\[score\].*profile digits"):
        board_of(load_profile("practice"))
