import numpy as np
import pytest

from data.errors import CheckpointError
from models import neighbours as neighbours_code
from models.neighbours import NEIGHBOURS, TABLE_NAME, Neighbours
from tests.factories import practice_profile

PROFILE = practice_profile()


def stretch(ticks: int, seed: int = 0, *, length: int = 3):
    """Play in which the sign of the first number says whether to sprint."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(ticks, length)).astype(np.float32)
    classes = {head.name: np.zeros(ticks, dtype=np.int64) for head in PROFILE.heads}
    classes["sprint"] = (numbers[:, 0] > 0).astype(np.int64)
    return numbers, classes


def table(*stretches) -> Neighbours:
    return Neighbours.of(lambda: stretches, ticks=sum(len(numbers) for numbers, _ in stretches))


def test_similar_ticks_say_what_to_press():
    numbers, classes = stretch(400, seed=1)
    found = table(stretch(600)).chances(numbers, PROFILE)["sprint"]
    right = found.argmax(axis=1) == classes["sprint"]
    assert right.mean() > 0.9
    assert found.shape == (400, 2)
    assert found.sum(axis=1) == pytest.approx(np.ones(400), abs=1e-5)


def test_each_number_counts_alike_whatever_its_unit():
    def stretched(pair):
        numbers, classes = pair
        return numbers * np.array([1.0, 1000.0, 1000.0], np.float32) + 500.0, classes

    numbers, classes = stretched(stretch(400, seed=1))
    found = table(stretched(stretch(600))).chances(numbers, PROFILE)["sprint"]
    assert (found.argmax(axis=1) == classes["sprint"]).mean() > 0.9


def test_the_votes_are_those_of_the_nearest_found_by_hand():
    train, asked = stretch(90), stretch(40, seed=3)[0]
    mean, scale = train[0].mean(axis=0), train[0].std(axis=0)
    known = ((train[0] - mean) / scale).astype(np.float16).astype(np.float32)
    usual = train[1]["sprint"].mean()
    found = table(train).chances(asked, PROFILE)["sprint"][:, 1]
    for tick in range(40):
        far = np.linalg.norm(known - (asked[tick] - mean) / scale, axis=1)
        votes = train[1]["sprint"][np.argsort(far)[:NEIGHBOURS]].sum()
        assert found[tick] == pytest.approx((votes + usual) / (NEIGHBOURS + 1), abs=1e-5)


def test_many_ticks_are_looked_up_in_pieces_with_the_same_answer(monkeypatch):
    numbers = stretch(50, seed=2)[0]
    whole = table(stretch(100)).chances(numbers, PROFILE)["sprint"]
    monkeypatch.setattr(neighbours_code, "_CHUNK", 7)
    monkeypatch.setattr(neighbours_code, "_PIECE", 9)
    pieces = table(stretch(100)).chances(numbers, PROFILE)["sprint"]
    assert np.allclose(whole, pieces)


def test_a_few_ticks_vote_all_of_them():
    found = table(stretch(4)).chances(stretch(2)[0], PROFILE)["sprint"]
    assert found.shape == (2, 2)
    assert np.isfinite(found).all()


def test_no_class_is_ruled_out_that_the_person_ever_used():
    numbers, classes = stretch(100)
    classes["action"][7] = 1
    found = table((numbers, classes)).chances(numbers, PROFILE)["action"]
    assert (found[:, 1] > 0).all()
    assert (found[:, 2] == 0).all()


def test_long_play_is_thinned_evenly_across_stretches(monkeypatch):
    monkeypatch.setattr(neighbours_code, "MOST_TICKS", 10)
    count = np.arange(95, dtype=np.float32)[:, None]
    classes = {head.name: np.zeros(95, dtype=np.int64) for head in PROFILE.heads}

    def part(start, stop):
        return count[start:stop], {name: held[start:stop] for name, held in classes.items()}

    found = table(part(0, 13), part(13, 14), part(14, 95))
    kept = found.vectors[:, 0].astype(np.float32) * found.scale + found.mean
    assert len(kept) == 10
    assert set(np.diff(np.round(kept))) == {9, 10}


def test_of_no_play_there_is_no_table():
    assert Neighbours.of(lambda: [], ticks=0) is None
    assert Neighbours.of(lambda: [stretch(0)], ticks=0) is None


def test_it_is_kept_in_the_run_folder(tmp_path):
    made = table(stretch(100))
    made.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [TABLE_NAME]
    read = Neighbours.load(tmp_path, PROFILE, length=3)
    asked = stretch(20, seed=5)[0]
    for name, chances in made.chances(asked, PROFILE).items():
        assert np.array_equal(chances, read.chances(asked, PROFILE)[name])


def test_a_run_without_a_table_has_no_neighbours(tmp_path):
    assert Neighbours.load(tmp_path, PROFILE, length=3) is None


def test_a_damaged_or_strange_table_is_refused_in_words(tmp_path):
    table(stretch(100)).save(tmp_path)
    with pytest.raises(CheckpointError, match="doesn't fit the run's profile"):
        Neighbours.load(tmp_path, PROFILE, length=4)
    (tmp_path / TABLE_NAME).write_bytes(b"no table")
    with pytest.raises(CheckpointError, match="can't be read"):
        Neighbours.load(tmp_path, PROFILE, length=3)
