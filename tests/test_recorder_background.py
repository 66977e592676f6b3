import threading

import numpy as np
import pytest

from data.errors import RecordingError
from data.keys import KeyEvent
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from recorder import background
from recorder.background import BackgroundWriter
from tests.factories import TICK_NS, capture_facts, picture, practice_profile
from tests.fakes import wait_until


class SlowWriter(RecordingWriter):
    """A writer whose disk stands still until `go`, and then fails if it is told to."""

    def __init__(self, path):
        super().__init__(path, profile=practice_profile(), facts=capture_facts())
        self.go = threading.Event()
        self.fails = False
        self.asked = 0

    def flush(self):
        self.asked += 1
        self.go.wait()
        if self.fails:
            raise RecordingError("the disk is full")
        super().flush()


@pytest.fixture
def slow(tmp_path):
    writer = SlowWriter(tmp_path / "game.h5")
    yield writer
    writer.go.set()
    writer.fails = False
    writer.close()


def append(sink, frames, start=0):
    for index in range(start, start + frames):
        sink.append_frame(picture(index), index * TICK_NS)
        sink.append_keys([KeyEvent(index * TICK_NS + 1, "d", index % 2 == 0)])
        sink.flush_due(index * TICK_NS)


def test_a_disk_that_stands_still_holds_nobody_up_and_loses_nothing(slow):
    with BackgroundWriter(slow) as sink:
        append(sink, 50)  # returns, though not one flush is done
        assert (sink.frame_count, slow.asked) == (50, 1)
        assert sink.byte_count > 100_000
        sink.append_span(SpanKind.PAUSED, 3, 4)
        sink.set_counter("dropped", 7)
        slow.go.set()
    assert slow.byte_count == sink.byte_count
    with Recording(slow.close()) as found:
        assert found.frame_count == 50
        assert np.abs(found.frame(49).astype(int) - picture(49)).mean() < 2
        assert len(found.key_events()) == 50
        assert [(s.kind, s.start_ns, s.end_ns) for s in found.spans()] == [(SpanKind.PAUSED, 3, 4)]
        assert found.counters["dropped"] == 7


def test_when_too_much_waits_an_append_waits_too(slow, monkeypatch):
    monkeypatch.setattr(background, "MOST_WAITING_BYTES", 50_000)
    with BackgroundWriter(slow) as sink:
        thread = threading.Thread(target=append, args=(sink, 100))
        thread.start()
        wait_until(lambda: sink._waiting_bytes > 50_000, "too much waits")
        before = sink.frame_count
        assert before < 20
        slow.go.set()
        thread.join()
    with Recording(slow.close()) as found:
        assert found.frame_count == 100


def test_a_failure_is_raised_once_and_what_comes_after_is_thrown_away(slow):
    sink = BackgroundWriter(slow)
    slow.fails = True
    slow.go.set()
    with pytest.raises(RecordingError, match="full"):
        wait_until(lambda: append(sink, 1) is not None, "it is told")
    append(sink, 3)
    sink.close()
    assert slow.asked == 1


def test_a_failure_that_nothing_told_is_raised_on_closing(slow):
    sink = BackgroundWriter(slow)
    append(sink, 1)
    slow.fails = True
    slow.go.set()
    with pytest.raises(RecordingError, match="full"):
        sink.close()
