import json
import os
from dataclasses import replace

import pytest

from agent.guard import Reason
from agent.report import Pace, PlayReport, TickView
from agent.telemetry import LineWriter, Telemetry
from agent.timing import Spread
from data.errors import UnderstudyError
from tests.factories import practice_profile
from tests.fakes import FakeDecided, one_hot, wait_until

PROFILE = practice_profile()
MS = 1_000_000
SAID = {head.name: one_hot(head, {"movement": "up"}) for head in PROFILE.heads}


def view(at_ms, reason=Reason.PLAYING, latency_ms=4):
    return TickView(
        at_ns=at_ms * MS,
        reason=reason,
        held=frozenset({"up"}),
        pace=Pace(19.5, strained=False, late_ticks=2, skipped_ticks=1),
        decided=FakeDecided(SAID),
        stages_ns=(MS, MS, latency_ms * MS, 0, 0),
    )


def told(*views):
    lines = []
    telemetry = Telemetry(PROFILE, lines.append, unix_s=lambda: 1000.0)
    for each in views:
        telemetry.tell(each)
    return [json.loads(line) for line in lines]


def test_there_is_one_line_a_second():
    lines = told(*(view(at_ms) for at_ms in range(70, 3200, 50)))
    assert [(line["event"], line["at"], line["tick"]) for line in lines] == [
        ("tick", 1.0, 21),
        ("tick", 2.0, 41),
        ("tick", 3.0, 61),
    ]


def test_a_second_says_how_it_went():
    early = [view(at_ms, latency_ms=90) for at_ms in range(0, 1050, 50)]
    *_, line = told(*early, *(view(at_ms) for at_ms in range(1050, 2050, 50)))
    assert (line["guard"], line["held"], line["rate_hz"]) == ("PLAYING", ["up"], 19.5)
    assert (line["late_ticks"], line["skipped_ticks"]) == (2, 1)
    assert line["probabilities"]["movement"]["up"] == 0.9
    assert line["latency_ms"] == {"p50": 6.0, "p99": 6.0}, "of that second alone"
    assert line["stages_ms"]["grab"] == {"p50": 1.0, "p99": 1.0}


def test_seconds_that_passed_without_a_tick_are_not_made_up_for():
    lines = told(view(0), view(5100), view(5150), view(6050))
    assert [line["at"] for line in lines] == [5.1, 6.05]


def test_changes_of_the_guard_are_told_at_once():
    lines = told(view(0), view(50, Reason.TAKEOVER), view(100, Reason.TAKEOVER), view(150))
    assert [(line["at"], line["before"], line["guard"]) for line in lines] == [
        (0.05, "PLAYING", "TAKEOVER"),
        (0.15, "TAKEOVER", "PLAYING"),
    ]


def test_start_and_end_are_told():
    lines = []
    telemetry = Telemetry(PROFILE, lines.append)
    telemetry.start({"run": "runs/p"})
    spread = Spread(1.0, 2.0)
    report = PlayReport(
        **dict.fromkeys(("seconds", "ticks", "decisions", "late_ticks", "skipped_ticks"), 1),
        rate_hz=20.0,
        latency_ms=spread,
        stages_ms={"grab": spread},
        stop_reason=Reason.STOPPED,
        takeovers=0,
        waits=(),
        log_dropped=0,
    )
    telemetry.stop(report)
    telemetry.stop(replace(report, stop_reason=Reason.TIME))
    telemetry.fail(UnderstudyError("the disk is full."))
    first, *ends = [json.loads(line) for line in lines]
    assert (first["event"], first["run"]) == ("start", "runs/p")
    assert [end.get("report", {}).get("stop_reason", end.get("error")) for end in ends] == [
        "stopped",
        "time is up",
        "the disk is full.",
    ]


def test_lines_are_appended_to_a_file_whole(tmp_path):
    path = tmp_path / "t.jsonl"
    for start in (0, 100):
        with LineWriter(str(path)) as writer:
            for number in range(start, start + 100):
                writer.write(str(number))
    assert path.read_text().split() == [str(number) for number in range(200)]
    assert writer.lost == 0


def test_a_reader_that_stops_reading_delays_nobody(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = LineWriter(str(pipe))
    line = "x" * 4000
    while writer.lost < 10:
        writer.write(line)
    assert writer._thread.is_alive()
    os.close(reader)
    wait_until(lambda: not writer._thread.is_alive(), "the writer gives up")
    writer.write(line)
    writer.close()


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(UnderstudyError, match=r"telemetry can't be written: .* another file"):
        LineWriter(str(tmp_path / "no" / "t.jsonl"))
