import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from agent.desktop import play_desktop
from agent.guard import Reason
from agent.key_sink import PynputSink
from agent.loop import PlaySettings, play
from agent.watchdog import Watchdog
from data.keys import By
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from recorder.keyboard import PynputKeys
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.window import find_window
from tests.factories import altered_profile, capture_facts, practice_profile
from tests.fakes import (
    FakeRunner,
    wait_until,
)
from tests.x11_keyboard import Hands

PROFILE = practice_profile()


def test_live_a_policy_plays_a_real_window_and_yields_to_a_real_person(tmp_path, desk):
    shown = desk.window("Tiny Game", size=(480, 270))
    window = find_window("Tiny Game", timeout_s=10)
    window.activate()
    wait_until(window.focused, "the window is up")
    seen = []

    def choose(step):
        return {"movement": "right", "action": "shoot" if step % 4 == 0 else "none"}

    runner = FakeRunner(PROFILE, choose, rate_hz=60)
    keys, views = PynputKeys(PROFILE.keys, watched={"f12"}), []

    def on_tick(view):
        views.append(view)
        seen.extend(desk.presses_seen(shown))
        playing = sum(view.reason is Reason.PLAYING for view in views)
        if playing == 30 and view.reason is Reason.PLAYING:
            desk.press("up")
        if view.reason is Reason.TAKEOVER:
            watched = sum(view.reason is Reason.TAKEOVER for view in views)
            if watched == 3:
                assert desk.down() == {desk.code("up")}
                desk.release("up")
        if playing == 45 and view.reason is Reason.PLAYING:
            desk.tap("f12")

    path = tmp_path / "flight.h5"
    screen, sink = MssScreen(window.rect), PynputSink(Watchdog())
    with RecordingWriter(
        path, profile=PROFILE, facts=capture_facts(60), head_probabilities=True
    ) as writer:
        report = play(
            runner=runner,
            screen=screen,
            sink=sink,
            window=window,
            human=keys,
            clock=MonotonicClock(),
            settings=PlaySettings(seconds=30, quiet_s=0.2),
            log=writer,
            stop=lambda: False,
            stop_key=lambda: keys.presses("f12") > 0,
            on_tick=on_tick,
        )
    for device in (sink, screen, keys, window):
        device.close()
    assert report.stop_reason is Reason.STOP_KEY
    assert report.takeovers == 1
    assert desk.down() == set()
    assert {desk.code("right"), desk.code("d"), desk.code("up")} <= set(seen)
    with Recording(path) as log:
        human = [(e.key, e.down) for e in log.key_events() if e.by is By.HUMAN]
        assert human == [("up", True), ("up", False)]
        assert [span.kind for span in log.spans()] == [SpanKind.TAKEOVER]
        assert np.abs(log.frame(3).astype(int) - [200, 120, 40]).max() < 12


STILL_PROFILE = altered_profile(title="Tiny Game", may_stand_still=True)


def resumed(views):
    """Whether the agent plays again after a take-over, and has for some ticks."""
    reasons = [view.reason for view in views]
    return Reason.TAKEOVER in reasons and reasons[-5:] == [Reason.PLAYING] * 5


def open_game(desk):
    """Open a window that has the focus."""
    shown = desk.window("Tiny Game", size=(480, 270))
    with closing(find_window("Tiny Game", timeout_s=10)) as window:
        window.activate()
        wait_until(window.focused, "the window is up")
    return shown


