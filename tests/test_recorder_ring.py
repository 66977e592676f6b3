from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from data.errors import OutputExistsError
from data.reader import Recording
from data.schema import SpanKind
from recorder import ring as ring_module
from recorder.controls import Controls
from recorder.parts import Parts
from recorder.ring import Ring
from recorder.session import record
from tests.factories import capture_facts, picture, practice_profile
from tests.fakes import FakeClock, FakeKeys, FakeScreen, FakeWindow, strokes, wait_until

MS = 1_000_000
SECONDS = 0.5  # ten pictures


class Keeping:
    """A session of 20 Hz that keeps the last half second of play."""

    def __init__(self, folder: Path, *events):
        self.clock = FakeClock()
        self.screen = FakeScreen(self.clock)
        self.keys = FakeKeys(self.clock, events)
        self.window = FakeWindow()
        self.controls = Controls()
        self.ring = Ring(
            profile=practice_profile(),
            facts=capture_facts(),
            clock=self.clock,
            seconds=SECONDS,
            next_part=Parts(folder / "game.h5").take,
        )

    def run(self, seconds):
        with self.ring:
            record(
                screen=self.screen,
                keys=self.keys,
                window=self.window,
                writer=self.ring,
                clock=self.clock,
                rate_hz=20,
                seconds=seconds,
                stop=lambda: False,
                controls=self.controls,
                on_save=self.ring.save,
            )
        return [Found(path) for path in self.ring.kept().saved]


