import os
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from data.paths import part_path
from gui.jobs.line import Ended, How
from gui.record.leftovers import leftovers_in, repair_failure
from gui.record.outcome import NOTHING, NOTHING_KEPT, outcome_of
from gui.record.words import (
    GameSeen,
    banner,
    button_texts,
    figures,
    kept_words,
    lasting,
    megabytes,
    missing_words,
    name_problem,
    preview_banner,
    proposed_name,
    recording_path,
    waiting_banner,
    why_not_record,
)
from gui.studio import Game
from recorder.desktop import Recorded
from recorder.status import Ending, Kept, RecordReport, RecordStatus, State, Wait
from tests.factories import altered_profile, practice_profile

TODAY = date(2026, 11, 21)


def report(ending: Ending = Ending.STOPPED, waits: tuple[Wait, ...] = ()) -> RecordReport:
    return RecordReport(40, 2.0, 20.0, 0, 0, 0, 1000, waits, ending)


def status(**changes: object) -> RecordStatus:
    given = {
        "state": State.RECORDING,
        "seconds": 83.4,
        "frames": 1660,
        "dropped": 2,
        "held": frozenset(),
        "image": None,
        "rate_hz": 19.96,
        "bytes": 41_000_000,
        "bytes_per_s": 500_000.0,
        "disk_free_bytes": 10_000_000_000,
    }
    return RecordStatus(**(given | changes))


def test_a_name_is_proposed_that_is_free(tmp_path: Path):
    assert proposed_name("tiny", tmp_path, TODAY) == "tiny-2026-11-21-1"
    recording_path(tmp_path, "tiny-2026-11-21-1").touch()
    part_path(recording_path(tmp_path, "tiny-2026-11-21-2")).touch()
    assert proposed_name("tiny", tmp_path, TODAY) == "tiny-2026-11-21-3"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("  ", "Give the recording a name"),
        (".h5", "Give the recording a name"),
        ("a/b", "'/'"),
        ("a:b", "':'"),
        ("..", "full stop"),
        ("x" * 81, "80 characters"),
        ("there", "already"),
        ("there.h5", "already"),
        ("cut-short", "already"),
    ],
)
def test_a_name_that_will_not_do_is_told(tmp_path: Path, name: str, said: str):
    (tmp_path / "there.h5").touch()
    (tmp_path / "cut-short.h5.part").touch()
    assert said in name_problem(tmp_path, name)


def test_a_name_that_will_do_names_a_file_in_the_folder(tmp_path: Path):
    assert not name_problem(tmp_path, " My match 3.h5 ")
    assert recording_path(tmp_path, " My match 3.h5 ") == tmp_path / "My match 3.h5"


def test_recording_needs_a_name_and_the_game():
    assert why_not_record("no name", GameSeen.OPEN) == "no name"
    assert "not open" in why_not_record("", GameSeen.MISSING)
    assert not why_not_record("", GameSeen.OPEN)
    assert not why_not_record("", GameSeen.UNKNOWN)


def test_what_to_do_without_a_game_depends_on_the_game():
    assert "button on the right" in missing_words(Game("practice", practice_profile()))
    other = missing_words(Game("tiny.toml", altered_profile(name="tiny")))
    assert "tiny" in other
    assert "Start the game" in other


def test_the_banner_says_what_keeps_pictures_from_being_stored():
    assert banner(State.RECORDING) == ""
    assert "Click into the game" in banner(State.FOCUS_LOST)
    assert all(banner(state) for state in State if state is not State.RECORDING)
    assert waiting_banner(3) == "Begins in 3"
    assert "Click into the game" in waiting_banner(None)
    assert preview_banner(shown=True, covered=False) == ""
    assert "covers" in preview_banner(shown=True, covered=True)
    assert "minimised" in preview_banner(shown=False, covered=False)


def test_buttons_name_the_hot_keys_of_the_profile():
    hotkeys = {"pause": "f1", "discard": "f2", "save": "f3", "stop": "f4"}
    profile = altered_profile(hotkeys=hotkeys)
    texts = button_texts(profile, paused=False, keep_last_s=30.0)
    assert texts == [
        "&Pause  (F1)",
        "&Stop  (F4)",
        "Forge&t the last 10 s  (F2)",
        "S&ave the last 30 s  (F3)",
    ]
    assert button_texts(profile, paused=True, keep_last_s=None)[0] == "&Go on  (F1)"


def test_figures_are_what_the_recorder_tells():
    found = figures(status())
    assert found == {
        "Time": "1:23",
        "Pictures a second": "20.0",
        "Missed": "2",
        "Size": "41.0 MB",
        "In a minute": "30.0 MB",
        "Disk lasts for": "5 h",
    }
    assert set(figures(None).values()) == {"-"}
    assert list(figures(None)) == list(found)


