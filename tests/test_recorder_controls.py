import pytest

from recorder.controls import DISCARD_S, HotKeyControls
from tests.factories import altered_profile, practice_profile


class Presses:
    """How often each key has gone down, as a keyboard counts."""

    def __init__(self, **counts: int) -> None:
        self.counts = counts

    def __call__(self, key: str) -> int:
        return self.counts.get(key, 0)

    def tap(self, key: str, times: int = 1) -> None:
        self.counts[key] = self(key) + times


def test_the_pause_key_pauses_and_goes_on():
    presses = Presses()
    controls = HotKeyControls(practice_profile(), presses)
    seen = []
    for times in (0, 1, 0, 1, 2):
        presses.tap("f9", times)
        controls.poll()
        seen.append(controls.paused)
    assert seen == [False, True, True, False, False]


@pytest.mark.parametrize("key", ["f10", "f12"])
def test_the_stop_keys_stop(key):
    presses = Presses()
    controls = HotKeyControls(practice_profile(), presses)
    controls.poll()
    assert not controls.stopped
    presses.tap(key)
    controls.poll()
    assert controls.stopped


def test_discard_and_save_are_done_once_for_each_press():
    presses = Presses()
    controls = HotKeyControls(practice_profile(), presses)
    presses.tap("f8")
    presses.tap("f7")
    controls.poll()
    controls.poll()
    assert (controls.take_discard(), controls.take_discard()) == (DISCARD_S, 0)
    assert (controls.take_save(), controls.take_save()) == (True, False)


def test_what_was_pressed_before_the_session_steers_nothing():
    controls = HotKeyControls(practice_profile(), Presses(f9=1, f10=2, f12=1))
    controls.poll()
    assert not controls.paused
    assert not controls.stopped


def test_a_profile_names_its_own_hot_keys():
    hotkeys = {"pause": "f1", "discard": "f2", "save": "f3", "stop": "f4"}
    presses = Presses()
    controls = HotKeyControls(altered_profile(hotkeys=hotkeys), presses)
    for key in ("f9", "f10"):
        presses.tap(key)
    controls.poll()
    assert not controls.paused
    assert not controls.stopped
    presses.tap("f1")
    presses.tap("f4")
    controls.poll()
    assert controls.paused
    assert controls.stopped
