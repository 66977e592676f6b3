import os
from dataclasses import replace

import numpy as np
import pytest

from models import policy_store
from models.augmentation import AugmentationSettings
from models.demonstrations import labelled
from models.disk_arrays import ArrayWriter, DiskArray
from models.policy_store import fingerprint, passages_of
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import ToyGame, toy_demonstration

PROFILE = practice_profile()
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)


def stored(*demonstrations, **more):
    pairs = [(one, labelled(one, PROFILE, shift_ms=100)) for one in demonstrations]
    return passages_of(pairs, TOKENIZER, **more)


def test_an_array_appears_when_it_is_finished_and_reads_in_parts(tmp_path):
    path = tmp_path / "deep" / "a.npy"
    rows = np.arange(24, dtype=np.float32).reshape(6, 2, 2)
    with ArrayWriter(path, (2, 2), np.float32) as writer:
        writer.append(rows[:4])
        writer.append(rows[4:])
        assert not path.exists()
        array = writer.finish()
    np.testing.assert_array_equal(np.load(path), rows)
    np.testing.assert_array_equal(array.read(1, 5), rows[1:5])
    np.testing.assert_array_equal(array.part(2, 6).read(1, 3), rows[3:5])
    assert len(DiskArray.open(path)) == 6


def test_an_array_that_breaks_off_leaves_nothing(tmp_path):
    with (
        pytest.raises(ValueError, match="rows are"),
        ArrayWriter(tmp_path / "a.npy", (2,), np.float32) as writer,
    ):
        writer.append(np.zeros((3, 5), dtype=np.float32))
    assert not list(tmp_path.iterdir())


def test_two_processes_that_write_one_array_do_not_meet(tmp_path, monkeypatch):
    path = tmp_path / "a.npy"
    ours, theirs = np.full((5000, 4), 1.0), np.full((5000, 4), 2.0)
    with ArrayWriter(path, (4,), np.float32) as first:
        first.append(ours)
        monkeypatch.setattr(os, "getpid", lambda: 77)
        with ArrayWriter(path, (4,), np.float32) as second:
            second.append(theirs[:7])
            np.testing.assert_array_equal(first.finish().read(0, 5000), ours)
            second.append(theirs[7:])
            np.testing.assert_array_equal(second.finish().read(0, 5000), theirs)
    assert list(tmp_path.iterdir()) == [path]


def test_a_part_that_is_a_link_is_not_written_through(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 77)
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / "77-a.npy.part").symlink_to(mine)
    with ArrayWriter(tmp_path / "a.npy", (4,), np.float32) as writer:
        writer.append(np.zeros((10, 4)))
        writer.finish()
    assert mine.read_text() == "mine"


def test_a_file_cut_short_is_no_array(tmp_path):
    with ArrayWriter(tmp_path / "a.npy", (4,), np.float32) as writer:
        writer.append(np.zeros((10, 4), dtype=np.float32))
        path = writer.finish().path
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="mmap"):
        DiskArray.open(path)


def test_rows_tracked_in_chunks_equal_rows_tracked_at_once(monkeypatch):
    monkeypatch.setattr(policy_store, "CHUNK", 7)
    passage = stored(toy_demonstration(0, 60))[0]
    whole = TOKENIZER.rows(ToyGame(0, 60).sights())
    np.testing.assert_allclose(passage.rows(0, 60), whole, atol=1e-4)
    np.testing.assert_array_equal(passage.rows(20, 31), passage.rows(0, 60)[20:31])
    assert [stop for _, stop in passage.chunks()][-1] == 60


def test_each_segment_is_a_passage_tracked_from_a_fresh_start():
    whole = toy_demonstration(0, 60)
    first, second = stored(replace(whole, segments=((0, 25), (25, 60))))
    assert (len(first), len(second)) == (25, 35)
    sights = ToyGame(0, 60).sights()
    np.testing.assert_allclose(second.rows(0, 35), TOKENIZER.rows(sights[25:]), atol=1e-4)
    assert second.frames(0, 3).tolist() == [25, 26, 27]
    assert second.features(0, 2).shape == (2, whole.seen.feature_count)


def test_worsened_versions_are_tracked_once_and_the_same_again():
    demonstration = toy_demonstration(0, 60)
    settings = AugmentationSettings()
    one = stored(demonstration, copies=2, augmentation=settings)[0]
    folder = demonstration.seen.folder
    written = {path: path.stat().st_ino for path in folder.iterdir()}
    again = stored(demonstration, copies=2, augmentation=settings)[0]
    assert written == {path: path.stat().st_ino for path in demonstration.seen.folder.iterdir()}
    assert one.versions == 3
    for version in range(3):
        np.testing.assert_array_equal(one.rows(0, 60, version), again.rows(0, 60, version))
    assert np.abs(one.rows(0, 60, 1) - one.rows(0, 60, 2)).max() > 0.1
    other = stored(demonstration, copies=1, augmentation=settings, seed=1)[0]
    assert np.abs(one.rows(0, 60, 1) - other.rows(0, 60, 1)).max() > 0.1


def test_rows_tracked_by_other_code_are_not_taken(monkeypatch):
    demonstration = toy_demonstration(0, 20)
    first = stored(demonstration)[0].tracked[0].path
    monkeypatch.setattr(policy_store, "_code", lambda: "changed")
    assert stored(demonstration)[0].tracked[0].path != first


def test_what_does_not_count_weighs_nothing():
    demonstration = toy_demonstration(0, 60)
    passage = stored(replace(demonstration, counts=np.arange(60) < 30))[0]
    assert passage.counts.tolist() == [True] * 30 + [False] * 30
    assert passage.classes["movement"].dtype == np.int64


def test_a_fingerprint_tells_other_labels_and_other_sights():
    demonstration = toy_demonstration(0, 60)
    same, fewer = demonstration, replace(demonstration, counts=np.arange(60) < 40)
    other = replace(toy_demonstration(1, 60), events=demonstration.events)
    assert fingerprint(stored(demonstration)) == fingerprint(stored(same))
    found = {fingerprint(stored(one)) for one in (demonstration, fewer, other)}
    assert len(found) == 3
