import pytest

from gui.time_left import TimeLeft, time_left


def test_the_time_left_follows_what_was_done():
    left = TimeLeft()
    assert left.seconds("seeing", 0.0, 100.0) is None
    assert left.seconds("seeing", 0.25, 110.0) == pytest.approx(30.0)
    assert left.seconds("learning", 0.5, 120.0) is None, "a new phase begins anew"
    assert left.seconds("learning", 0.505, 130.0) is None, "too little was done"
    assert left.seconds("learning", 0.75, 120.5) is None, "too little time has passed"
    assert left.seconds("learning", 0.75, 130.0) == pytest.approx(10.0)


def test_a_phase_without_a_name_is_one():
    left = TimeLeft()
    assert left.seconds("", 0.0, 100.0) is None
    assert left.seconds("", 0.5, 110.0) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "a few seconds left"), (32, "about 30 seconds left"), (61, "about 1 minute left"),
     (600, "about 10 minutes left"), (7200, "about 2.0 hours left"), (None, "")],
)  # fmt: skip
def test_it_is_said_roughly(seconds, said):
    assert time_left(seconds) == said
