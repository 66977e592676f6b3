"""Which recordings are learned from, and which are only scored."""

from pathlib import Path

import pytest

from data.splits import each_once, split_recordings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub").mkdir()
    for name in "abcde":
        (tmp_path / f"{name}.h5").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_recording_given_by_two_paths_is_one(folder: Path) -> None:
    once, again = Path("a.h5"), [folder / "a.h5", Path("sub/../a.h5")]
    (folder / "link.h5").symlink_to("a.h5")
    kept, told = each_once([once, Path("b.h5"), *again, once, Path("link.h5")])
    assert kept == [once, Path("b.h5")]
    assert told == ("Given more than once, and used once: a.h5, link.h5.",)


def test_nothing_is_told_of_recordings_given_once(folder: Path) -> None:
    paths = [Path("a.h5"), Path("b.h5")]
    assert each_once(paths) == (paths, ())


@pytest.mark.parametrize("seed", range(8))
def test_a_recording_given_twice_is_never_on_both_sides(folder: Path, seed: int) -> None:
    paths = [Path(f"{name}.h5") for name in "abcde"]
    given = [*paths, *(folder / path for path in paths)]
    train, validation = split_recordings(given, validation_fraction=0.4, seed=seed)
    assert not {path.resolve() for path in train} & {path.resolve() for path in validation}
    assert (len(train), len(validation)) == (3, 2)


def test_one_recording_given_twice_is_not_split(folder: Path) -> None:
    given = [Path("a.h5"), folder / "a.h5"]
    assert split_recordings(given, validation_fraction=0.5, seed=0) == ([Path("a.h5")], [])


def test_what_is_held_out_may_be_named_by_another_path(folder: Path) -> None:
    paths = [Path("a.h5"), Path("b.h5"), Path("c.h5")]
    split = split_recordings(paths, validation_fraction=0.3, seed=0, held_out=[folder / "b.h5"])
    assert split == ([paths[0], paths[2]], [paths[1]])
