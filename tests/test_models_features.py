import numpy as np
import pytest

from data.boxes import Box
from data.errors import RecordingError
from data.reader import Recording
from models.augmentation import AugmentationSettings, worsened
from models.demonstrations import (
    labelled,
    load_demonstration,
    ticks_of,
)
from models.features import SeenFrames, Stopped, see_recording
from tests.factories import TICK_NS, practice_profile, write_recording
from tests.toy_play import BALL, FEATURES, ToyEyes, marked, sight, toy_demonstration, toy_recording


@pytest.fixture
def recording(tmp_path):
    with Recording(toy_recording(tmp_path / "toy.h5", ticks=30)) as opened:
        yield opened


def look(recording, folder, eyes, **more):
    frames = np.arange(recording.frame_count)
    return see_recording(recording, frames, eyes, folder=folder, **more)


def test_a_recording_is_looked_at_once(recording, tmp_path):
    eyes = ToyEyes()
    first = look(recording, tmp_path / "seen", eyes)
    assert eyes.looks == 30
    again = look(recording, tmp_path / "seen", eyes)
    assert eyes.looks == 30
    for field in ("boxes", "classes", "scores", "ends"):
        np.testing.assert_array_equal(
            getattr(first.part(0, 30), field), getattr(again.part(0, 30), field)
        )
    np.testing.assert_array_equal(first.features.read(0, 30), again.features.read(0, 30))
    assert again.feature_count == FEATURES


def test_other_eyes_look_again(recording, tmp_path):
    look(recording, tmp_path, ToyEyes("one"))
    other = ToyEyes("two")
    look(recording, tmp_path, other)
    assert other.looks == 30


def test_a_damaged_cache_is_made_again(recording, tmp_path):
    eyes = ToyEyes()
    look(recording, tmp_path / "seen", eyes)
    for file in (tmp_path / "seen").iterdir():
        file.write_bytes(file.read_bytes()[:50])
    seen = look(recording, tmp_path / "seen", eyes)
    assert eyes.looks == 60
    assert len(seen) == 30


def test_stopping_leaves_no_half_cache(recording, tmp_path):
    eyes = ToyEyes()
    with pytest.raises(Stopped, match="after 7 of 30 frames"):
        look(recording, tmp_path / "seen", eyes, stop=lambda: eyes.looks == 7)
    assert not list((tmp_path / "seen").iterdir())


def test_progress_tells_the_time_left(recording, tmp_path):
    told, clock = [], iter(range(100))
    look(recording, tmp_path, ToyEyes(), on_progress=told.append, now_s=lambda: float(next(clock)))
    assert [(one.done, one.frames, one.left_s) for one in told] == [(20, 30, 0.5), (30, 30, 0.0)]
    assert told[0].name == "toy.h5"


def test_sights_come_back_frame_by_frame():
    given = [sight(*marked(10, 50)), sight(), sight((BALL, 5, 9))]
    seen = SeenFrames.of(given)
    for one, back in zip(given, seen.sights(), strict=True):
        np.testing.assert_array_equal(one.boxes, back.boxes)
        np.testing.assert_array_equal(one.classes, back.classes)
    assert [len(back.scores) for back in seen.sights()] == [2, 0, 1]


def test_eyes_find_what_the_toy_draws(recording, tmp_path):
    seen = look(recording, tmp_path, ToyEyes()).part(0, 30)
    truth = toy_demonstration(0, 30).seen.part(0, 30)
    np.testing.assert_allclose(seen.boxes[-1], truth.boxes[-2], atol=2.5)


def test_labels_are_the_keys_held_after_the_reaction():
    demonstration = toy_demonstration(ticks=100)
    at_once = labelled(demonstration, practice_profile(), shift_ms=0)
    later = labelled(demonstration, practice_profile(), shift_ms=150)
    np.testing.assert_array_equal(later.classes["movement"][:-3], at_once.classes["movement"][3:])


def test_ticks_whose_label_lies_beyond_their_segment_do_not_count():
    later = labelled(toy_demonstration(ticks=100), practice_profile(), shift_ms=150)
    assert later.counts[:97].all()
    assert not later.counts[97:].any()


def test_of_a_faster_recording_the_newest_frame_at_each_tick_is_taken():
    times = np.arange(60, dtype=np.int64) * 1_000_000_000 // 60
    frames, segments = ticks_of(times, [(0, 60)], rate_hz=20)
    assert frames.tolist() == list(range(0, 60, 3))
    assert segments == ((0, 20),)


def test_a_recording_of_the_policys_rate_is_taken_whole():
    times = np.arange(40, dtype=np.int64) * TICK_NS
    frames, segments = ticks_of(times, [(0, 15), (20, 40)], rate_hz=20)
    assert frames.tolist() == [*range(15), *range(20, 40)]
    assert segments == ((0, 15), (15, 35))


