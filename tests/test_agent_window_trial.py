from contextlib import closing

import pytest

from agent.window_trial import _tap, board_of
from data.errors import ProfileError
from data.profile import load_profile
from recorder.window import find_window
from tests.fakes import wait_until


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