def test_live_a_hand_takes_over_with_the_very_key_that_the_agent_holds(tmp_path, desk):
    shown, right = open_game(desk), desk.code("right")
    views, seen, path = [], [], tmp_path / "flight.h5"
    runner = FakeRunner(STILL_PROFILE, lambda step: {"movement": "right"})
    with Hands() as hands:

        def on_tick(view):
            views.append(view)
            seen.extend(desk.presses_seen(shown))
            if len(views) == 8:
                assert view.held == {"right"}
                hands.press("right")
            taken = sum(view.reason is Reason.TAKEOVER for view in views)
            if view.reason is Reason.TAKEOVER and taken == 8:
                assert desk.down() == {right}, "the person still holds it, and the game knows"
                hands.release("right")
                assert desk.down() == set()

        report = play_desktop(
            runner,
            STILL_PROFILE,
            settings=PlaySettings(seconds=30, quiet_s=0.2),
            log=path,
            stop=lambda: resumed(views),
            on_tick=on_tick,
        )
    shown.destroy()
    assert report.takeovers == 1
    assert views[-1].held == {"right"}, "the agent plays on with it"
    assert seen == [right, right], "the person's press changed nothing in the game"
    assert desk.down() == set()
    with Recording(path) as log:
        (span,) = log.spans()
        assert span.kind is SpanKind.TAKEOVER
        moves = [(e.by, e.down) for e in log.key_events()]
        assert moves[:4] == [
            (By.AGENT, True),
            (By.AGENT, False),
            (By.HUMAN, True),
            (By.HUMAN, False),
        ]


def test_live_an_agent_that_presses_fast_never_takes_over_from_itself(desk):
    shown, rng = open_game(desk), np.random.default_rng(0)
    heads = STILL_PROFILE.heads

    def choose(step):
        return {head.name: head.names[rng.integers(len(head.names))] for head in heads}

    pressed, held, reasons = [], [frozenset()], set()

    def on_tick(view):
        pressed.extend(view.held - held[-1])
        held.append(view.held)
        reasons.add(view.reason)

    report = play_desktop(
        FakeRunner(STILL_PROFILE, choose, rate_hz=60),
        STILL_PROFILE,
        settings=PlaySettings(seconds=60),
        log=None,
        stop=lambda: len(pressed) >= 200,
        on_tick=on_tick,
    )
    shown.destroy()
    desk.display.sync()
    assert len(pressed) >= 200
    assert Reason.TAKEOVER not in reasons
    assert report.takeovers == 0
    assert desk.down() == set()


DYING = """
import sys
from agent.key_sink import PynputSink
from agent.loop import PlaySettings, play
from agent.watchdog import Watchdog
from data.errors import DisplayError
from recorder.display import VirtualScreen
from recorder.keyboard import PynputKeys
from recorder.pacing import MonotonicClock
from recorder.screen import MssScreen
from recorder.window import find_window
from tests.factories import practice_profile
from tests.fakes import FakeRunner, wait_until

with VirtualScreen(640, 480) as desktop:
    desktop.activate()
    from tests.x11 import Desk
    desk = Desk()
    desk.window("Game", size=(480, 270))
    window = find_window("Game", timeout_s=10)
    wait_until(window.focused, "the window is up")
    devices = [PynputKeys(["d"]), MssScreen(window.rect), PynputSink(Watchdog()), window]
    ticks = []
    def on_tick(view):
        ticks.append(view)
        if len(ticks) == 5:
            desktop._children[0].kill()
            desktop._children[0].wait()
    try:
        play(runner=FakeRunner(practice_profile(), lambda step: {"movement": "left"}),
             screen=devices[1], sink=devices[2], window=window if "window" in sys.argv else None,
             human=devices[0] if "keys" in sys.argv else None, clock=MonotonicClock(),
             settings=PlaySettings(seconds=20), log=None, stop=lambda: False, on_tick=on_tick)
    except DisplayError as error:
        print(f"refused: {error}")
    for device in devices:
        device.close()
print("left in order")
"""


@pytest.mark.parametrize("eyes", [("window", "keys"), ("keys",), ()])
def test_a_display_that_dies_ends_play_with_one_clear_line(virtual_screen, eyes):
    done = subprocess.run(
        [sys.executable, "-c", DYING, *eyes], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].startswith("refused: ")
    assert lines[1:] == ["left in order"]
    assert "Traceback" not in done.stderr
