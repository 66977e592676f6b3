"""What of a flight log is learned: a person's corrections, and nothing of the agent's."""

from pathlib import Path

import numpy as np
import pytest

from data.errors import RecordingError
from data.keys import By, KeyEvent
from data.schema import Span, SpanKind
from data.writer import RecordingWriter, TickRow
from models.demonstrations import (
    CORRECTION_WEIGHT,
    Correction,
    Demonstration,
    Labelled,
    corrections_of,
    labelled,
    load_demonstration,
)
from tests.factories import (
    TICK_NS,
    altered_profile,
    capture_facts,
    picture,
    practice_profile,
    write_recording,
)
from tests.toy_play import ToyEyes, toy_demonstration

PROFILE = practice_profile()
MS = 1_000_000
TAKEN_NS, LAST_NS, RESUMED_NS = 1000 * MS, 2000 * MS, 3000 * MS


def press(at_ns: int, key: str, *, by: By = By.HUMAN) -> KeyEvent:
    return KeyEvent(at_ns, key, True, by)


def release(at_ns: int, key: str, *, by: By = By.HUMAN) -> KeyEvent:
    return KeyEvent(at_ns, key, False, by)


AGENTS = (press(0, "left", by=By.AGENT), release(1040 * MS, "left", by=By.AGENT))
PERSONS = (press(TAKEN_NS, "right"), release(LAST_NS, "right"))


def flight_log(
    path: Path,
    *,
    keys: tuple[KeyEvent, ...] = (*AGENTS, *PERSONS),
    spans: tuple[Span, ...] = (Span(SpanKind.TAKEOVER, TAKEN_NS, RESUMED_NS),),
) -> Path:
    """A bot runs left for four seconds; a person takes over in the second one, to run right."""
    sizes = [len(head.names) for head in PROFILE.heads]
    with RecordingWriter(
        path, profile=PROFILE, facts=capture_facts(), head_probabilities=True
    ) as writer:
        for index in range(80):
            writer.append_frame(picture(index), index * TICK_NS)
            writer.append_tick(
                TickRow(index * TICK_NS, index, np.ones(sum(sizes), np.float32), (0,) * 5)
            )
        writer.append_keys(sorted(keys, key=lambda event: event.at_ns))
        for span in spans:
            writer.append_span(span.kind, span.start_ns, span.end_ns)
    return path


def read(path: Path) -> Demonstration:
    return load_demonstration(path, PROFILE, ToyEyes(), folder=path.parent / "seen")


def learned(path: Path, *, shift_ms: float = 100.0, **more: float) -> Labelled:
    return labelled(read(path), PROFILE, shift_ms=shift_ms, **more)


def test_of_a_flight_log_only_the_corrections_count(tmp_path: Path):
    found = learned(flight_log(tmp_path / "log.h5"))
    right = PROFILE.heads[0].names.index("right")
    assert found.counts.any()
    assert set(found.classes["movement"][found.counts]) == {right}
    times = np.flatnonzero(found.counts) * TICK_NS
    assert times.min() >= TAKEN_NS, "what came before is what the person found wrong"
    assert times.max() + 100 * MS < LAST_NS, "afterwards he waits for the bot to resume"


def test_the_bots_ticks_stay_as_context(tmp_path: Path):
    demonstration = read(flight_log(tmp_path / "log.h5"))
    assert demonstration.segments == ((0, 80),)
    assert len(demonstration.seen) == 80


def test_keys_that_the_bot_held_at_the_take_over_are_waited_for(tmp_path: Path):
    found = learned(flight_log(tmp_path / "log.h5"))
    assert np.flatnonzero(found.counts)[0] * TICK_NS + 100 * MS >= TAKEN_NS + 250 * MS


def test_a_tick_whose_label_lies_beyond_the_correction_does_not_count(tmp_path: Path):
    path = flight_log(tmp_path / "log.h5")
    early, late = (learned(path, shift_ms=shift_ms).counts for shift_ms in (100.0, 300.0))
    assert np.flatnonzero(early)[-1] - np.flatnonzero(late)[-1] == 4


def test_corrections_weigh_more_and_the_rest_nothing(tmp_path: Path):
    path = flight_log(tmp_path / "log.h5")
    found = learned(path)
    assert found.weights.dtype == np.float32
    assert set(found.weights[found.counts]) == {np.float32(CORRECTION_WEIGHT)}
    assert not found.weights[~found.counts].any()
    assert learned(path, correction_weight=7.0).weights.max() == 7.0


def test_plain_play_weighs_one():
    found = labelled(toy_demonstration(ticks=100), PROFILE, shift_ms=150)
    assert found.weights.tolist() == [1.0] * 97 + [0.0] * 3


@pytest.mark.parametrize("keys", [AGENTS, ()])
def test_a_bot_that_nobody_corrects_teaches_nothing(tmp_path: Path, keys: tuple[KeyEvent, ...]):
    found = learned(flight_log(tmp_path / "log.h5", keys=keys, spans=()))
    assert not found.counts.any()
    assert not found.weights.any()


def test_agents_keys_make_a_recording_a_flight_log(tmp_path: Path):
    """A merged or trimmed one may have lost its decisions."""
    path = write_recording(tmp_path / "a.h5", keys=[*AGENTS, press(1500 * MS, "right")])
    assert not learned(path).counts.any()


def test_a_recording_of_a_person_counts_whole(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", keys=[press(500 * MS, "right")])
    demonstration = read(path)
    assert demonstration.corrections is None
    assert labelled(demonstration, PROFILE, shift_ms=0).counts.all()


def test_a_correction_lasts_from_the_first_key_to_the_last():
    spans = [Span(SpanKind.TAKEOVER, 10, 100), Span(SpanKind.PAUSED, 120, 130)]
    events = [press(20, "right"), release(30, "right"), press(40, "d"), release(60, "d")]
    assert corrections_of(events, spans) == (Correction(20, 60),)
    assert corrections_of([], spans) == ()
    outside = [press(5, "right"), release(110, "right")]
    assert corrections_of(outside, spans) == ()


def test_a_correction_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends after it starts"):
        Correction(2, 1)


def test_play_is_learned_with_other_groups_of_its_keys(tmp_path: Path):
    keys = (press(0, "right"), press(MS, "up"), release(LAST_NS, "up"), release(LAST_NS, "right"))
    path = write_recording(tmp_path / "a.h5", frames=60, keys=keys)
    steering = {"name": "steering", "classes": {"none": [], "ahead": ["right"]}}
    fewer = altered_profile(name="fewer", heads=[steering], mirror=None)
    found = load_demonstration(path, fewer, ToyEyes(), folder=tmp_path / "seen")
    assert {event.key for event in found.events} == {"right"}
    classes = labelled(found, fewer, shift_ms=0.0).classes["steering"]
    held = np.arange(60) * TICK_NS < LAST_NS
    np.testing.assert_array_equal(classes, held.astype(classes.dtype))


def test_play_without_one_of_the_keys_is_refused(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=4)
    jump = {"name": "jump", "classes": {"none": [], "jump": ["space"]}}
    more = altered_profile(heads=[*PROFILE.model_dump()["heads"], jump])
    with pytest.raises(RecordingError, match=r"a\.h5: recorded without listening to the key space"):
        load_demonstration(path, more, ToyEyes(), folder=tmp_path / "seen")
