from pathlib import Path

import h5py
import numpy as np
import pytest

from data.boxes import Box
from data.errors import RecordingError
from data.inspection.summary import Summary, summarise
from data.keys import KeyEvent
from data.schema import FRAME_BYTES, CaptureFacts, SpanKind
from tests.factories import TICK_NS, practice_profile, write_recording
from tests.recorded_play import BLACK, JPEGS, S, busy, held, write_play


def problem(summary: Summary, *words: str) -> str:
    """Return the one problem that has these words."""
    (found,) = [said for said in summary.problems if all(word in said for word in words)]
    return found


def test_sound_play_has_no_problem(tmp_path: Path):
    assert summarise(write_play(tmp_path / "a.h5")).problems == []


def test_keys_classes_and_boxes_are_counted(tmp_path: Path):
    keys = [KeyEvent(0, "d", True), KeyEvent(10 * TICK_NS - 1, "d", False)]
    ball = Box("ball", 10, 20, 16, 26)
    found = summarise(write_recording(tmp_path / "a.h5", frames=40, keys=keys, boxes=[ball]))
    assert (found.frames, found.keys["d"], found.boxes["ball"]) == (40, 1, 40)
    assert found.heads["action"] == {"none": 30, "shoot": 10, "pass": 0, "through": 0, "cross": 0}
    assert found.rate_hz == pytest.approx(20)
    assert found.seconds == pytest.approx(2.0)
    assert found.bytes_per_hour == pytest.approx(found.bytes / 2.0 * 3600)


def test_only_play_is_counted(tmp_path: Path):
    keys = held("d", 1.0, 2.0, 4.5, 5.0, 8.0, 8.5)
    spans = [(SpanKind.DISCARDED, 4.0, 6.0)]
    found = summarise(write_play(tmp_path / "a.h5", seconds=10, keys=keys, spans=spans))
    assert (found.frames, found.play_frames) == (200, 159)
    assert found.keys["d"] == 2
    assert found.held_s["d"] == pytest.approx(1.5)
    assert sum(found.heads["action"].values()) == 159
    assert found.heads["action"]["shoot"] == 30
    assert found.seconds == pytest.approx(159 * 0.05)
    (span,) = found.spans
    assert (span.kind, span.start_s, span.seconds) == ("discarded", 4.0, 2.0)


def test_holds_are_sorted_by_their_length(tmp_path: Path):
    keys = [*held("d", 1, 1.03, 2, 2.09, 3, 3.3, 4, 6), *held("e", 5)]
    found = summarise(write_play(tmp_path / "a.h5", seconds=10, keys=keys))
    told = {name: n for name, n in found.holds_ms["d"].items() if n}
    assert told == {"<50": 1, "<100": 1, "<400": 1, ">=1600": 1}
    assert found.holds_ms["e"][">=1600"] == 1
    assert found.held_s["e"] == pytest.approx(5.0)


def test_dropped_frames_are_counted_where_they_are_missing(tmp_path: Path):
    ticks = [i for i in range(1200) if i not in (200, 201, 210, 800)]
    found = summarise(write_play(tmp_path / "a.h5", times=[i * TICK_NS for i in ticks]))
    assert found.dropped == 4
    first, second = found.holes
    assert (first.frames, first.start_s) == (3, pytest.approx(9.95))
    assert first.seconds == pytest.approx(0.6)
    assert (second.frames, second.start_s) == (1, pytest.approx(39.95))
    assert found.problems == []


def test_a_late_frame_is_not_a_dropped_one(tmp_path: Path):
    times = [i * TICK_NS + (35_000_000 if i % 100 in (50, 51) else 0) for i in range(1200)]
    found = summarise(write_play(tmp_path / "a.h5", times=times))
    assert found.dropped == 0
    assert found.jitter_ms["p99"] == pytest.approx(35)


def test_frames_missing_in_a_pause_are_not_dropped(tmp_path: Path):
    times = [i * TICK_NS for i in range(1200) if not 400 <= i < 700]
    spans = [(SpanKind.PAUSED, 19.96, 34.99)]
    found = summarise(write_play(tmp_path / "a.h5", times=times, spans=spans))
    assert (found.dropped, found.problems) == (0, [])


