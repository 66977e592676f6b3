import time

from recorder.pacing import MonotonicClock, Pacer
from tests.fakes import FakeClock

MS = 1_000_000


def test_ticks_come_at_absolute_deadlines_whatever_the_work_takes():
    clock = FakeClock(now_ns=7 * MS)
    pacer = Pacer(clock, 20)
    begun = []
    for work_ms in (0, 12, 30, 1, 49, 2):
        assert pacer.wait().skipped == 0
        begun.append(clock.now_ns())
        clock.pass_ns(work_ms * MS)
    assert begun == [7 * MS + i * 50 * MS for i in range(6)]
    assert pacer.late_ticks == 0


def test_a_rate_that_does_not_divide_a_second_does_not_drift():
    clock = FakeClock()
    pacer = Pacer(clock, 30)
    for _ in range(3001):
        tick = pacer.wait()
    assert tick.due_ns == 100_000_000_000


def test_an_overrun_skips_deadlines_and_never_catches_up():
    clock = FakeClock()
    pacer = Pacer(clock, 20)
    pacer.wait()
    clock.pass_ns(170 * MS)
    tick = pacer.wait()
    assert (tick.index, tick.skipped, tick.due_ns, tick.late_ns) == (3, 2, 150 * MS, 20 * MS)
    tick = pacer.wait()
    assert (tick.index, tick.skipped, clock.now_ns()) == (4, 0, 200 * MS)
    assert (pacer.late_ticks, pacer.skipped_ticks) == (1, 2)


def test_a_clock_that_wakes_late_counts_as_late():
    class Sleepy(FakeClock):
        def sleep_until_ns(self, at_ns):
            super().sleep_until_ns(at_ns + 6 * MS)

    pacer = Pacer(Sleepy(), 20)
    late = [pacer.wait().late_ns for _ in range(4)]
    assert late == [0, 6 * MS, 6 * MS, 6 * MS]
    assert pacer.late_ticks == 3


def test_the_real_clock_never_wakes_early():
    clock = MonotonicClock()
    for length_ns in (0, 100_000, 3 * MS, -5 * MS):
        due_ns = clock.now_ns() + length_ns
        clock.sleep_until_ns(due_ns)
        assert time.monotonic_ns() >= due_ns
