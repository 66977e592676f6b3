import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.key_sink import PynputSink
from agent.watchdog import HUNG_S, RELEASES_AT_S, Watchdog
from data.errors import DisplayError
from tests.fakes import wait_until

PLAYER = """
import os, sys
from agent.key_sink import PynputSink
from agent.watchdog import Watchdog
sink = PynputSink(Watchdog())
sink.set_held(frozenset({"d", "up", "shift_l"}))
sink.set_held(frozenset({"d", "left"}))
if "fork" in sys.argv and os.fork() == 0:
    os.close(1)
    os.execvp("sleep", ["sleep", "60"]) if "exec" in sys.argv else os.read(0, 1)
    os._exit(0)
print(sink._watchdog._child.pid, flush=True)
sys.stdin.readline()
if "raise" in sys.argv:
    raise RuntimeError("a bug")
os._exit(3)
"""


def start_player(*words):
    player = subprocess.Popen(
        [sys.executable, "-c", PLAYER, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    player.watchdog = int(player.stdout.readline())
    return player


def finish(player):
    """Return when its watchdog has ended, too: it releases keys more than once."""
    player.communicate()
    wait_until(lambda: ended(player.watchdog), "the watchdog has ended")


def ended(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_killed_player_leaves_no_key_down(desk, number):
    player = start_player()
    assert desk.down() == {desk.code("d"), desk.code("left")}
    os.killpg(player.pid, number)  # the whole group: the watchdog is not in it
    wait_until(lambda: desk.down() == set(), "the keys are released")
    finish(player)


@pytest.mark.parametrize("word", ["raise", "exit"])
def test_a_player_that_falls_over_leaves_no_key_down(desk, word):
    player = start_player(word)
    assert len(desk.down()) == 2
    player.stdin.write("\n")
    player.stdin.flush()
    wait_until(lambda: desk.down() == set(), "the keys are released")
    finish(player)


def test_a_child_that_keeps_the_pipe_open_hides_nothing(desk):
    player = start_player("fork")
    player.kill()
    wait_until(lambda: desk.down() == set(), "the keys are released")
    os.killpg(player.pid, signal.SIGKILL)
    finish(player)


def test_it_outlives_the_signals_that_end_players(desk):
    watchdog = Watchdog()
    watchdog.pressing("d")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        watchdog._child.send_signal(number)
    desk.press("d")
    watchdog.released("d")
    watchdog.pressing("d")
    assert desk.down() == {desk.code("d")}
    watchdog.close()
    assert desk.down() == set()


def test_keys_reported_as_released_are_left_alone(desk):
    watchdog = Watchdog()
    watchdog.pressing("d")
    watchdog.released("d")
    desk.press("d")  # a person
    watchdog.close()
    assert desk.down() == {desk.code("d")}


def test_a_dead_watchdog_is_noticed_before_the_next_press(virtual_screen):
    watchdog = Watchdog()
    watchdog._child.kill()
    watchdog._child.wait()
    with pytest.raises(DisplayError, match="watchdog has died"):
        watchdog.pressing("d")
    watchdog.close()


def test_no_display_is_refused_with_the_reason(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(DisplayError, match=r"watchdog does not come up: .*DISPLAY is not set"):
        Watchdog()


HANGING = """
import sys, time
from agent.key_sink import PynputSink
from agent.watchdog import Watchdog
sink = PynputSink(Watchdog())
print("up", flush=True)
while True:
    sink.set_held(frozenset({"d", "left"}))
    time.sleep(0.02)
"""


def test_a_player_that_hangs_lets_go_and_holds_again_when_it_goes_on(desk):
    player = subprocess.Popen([sys.executable, "-c", HANGING], stdout=subprocess.DEVNULL)
    both = {desk.code("d"), desk.code("left")}
    try:
        wait_until(lambda: desk.down() == both, "the keys are held")
        player.send_signal(signal.SIGSTOP)
        wait_until(lambda: desk.down() == set(), "the keys are released")
        player.send_signal(signal.SIGCONT)
        wait_until(lambda: desk.down() == both, "the keys are held again")
        time.sleep(2 * RELEASES_AT_S[-1])  # when it would have released once more
        assert desk.down() == both
    finally:
        player.kill()
        player.wait()
    wait_until(lambda: desk.down() == set(), "the keys are released")


def hold(sink, seconds):
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        sink.set_held(frozenset({"d"}))
        time.sleep(0.02)


def test_keys_stay_held_for_as_long_as_the_player_says_so(desk):
    sink = PynputSink(Watchdog())
    for _ in range(10):
        hold(sink, HUNG_S / 5)
        assert desk.down() == {desk.code("d")}
    sink.close()
    assert desk.down() == set()


def test_a_watchdog_that_could_not_run_hears_first_what_was_said_meanwhile(desk):
    watchdog = Watchdog()
    sink = PynputSink(watchdog)
    hold(sink, 0.1)
    watchdog._child.send_signal(signal.SIGSTOP)
    hold(sink, 1.5 * HUNG_S)
    watchdog._child.send_signal(signal.SIGCONT)
    hold(sink, 0.5)
    assert desk.down() == {desk.code("d")}
    sink.close()
    assert desk.down() == set()
