import os
import time
from pathlib import Path

import numpy as np
import pytest

from data.reader import Recording
from models.disk_arrays import ArrayWriter
from models.features import see_recording
from models.seen_cache import IN_USE_DAYS, MOST_DAYS, MOST_PART_DAYS, prune
from tests.toy_play import ToyEyes, toy_recording

DAY_S = 86_400.0
NOW_S = 1_700_000_000.0


@pytest.fixture
def cache(tmp_path: Path):
    def kept(name: str, *, idle_days: float, size: int = 100) -> Path:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(size))
        used_s = NOW_S - idle_days * DAY_S
        os.utime(file, (used_s, used_s))
        return file

    return kept


def test_what_was_not_used_for_a_month_goes(cache, tmp_path):
    old = cache("a.features.npy", idle_days=MOST_DAYS + 1)
    killed = cache("77-b.features.npy.part", idle_days=MOST_DAYS + 1)
    new = cache("c.features.npy", idle_days=MOST_DAYS - 1)
    assert prune(tmp_path, now_s=NOW_S) == 2
    assert [old.exists(), killed.exists(), new.exists()] == [False, False, True]


def test_what_a_killed_process_left_goes_after_a_day(cache, tmp_path):
    with ArrayWriter(tmp_path / "a.rows.npy", (2,), np.float32):
        (part,) = tmp_path.iterdir()
    killed = cache(part.name, idle_days=MOST_PART_DAYS * 1.1)
    written = cache(part.name.replace("a.rows", "b.rows"), idle_days=MOST_PART_DAYS * 0.9)
    assert prune(tmp_path, now_s=NOW_S) == 1
    assert [killed.exists(), written.exists()] == [False, True]


def test_of_too_much_what_was_used_longest_ago_goes_first(cache, tmp_path):
    files = [cache(f"{days}.rows.npy", idle_days=IN_USE_DAYS + days) for days in range(1, 6)]
    assert prune(tmp_path, most_bytes=300, now_s=NOW_S) == 2
    assert [file.exists() for file in files] == [True, True, True, False, False]


def test_what_a_training_may_be_reading_stays_however_large(cache, tmp_path):
    used = cache("used.rows.npy", idle_days=IN_USE_DAYS - 1, size=1000)
    assert prune(tmp_path, most_bytes=300, now_s=NOW_S) == 0
    assert used.exists()


def test_nothing_but_arrays_of_the_folder_itself_goes(cache, tmp_path):
    others = [cache(name, idle_days=400) for name in ("notes.txt", "run.h5", "below/a.npy")]
    assert prune(tmp_path, now_s=NOW_S) == 0
    assert all(file.exists() for file in others)
    assert prune(tmp_path / "none", now_s=NOW_S) == 0


def test_a_link_goes_and_what_it_points_to_stays(cache, tmp_path):
    target = cache("below/a.npy", idle_days=400)
    link = tmp_path / "a.npy"
    link.symlink_to(target)
    os.utime(link, (0, 0), follow_symlinks=False)
    assert prune(tmp_path, now_s=NOW_S) == 1
    assert target.exists()


def test_what_answers_from_the_cache_counts_as_used(tmp_path):
    seen = tmp_path / "seen"
    with Recording(toy_recording(tmp_path / "toy.h5", ticks=30)) as recording:
        eyes, frames = ToyEyes(), np.arange(30)
        see_recording(recording, frames, eyes, folder=seen)
        long_ago_s = time.time() - (MOST_DAYS + 1) * DAY_S
        for file in seen.iterdir():
            os.utime(file, (long_ago_s, long_ago_s))
        see_recording(recording, frames, eyes, folder=seen)
        assert prune(seen) == 0
        see_recording(recording, frames, eyes, folder=seen)
    assert eyes.looks == 30
