"""The coach behind a bot: when he takes over, what is stored, and what is learned from it."""

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from data.errors import OutputExistsError
from data.keys import By, held_at
from data.reader import Recording
from data.schema import SpanKind
from gui.practice.coach import Coach
from gui.practice.corrections import record_corrections
from gui.practice.devices import SIZE, HeadlessGame
from gui.practice.intervention import Intervention
from gui.practice.launch import practice
from gui.practice.scene import Place, Scene
from gui.practice.standby import Prompting, TakingOver, Temper, astray, in_hand
from models.demonstrations import LABELLED_BY, corrects, labelled, load_demonstration
from tests.factories import practice_profile
from tests.fakes import FakeRunner
from tests.toy_play import ToyEyes

PROFILE = practice_profile()
SECOND = 1_000_000_000
SEED = 4


def bot(**chosen: str) -> FakeRunner:
    return FakeRunner(PROFILE, lambda _: chosen)


def keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


@pytest.mark.parametrize(
    ("wanted", "held", "expected"),
    [
        ("right", "right", False),
        ("right e", "right", False),
        ("right d", "right", False),
        ("right", "right up", False),
        ("right up", "right down", True),
        ("right", "left", True),
        ("right", "up", True),
        ("left up", "left", False),
        ("right up", "left up", True),
        ("right", "", True),
        ("", "down", True),
        ("", "d", False),
    ],
)
def test_a_bot_is_astray_more_than_an_eighth_turn_off(wanted: str, held: str, expected: bool):
    assert astray(keys(wanted), keys(held)) is expected


@pytest.mark.parametrize(
    ("mates", "rivals", "expected"),
    [
        ((), (), True),
        ((), (Place(29.0, 20.0),), True),
        ((), (Place(22.0, 20.0),), False),
        ((Place(24.5, 20.0),), (Place(22.0, 20.0),), True),
    ],
)
def test_the_ball_is_in_hand_when_one_of_ours_is_nearest(mates, rivals, expected):
    scene = Scene(Place(20.0, 20.0), Place(24.0, 20.0), mates, rivals, None)
    assert in_hand(scene) is expected


class Twin:
    """A bot that wants what the coach wants, from the moment he does."""

    def __init__(self, seed: int) -> None:
        self.coach, self.held = Coach(seed), frozenset[str]()

    def look(self, game: HeadlessGame):
        seen, now_s = game.seen(), game.clock.now_ns() / 1e9
        self.coach.observe(now_s, seen, SIZE)
        self.held = self.coach.keys(now_s)
        return seen


