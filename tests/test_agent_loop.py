from pathlib import Path

import pytest

from agent.decision import DecisionSettings
from agent.guard import Reason
from agent.key_sink import DryRunSink
from agent.loop import PlaySettings, play
from data.keys import By
from data.reader import Recording
from data.schema import TICK_STAGES, SpanKind
from data.writer import RecordingWriter
from tests.factories import capture_facts, practice_profile
from tests.fakes import (
    FakeClock,
    FakeKeys,
    FakeRunner,
    FakeScreen,
    FakeWindow,
    strokes,
)

MS = 1_000_000
PROFILE = practice_profile()


def run_right(step):
    return {"movement": "right"}


def zigzag(step):
    return {"movement": "up" if step % 2 else "right"}


class Game:
    """Everything that `play` needs, faked, and what it left behind."""

    def __init__(self, folder: Path, *events, choose=run_right, cost_ms=0.0):
        self.clock = FakeClock()
        self.screen = FakeScreen(self.clock, cost_ms=cost_ms)
        self.runner = FakeRunner(PROFILE, choose)
        self.sink = DryRunSink()
        self.window = FakeWindow()
        self.keys = FakeKeys(self.clock, events)
        self.views = []
        self.path = folder / "flight.h5"

    def set_focus(self, at_ms, *, focused):
        self.clock.plan(at_ms, lambda: setattr(self.window, "has_focus", focused))

    def run(self, *, seconds=1.0, inline=True, **more):
        writer = None
        if "log" not in more:
            writer = RecordingWriter(
                self.path, profile=PROFILE, facts=capture_facts(), head_probabilities=True
            )
        arguments = {
            "runner": self.runner,
            "screen": self.screen,
            "sink": self.sink,
            "window": self.window,
            "human": self.keys,
            "clock": self.clock,
            "settings": PlaySettings(seconds=seconds, log_inline=inline),
            "log": writer,
            "stop": lambda: False,
            "on_tick": self.views.append,
        }
        try:
            return play(**arguments | more)
        finally:
            if writer is not None:
                writer.close()

    def held_at(self, at_ms):
        return next(view.held for view in self.views if view.at_ns == at_ms * MS)


def test_it_plays_at_the_policys_rate_until_the_time_is_up(tmp_path):
    game = Game(tmp_path)
    report = game.run(seconds=1.0)
    assert (report.ticks, report.decisions, report.rate_hz) == (20, 20, 20)
    assert (report.late_ticks, report.skipped_ticks, report.takeovers) == (0, 0, 0)
    assert report.stop_reason is Reason.TIME
    assert {view.held for view in game.views} == {frozenset({"right"})}
    assert game.sink.changes == [{"right"}, set()]