def test_a_recording_slower_than_the_policy_is_refused(tmp_path):
    profile = practice_profile()
    fast = profile.model_copy(
        update={"capture": profile.capture.model_copy(update={"rate_hz": 60})}
    )
    path = write_recording(tmp_path / "slow.h5")
    with pytest.raises(RecordingError, match=r"slow\.h5: it has 20\.0 frames a second"):
        load_demonstration(path, fast, ToyEyes(), folder=tmp_path)


def test_a_late_frame_in_a_short_segment_does_not_make_a_recording_slow():
    times = np.arange(42, dtype=np.int64) * TICK_NS
    times[21:] += 20_000_000  # the second frame of two came 20 ms late: 14 frames a second
    frames, segments = ticks_of(times, [(0, 20), (20, 22), (22, 42)], rate_hz=20)
    assert frames.tolist() == list(range(42))
    assert segments == ((0, 20), (20, 22), (22, 42))


def test_slow_segments_together_are_refused_though_each_is_short():
    times = np.arange(40, dtype=np.int64) * 2 * TICK_NS
    with pytest.raises(RecordingError, match=r"it has 10\.0 frames a second"):
        ticks_of(times, [(start, start + 2) for start in range(0, 40, 2)], rate_hz=20)


def test_two_early_frames_do_not_make_a_recording_faster():
    times = np.arange(42, dtype=np.int64) * TICK_NS
    times[21:] -= 20_000_000
    frames, _ = ticks_of(times, [(0, 20), (20, 22), (22, 42)], rate_hz=20)
    assert frames.tolist() == list(range(42))


def test_short_segments_of_a_faster_recording_are_thinned_as_well():
    times = np.arange(130, dtype=np.int64) * 1_000_000_000 // 60
    frames, segments = ticks_of(times, [(0, 60), (60, 66), (70, 130)], rate_hz=20)
    assert frames.tolist() == [*range(0, 60, 3), 60, 63, *range(70, 130, 3)]
    assert segments == ((0, 20), (20, 22), (22, 42))


def test_a_long_faster_part_is_thinned_in_a_recording_that_is_not_faster_over_all():
    slow = np.arange(200, dtype=np.int64) * TICK_NS
    fast = slow[-1] + 1_000_000_000 + np.arange(61, dtype=np.int64) * 1_000_000_000 // 60
    frames, _ = ticks_of(np.concatenate([slow, fast]), [(0, 200), (200, 261)], rate_hz=20)
    assert frames.tolist() == [*range(200), *range(200, 261, 3)]


def test_worsening_misses_jitters_and_leaves_the_original_alone():
    seen = SeenFrames.of([sight(*marked(200, 150), (BALL, 100, 100)) for _ in range(400)])
    before = seen.boxes.copy()
    settings = AugmentationSettings(miss_object=0.1, miss_frame=0.05, miss_burst=0.1, ghosts=0.0)
    worse = worsened(seen, settings, np.random.default_rng(0))
    np.testing.assert_array_equal(seen.boxes, before)
    assert len(worse) == 400
    share = len(worse.scores) / len(seen.scores)
    assert 0.65 < share < 0.85
    of_ball = worse.boxes[worse.classes == BALL]
    assert 0.4 < (of_ball[:, [0, 2]].mean(axis=1) - 100).std() < 1.0


def test_without_worsening_nothing_changes():
    seen = SeenFrames.of([sight(*marked(200, 150))] * 20)
    settings = AugmentationSettings(0.0, 0.0, 0.0, 0.0, 0.0, ghosts=0.0)
    worse = worsened(seen, settings, np.random.default_rng(0))
    np.testing.assert_allclose(worse.boxes, seen.boxes, atol=1e-4)
    np.testing.assert_array_equal(worse.ends, seen.ends)


def test_ghosts_stand_where_nothing_is():
    seen = SeenFrames.of([sight(*marked(200, 150), (BALL, 20, 40), (BALL, 450, 260))] * 300)
    settings = AugmentationSettings(0.0, 0.0, 0.0, 0.0, 0.0, ghosts=0.1)
    worse = worsened(seen, settings, np.random.default_rng(0))
    moved = (np.abs(worse.boxes - seen.boxes).max(axis=1) > 1).sum()
    assert 10 < moved < 60


def test_boxes_in_a_recording_do_not_reach_the_policy(tmp_path):
    box = Box("ball", 1, 1, 9, 9)
    path = write_recording(tmp_path / "boxes.h5", boxes=[box])
    found = load_demonstration(path, practice_profile(), ToyEyes(), folder=tmp_path)
    seen = found.seen.part(0, len(found.seen))
    assert not (seen.boxes == np.array([1, 1, 9, 9])).all(axis=1).any()


def test_a_part_of_a_recording_holds_the_sights_of_its_frames(recording, tmp_path):
    seen = look(recording, tmp_path, ToyEyes())
    whole = list(seen.part(0, 30).sights())
    for one, back in zip(whole[11:19], seen.part(11, 19).sights(), strict=True):
        np.testing.assert_array_equal(one.boxes, back.boxes)
        np.testing.assert_array_equal(one.classes, back.classes)
    assert len(seen.part(7, 7)) == 0