def test_a_bot_that_does_as_he_would_is_left_alone():
    game, twin = HeadlessGame("amateur", 20.0, SEED), Twin(SEED)
    behind = TakingOver(SEED, SIZE, lambda: twin.held)
    while not game.over:
        game.clock.sleep_until_ns(game.clock.now_ns() + SECOND // 60 + 1)
        assert behind.act(game.clock.now_ns(), lambda: twin.look(game)) == []


@pytest.fixture(scope="module")
def corrected(tmp_path_factory):
    """A bot that always runs to the left, up to half a minute."""
    path = tmp_path_factory.mktemp("corrected") / "log.h5"
    match, game = record_corrections(path, bot(movement="left"), seconds=30, seed=SEED)
    return path, match, game


def test_a_bot_that_goes_astray_is_taken_over_again_and_again(corrected):
    path, match, game = corrected
    with Recording(path) as log:
        spans = [span for span in log.spans() if span.kind is SpanKind.TAKEOVER]
        assert log.is_flight_log
        assert log.complete
        assert log.frame_count == match.frames == 600
    assert game.over
    assert match.corrections == len(spans) > 3
    assert match.corrected_s == pytest.approx(sum(s.end_ns - s.start_ns for s in spans) / 1e9)
    assert 0.3 < match.share < 1.0


def test_the_persons_keys_lie_in_the_take_overs_alone(corrected):
    path, _, _ = corrected
    with Recording(path) as log:
        spans = [span for span in log.spans() if span.kind is SpanKind.TAKEOVER]
        events = log.key_events()
    theirs = [event for event in events if event.by is By.HUMAN]
    assert theirs
    for event in theirs:
        assert any(span.start_ns <= event.at_ns <= span.end_ns for span in spans)
    assert {event.key for event in events if event.by is By.AGENT} == {"left"}
    for span in spans[:-1]:
        last_ns = max(event.at_ns for event in theirs if event.at_ns <= span.end_ns)
        assert span.end_ns - last_ns >= SECOND, "the bot resumes after a quiet second"


def test_he_stays_a_second_and_lets_go_in_time(corrected):
    path, _, _ = corrected
    temper = Temper()
    with Recording(path) as log:
        spans = [span for span in log.spans() if span.kind is SpanKind.TAKEOVER]
    for span in spans[:-1]:
        played_s = (span.end_ns - span.start_ns) / 1e9 - temper.quiet_s
        assert temper.stay_s[0] - 0.1 < played_s < temper.most_s + 1.0


def test_what_is_learned_of_a_corrected_match_is_what_the_coach_pressed(corrected, tmp_path: Path):
    path, match, _ = corrected
    demonstration = load_demonstration(path, PROFILE, ToyEyes(), folder=tmp_path)
    found = labelled(demonstration, PROFILE, shift_ms=100)
    assert 0 < found.counts.sum() < match.corrected_s * 20
    moving = found.classes["movement"][found.counts]
    assert (moving != PROFILE.heads[0].none_index).mean() > 0.8
    left = PROFILE.heads[0].names.index("left")
    assert (moving == left).mean() < 0.5


def test_every_frame_of_it_has_its_true_boxes(corrected):
    with Recording(corrected[0]) as log:
        labelled_frames = log.boxes()
    assert len(labelled_frames) == 600
    assert all(one.boxes for one in labelled_frames)


@pytest.fixture(scope="module")
def prompted(tmp_path_factory):
    path = tmp_path_factory.mktemp("prompted") / "labels.h5"
    match, game = record_corrections(
        path, bot(movement="left"), intervene=Intervention.LABEL, seconds=10, seed=SEED
    )
    return path, match, game


def test_a_labelled_match_is_an_ordinary_recording_of_the_coachs_keys(prompted, tmp_path: Path):
    path, match, _ = prompted
    with Recording(path) as recording:
        assert not recording.is_flight_log
        assert recording.attributes[LABELLED_BY] == "coach"
        assert corrects(path), "and yet it is never held out"
        assert {event.by for event in recording.key_events()} == {By.HUMAN}
        assert not recording.spans()
    demonstration = load_demonstration(path, PROFILE, ToyEyes(), folder=tmp_path)
    assert demonstration.counts.all(), "the coach's word on every frame counts"
    assert match.corrections > 5
    assert match.share > 0.5, "a bot that runs to the left is seldom right"


def test_labels_are_what_the_coach_would_hold_on_the_bots_own_path(prompted):
    path, _, _ = prompted
    game = HeadlessGame("beginner", 10.0, SEED)
    coach = Prompting(SEED, SIZE)
    game.seat(coach)
    game.sink.set_held(keys("left"))
    wanted = []
    with Recording(path) as recording:
        for at_ns in recording.times_ns.tolist():
            game.clock.sleep_until_ns(at_ns)
            wanted.append(coach.wanted)
        names = PROFILE.keys
        held = held_at(recording.key_events(), names, recording.times_ns)
    told = [frozenset(np.array(names)[row].tolist()) for row in held]
    assert np.mean([a <= b for a, b in zip(wanted, told, strict=True)]) == 1.0


def test_a_recording_is_never_overwritten_unasked(tmp_path: Path):
    (tmp_path / "log.h5").write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        record_corrections(tmp_path / "log.h5", bot(), seconds=1)
    assert (tmp_path / "log.h5").read_bytes() == b"precious"


def test_a_match_that_is_stopped_keeps_what_was_recorded(tmp_path: Path):
    shares: list[float] = []
    match, game = record_corrections(
        tmp_path / "log.h5",
        bot(movement="left"),
        seconds=10,
        stop=lambda: len(shares) >= 20,
        on_share=shares.append,
    )
    assert not game.over
    assert match.frames == 20
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--behind", "run"), "--behind needs"),
        (("--behind", "run", "--coach", "--headless"), "--behind needs"),
        (
            ("--behind", "run", "--coach", "--headless", "--record", "a.h5", "--kits", "3"),
            "no other way",
        ),
    ],
)
def test_standing_behind_needs_a_coach_and_a_recording(options: tuple[str, ...], told: str):
    app = typer.Typer()
    app.command()(practice)
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert told in " ".join(result.output.replace("│", " ").split())