def test_keys_change_by_differences_while_they_stay_held_between_ticks(tmp_path):
    game = Game(tmp_path, choose=lambda step: {"movement": "up_right" if step > 2 else "right"})
    game.run(seconds=0.5)
    assert game.sink.changes == [{"right"}, {"up", "right"}, set()]
    with Recording(game.path) as log:
        agent = [(e.at_ns // MS, e.key, e.down) for e in log.key_events() if e.by is By.AGENT]
    assert agent == [
        (0, "right", True),
        (150, "up", True),
        (500, "right", False),
        (500, "up", False),
    ]


def test_the_policy_is_told_what_is_held_and_not_what_it_would_have_liked(tmp_path):
    game = Game(tmp_path, choose=lambda step: {"movement": "up_right"})
    allowed = DecisionSettings(allowed=frozenset({"right"}))
    game.run(seconds=0.5, settings=PlaySettings(seconds=0.5, log_inline=True, decision=allowed))
    assert game.runner.noted == [frozenset({"right"})] * 10


def test_lost_focus_releases_everything_and_stores_nothing(tmp_path):
    typed_elsewhere = strokes("d", 350, 380)
    game = Game(tmp_path, *typed_elsewhere)
    game.set_focus(310, focused=False)
    game.set_focus(560, focused=True)
    report = game.run(seconds=2.0)
    waiting = [view for view in game.views if view.reason is Reason.FOCUS_LOST]
    assert [view.at_ns // MS for view in waiting] == [350, 400, 450, 500, 550]
    assert all(view.held == set() and view.image is None for view in waiting)
    with Recording(game.path) as log:
        assert (SpanKind.FOCUS_LOST, 350 * MS, 600 * MS) in [
            (span.kind, span.start_ns, span.end_ns) for span in log.spans()
        ]
        assert not [at for at in log.times_ns if 350 * MS <= at < 600 * MS]
        assert not [event for event in log.key_events() if event.key == "d"]
    assert report.stop_reason is Reason.TIME


def test_focus_lost_during_a_decision_presses_nothing(tmp_path):
    def choose(step):
        game.window.has_focus = step != 2
        return zigzag(step)

    game = Game(tmp_path, choose=choose)
    game.run(seconds=0.2)
    assert game.held_at(50) == {"up"}
    assert game.held_at(100) == set()
    assert game.sink.changes == [{"right"}, {"up"}, set()]


def test_a_picture_taken_while_the_focus_went_is_neither_shown_nor_kept(tmp_path):
    game = Game(tmp_path, choose=zigzag, cost_ms=20)
    game.set_focus(110, focused=False)  # the picture of 100 ms is being taken
    game.run(seconds=0.2)
    assert [view.at_ns // MS for view in game.views if view.image is not None] == [0, 50]
    assert game.sink.changes == [{"right"}, {"up"}, set()]
    with Recording(game.path) as log:
        assert list(log.times_ns // MS) == [0, 50]


def test_a_person_takes_over_at_once_and_the_agent_resumes_after_a_quiet_second(tmp_path):
    game = Game(tmp_path, *strokes("left", 210, 420))
    report = game.run(seconds=2.0)
    reasons = {view.at_ns // MS: view.reason for view in game.views}
    assert reasons[200] is Reason.PLAYING
    assert {reasons[at] for at in range(250, 1450, 50)} == {Reason.TAKEOVER}
    assert reasons[1450] is Reason.PLAYING
    assert game.sink.changes == [{"right"}, set(), {"right"}, set()]
    assert report.takeovers == 1
    assert game.runner.resets == 3  # after warming up, before watching, before playing again
    with Recording(game.path) as log:
        assert [(s.kind, s.start_ns, s.end_ns) for s in log.spans()] == [
            (SpanKind.TAKEOVER, 210 * MS, 1450 * MS)
        ]
        human = [(e.at_ns // MS, e.key, e.down) for e in log.key_events() if e.by is By.HUMAN]
        assert human == [(210, "left", True), (420, "left", False)]
        assert list(log.times_ns // MS) == list(range(0, 2000, 50))
        watched = set(range(40)) - set(log.tick_frames())
        assert watched == set(range(5, 29)), "frames of the take-over are kept, undecided"
        assert log.counters["takeovers"] == 1


def test_what_a_person_still_holds_when_the_focus_returns_is_theirs(tmp_path):
    game = Game(tmp_path, *strokes("left", 310, 800))
    game.set_focus(290, focused=False)
    game.set_focus(590, focused=True)
    game.run(seconds=1.0)
    with Recording(game.path) as log:
        human = [(e.at_ns // MS, e.key, e.down) for e in log.key_events() if e.by is By.HUMAN]
        assert human == [(600, "left", True), (800, "left", False)]
        assert [(s.kind, s.start_ns // MS, s.end_ns // MS) for s in log.spans()] == [
            (SpanKind.FOCUS_LOST, 300, 600),
            (SpanKind.TAKEOVER, 600, 1000),
        ]


def test_a_persons_keys_are_released_in_the_log_when_the_focus_leaves(tmp_path):
    game = Game(tmp_path, *strokes("left", 110, 700))
    game.set_focus(290, focused=False)
    game.run(seconds=0.5)
    with Recording(game.path) as log:
        human = [(e.at_ns // MS, e.down) for e in log.key_events() if e.by is By.HUMAN]
    assert human == [(110, True), (300, False)]


def test_without_a_keyboard_nobody_takes_over(tmp_path):
    game = Game(tmp_path, *strokes("left", 210, 420))
    assert game.run(human=None).takeovers == 0


@pytest.mark.parametrize("which", ["stop", "stop_key"])
def test_it_stops_when_asked(tmp_path, which):
    game = Game(tmp_path)
    report = game.run(seconds=None, **{which: lambda: game.clock.now_ns() >= 300 * MS})
    assert report.stop_reason is (Reason.STOPPED if which == "stop" else Reason.STOP_KEY)
    assert report.ticks == 6
    assert game.sink.held == set()


def test_it_stops_when_the_window_is_closed(tmp_path):
    game = Game(tmp_path)
    game.clock.plan(320, lambda: setattr(game.window, "closed", True))
    assert game.run(seconds=None).stop_reason is Reason.WINDOW_GONE
    assert game.sink.held == set()


@pytest.mark.parametrize("error", [RuntimeError("a bug"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["screen", "runner", "on_tick"])
def test_whatever_goes_wrong_the_keys_are_released_and_the_log_is_whole(tmp_path, error, where):
    game = Game(tmp_path)
    calls = []

    def fail(*args):
        calls.append(args)
        if len(calls) == 5:
            raise error
        return original(*args)

    if where == "on_tick":
        original, more = game.views.append, {"on_tick": fail}
    else:
        target, name = (game.screen, "grab") if where == "screen" else (game.runner, "step")
        original, more = getattr(target, name), {}
        setattr(target, name, fail)
    with pytest.raises(type(error)):
        game.run(**more)
    assert game.sink.changes[-1] == set()
    with Recording(game.path) as log:
        assert log.frame_count >= 3
        assert [event.down for event in log.key_events()] == [True, False]


def test_a_slow_game_skips_ticks_and_says_so(tmp_path):
    game = Game(tmp_path, cost_ms=70)
    report = game.run(seconds=1.0)
    assert report.ticks + report.skipped_ticks == pytest.approx(20, abs=2)
    assert report.skipped_ticks >= 5
    assert report.late_ticks >= 5


def test_latencies_are_told_by_stage(tmp_path):
    game = Game(tmp_path)
    ticking = iter(range(0, 10_000 * MS, 2 * MS))
    report = game.run(seconds=0.5, stopwatch_ns=lambda: next(ticking))
    assert report.latency_ms.p50 == 8.0
    assert {name: spread.p50 for name, spread in report.stages_ms.items()} == {
        "grab": 2.0,
        "fit": 2.0,
        "encode": 0.0,
        "decide": 2.0,
        "press": 2.0,
    }
    assert game.views[0].latency_ms == 8.0
    with Recording(game.path) as log:
        assert log.latencies().shape == (10, len(TICK_STAGES))
        assert (log.latencies().sum(axis=1) == 8 * MS).all()


def test_the_log_holds_every_decision(tmp_path):
    game = Game(tmp_path, choose=zigzag)
    game.run(seconds=0.5)
    with Recording(game.path) as log:
        assert log.is_flight_log
        assert list(log.tick_frames()) == list(range(10))
        movement = log.probabilities()[:, :9].argmax(axis=1)
    names = [PROFILE.head("movement").names[i] for i in movement]
    assert names == ["right", "up"] * 5


def test_settings_reach_the_decision(tmp_path):
    game = Game(tmp_path, choose=zigzag)
    decision = DecisionSettings(min_hold_ms={"movement": 100})
    settings = PlaySettings(seconds=0.4, decision=decision, log_inline=True)
    game.run(settings=settings)
    assert [sorted(view.held) for view in game.views[:4]] == [["right"]] * 3 + [["up"]]
