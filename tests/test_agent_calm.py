import gc
import sys
import weakref

import pytest

from agent.calm import SWEEP_NS, undisturbed


def test_threads_switch_at_once_and_what_is_loaded_is_not_collected_over_and_over():
    before_s = sys.getswitchinterval()

    def play() -> None:
        with undisturbed():
            assert sys.getswitchinterval() < 0.001
            assert gc.isenabled()
            assert gc.get_freeze_count() > len(gc.get_objects())
            raise KeyError

    with pytest.raises(KeyError):
        play()
    assert sys.getswitchinterval() == before_s
    assert gc.get_freeze_count() == 0


class Knot(list["Knot"]):
    pass


def tied() -> weakref.ref[Knot]:
    """Leave something behind that only a collection removes: it holds itself."""
    knot = Knot()
    knot.append(knot)
    return weakref.ref(knot)


def test_what_play_leaves_behind_goes_after_a_minute_of_ticks():
    with undisturbed() as sweep:
        sweep(0)
        knot = tied()
        sweep(SWEEP_NS - 1)
        assert knot() is not None
        sweep(SWEEP_NS)
        assert knot() is None
        knot = tied()
        sweep(2 * SWEEP_NS - 1)
        assert knot() is not None
        sweep(2 * SWEEP_NS)
        assert knot() is None