def test_of_a_last_stretch_it_is_told_what_is_kept_and_saved():
    kept = Kept(28.0, 14_000_000, ())
    assert figures(status(kept=kept))["Size"] == "14.0 MB"
    assert kept_words(kept) == "The last 28 s are kept."
    assert kept_words(replace(kept, saved=(Path("a.h5"), Path("a-2.h5")))).endswith(
        "Saved: a, a-2."
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "-"), (600, "10 min"), (7200, "2 h"), (1e6, "over 100 h")],
)
def test_the_disk_lasts_in_round_figures(seconds, said):
    assert lasting(seconds) == said


def test_large_files_are_told_in_gigabytes():
    assert (megabytes(12_300_000), megabytes(2.5e9)) == ("12.3 MB", "2.50 GB")


def test_a_whole_recording_is_shown_with_what_interrupted_it(tmp_path: Path):
    path = tmp_path / "a.h5"
    waits = (Wait(State.PAUSED, 1, 5.0), Wait(State.FOCUS_LOST, 2, 3.0))
    done = Recorded(report(waits=waits), (path,))
    found = outcome_of(Ended(How.STOPPED, result=done), path, game_was_to_end=False)
    assert (found.sentence, found.files) == ("", (path,))
    assert "5.0 s as it was paused" in found.remarks[0]
    assert "3.0 s as another window" in found.remarks[0]


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Ending.WINDOW_GONE, "window was closed"),
        (Ending.DISPLAY_GONE, "display is gone"),
        (Ending.DISK_LOW, "nearly full"),
    ],
)
def test_why_a_recording_ended_by_itself_is_told(tmp_path: Path, ending: Ending, said: str):
    path = tmp_path / "a.h5"
    ended = Ended(How.DONE, result=Recorded(report(ending), (path,)))
    found = outcome_of(ended, path, game_was_to_end=False)
    assert said in found.sentence
    assert found.error
    assert found.files == (path,)


def test_a_match_that_is_over_is_no_error(tmp_path: Path):
    ended = Ended(How.DONE, result=Recorded(report(Ending.WINDOW_GONE), (tmp_path / "a.h5",)))
    found = outcome_of(ended, tmp_path / "a.h5", game_was_to_end=True)
    assert (found.sentence, found.error, found.window_closed) == ("", False, True)


def test_a_failure_names_the_file_that_is_whole(tmp_path: Path):
    path = tmp_path / "a.h5"
    ended = Ended(How.FAILED, "the screen can't be read.")
    assert outcome_of(ended, path, game_was_to_end=False).files == ()
    path.touch()
    found = outcome_of(ended, path, game_was_to_end=False)
    assert found.files == (path,)
    assert found.sentence == "the screen can't be read. a.h5 is whole."


def test_a_dead_process_is_told_as_cut_short(tmp_path: Path):
    ended = Ended(How.DIED, "the process behind it was killed (signal 9).")
    found = outcome_of(ended, tmp_path / "a.h5", game_was_to_end=False)
    assert found.error
    assert found.sentence.startswith("Cut short: the process")


def test_nothing_recorded_is_told_without_alarm(tmp_path: Path):
    path = tmp_path / "a.h5"
    before = outcome_of(Ended(How.STOPPED), path, game_was_to_end=False)
    assert (before.sentence, before.error, before.files) == (NOTHING, False, ())
    unsaved = Ended(How.STOPPED, result=Recorded(report(), ()))
    found = outcome_of(unsaved, path, game_was_to_end=False)
    assert (found.sentence, found.error) == (NOTHING_KEPT, False)


def test_a_failed_repair_names_the_file_and_no_command(tmp_path: Path):
    part = tmp_path / "a.h5.part"
    said = f"{part}: not a recording (HDF5 can't open it). Record one with 'understudy record'."
    assert repair_failure(part, said) == (
        "The file a.h5.part can't be repaired. Not a recording (HDF5 can't open it)."
    )


def test_leftovers_are_unfinished_files_that_nobody_writes_any_more(tmp_path: Path):
    now_s = time.time()
    for name in ("old.h5.part", "new.h5.part", "whole.h5", "other.part"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "old.h5.part", (now_s - 60, now_s - 60))
    assert leftovers_in(tmp_path, before_s=now_s - 10) == [tmp_path / "old.h5.part"]
    assert len(leftovers_in(tmp_path, before_s=now_s + 60)) == 2
    assert leftovers_in(tmp_path / "nowhere", before_s=now_s) == []
