import pytest

from agent.guard import Action, Facts, Reason, TakeoverDetector, judge
from agent.picture_guard import Picture
from data.keys import By, KeyEvent
from recorder.keyboard import HandEvent

MS = 1_000_000
FINE = {
    "now_ns": 0,
    "stop_asked": False,
    "stop_key": False,
    "window_gone": False,
    "focused": True,
    "human": False,
    "picture": Picture.MOVING,
    "rate_lost": False,
}


@pytest.mark.parametrize(
    ("facts", "action", "reason"),
    [
        ({}, Action.PLAY, Reason.PLAYING),
        ({"human": True}, Action.HOLD, Reason.TAKEOVER),
        ({"focused": False}, Action.HOLD, Reason.FOCUS_LOST),
        ({"focused": False, "human": True}, Action.HOLD, Reason.FOCUS_LOST),
        ({"picture": Picture.BLACK}, Action.HOLD, Reason.BLACK),
        ({"picture": Picture.FROZEN}, Action.HOLD, Reason.FROZEN),
        ({"picture": Picture.FROZEN, "human": True}, Action.HOLD, Reason.TAKEOVER),
        ({"rate_lost": True}, Action.HOLD, Reason.RATE_LOST),
        ({"rate_lost": True, "picture": Picture.FROZEN}, Action.HOLD, Reason.FROZEN),
        ({"now_ns": 999}, Action.PLAY, Reason.PLAYING),
        ({"now_ns": 1000}, Action.STOP, Reason.TIME),
        ({"window_gone": True, "focused": False}, Action.STOP, Reason.WINDOW_GONE),
        ({"stop_asked": True, "human": True}, Action.STOP, Reason.STOPPED),
        ({"stop_key": True, "focused": False}, Action.STOP, Reason.STOP_KEY),
    ],
)
def test_the_gravest_reason_wins(facts, action, reason):
    verdict = judge(Facts(**FINE | facts), until_ns=1000)
    assert (verdict.action, verdict.reason) == (action, reason)


def test_without_a_limit_the_time_is_never_up():
    assert judge(Facts(**FINE | {"now_ns": 1 << 60}), until_ns=None).action is Action.PLAY


def press(key, at_ms, by=By.HUMAN):
    return KeyEvent(at_ms * MS, key, True, by)


def release(key, at_ms):
    return KeyEvent(at_ms * MS, key, False)


def detector_after(*holds, quiet_ms=1000):
    detector = TakeoverDetector(quiet_ms * MS)
    for at_ms, keys in holds:
        detector.note_held(frozenset(keys), at_ms * MS)
    return detector


@pytest.mark.parametrize(
    ("event", "is_human"),
    [
        (press("d", 100), False),  # the agent's own press, just heard
        (press("d", 450), False),  # still held
        (press("d", 600), False),  # heard late: released at 500
        (press("d", 651), True),
        (press("d", 99), True),  # before the agent pressed it
        (press("up", 300), True),  # a key that the agent doesn't hold
        (release("d", 501), False),
        (press("up", 300, By.AGENT), False),
    ],
)
def test_a_person_is_told_from_the_agents_own_presses(event, is_human):
    detector = detector_after((100, "d"), (500, ""))
    assert bool(detector.see([event])) is is_human
    assert detector.active(event.at_ns) is is_human


def test_a_key_that_the_agent_holds_for_long_stays_its_own():
    detector = detector_after((0, "d"), (50, "d"), (5000, "d"))
    assert detector.see([press("d", 4990), release("d", 4995), press("d", 4999)]) == []


def test_a_person_is_over_a_quiet_time_after_the_last_key():
    detector = TakeoverDetector(1000 * MS)
    detector.see([press("up", 100)])
    assert detector.human_held == {"up"}
    assert detector.active(9_000 * MS), "still held"
    detector.see([release("up", 9_100)])
    assert detector.active(10_099 * MS)
    assert not detector.active(10_100 * MS)


def test_every_new_key_begins_the_quiet_time_again():
    detector = TakeoverDetector(1000 * MS)
    detector.see([press("up", 0), release("up", 10)])
    detector.see([press("d", 900), release("d", 950)])
    assert detector.active(1_500 * MS)
    assert not detector.active(1_950 * MS)


def test_both_moves_of_a_persons_key_are_handed_over():
    detector = detector_after((0, {"left"}))
    theirs = detector.see(
        [press("up", 10), press("left", 12), release("left", 15), release("up", 20)]
    )
    assert [(event.key, event.down) for event in theirs] == [("up", True), ("up", False)]


def by_hand(key, at_ms, down):
    return HandEvent(at_ms * MS, key, down)


@pytest.mark.parametrize("at_ms", [101, 300, 520])
def test_a_hand_on_a_key_of_the_agents_is_a_persons_whenever_it_comes(at_ms):
    detector = detector_after((100, "d"), (500, ""))
    assert detector.see([press("d", at_ms)]) == []
    pressed = by_hand("d", at_ms, True)
    assert detector.see([pressed]) == [pressed]
    assert detector.human_held == {"d"}


def test_a_hand_holds_its_key_until_it_lets_go_whatever_the_agent_does():
    detector = detector_after((100, "d"))
    detector.see([press("d", 100), by_hand("d", 200, True)])
    detector.note_held(frozenset(), 210 * MS)
    assert detector.see([release("d", 210)]) == []
    assert detector.active(9_000 * MS)
    assert detector.see([by_hand("d", 9_100, False)]) != []
    assert not detector.active(10_100 * MS)


def test_a_hand_that_lets_go_of_a_key_held_from_before_is_nothing():
    assert detector_after((100, "d")).see([by_hand("d", 200, False)]) == []


def test_what_the_agent_holds_is_known():
    assert detector_after((100, "de"), (500, "d")).agent_held == {"d"}
