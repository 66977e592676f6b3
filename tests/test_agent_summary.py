import io
import os
import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from rich.console import Console

from agent import summary, telemetry
from agent.commands import _summarise
from agent.guard import Reason
from agent.report import Pace, PlayReport, TickView, Wait
from agent.summary import PLAIN_S, WARN_AGAIN_S, PlayLine, play_line, summary_lines
from agent.timing import Spread
from data.live_line import CALM_S
from tests.fakes import wait_until

FINE = Pace(20.0, strained=False, late_ticks=0, skipped_ticks=0)
STRAINED = Pace(15.5, strained=True, late_ticks=3, skipped_ticks=9)
REPORT = PlayReport(
    seconds=75.0,
    ticks=1500,
    decisions=1400,
    late_ticks=3,
    skipped_ticks=0,
    rate_hz=20.0,
    latency_ms=Spread(5.0, 9.0),
    stages_ms={},
    stop_reason=Reason.STOP_KEY,
    takeovers=2,
    waits=(),
    log_dropped=0,
)


def view(reason=Reason.PLAYING, pace=FINE, held=("up", "d")):
    return TickView(0, reason, frozenset(held), pace, stages_ns=(1_000_000, 0, 4_000_000, 0, 0))


class Teller:
    def __init__(self, *, plain=True):
        self.now_s = 100.0
        self.said = []
        self.line = PlayLine(
            stop_key="f12",
            rate_hz=20.0,
            say=self.said.append,
            plain=plain,
            now_s=lambda: self.now_s,
        )

    def tell(self, after_s, **more):
        self.now_s += after_s
        self.line.tell(view(**more))


def test_every_guard_names_itself_on_the_screen():
    for reason in Reason:
        teller = Teller(plain=False)
        teller.tell(0, reason=reason)
        assert str(reason) in str(teller.line.__rich__())


def test_the_line_says_what_is_held_and_what_stops():
    teller = Teller(plain=False)
    assert "looking for the game's window" in str(teller.line.__rich__())
    teller.tell(0)
    drawn = str(teller.line.__rich__())
    assert "playing · 20.0 Hz · 5.0 ms from screen to key" in drawn
    assert "F12 stops · held: d up" in drawn
    teller.tell(0, held=(), pace=STRAINED)
    assert "12 ticks late or left out" in str(teller.line.__rich__())
    assert "held: no key" in str(teller.line.__rich__())


def test_without_a_terminal_a_change_is_a_line_and_so_is_a_minute():
    teller = Teller()
    for _ in range(100):
        teller.tell(0.05)
    teller.tell(CALM_S, reason=Reason.TAKEOVER)
    teller.tell(CALM_S / 2)
    teller.tell(CALM_S)
    teller.tell(PLAIN_S)
    starts = [line.split(" · ")[0] for line in teller.said]
    told = ["playing", "a person is playing", "playing", "playing"]
    assert starts == [f"understudy: {words}" for words in told]


def test_without_a_terminal_a_machine_that_falls_behind_is_told_once_a_minute():
    teller = Teller()
    for _ in range(100):
        teller.tell(0.05, pace=STRAINED)
    (warning,) = warnings_of(teller)
    assert "reaches 15.5 of 20 ticks a second" in warning
    teller.tell(WARN_AGAIN_S, pace=STRAINED)
    assert len(warnings_of(teller)) == 2


def warnings_of(teller):
    return [line for line in teller.said if "this machine reaches" in line]


def test_on_a_terminal_it_is_drawn_for_as_long_as_that_lasts():
    teller = Teller(plain=False)
    teller.tell(0, pace=STRAINED)
    assert "reaches 15.5 of 20 ticks a second" in str(teller.line.__rich__())
    teller.tell(0.05)
    assert "this machine" not in str(teller.line.__rich__())
    assert teller.said == [], "what is printed within a tick delays it"


def test_a_terminal_is_drawn_on_and_left_clean():
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=80)
    with play_line(stop_key="f12", rate_hz=20, console=console, plain=False) as line:
        line.tell(view())
    assert "playing" in drawn.getvalue()


@pytest.fixture
def unread(monkeypatch):
    """A console on a pipe that is full, and its other end, which nobody reads."""
    monkeypatch.setattr(telemetry, "CLOSE_S", 0.1)
    monkeypatch.setattr(summary, "PLAIN_S", 0.0)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    with open(writer, "w", encoding="utf-8", buffering=1) as file:  # noqa: PTH123
        yield Console(file=file, soft_wrap=True), reader
    with suppress(OSError):
        os.close(reader)


def test_a_reader_that_stops_reading_delays_neither_play_nor_its_end(unread):
    console, reader = unread
    done = []

    def played():
        with play_line(stop_key="f12", rate_hz=20, console=console, plain=True) as line:
            for _ in range(2 * telemetry.MOST_WAITING):
                line.tell(view(pace=STRAINED))
            done.append("play")
            _summarise(REPORT, as_json=False, apart=line.say)
        done.append("end")

    playing = threading.Thread(target=played, daemon=True)
    playing.start()
    try:
        wait_until(lambda: done == ["play", "end"], "play ends")
    finally:
        os.close(reader)  # whoever still waits for it gives up
        playing.join()


def test_without_a_terminal_lines_are_written_whole_and_the_console_stays_open(tmp_path):
    path = tmp_path / "err.txt"
    with path.open("w", encoding="utf-8") as file:
        console = Console(file=file, soft_wrap=True)
        with play_line(stop_key="f12", rate_hz=20, console=console, plain=True) as line:
            line.tell(view())
            line.say("one [bold] word")
        console.print("after")
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith("understudy: playing · 20.0 Hz")
    assert rest == ["one [bold] word", "after"]


def test_the_summary_says_how_it_went():
    (line,) = summary_lines(REPORT)
    assert line == (
        "played 1:15 min at 20.0 Hz; screen to key 5.0 ms (p99 9.0), 3 late ticks: "
        "the stop key was pressed."
    )


def test_the_summary_says_what_kept_it_from_playing():
    waits = (Wait(Reason.TAKEOVER, 2, 4.5), Wait(Reason.FROZEN, 1, 70.0))
    lines = summary_lines(replace(REPORT, waits=waits, skipped_ticks=4, log_dropped=7))
    assert "3 late ticks, 4 left out" in lines[0]
    assert "a person is playing 2x, 4.5 s; the picture stands still 1x, 1:10 min" in lines[1]
    assert "lacks 7 frames" in lines[2]
