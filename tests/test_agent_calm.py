import gc
import sys

import pytest

from agent.calm import undisturbed


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
