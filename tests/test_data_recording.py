import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest

from data.boxes import Box, BoxOrigin
from data.disk import is_being_written
from data.errors import OutputExistsError, RecordingError, UnderstudyError
from data.inspection.summary import summarise
from data.keys import By, KeyEvent
from data.reader import Recording
from data.repair import repair
from data.schema import SpanKind
from data.splits import split_recordings
from data.writer import RecordingWriter, TickRow
from tests.factories import TICK_NS, capture_facts, picture, practice_profile, write_recording


def test_what_is_written_is_read_back(tmp_path: Path):
    keys = [KeyEvent(TICK_NS, "d", True), KeyEvent(3 * TICK_NS, "d", False, By.AGENT)]
    ball = Box("ball", 10, 20, 16, 26, BoxOrigin.TRUTH)
    path = write_recording(tmp_path / "a.h5", frames=12, keys=keys, boxes=[ball])
    with Recording(path) as recording:
        assert recording.profile == practice_profile()
        assert recording.facts == capture_facts()
        assert recording.frame_count == 12
        assert recording.times_ns.tolist() == [i * TICK_NS for i in range(12)]
        assert np.abs(recording.frame(7).astype(int) - picture(7)).mean() < 3
        assert recording.key_events() == keys
        assert [labelled.frame for labelled in recording.boxes()] == list(range(12))
        assert recording.boxes()[3].boxes == (ball,)
        assert recording.complete


def test_keys_outside_the_profile_are_never_stored(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", keys=[KeyEvent(0, "p", True), KeyEvent(1, "d", True)])
    with Recording(path) as recording:
        assert [event.key for event in recording.key_events()] == ["d"]


def test_an_existing_recording_is_not_overwritten(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5")
    before = path.read_bytes()
    with pytest.raises(OutputExistsError, match="--force"):
        write_recording(path)
    assert path.read_bytes() == before


def test_a_missing_file_and_a_stranger_are_refused_in_one_line(tmp_path: Path):
    with pytest.raises(UnderstudyError, match="no such file"):
        Recording(tmp_path / "gone.h5")
    text = tmp_path / "text.h5"
    text.write_text("hello", encoding="utf-8")
    with pytest.raises(RecordingError, match="not a recording"):
        _ = Recording(text).frame_count
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["x"] = 1
    with pytest.raises(RecordingError, match="not a recording of Understudy"):
        _ = Recording(other).frame_count


def test_a_pause_or_a_hole_ends_a_segment(tmp_path: Path):
    path = tmp_path / "a.h5"
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in [*range(5), *range(20, 30)]:
            writer.append_frame(picture(index), index * TICK_NS)
        writer.append_span(SpanKind.PAUSED, 24 * TICK_NS + 1, 25 * TICK_NS - 1)
    with Recording(path) as recording:
        assert recording.segments() == [(0, 5), (5, 10), (10, 15)]


def test_discarded_frames_belong_to_no_segment(tmp_path: Path):
    path = tmp_path / "a.h5"
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(40):
            writer.append_frame(picture(index), index * TICK_NS)
        writer.append_span(SpanKind.DISCARDED, 10 * TICK_NS, 20 * TICK_NS)
        writer.append_span(SpanKind.TAKEOVER, 30 * TICK_NS, 32 * TICK_NS)
    with Recording(path) as recording:
        assert recording.segments() == [(0, 10), (21, 40)]


def test_a_flight_log_keeps_every_decision(tmp_path: Path):
    path = tmp_path / "log.h5"
    row = TickRow(5, 0, np.arange(16, dtype=np.float32), (1, 2, 3, 4, 5))
    with RecordingWriter(
        path, profile=practice_profile(), facts=capture_facts(), head_probabilities=True
    ) as writer:
        writer.append_frame(picture(0), 5)
        writer.append_tick(row)
    with Recording(path) as recording:
        assert recording.is_flight_log
        assert recording.probabilities()[0].tolist() == row.probabilities.tolist()
        assert recording.latencies().tolist() == [[1, 2, 3, 4, 5]]
    with Recording(write_recording(tmp_path / "plain.h5")) as plain:
        assert not plain.is_flight_log
        with pytest.raises(RecordingError, match="not a flight log"):
            plain.probabilities()


WRITE_FOR_EVER = """
import sys
import threading
from pathlib import Path
from data.keys import KeyEvent
from data.writer import RecordingWriter
from tests.factories import TICK_NS, capture_facts, picture, practice_profile
writer = RecordingWriter(Path(sys.argv[1]), profile=practice_profile(), facts=capture_facts())
index = 0
while True:
    writer.append_frame(picture(index), index * TICK_NS)
    writer.append_keys([KeyEvent(index * TICK_NS, "d", index % 2 == 0)])
    writer.flush_due(index * TICK_NS)
    index += 1
    if index == 60:
        print("going", flush=True)
"""


def test_kill_nine_leaves_a_readable_file_that_repair_closes(tmp_path: Path):
    path = tmp_path / "a.h5"
    child = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": "."},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"going\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    part = tmp_path / "a.h5.part"
    assert not path.exists()
    with Recording(part) as left:
        count = left.frame_count
        assert count >= 50
        assert not left.complete
        left.frame(count - 1)
    assert "died" in summarise(part).problems[0]
    assert repair(part) == path
    with Recording(path) as repaired:
        assert repaired.frame_count >= count
        assert repaired.complete
        repaired.frame(repaired.frame_count - 1)
        assert repaired.key_events()
    assert not part.exists()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells what is open")
def test_repair_leaves_a_recorder_that_lives_alone(tmp_path: Path):
    part = tmp_path / "a.h5.part"
    path, facts = tmp_path / "a.h5", capture_facts()
    with RecordingWriter(path, profile=practice_profile(), facts=facts) as writer:
        writer.append_frame(picture(0), 0)
        with Recording(part), pytest.raises(RecordingError, match="being recorded"):
            repair(part)
        writer.append_frame(picture(1), TICK_NS)
    with Recording(tmp_path / "a.h5") as found:
        assert found.frame_count == 2
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells what is open")
def test_processes_that_end_meanwhile_do_not_matter(tmp_path: Path):
    file = tmp_path / "a"
    file.write_bytes(b"")
    ending = threading.Event()

    def come_and_go() -> None:
        while not ending.is_set():
            subprocess.run(["/bin/true"], check=True)

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        assert not any(is_being_written(file) for _ in range(300))
        with file.open("wb"):
            assert is_being_written(file)
        with file.open("rb"):
            assert not is_being_written(file)
    finally:
        ending.set()
        other.join()


def test_repair_refuses_what_is_no_leftover(tmp_path: Path):
    stranger = tmp_path / "a.h5.part"
    stranger.write_bytes(b"nothing")
    with pytest.raises(RecordingError):
        repair(stranger)
    assert stranger.read_bytes() == b"nothing"
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5.part"]


def test_a_split_never_shares_a_recording():
    paths = [Path(f"{name}.h5") for name in "abcdef"]
    train, validation = split_recordings(paths, validation_fraction=0.3, seed=1)
    assert sorted(train + validation) == paths
    assert len(validation) == 2
    assert split_recordings(paths[:1], validation_fraction=0.3, seed=1) == (paths[:1], [])
