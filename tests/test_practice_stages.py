import pytest

from data.errors import UnderstudyError
from gui.practice.stages import Stages


def test_a_stage_is_shown_from_its_beginning_to_its_end_and_timed():
    shown: list[tuple[str, float]] = []
    stages = Stages(lambda name, share: shown.append((name, share)), lambda: False, stopped="no")
    with stages.step("record") as done:
        done(0.5)
        done(1.2)  # only the end of the stage is its end
        assert stages.seconds == {}
    assert shown == [("record", 0.0), ("record", 0.5), ("record", 0.99), ("record", 1.0)]
    assert stages.seconds["record"] >= 0


def test_a_stage_that_is_stopped_is_not_shown_as_done():
    shown: list[tuple[str, float]] = []
    asked = [False]
    stages = Stages(
        lambda name, share: shown.append((name, share)), lambda: asked[0], stopped="kept so far."
    )
    stages.go_on()
    with pytest.raises(UnderstudyError, match=r"^kept so far\.$"), stages.step("train"):
        asked[0] = True
    assert shown == [("train", 0.0)]
    assert stages.seconds == {}
    with pytest.raises(UnderstudyError), stages.step("evaluate"):
        pytest.fail("began though it was stopped")
    assert shown == [("train", 0.0)]
