from datetime import date
from pathlib import Path

import pytest

from agent.guard import GUARDS, Reason
from agent.trial import Interval
from gui.jobs.corrections import Corrected, PolicyRun, material_of
from gui.jobs.line import Ended, How
from gui.jobs.play import Played, PlayTick, Stage
from gui.jobs.practice import Counted, Goals
from gui.play.kept_score import Score, keep_score, kept_score, score_path, score_words
from gui.play.live import key_chances
from gui.play.player import problem_of
from gui.play.summary_card import summary
from gui.play.words import (
    about_run,
    banner,
    corrections,
    figures,
    log_path,
    lost,
    stage_words,
    state,
)
from gui.play_page import profile_for
from gui.studio import Game
from tests.factories import altered_profile, practice_profile

PROFILE = practice_profile()


def policy_run(folder: Path = Path("bot"), **more) -> PolicyRun:
    return PolicyRun(folder, PROFILE, 0.0, ("a", "b"), **more)


def tick(**more) -> PlayTick:
    values = {
        "at_s": 12.0,
        "reason": Reason.PLAYING,
        "held": frozenset(),
        "image": None,
        "seen": (),
        "chances": {},
        "latency_ms": 5.06,
        "rate_hz": 19.96,
        "late_ticks": 3,
        "skipped_ticks": 1,
    }
    return PlayTick(**(values | more))


def test_every_guard_has_words_over_the_picture_and_playing_has_none():
    told = {reason: banner(reason, yours=False) for reason in GUARDS}
    assert all(told.values())
    assert len(set(told.values())) == len(GUARDS)
    assert banner(Reason.PLAYING, yours=False) == ""
    assert banner(Reason.FOCUS_LOST, yours=True) == "Click into the game and play"
    assert banner(Reason.TAKEOVER, yours=True) != told[Reason.TAKEOVER]


@pytest.mark.parametrize(
    ("reason", "dry_run", "expected"),
    [
        (Reason.PLAYING, False, "The bot plays"),
        (Reason.PLAYING, True, "The bot thinks, and presses nothing"),
        (Reason.TAKEOVER, True, "You play"),
        (Reason.FROZEN, False, "The bot waits"),
    ],
)
def test_who_plays(reason, dry_run, expected):
    assert state(reason, dry_run=dry_run) == expected


def test_how_far_play_has_come_names_the_window_to_open():
    assert "'Understudy Practice'" in stage_words(Stage.WAITING, PROFILE, opens=False)
    assert stage_words(Stage.WAITING, PROFILE, opens=True) == "Opening the game..."
    assert stage_words(Stage.LOADING, PROFILE, opens=True) == "Loading the bot..."


def test_one_line_of_figures_leaves_out_what_was_not_measured():
    expected = "12 s · 20.0 decisions a second · 5.1 ms from screen to key · 3 late, 1 left out"
    assert figures(tick()) == expected
    assert "ms" not in figures(tick(latency_ms=None))


def test_a_flight_log_gets_a_name_that_no_file_has(tmp_path):
    day = date(2026, 11, 21)
    assert log_path(tmp_path, "me", day).name == "me-2026-11-21-1.h5"
    (tmp_path / "me-2026-11-21-1.h5").touch()
    (tmp_path / "me-2026-11-21-2.h5.part").touch()
    assert log_path(tmp_path, "me", day).name == "me-2026-11-21-3.h5"


def test_corrections_are_counted_in_words():
    assert corrections(Corrected()).startswith("None yet.")
    one = Corrected(1, 4.2, (Path("a.h5"),))
    assert corrections(one) == "You took over once, 4.2 s in all, in one flight log."
    more = Corrected(3, 70, (Path("a.h5"), Path("b.h5")))
    assert corrections(more) == "You took over 3 times, 1:10 min in all, in 2 flight logs."


def test_lost_recordings_are_named():
    assert lost([], found=3) == ""
    assert lost(["a", "b", "c", "d"], found=3).endswith("left out: a, b, c and 1 more.")
    assert "put them back" in lost(["a"], found=0)


def test_a_run_of_another_game_is_told():
    assert "another one: mine" in about_run(policy_run(), altered_profile(name="mine"))
    assert "another" not in about_run(policy_run(), PROFILE)


def test_the_chosen_games_window_is_played_when_it_is_the_runs_game():
    assert profile_for(policy_run(), Game("practice", PROFILE, "^My title")).title == "^My title"
    other = altered_profile(name="mine", title="Mine")
    assert profile_for(policy_run(), Game("mine", other)) == PROFILE


def test_only_what_went_wrong_is_a_problem():
    assert problem_of(Ended(How.DONE)) == problem_of(Ended(How.STOPPED, "stopped")) == ""
    assert problem_of(Ended(How.FAILED, "no such run.")) == "no such run."
    assert problem_of(Ended(How.DIED, "killed.")).endswith("killed. The keys have been let go.")


def test_the_summary_begins_with_the_score_and_ends_with_the_file():
    played = Played(("played 5 s.",), Reason.TIME, 0, Path("logs/a.h5"))
    told = ["The match ended 2 : 1.", "Played 5 s.", "Written to a.h5."]
    assert summary(played, Goals(2, 1)) == told


def test_a_key_of_two_heads_shows_the_likelier_one():
    heads = {head.name: dict.fromkeys(head.names, 0.0) for head in PROFILE.heads}
    heads["movement"] |= {"up": 0.2, "up_right": 0.5}
    chances = key_chances(PROFILE, tick(chances=heads))
    assert chances["up"] == pytest.approx(0.7)
    assert chances["right"] == pytest.approx(0.5)
    assert key_chances(PROFILE, tick()) == {}


def test_recordings_are_found_where_they_were_or_in_the_folders(tmp_path):
    known, log = tmp_path / "elsewhere" / "a.h5", tmp_path / "log.h5"
    known.parent.mkdir()
    known.touch()
    places = [tmp_path, tmp_path / "flights"]
    found = material_of(policy_run(sources=(known,)), Corrected(1, 1.0, (log,)), places)
    assert found == ([known, log], ["b"])
    (tmp_path / "b.h5").touch()
    found = material_of(policy_run(sources=(known,)), Corrected(1, 1.0, (log,)), places)
    assert found == ([known, tmp_path / "b.h5", log], [])


def test_a_score_is_kept_until_the_run_is_trained_again(tmp_path):
    weights = tmp_path / "checkpoint.safetensors"
    weights.touch()
    counted = Counted(20, Interval(1.5, 1.0, 2.0), Interval(0.5, 0.25, 0.75))
    score = Score(counted, Counted(20, Interval(3.0, 2.5, 3.5), Interval(0.0, 0.0, 0.0)))
    assert kept_score(tmp_path, "beginner") is None
    assert keep_score(tmp_path, "beginner", score) == ""
    assert kept_score(tmp_path, "beginner") == score
    assert kept_score(tmp_path, "amateur") is None
    assert "1.5 goals (95%: 1.0 to 2.0)" in score_words(score)
    weights.write_bytes(b"other")
    assert kept_score(tmp_path, "beginner") is None
    keep_score(tmp_path, "beginner", score)
    score_path(tmp_path, "beginner").write_text("{")
    assert kept_score(tmp_path, "beginner") is None