class Found:
    """What one saved recording holds."""

    def __init__(self, path: Path):
        self.name = path.name
        with Recording(path) as recording:
            self.times_ms = [int(at) // MS for at in recording.times_ns]
            self.events = [(e.at_ns // MS, e.key, e.down) for e in recording.key_events()]
            self.spans = [(s.kind, s.start_ns // MS, s.end_ns // MS) for s in recording.spans()]
            self.attributes = recording.attributes
            self.counters = recording.counters
            self.labels = recording.labels()


def test_only_the_last_stretch_is_saved_at_the_end(tmp_path):
    (found,) = Keeping(tmp_path).run(3.0)
    assert found.name == "game.h5"
    assert found.times_ms == list(range(2500, 3000, 50))


def test_nothing_is_written_before_it_is_asked_for(tmp_path):
    keeping, seen = Keeping(tmp_path), []
    keeping.clock.plan(900, lambda: seen.append(list(tmp_path.iterdir())))
    keeping.clock.plan(1000, keeping.controls.save)
    keeping.run(1.2)
    assert seen == [[]]


def test_each_save_writes_a_further_file_and_no_moment_twice(tmp_path):
    keeping = Keeping(tmp_path)
    for at_ms in (990, 1190):
        keeping.clock.plan(at_ms, keeping.controls.save)
    first, second, third = keeping.run(3.0)
    assert [found.name for found in (first, second, third)] == [
        *("game.h5", "game-2.h5", "game-3.h5")
    ]
    assert first.times_ms == list(range(550, 1001, 50))
    assert second.times_ms == list(range(1050, 1201, 50))
    assert third.times_ms == list(range(2500, 3000, 50))
    assert len({found.attributes["session"] for found in (first, second, third)}) == 1
    assert [found.attributes["part_of_session"] for found in (first, second, third)] == [1, 2, 3]


def test_keys_held_at_the_cut_are_pressed_at_its_beginning(tmp_path):
    events = [*strokes("left", 100), *strokes("d", 200, 400), *strokes("s", 2600, 2700)]
    (found,) = Keeping(tmp_path, *events).run(3.0)
    assert found.events == [
        (2500, "left", True),
        (2600, "s", True),
        (2700, "s", False),
        (3000, "left", False),
    ]
    assert set(found.labels["movement"]) == {
        practice_profile().head("movement").names.index("left")
    }


def test_keys_held_at_a_save_are_released_there_and_pressed_in_the_next_file(tmp_path):
    keeping = Keeping(tmp_path, *strokes("left", 100))
    keeping.clock.plan(990, keeping.controls.save)
    first, second = keeping.run(1.2)
    assert first.events == [(550, "left", True), (1000, "left", False)]
    assert second.events == [(1050, "left", True), (1200, "left", False)]


def test_pauses_don_t_push_play_out_and_are_marked(tmp_path):
    keeping = Keeping(tmp_path)
    keeping.clock.plan(2810, keeping.controls.pause)
    keeping.clock.plan(60_010, keeping.controls.resume)
    (found,) = keeping.run(60.2)
    assert found.times_ms == [*range(2450, 2801, 50), *range(60_100, 60_200, 50)]
    assert found.spans == [(SpanKind.PAUSED, 2850, 60_050)]


def test_a_span_from_before_the_cut_is_not_saved_and_one_across_it_is_shortened(tmp_path):
    keeping = Keeping(tmp_path)
    keeping.clock.plan(500, lambda: keeping.controls.discard_last(0.2))
    keeping.clock.plan(2600, lambda: keeping.controls.discard_last(0.2))
    (found,) = keeping.run(3.0)
    assert found.spans == [(SpanKind.DISCARDED, 2500, 2600)]


def test_a_file_counts_only_the_frames_dropped_in_it(tmp_path):
    keeping = Keeping(tmp_path)
    keeping.clock.plan(500, lambda: setattr(keeping.screen, "cost_ms", 110))
    keeping.clock.plan(1000, lambda: setattr(keeping.screen, "cost_ms", 0))
    keeping.clock.plan(1300, keeping.controls.save)
    keeping.clock.plan(2290, lambda: setattr(keeping.screen, "cost_ms", 110))
    for found in keeping.run(2.6):
        missing = sum((b - a) // 50 - 1 for a, b in pairwise(found.times_ms))
        assert missing >= 2
        assert found.counters["dropped"] == pytest.approx(missing, abs=2)  # the tick in progress


def test_memory_is_bounded_by_time_and_by_size(tmp_path, monkeypatch):
    with Keeping(tmp_path).ring as ring:
        for index in range(200):
            ring.append_frame(picture(index), index * 50 * MS)
            ring.append_keys(strokes("d", index * 50, index * 50 + 20))
            ring.append_span(SpanKind.MOVED, index * 50 * MS, index * 50 * MS + 1)
        assert ring.kept().seconds == pytest.approx(0.45)
        assert (len(ring._stretch.keys), len(ring._stretch.spans)) == (19, 10)
        one = ring.kept().bytes / 10
        monkeypatch.setattr(ring_module, "MOST_BYTES", round(4.5 * one))
        ring.append_frame(picture(200), 10_000 * MS)
        assert ring.kept().bytes == pytest.approx(4 * one, rel=0.1)


def test_a_save_that_fails_is_told_and_the_rest_is_saved_all_the_same(tmp_path):
    ring = Keeping(tmp_path).ring
    ring.append_frame(picture(0), 0)
    (tmp_path / "game.h5.part").mkdir()
    ring.save()
    with pytest.raises(OutputExistsError, match=r"game\.h5\.part"):
        wait_until(lambda: ring.flush_due(0) is not None, "it is told")
    ring.append_frame(picture(1), 50 * MS)
    ring.close()
    assert Found(tmp_path / "game-2.h5").times_ms == [50]


def test_a_ring_without_pictures_saves_nothing(tmp_path):
    keeping = Keeping(tmp_path)
    keeping.window.has_focus = False
    assert keeping.run(1.0) == []
    assert list(tmp_path.iterdir()) == []


def test_saved_pictures_are_those_that_were_taken(tmp_path):
    with Keeping(tmp_path).ring as ring:
        for index in range(12):
            ring.append_frame(picture(index * 3), index * 50 * MS)
    with Recording(tmp_path / "game.h5") as recording:
        assert np.abs(recording.frame(0).astype(int) - picture(6)).mean() < 2
        assert np.abs(recording.frame(9).astype(int) - picture(33)).mean() < 2
