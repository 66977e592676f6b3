from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from data.errors import DisplayError
from data.keys import without_repeats
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from recorder.controls import Controls
from recorder.keyboard import PynputKeys
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.session import record
from recorder.status import Ending, State
from recorder.window import find_window
from tests.factories import capture_facts, practice_profile
from tests.fakes import FakeClock, FakeKeys, FakeScreen, FakeWindow, strokes, wait_until

MS = 1_000_000


class Session:
    """Everything that `record` needs, faked, and what it left behind."""

    def __init__(self, folder: Path, *events, cost_ms=0.0):
        self.clock = FakeClock()
        self.screen = FakeScreen(self.clock, cost_ms=cost_ms)
        self.keys = FakeKeys(self.clock, events)
        self.window = FakeWindow()
        self.controls = Controls()
        self.path = folder / "game.h5"
        self.statuses = []

    def run(self, seconds=1.0, stop=lambda: False, window=True, free_bytes=None):
        facts = capture_facts()
        with RecordingWriter(self.path, profile=practice_profile(), facts=facts) as writer:
            report = record(
                screen=self.screen,
                keys=self.keys,
                window=self.window if window else None,
                writer=writer,
                clock=self.clock,
                rate_hz=20,
                seconds=seconds,
                stop=stop,
                on_status=self.statuses.append,
                controls=self.controls,
                free_bytes=free_bytes,
            )
        with Recording(self.path) as found:
            self.times_ms = [int(at) // MS for at in found.times_ns]
            self.events = [(e.at_ns // MS, e.key, e.down) for e in found.key_events()]
            self.spans = [(s.kind, s.start_ns // MS, s.end_ns // MS) for s in found.spans()]
            self.counters = found.counters
            self.segments = found.segments()
        return report

    def set_focus(self, at_ms, *, focused):
        self.clock.plan(at_ms, lambda: setattr(self.window, "has_focus", focused))


@pytest.mark.parametrize("window", [True, False])
def test_frames_come_at_the_rate_with_the_keys_between_them(tmp_path, window):
    session = Session(tmp_path, *strokes("d", 120, 310), *strokes("left", 130, 480))
    report = session.run(0.5, window=window)
    assert session.times_ms == list(range(0, 500, 50))
    assert session.events == [
        (120, "d", True),
        (130, "left", True),
        (310, "d", False),
        (480, "left", False),
    ]
    assert (report.frames, report.seconds, report.rate_hz) == (10, 0.5, 20)
    assert (report.dropped, report.late_ticks, report.ending) == (0, 0, Ending.TIME)
    assert report.bytes > 1000
    assert session.spans == []


def test_without_the_focus_nothing_is_stored(tmp_path):
    typed_elsewhere = [*strokes("a", 430, 460), *strokes("s", 520, 540)]
    session = Session(tmp_path, *typed_elsewhere)
    session.set_focus(410, focused=False)
    session.set_focus(610, focused=True)
    report = session.run(1.0)
    assert session.times_ms == [*range(0, 401, 50), *range(700, 1000, 50)]
    assert session.events == []
    assert session.spans == [(SpanKind.FOCUS_LOST, 450, 650)]
    assert session.segments == [(0, 9), (9, 15)]
    assert report.seconds == pytest.approx(0.8)
    assert report.rate_hz == pytest.approx(15 / 0.8)


def test_a_focus_that_was_away_between_two_looks_costs_that_tick(tmp_path):
    session = Session(tmp_path, *strokes("left", 100, 700), *strokes("s", 420, 440))
    session.clock.plan(430, lambda: setattr(session.window, "absences", 1))
    session.run(1.0)
    assert session.times_ms == [*range(0, 401, 50), *range(550, 1000, 50)]
    assert session.events == [
        (100, "left", True),
        (450, "left", False),
        (500, "left", True),
        (700, "left", False),
    ]
    assert session.spans == [(SpanKind.FOCUS_LOST, 450, 500)]


def test_a_picture_during_which_the_focus_left_is_not_stored(tmp_path):
    session = Session(tmp_path, cost_ms=10)
    session.set_focus(105, focused=False)  # the picture of 100 ms is being taken
    session.run(0.3)
    assert session.times_ms == [0, 50]


def test_keys_held_when_the_focus_leaves_are_released_and_held_again_on_return(tmp_path):
    kept = strokes("left", 100, 900)
    let_go = strokes("d", 100, 500)
    taken_up = strokes("s", 500, 950)
    session = Session(tmp_path, *kept, *let_go, *taken_up)
    session.set_focus(390, focused=False)
    session.set_focus(610, focused=True)
    session.run(1.2)
    assert sorted(session.events) == [
        (100, "d", True),
        (100, "left", True),
        (400, "d", False),
        (400, "left", False),
        (650, "left", True),
        (650, "s", True),
        (900, "left", False),
        (950, "s", False),
    ]


def test_a_key_let_go_while_the_window_is_looked_at_on_return_is_not_held_on(tmp_path):
    session = Session(tmp_path, *strokes("left", 100, 615))
    session.set_focus(390, focused=False)
    session.set_focus(610, focused=True)
    state = session.window.state

    def look():
        session.clock.sleep_until_ns(session.clock.now_ns() + 10 * MS)  # asking the system takes it
        return state()

    session.window.state = look
    session.run(1.2)
    assert session.events == [
        (100, "left", True),
        (410, "left", False),
        (610, "left", True),
        (615, "left", False),
    ]


def test_keys_held_at_the_beginning_and_the_end_are_whole_strokes(tmp_path):
    session = Session(tmp_path, *strokes("left", -300), *strokes("d", -200, -100))
    session.run(0.3)
    assert session.events == [(0, "left", True), (300, "left", False)]


def test_a_pause_is_a_span_without_frames(tmp_path):
    session = Session(tmp_path)
    session.clock.plan(210, session.controls.pause)
    session.clock.plan(410, session.controls.resume)
    session.run(0.6)
    assert session.spans == [(SpanKind.PAUSED, 250, 450)]
    assert session.times_ms == [0, 50, 100, 150, 200, 500, 550]
    assert {status.state for status in session.statuses} == {State.RECORDING, State.PAUSED}


def test_a_session_that_ends_in_a_pause_closes_its_span(tmp_path):
    session = Session(tmp_path)
    session.clock.plan(210, session.controls.pause)
    assert session.run(0.5).seconds == pytest.approx(0.25)
    assert session.spans == [(SpanKind.PAUSED, 250, 500)]


def test_a_discard_in_the_last_tick_still_counts(tmp_path):
    session = Session(tmp_path)

    def stop():
        if session.clock.now_ns() < 700 * MS:
            return False
        session.controls.discard_last(0.3)
        return True

    session.run(stop=stop)
    assert session.spans == [(SpanKind.DISCARDED, 400, 700)]


def test_the_last_seconds_can_be_discarded(tmp_path):
    session = Session(tmp_path)
    session.clock.plan(790, lambda: session.controls.discard_last(0.5))
    session.clock.plan(1100, lambda: session.controls.discard_last(60))
    session.run(1.2)
    assert session.spans == [(SpanKind.DISCARDED, 300, 800), (SpanKind.DISCARDED, 0, 1100)]


def test_frames_that_come_too_late_are_counted_not_made_up(tmp_path):
    session = Session(tmp_path, cost_ms=110)
    report = session.run(1.2)
    assert report.frames == 11
    assert report.dropped == session.counters["dropped"] == 12
    assert all(later - earlier >= 110 for earlier, later in pairwise(session.times_ms))
    assert report.late_ticks == session.counters["late_ticks"] > 0


def test_it_ends_when_the_window_is_closed(tmp_path):
    session = Session(tmp_path, *strokes("d", 100))
    session.clock.plan(320, lambda: setattr(session.window, "closed", True))
    report = session.run(None)
    assert report.ending is Ending.WINDOW_GONE
    assert session.events == [(100, "d", True), (350, "d", False)]
    assert session.times_ms == list(range(0, 301, 50))


def test_it_ends_when_asked(tmp_path):
    session = Session(tmp_path)
    report = session.run(None, stop=lambda: session.clock.now_ns() >= 200 * MS)
    assert (report.ending, report.frames) == (Ending.STOPPED, 4)


def test_a_change_of_the_windows_size_is_marked(tmp_path):
    session = Session(tmp_path)
    session.clock.plan(220, lambda: setattr(session.screen, "size", (960, 540)))
    session.run(0.4)
    assert session.spans == [(SpanKind.RESIZED, 200, 250)]
    assert session.times_ms == list(range(0, 400, 50))


def test_it_tells_how_it_is_getting_on(tmp_path):
    session = Session(tmp_path, *strokes("d", 420, 480))
    session.run(1.0)
    assert len(session.statuses) == 10
    status = session.statuses[4]
    assert (status.frames, status.held) == (9, frozenset())
    assert session.statuses[-1].seconds == pytest.approx(0.9)
    assert status.image.shape == (270, 480, 3)


def test_a_screen_that_fails_leaves_a_whole_recording(tmp_path):
    session = Session(tmp_path, *strokes("d", 100))

    def broken():
        raise DisplayError("the screen can't be read")

    session.clock.plan(320, lambda: setattr(session.screen, "grab", broken))
    with pytest.raises(DisplayError, match="can't be read"):
        session.run(None)
    with Recording(session.path) as found:
        assert found.complete
        assert found.frame_count == 7
        assert [event.down for event in found.key_events()] == [True, False]


def test_a_real_window_and_real_keys_are_recorded(tmp_path, desk):
    desk.window("Tiny Game", size=(480, 270))
    window = find_window("Tiny Game", timeout_s=10)
    window.activate()
    wait_until(window.focused, "the window is up")
    clock, statuses = MonotonicClock(), []
    screen, keys = MssScreen(window.rect), PynputKeys({"d", "left"})
    path = tmp_path / "real.h5"

    def stop():  # called on every tick: it plays the person's part, too
        frames = statuses[-1].frames if statuses else 0
        for at, move, key in ((2, desk.press, "left"), (6, desk.tap, "d")):
            if frames >= at and (key, at) not in played:
                played.add((key, at))
                move(key)
        return frames >= 12

    played: set[tuple[str, int]] = set()
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts(60)) as writer:
        report = record(
            screen=screen,
            keys=keys,
            window=window,
            writer=writer,
            clock=clock,
            rate_hz=60,
            seconds=30,
            stop=stop,
            on_status=statuses.append,
        )
    for device in (screen, keys, window):
        device.close()
    assert report.ending is Ending.STOPPED
    with Recording(path) as found:
        assert np.abs(found.frame(5).astype(int) - [200, 120, 40]).max() < 12
        events = found.key_events()
        assert [(e.key, e.down) for e in events if e.key == "d"] == [("d", True), ("d", False)]
        assert [(e.key, e.down) for e in events if e.key == "left"] == [
            ("left", True),
            ("left", False),
        ]
        assert without_repeats(events) == events
        assert found.times_ns[0] < events[0].at_ns < found.times_ns[-1]
