import json
from multiprocessing import active_children
from pathlib import Path

import pytest

from agent.trial import Score, TrialStopped
from data.errors import CheckpointError
from gui.practice.trials import (
    MatchPlan,
    check_player,
    headless_matches,
    play_headless,
    real_matches,
)


def test_matches_side_by_side_end_as_matches_one_by_one():
    plan = MatchPlan("random", "professional", 8.0)
    told: list[Score] = []
    together = headless_matches(plan, [5, 6, 7], told.append)
    assert together == [play_headless(plan, seed) for seed in (5, 6, 7)]
    assert sorted(told, key=repr) == sorted(together, key=repr)


def test_the_coach_outscores_somebody_who_does_nothing():
    goals = {
        player: sum(
            score.goals_for - score.goals_against
            for score in headless_matches(
                MatchPlan(player, "beginner", 30.0), range(4), lambda _: None
            )
        )
        for player in ("coach", "idle")
    }
    assert goals["coach"] > 0 > goals["idle"]


@pytest.mark.parametrize("player", ["random", "idle"])
def test_real_matches_run_in_the_window_to_full_time(virtual_screen, player: str):
    told: list[Score] = []
    scores = real_matches(MatchPlan(player, "beginner", 3.0), [1], told.append)
    assert scores == told
    assert len(scores) == 1


def test_a_player_that_is_no_run_is_refused(tmp_path: Path):
    for player in ("coach", "random", "idle"):
        check_player(player)
    with pytest.raises(CheckpointError):
        check_player(str(tmp_path / "gone"))


class Enough(Exception):
    pass


def test_matches_side_by_side_are_left_when_there_is_to_be_no_going_on():
    hours = MatchPlan("idle", "beginner", 36_000.0)
    looks = []

    def go_on() -> None:
        looks.append(len(active_children()))
        if looks[-1] and len(looks) > 5:
            raise Enough

    with pytest.raises(Enough):
        headless_matches(hours, range(4), lambda _: None, go_on=go_on)
    assert active_children() == []


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("over", [[Score(2, 1), Score(0, 0)], []])
def test_a_trial_that_was_cut_short_tells_the_matches_that_were_over(run, monkeypatch, over, asked):
    def game(seeds, on_match, *, seconds, stop):
        why = "the stop key was pressed"
        raise TrialStopped(why, over, matches=len(seeds), asked=asked)

    monkeypatch.setattr("gui.practice.commands._other_game", lambda player, profile: game)
    status, said, told = run("trial", "runs/me", "--matches", 5, "--json")
    found = json.loads(said)
    assert status == (130 if asked else 1)
    assert found["scores"] == [[score.goals_for, score.goals_against] for score in over]
    assert (found["matches"], found["stopped"]) == (len(over), "the stop key was pressed")
    assert f"the trial ended after {len(over)} of 5 matches" in told
    status, said, told = run("trial", "runs/me", "--matches", 5)
    assert status == (130 if asked else 1)
    assert ("runs/me, 2 matches" in said) is bool(over)
    assert "the stop key was pressed." in told
