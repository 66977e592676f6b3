from dataclasses import replace

import pytest

from data.schema import SpanKind
from recorder.status import DISK_STOP_BYTES, Ending, State
from recorder.window import Rect
from tests.fakes import strokes
from tests.test_recorder_session import Session

HERE = Rect(100, 50, 480, 270)


def moved(rect: Rect, right_px: int) -> Rect:
    return replace(rect, left_px=rect.left_px + right_px)


class Placed(Session):
    """A session whose pictures and window have a place on the screen."""

    def __init__(self, folder, *events, cost_ms=0.0):
        super().__init__(folder, *events, cost_ms=cost_ms)
        self.place(HERE)

    def place(self, rect):
        self.screen.where = self.window.where = rect

    def plan_place(self, at_ms, rect):
        self.clock.plan(at_ms, lambda: self.place(rect))

    def set_window(self, at_ms, **fields):
        for name, value in fields.items():
            self.clock.plan(at_ms, lambda name=name, value=value: setattr(self.window, name, value))


def test_a_covered_window_is_not_recorded_and_a_span_says_so(tmp_path):
    session = Placed(tmp_path, *strokes("left", 100, 700), *strokes("d", 430, 460))
    session.set_window(410, is_covered=True)
    session.set_window(610, is_covered=False)
    report = session.run(1.0)
    assert session.times_ms == [*range(0, 401, 50), *range(700, 1000, 50)]
    assert session.spans == [(SpanKind.COVERED, 450, 650)]
    assert session.events == [
        *((100, "left", True), (450, "left", False)),
        *((650, "left", True), (700, "left", False)),
    ]
    assert session.segments == [(0, 9), (9, 15)]
    assert [(wait.why, wait.times, wait.seconds) for wait in report.waits] == [
        (State.COVERED, 1, pytest.approx(0.2))
    ]


def test_a_minimised_window_counts_as_one_without_the_focus(tmp_path):
    session = Placed(tmp_path)
    session.set_window(210, where=None)
    session.set_window(410, where=HERE)
    session.run(0.6)
    assert session.spans == [(SpanKind.FOCUS_LOST, 250, 450)]
    assert session.times_ms == [0, 50, 100, 150, 200, 500, 550]


def test_a_picture_during_which_the_window_moved_is_dropped_and_counted(tmp_path):
    session = Placed(tmp_path, *strokes("d", 101, 109), cost_ms=10)
    session.set_window(105, where=moved(HERE, 30))  # the picture of 100 ms is being taken
    session.clock.plan(111, lambda: session.place(moved(HERE, 30)))
    report = session.run(0.3)
    assert session.times_ms == [0, 50, 150, 200, 250]
    assert (report.dropped, report.torn) == (1, 1)
    assert session.counters["dropped"] == 1
    assert session.spans == [(SpanKind.MOVED, 50, 150)]
    assert session.events == [(101, "d", True), (109, "d", False)]  # the focus never left


def test_a_move_is_one_span_however_long_the_window_is_dragged(tmp_path):
    session = Placed(tmp_path)
    for index in range(4):
        session.plan_place(210 + 50 * index, moved(HERE, 10 * index + 10))
    session.run(0.8)
    assert session.spans == [(SpanKind.MOVED, 200, 400)]
    assert session.times_ms == list(range(0, 800, 50))


def test_a_move_that_lasts_until_the_end_is_marked(tmp_path):
    session = Placed(tmp_path)
    session.plan_place(160, moved(HERE, 10))
    session.run(0.25)
    assert session.spans == [(SpanKind.MOVED, 150, 200)]


def test_a_window_that_moves_and_changes_its_size_is_marked_as_both(tmp_path):
    session = Placed(tmp_path)

    def grow():
        session.place(Rect(0, 0, 960, 540))
        session.screen.size = (960, 540)

    session.clock.plan(120, grow)
    session.run(0.4)
    assert sorted(session.spans) == [(SpanKind.RESIZED, 100, 150), (SpanKind.MOVED, 100, 150)]


def test_a_discard_during_a_pause_marks_the_play_before_it(tmp_path):
    session = Session(tmp_path)
    session.clock.plan(610, session.controls.pause)
    session.clock.plan(900, lambda: session.controls.discard_last(0.3))
    session.clock.plan(1310, session.controls.resume)
    session.run(2.0)
    assert sorted(session.spans) == [(SpanKind.PAUSED, 650, 1350), (SpanKind.DISCARDED, 350, 650)]


def test_a_disk_that_is_nearly_full_ends_the_recording_in_good_order(tmp_path):
    session = Session(tmp_path, *strokes("d", 100))
    free = [DISK_STOP_BYTES + 5]
    session.clock.plan(1500, lambda: free.append(DISK_STOP_BYTES - 1))
    report = session.run(None, free_bytes=lambda: free[-1])
    assert report.ending is Ending.DISK_LOW
    assert session.times_ms == list(range(0, 2000, 50))  # it is asked once a second
    assert session.events == [(100, "d", True), (2000, "d", False)]
    assert {status.disk_free_bytes for status in session.statuses} == set(free[:1])


def test_the_status_tells_rate_size_and_how_long_the_disk_lasts(tmp_path):
    session = Session(tmp_path)
    report = session.run(4.0, free_bytes=lambda: DISK_STOP_BYTES + 3_600_000)
    status = session.statuses[-1]
    assert status.rate_hz == pytest.approx(20)
    assert status.bytes == pytest.approx(report.bytes, rel=0.1)
    assert status.bytes_per_s == pytest.approx(report.bytes / report.seconds, rel=0.05)
    assert status.disk_left_s == pytest.approx(3_600_000 / status.bytes_per_s)
    assert status.disk_is_short
    first = session.statuses[0]
    assert (first.rate_hz, first.bytes_per_s, first.disk_left_s) == (0, 0, None)


def test_the_rate_is_that_of_the_last_two_seconds(tmp_path):
    session = Session(tmp_path)
    session.clock.plan(2000, lambda: setattr(session.screen, "cost_ms", 90))
    session.run(6.0)
    rates = [status.rate_hz for status in session.statuses if status.seconds > 1]
    assert rates[0] == pytest.approx(20)
    assert rates[-1] == pytest.approx(10, rel=0.1)
