from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from recorder.live import StatusLine, failure_line, status_line, status_words, summary_lines
from recorder.status import (
    DISK_STOP_BYTES,
    Ending,
    Kept,
    RecordReport,
    RecordStatus,
    State,
    Wait,
)
from tests.factories import practice_profile

STATUS = RecordStatus(
    state=State.RECORDING,
    seconds=83.2,
    frames=1664,
    dropped=2,
    held=frozenset({"left", "d"}),
    image=None,
    rate_hz=19.98,
    bytes=41_000_000,
    bytes_per_s=500_000,
    disk_free_bytes=DISK_STOP_BYTES + 18_000_000_000,
)
REPORT = RecordReport(
    frames=1200,
    seconds=60.0,
    rate_hz=20.0,
    dropped=3,
    torn=1,
    late_ticks=4,
    bytes=30_000_000,
    waits=(Wait(State.PAUSED, 2, 12.0),),
    ending=Ending.STOPPED,
)


def drawn(line: StatusLine) -> str:
    console = Console(width=200)
    with console.capture() as said:
        console.print(line)
    return said.get()


@pytest.fixture
def said():
    return []


@pytest.fixture
def line(said):
    return StatusLine(practice_profile(), keeps_last=False, say=said.append, plain=False)


def test_the_status_says_time_rate_drops_size_and_room():
    assert status_words(STATUS) == (
        "1:23 · 20.0 Hz · 2 dropped · 41.0 MB (30.0 MB/min) · disk for 10 h"
    )
    unwatched = replace(STATUS, disk_free_bytes=None)
    assert "disk" not in status_words(unwatched)


def test_the_status_of_a_kept_stretch_says_what_is_in_memory():
    kept = Kept(seconds=42.0, bytes=20_000_000, saved=(Path("a.h5"),))
    words = status_words(replace(STATUS, kept=kept))
    assert "last 42 s kept (20.0 MB) · 1 saved" in words


def test_state_held_keys_and_hot_keys_are_drawn(line):
    line.tell(STATUS)
    words = drawn(line)
    assert "● recording" in words
    assert "held: d left" in words
    assert "F9 pause · F8 discard 10 s · F10 stop" in words
    assert "save" not in words
    line.tell(replace(STATUS, state=State.FOCUS_LOST, held=frozenset()))
    assert "waiting for the game's window" in drawn(line)
    assert "held: no key" in drawn(line)


def test_the_save_key_is_named_where_only_the_last_stretch_is_kept(said):
    line = StatusLine(practice_profile(), keeps_last=True, say=said.append, plain=False)
    line.tell(STATUS)
    assert "F7 save" in drawn(line)


def test_the_countdown_is_drawn_until_the_recording_begins(line):
    line.wait(None)
    assert "click on the game's window" in drawn(line)
    line.wait(3)
    assert "begins in 3" in drawn(line)
    line.tell(STATUS)
    assert "begins in" not in drawn(line)


def test_a_short_disk_is_told_once(line, said):
    line.tell(STATUS)
    assert said == []
    for _ in range(3):
        line.tell(replace(STATUS, disk_free_bytes=900_000_000))
    assert len(said) == 1
    assert "less than 1 GB" in said[0]


def test_without_a_terminal_a_line_comes_now_and_then_and_when_the_state_changes(said):
    now_s = [0.0]
    line = StatusLine(
        practice_profile(), keeps_last=False, say=said.append, plain=True, now_s=lambda: now_s[0]
    )
    for tenth in range(250):
        now_s[0] = tenth / 10
        paused = 125 <= tenth < 130 or tenth >= 140
        line.tell(replace(STATUS, state=State.PAUSED if paused else State.RECORDING))
    states = [words.split(" · ")[0] for words in said]
    assert states == ["recording", "recording", "paused", "recording", "paused", "paused"]


def test_a_terminal_gets_a_live_line_and_a_file_plain_ones(tmp_path):
    with (tmp_path / "log").open("w", encoding="utf-8") as file:
        console = Console(file=file, width=100)
        with status_line(practice_profile(), console, keeps_last=False) as line:
            line.wait(2)
            line.tell(STATUS)
    assert (tmp_path / "log").read_text(encoding="utf-8").splitlines() == [
        "understudy: recording begins in 2",
        f"understudy: recording · {status_words(STATUS)}",
    ]
    console = Console(force_terminal=True, width=100)
    with console.capture() as shown, status_line(practice_profile(), console, keeps_last=False):
        pass
    assert "looking for the game's window" in shown.get()


def test_the_summary_says_what_was_kept_what_was_not_and_what_to_do():
    first, waits, hint = summary_lines(REPORT, [Path("a.h5")])
    assert first == (
        "a.h5: 1200 frames in 1:00 min of play (20.0 Hz), 3 dropped (1 because the window moved "
        "meanwhile), 30.0 MB; stopped."
    )
    assert waits == "Nothing was stored meanwhile: paused 2x, 12 s."
    assert "understudy inspect a.h5" in hint


def test_an_empty_recording_is_told():
    empty = replace(REPORT, frames=0, seconds=0.0, torn=0, waits=())
    assert "never had the focus" in summary_lines(empty, [Path("a.h5")])[-1]
    assert summary_lines(empty, [])[0].startswith("nothing saved")


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Ending.STOPPED, None),
        (Ending.TIME, None),
        (Ending.WINDOW_GONE, "window was closed"),
        (Ending.DISPLAY_GONE, "display is gone"),
        (Ending.DISK_LOW, "disk is nearly full"),
    ],
)
def test_an_ending_that_nobody_asked_for_is_a_failure(ending, words):
    found = failure_line(ending)
    assert (found is None) if words is None else (words in found)