def test_many_dropped_frames_are_told_with_the_worst_place(tmp_path: Path):
    ticks = [i for i in range(1200) if not (600 <= i < 660 and i % 2)]
    found = summarise(write_play(tmp_path / "a.h5", times=[i * TICK_NS for i in ticks]))
    said = problem(found, "30 frames were dropped")
    assert "30 of them at 0:30" in said
    assert "--rate" in said


def test_a_stall_without_a_pause_is_told_with_its_place(tmp_path: Path):
    times = [i * TICK_NS for i in range(1200) if not 400 <= i < 700]
    found = summarise(write_play(tmp_path / "a.h5", times=times))
    assert "at 0:19 for 15 s" in problem(found, "Nothing was stored")


def test_a_clock_that_steps_back_is_told(tmp_path: Path):
    times = [i * TICK_NS - (5 * S if i >= 600 else 0) for i in range(1200)]
    found = summarise(write_play(tmp_path / "a.h5", times=times))
    assert "first at 0:29" in problem(found, "clock stepped backwards once")


def test_another_rate_than_wanted_is_told(tmp_path: Path):
    times = range(0, 60 * S, 80_000_000)
    found = summarise(write_play(tmp_path / "a.h5", times=times))
    assert "20 Hz were wanted" in problem(found, "12.5 Hz")


def test_minutes_without_a_key_are_told_with_the_way_out(tmp_path: Path):
    keys = [*busy(30), *busy(240, since_s=200)]
    found = summarise(write_play(tmp_path / "a.h5", seconds=240, keys=keys))
    said = problem(found, "No key was touched from 0:28 to 3:20")
    assert f"understudy trim {tmp_path / 'a.h5'} --cut 0:28-3:21 --out NEW.h5" in said
    assert len(found.problems) == 1


def test_a_long_hold_is_not_silence(tmp_path: Path):
    keys = [*busy(30), *held("right", 30, 88), *busy(240, since_s=200)]
    assert summarise(write_play(tmp_path / "a.h5", seconds=240, keys=keys)).problems == []


def test_a_pause_is_not_silence(tmp_path: Path):
    keys = [*busy(30), *busy(240, since_s=200)]
    spans = [(SpanKind.PAUSED, 85.01, 190.01)]
    times = [t for t in range(0, 240 * S, TICK_NS) if not 85.01 * S <= t < 190.02 * S]
    path = write_play(tmp_path / "a.h5", times=times, keys=keys, spans=spans)
    assert summarise(path).problems == []


def test_a_frame_cut_short_by_a_pause_stands_for_less_time(tmp_path: Path):
    times = [i * TICK_NS - (30_000_000 if i >= 100 else 0) for i in range(200)]
    spans = [(SpanKind.PAUSED, 4.951, 4.969)]
    found = summarise(write_play(tmp_path / "a.h5", times=times, spans=spans))
    assert found.seconds == pytest.approx(10 - 0.03)


def test_keys_that_end_long_before_the_end_are_told(tmp_path: Path):
    found = summarise(write_play(tmp_path / "a.h5", seconds=100, keys=busy(60)))
    said = problem(found, "No key was touched after 0:58")
    assert "--to 0:59 --out NEW.h5" in said
    assert len(found.problems) == 1


def test_a_key_that_stuck_is_told(tmp_path: Path):
    keys = [*busy(100), *held("s", 20, 95)]
    found = summarise(write_play(tmp_path / "a.h5", seconds=100, keys=keys))
    assert "--cut 0:20-1:36" in problem(found, "Key s was held for 1:15 min from 0:20")


def test_no_key_and_one_class_are_told(tmp_path: Path):
    silent = summarise(write_play(tmp_path / "a.h5", keys=[]))
    assert "only a, d, down" in problem(silent, "No key was pressed")
    keys = [event for event in busy(60) if event.key != "e"]
    found = summarise(write_play(tmp_path / "b.h5", keys=keys))
    assert problem(found, "Head sprint shows only one class.", "is none", "(e)")
    assert len(found.problems) == 1


def test_a_black_recording_is_told_once(tmp_path: Path):
    found = summarise(write_play(tmp_path / "a.h5", jpeg_at=lambda index: BLACK))
    assert problem(found, "black throughout", "borderless")
    assert len(found.problems) == 1


def test_a_black_stretch_is_told_with_its_place(tmp_path: Path):
    path = write_play(
        tmp_path / "a.h5", jpeg_at=lambda i: BLACK if 400 <= i < 560 else JPEGS[i % 16]
    )
    found = summarise(path)
    assert "--cut 0:20-0:28" in problem(found, "black from 0:20 for 7.9 s")
    assert len(found.problems) == 1


