import pytest

from data.errors import DisplayError, UnderstudyError
from recorder.controls import Controls
from recorder.countdown import count_down
from tests.fakes import FakeClock, FakeWindow

MS = 1_000_000


@pytest.fixture
def clock():
    return FakeClock()


def count(clock, window, *, seconds=3.0, controls=None, stop=lambda: False):
    told = []
    count_down(
        window,
        clock,
        seconds=seconds,
        controls=controls or Controls(),
        stop=stop,
        on_wait=lambda left_s: told.append(left_s) if told[-1:] != [left_s] else None,
    )
    return told


def test_it_counts_down_while_the_window_has_the_focus(clock):
    assert count(clock, FakeWindow()) == [3, 2, 1, 0]
    assert clock.now_ns() == pytest.approx(3000 * MS, abs=60 * MS)


def test_it_waits_for_the_focus_and_begins_anew_when_it_is_lost(clock):
    window = FakeWindow(has_focus=False)
    for at_ms, focused in ((1000, True), (2500, False), (3000, True)):
        clock.plan(at_ms, lambda focused=focused: setattr(window, "has_focus", focused))
    assert count(clock, window) == [None, 3, 2, None, 3, 2, 1, 0]
    assert clock.now_ns() == pytest.approx(6000 * MS, abs=60 * MS)


def test_none_begins_at_once(clock):
    assert count(clock, FakeWindow(has_focus=False), seconds=0) == []
    assert clock.now_ns() == 0


def test_it_can_be_stopped_by_hand_and_by_key(clock):
    with pytest.raises(UnderstudyError, match="nothing was recorded"):
        count(clock, FakeWindow(), stop=lambda: clock.now_ns() > 500 * MS)
    controls = Controls()
    clock.plan(1200, controls.stop)
    with pytest.raises(UnderstudyError, match="nothing was recorded"):
        count(clock, FakeWindow(), controls=controls)


def test_a_window_that_is_closed_meanwhile_is_told(clock):
    window = FakeWindow()
    clock.plan(500, lambda: setattr(window, "closed", True))
    with pytest.raises(DisplayError, match="closed"):
        count(clock, window)
