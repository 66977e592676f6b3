import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import active_children
from pathlib import Path

import pytest

from agent.trial import Score, TrialStopped
from data.errors import CheckpointError, UnderstudyError
from gui.practice.trials import (
    MatchPlan,
    check_player,
    headless_matches,
    play_headless,
    real_matches,
)
from tests.fakes import PATIENCE_S, wait_until


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


def test_a_process_that_dies_in_its_match_is_told():
    hours = MatchPlan("idle", "beginner", 36_000.0)

    def go_on() -> None:
        for each in active_children():
            each.kill()

    with pytest.raises(UnderstudyError, match="has died"):
        headless_matches(hours, range(2), lambda _: None, go_on=go_on)
    assert active_children() == []


def workers_of(session: int) -> list[int]:
    """Return the processes that play in a session, those that still import as well."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):  # it has just gone
            facts = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            playing = b"spawn_main" in (folder / "cmdline").read_bytes()
            if playing and int(facts[3]) == session and facts[0] != "Z":
                found.append(int(folder.name))
    return found


@contextmanager
def long_trial() -> Iterator["subprocess.Popen[str]"]:
    """Begin a trial in a session of its own, up to where the processes that play come up."""
    words = ("trial", "idle", "--matches", "2", "--seconds", "36000")
    command = (sys.executable, "-m", "understudy", *words)
    program = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: bool(workers_of(program.pid)), "processes that play", patience_s=60)
        yield program
    finally:
        for each in (program.pid, *workers_of(program.pid)):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        program.communicate()


def test_an_interrupt_while_matches_start_ends_a_trial_in_one_line():
    with long_trial() as program:
        os.killpg(program.pid, signal.SIGINT)
        _, said = program.communicate(timeout=4 * PATIENCE_S)
        assert program.returncode == 130
        assert said == "understudy: stopped before the last match.\n"
        assert workers_of(program.pid) == []


def test_processes_that_play_end_with_a_trial_that_is_killed():
    with long_trial() as program:
        program.kill()
        program.wait(PATIENCE_S)
        wait_until(lambda: not workers_of(program.pid), "their end", patience_s=60)


@pytest.mark.parametrize("options", [("--real",), ("--seed", 7), ("--difficulty", "beginner")])
def test_what_a_game_that_is_not_ours_can_not_heed_is_refused(run, monkeypatch, options):
    def game(seeds, on_match, *, seconds, stop):
        return [Score(0, 0) for _ in seeds]

    monkeypatch.setattr("gui.practice.commands._other_game", lambda player, profile: game)
    status, _, said = run("trial", "runs/me", "--matches", 1, *options)
    assert status == 2
    assert options[0] in said
    assert run("trial", "runs/me", "--matches", 1)[0] == 0


def test_a_profile_is_for_a_run(run):
    status, _, said = run("trial", "idle", "--matches", 1, "--profile", "tuxfootball")
    assert status == 2
    assert "--profile" in said


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("over", [[Score(2, 1), Score(0, 0)], []])
def test_a_trial_that_was_cut_short_tells_the_matches_that_were_over(run, monkeypatch, over, asked):
    def game(seeds, on_match, *, seconds, stop):
        why = "the stop key was pressed"
        raise TrialStopped(why, over, matches=len(seeds), asked=asked)

    monkeypatch.setattr("gui.practice.commands._other_game", lambda player, profile: game)
    status, said, told = run("trial", "runs/me", "--matches", 5, "--json")
    assert status == (130 if asked else 1)
    if over:
        found = json.loads(said)
        assert found["scores"] == [[score.goals_for, score.goals_against] for score in over]
        assert (found["matches"], found["stopped"]) == (len(over), "the stop key was pressed")
    else:
        assert said == ""
    assert f"the trial ended after {len(over)} of 5 matches" in told
    status, said, told = run("trial", "runs/me", "--matches", 5)
    assert status == (130 if asked else 1)
    assert ("runs/me, 2 matches" in said) is bool(over)
    assert "the stop key was pressed." in told