def test_a_picture_that_never_changes_is_told(tmp_path: Path):
    found = summarise(write_play(tmp_path / "a.h5", jpeg_at=lambda index: JPEGS[0]))
    assert problem(found, "never changes", "--thumbnails")
    assert len(found.problems) == 1


def test_a_frozen_stretch_is_told_only_where_keys_are_pressed(tmp_path: Path):
    def frozen(index: int) -> np.ndarray:
        return JPEGS[3] if 400 <= index < 520 else JPEGS[index % 16]

    played = summarise(write_play(tmp_path / "a.h5", jpeg_at=frozen))
    assert "--cut 0:20-0:26" in problem(played, "stands still", "from 0:20 for 5.9 s")
    assert len(played.problems) == 1
    waited = [*busy(20), *busy(60, since_s=25.6)]
    assert summarise(write_play(tmp_path / "b.h5", jpeg_at=frozen, keys=waited)).problems == []


def test_pictures_of_one_size_are_not_taken_for_one_picture(tmp_path: Path):
    length = max(map(len, JPEGS))
    padded = [np.concatenate([j[:-2], np.zeros(length - len(j), np.uint8), j[-2:]]) for j in JPEGS]
    found = summarise(write_play(tmp_path / "a.h5", jpeg_at=lambda index: padded[index % 16]))
    assert found.problems == []


def test_damaged_pictures_are_told_with_their_place(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        start, stop = (int(file["frames/end"][i]) for i in (599, 603))
        file[FRAME_BYTES][start:stop] = 0
    found = summarise(path)
    assert "--cut 0:30-0:31" in problem(found, "4 damaged pictures between 0:30 and 0:30")


def test_a_leftover_and_a_truncated_tail_are_told(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["complete"] = 0
        file[FRAME_BYTES].resize(int(file["frames/end"][1189]), axis=0)
    found = summarise(path)
    assert problem(found, "died", f"understudy repair {path}")
    assert problem(found, "10 frames after 1190 lost their pictures")


def test_a_window_of_another_shape_is_told_with_a_size_that_fits(tmp_path: Path):
    facts = CaptureFacts(0, 0, 1024, 768, 1.0, "test", 20.0)
    found = summarise(write_play(tmp_path / "a.h5", facts=facts))
    assert problem(found, "25% of every picture is a black border", "Store 480x360")


def test_a_mostly_discarded_recording_is_told(tmp_path: Path):
    spans = [(SpanKind.DISCARDED, 10.0, 50.0)]
    found = summarise(write_play(tmp_path / "a.h5", spans=spans))
    assert problem(found, "Only 33% of its frames are play")
    everything = [(SpanKind.DISCARDED, 0.0, 60.0)]
    nothing = summarise(write_play(tmp_path / "b.h5", spans=everything))
    assert (nothing.play_frames, nothing.seconds, nothing.rate_hz) == (0, 0.0, 0.0)
    assert problem(nothing, "Only 0% of its frames are play")


def test_a_set_of_single_pictures_is_not_judged_as_play(tmp_path: Path):
    found = summarise(write_play(tmp_path / "a.h5", times=range(0, 100 * S, 5 * S), keys=[]))
    assert found.problems == []


def test_an_empty_recording_is_told(tmp_path: Path):
    assert problem(summarise(write_play(tmp_path / "a.h5", seconds=0)), "It holds no frame")


def test_the_summary_says_what_was_captured(tmp_path: Path):
    facts = CaptureFacts(10, 20, 960, 540, 1.0, "mss", 20.0, "Football")
    about = {"session": "abc", "part_of_session": 2}
    captured = summarise(write_play(tmp_path / "a.h5", facts=facts, attributes=about)).captured
    assert (captured.window_title, captured.window) == ("Football", (10, 20, 960, 540))
    assert (captured.session, captured.part_of_session) == ("abc", 2)
    assert captured.keys == list(practice_profile().keys)
    assert captured.stored == (480, 270)


def test_a_place_that_no_desktop_has_is_damage(tmp_path: Path):
    path = write_play(tmp_path / "a.h5", seconds=1)
    with h5py.File(path, "r+") as file:
        file.attrs["capture_left_px"] = 1e300
    with pytest.raises(RecordingError, match="damaged"):
        summarise(path)
