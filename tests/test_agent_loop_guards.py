"""What makes live play let go of the keys, and when it goes on."""

import pytest

from agent.guard import Reason
from agent.log_files import LogFiles
from agent.loop import PlaySettings
from data.errors import OutputExistsError
from data.keys import By
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from recorder.keyboard import HandEvent
from recorder.parts import Parts
from tests.factories import capture_facts
from tests.fakes import strokes
from tests.test_agent_loop import MS, PROFILE, Game, zigzag


def reasons(game):
    """Say what each stretch of ticks was: `[(from ms, reason), ...]`."""
    told = []
    for view in game.views:
        if not told or told[-1][1] is not view.reason:
            told.append((view.at_ns // MS, view.reason))
    return told


def set_grey(game, at_ms, grey):
    game.clock.plan(at_ms, lambda: setattr(game.screen, "grey", grey))


@pytest.mark.parametrize(("grey", "reason"), [(90, Reason.FROZEN), (0, Reason.BLACK)])
def test_a_picture_that_stands_still_lifts_the_keys_until_it_moves(tmp_path, grey, reason):
    game = Game(tmp_path)
    set_grey(game, 980, grey)
    set_grey(game, 6980, None)
    report = game.run(seconds=10.0)
    assert [told for _, told in reasons(game)] == [Reason.PLAYING, reason, Reason.PLAYING] or (
        reason is Reason.BLACK  # lit again, it must still show that it moves
        and [told for _, told in reasons(game)]
        == [Reason.PLAYING, Reason.BLACK, Reason.FROZEN, Reason.PLAYING]
    )
    still = [at_ms for at_ms, told in reasons(game) if told is reason]
    assert still == [pytest.approx(4000, abs=110)]
    assert game.sink.changes == [{"right"}, set(), {"right"}, set()]
    assert (report.waits[-1 if reason is Reason.FROZEN else 0].why) is reason
    assert sum(wait.seconds for wait in report.waits) == pytest.approx(3.5, abs=0.2)
    with Recording(game.path) as log:
        assert {span.kind for span in log.spans()} == {SpanKind.STANDSTILL}
        start_ns = log.spans()[0].start_ns
        end_ns = log.spans()[-1].end_ns
        assert not [at for at in log.times_ns if start_ns <= at < end_ns], "nothing to learn from"


def test_a_policy_of_three_ticks_a_second_plays_again_after_a_standstill(tmp_path):
    game = Game(tmp_path)
    game.runner.rate_hz = 3
    set_grey(game, 5000, 90)
    set_grey(game, 10_000, None)
    report = game.run(seconds=30.0)
    assert [told for _, told in reasons(game)] == [Reason.PLAYING, Reason.FROZEN, Reason.PLAYING]
    (wait,) = report.waits
    assert wait.seconds == pytest.approx(3.0, abs=1.0)


def test_a_person_who_moves_in_a_frozen_picture_takes_over(tmp_path):
    game = Game(tmp_path, *strokes("left", 5010, 5100))
    set_grey(game, 0, 90)
    game.run(seconds=7.0)
    assert [told for _, told in reasons(game)] == [
        Reason.PLAYING,
        Reason.FROZEN,
        Reason.TAKEOVER,
        Reason.FROZEN,
    ]


def test_a_rate_that_is_lost_lifts_the_keys_until_it_is_held_again(tmp_path):
    game = Game(tmp_path)
    for at_ms, cost_ms in ((2000, 70), (7000, 0)):
        game.clock.plan(at_ms, lambda cost_ms=cost_ms: setattr(game.screen, "cost_ms", cost_ms))
    report = game.run(seconds=14.0)
    assert [told for _, told in reasons(game)] == [
        Reason.PLAYING,
        Reason.RATE_LOST,
        Reason.PLAYING,
    ]
    assert game.sink.changes == [{"right"}, set(), {"right"}, set()]
    trying = [view for view in game.views if view.reason is Reason.RATE_LOST]
    assert all(view.decided is not None and view.held == set() for view in trying)
    assert [wait.why for wait in report.waits] == [Reason.RATE_LOST]
    strained = [view.at_ns // MS for view in game.views if view.pace.strained]
    assert strained[0] < trying[0].at_ns // MS, "it is told before the keys are lifted"
    with Recording(game.path) as log:
        assert [span.kind for span in log.spans()] == [SpanKind.RATE_LOST]


def test_a_persons_press_lifts_the_keys_before_the_next_tick(tmp_path):
    game = Game(tmp_path, *strokes("left", 212, 420))
    game.run(seconds=0.5)
    with Recording(game.path) as log:
        lifted = [e.at_ns // MS for e in log.key_events() if e.by is By.AGENT and not e.down]
    assert lifted == [220]
    assert reasons(game)[1] == (250, Reason.TAKEOVER)


@pytest.mark.parametrize("what", ["focus", "stop", "stop_key"])
def test_keys_come_up_between_ticks_when_something_is_up(tmp_path, what):
    game, more = Game(tmp_path), {}
    if what == "focus":
        game.set_focus(212, focused=False)
    else:
        more = {what: lambda: game.clock.now_ns() >= 212 * MS}
    game.run(seconds=0.5, **more)
    with Recording(game.path) as log:
        lifted = [e.at_ns // MS for e in log.key_events() if not e.down]
    assert lifted[0] == 220


@pytest.mark.parametrize(
    ("down_ms", "up_ms", "let_go_ms", "up_from_ms"),
    [(212, 420, 220, 420), (247, 420, 250, 420), (212, 216, 220, 220)],
)
def test_a_hand_on_the_key_that_the_agent_holds_takes_over_and_has_it_then(
    tmp_path, down_ms, up_ms, let_go_ms, up_from_ms
):
    hand = [HandEvent(down_ms * MS, "right", True), HandEvent(up_ms * MS, "right", False)]
    game = Game(tmp_path, *hand)
    assert game.run(seconds=0.6).takeovers == 1
    with Recording(game.path) as log:
        moves = [(e.at_ns // MS, e.by, e.down) for e in log.key_events()]
        assert moves == [
            (0, By.AGENT, True),
            (let_go_ms, By.AGENT, False),
            (let_go_ms, By.HUMAN, True),
            (up_from_ms, By.HUMAN, False),
        ]
        assert [(s.kind, s.start_ns // MS) for s in log.spans()] == [(SpanKind.TAKEOVER, let_go_ms)]


def test_a_person_who_asks_to_play_has_taken_over_without_a_key(tmp_path):
    game = Game(tmp_path, *strokes("up", 400, 450))
    asked = {"hands_off": lambda: 212 * MS <= game.clock.now_ns() < 1012 * MS}
    report = game.run(seconds=1.6, **asked)
    assert reasons(game) == [
        (0, Reason.PLAYING),
        (250, Reason.TAKEOVER),
        (1450, Reason.PLAYING),  # a second after the last key
    ]
    assert report.takeovers == 1
    with Recording(game.path) as log:
        lifted = [e.at_ns // MS for e in log.key_events() if e.by is By.AGENT and not e.down]
        assert lifted[0] == 220, "at once, not with the next tick"
        assert [span.kind for span in log.spans()] == [SpanKind.TAKEOVER]
        assert (log.times_ns == 500 * MS).any(), "what the person does is kept, to learn from"


def test_why_play_ended_is_in_the_log(tmp_path):
    endings = {}
    for name, more in {
        "time": {},
        "asked": {"stop": lambda: True},
        "fault": {"on_tick": lambda view: 1 / 0},
    }.items():
        game = Game(tmp_path / name)
        try:
            game.run(seconds=0.2, **more)
        except ZeroDivisionError:
            assert name == "fault"
        with Recording(game.path) as log:
            endings[name] = log.attributes["ended_by"]
    assert endings == {"time": "time is up", "asked": "stopped", "fault": "an error"}


def open_logs(folder):
    return LogFiles(
        Parts(folder / "flight.h5"),
        lambda part: RecordingWriter(
            part.path,
            profile=PROFILE,
            facts=capture_facts(),
            head_probabilities=True,
            attributes=part.attributes,
        ),
    )


@pytest.mark.parametrize("inline", [True, False])
def test_a_log_in_several_files_holds_every_tick_once(tmp_path, monkeypatch, inline):
    monkeypatch.setattr("agent.flight_log.MOST_WAITING", 10_000)  # the simulated clock outruns it
    game = Game(tmp_path, choose=zigzag)
    settings = PlaySettings(seconds=5.0, log_inline=inline, log_part_s=2.0)
    with open_logs(tmp_path) as files:
        game.run(log=files.writer, settings=settings, next_log=files.next)
    times, endings, first_moves = [], [], []
    for name in ("flight.h5", "flight-2.h5", "flight-3.h5"):
        with Recording(tmp_path / name) as log:
            times += [int(at) // MS for at in log.times_ns]
            endings.append(log.attributes["ended_by"])
            held = 0
            for event in log.key_events():
                held += 1 if event.down else -1
                assert held in (0, 1)
            assert held == 0, "each file stands alone: what went down came up"
            row = log.probabilities()[0, :9]
            first_moves.append(PROFILE.head("movement").names[int(row.argmax())])
            assert log.attributes["part_of_session"] == len(endings)
    assert times == list(range(0, 5000, 50))
    assert endings == ["continued in another file"] * 2 + ["time is up"]
    assert first_moves == ["right"] * 3, "the policy starts afresh in each"
    assert not list(tmp_path.glob("*.part"))


def test_a_log_is_not_turned_over_while_a_person_plays(tmp_path):
    game = Game(tmp_path, *strokes("left", 1810, 3000))
    settings = PlaySettings(seconds=6.0, log_inline=True, log_part_s=2.0)
    with open_logs(tmp_path) as files:
        game.run(log=files.writer, settings=settings, next_log=files.next)
    with Recording(tmp_path / "flight.h5") as log:
        (span,) = log.spans()
        assert (span.kind, span.start_ns // MS, span.end_ns // MS) == (
            SpanKind.TAKEOVER,
            1810,
            4000,
        )
        assert log.counters["takeovers"] == 1
    with Recording(tmp_path / "flight-2.h5") as log:
        assert log.counters["takeovers"] == 0


def test_a_log_that_exists_is_not_overwritten(tmp_path):
    (tmp_path / "flight.h5").write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        open_logs(tmp_path)


def test_a_game_that_waits_for_its_player_is_played_on_though_it_stands_still(tmp_path):
    game = Game(tmp_path)
    set_grey(game, 0, 90)
    game.run(seconds=6.0, may_stand_still=True)
    assert [told for _, told in reasons(game)] == [Reason.PLAYING]
