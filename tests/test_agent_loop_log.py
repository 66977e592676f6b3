"""The flight log beside play: on a thread of its own, on a slow disk, on a full one."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from data.errors import RecordingError
from data.reader import Recording
from data.writer import RecordingWriter
from tests.fakes import strokes, wait_until
from tests.test_agent_loop import MS, Game, run_right, zigzag


def test_a_log_on_its_own_thread_holds_the_same(tmp_path):
    contents = []
    for inline in (True, False):
        game = Game(tmp_path / str(inline), *strokes("left", 210, 420), choose=zigzag)
        report = game.run(seconds=1.0, inline=inline)
        assert report.log_dropped == 0
        with Recording(game.path) as log:
            contents.append(
                (list(log.times_ns), log.key_events(), log.spans(), log.probabilities().tolist())
            )
    assert contents[0] == contents[1]
    assert not [t for t in threading.enumerate() if t.name.startswith("flight-log")]


def test_a_slow_disk_costs_logged_frames_not_ticks(tmp_path, monkeypatch):
    blocked = threading.Event()
    append = RecordingWriter.append_frame

    def slow(self, image, at_ns):
        blocked.wait(20)
        return append(self, image, at_ns)

    monkeypatch.setattr(RecordingWriter, "append_frame", slow)
    game = Game(tmp_path)

    def stop():
        if game.clock.now_ns() < 10_000 * MS:
            return False
        blocked.set()
        return True

    report = game.run(seconds=None, inline=False, stop=stop)
    assert report.ticks == 200
    assert report.late_ticks == 0
    with Recording(game.path) as log:
        assert log.frame_count == 200 - report.log_dropped
        assert log.counters["dropped"] == report.log_dropped > 0
        assert [event.down for event in log.key_events()] == [True, False]


@pytest.mark.parametrize("inline", [True, False])
def test_a_full_disk_ends_play_with_the_keys_released(tmp_path, monkeypatch, inline):
    flushes, writes = [], []

    def full(self):
        flushes.append(self)
        if len(flushes) > 2:
            raise RecordingError("can't be written any more")

    class WatchedPool(ThreadPoolExecutor):
        def submit(self, *arguments):
            writes.append(super().submit(*arguments))
            return writes[-1]

    def run_until_a_write_has_failed(step):
        if step == 60:  # the simulated clock would outrun the thread that writes
            wait_until(lambda: any(w.done() and w.exception() for w in writes), "a failed write")
        return run_right(step)

    with monkeypatch.context() as patch:
        patch.setattr(RecordingWriter, "flush", full)
        patch.setattr("agent.flight_log.ThreadPoolExecutor", WatchedPool)
        game = Game(tmp_path, choose=run_until_a_write_has_failed)
        with pytest.raises(RecordingError, match="any more"):
            game.run(seconds=60, inline=inline)
    assert game.sink.held == set()
    assert len(game.views) < 100
