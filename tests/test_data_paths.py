from pathlib import Path

import pytest

from data.paths import written_whole


def test_a_file_appears_when_it_is_complete(tmp_path: Path):
    path = tmp_path / "report.md"
    path.write_text("before")
    with written_whole(path) as part:
        part.write_text("now")
        assert path.read_text() == "before"
        assert part.parent == path.parent
    assert path.read_text() == "now"
    assert list(tmp_path.iterdir()) == [path]


def write_half(path: Path, error: type[BaseException]) -> None:
    with written_whole(path) as part:
        part.write_text("half")
        raise error


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there_and_no_part(tmp_path: Path, error: type[BaseException]):
    path = tmp_path / "report.md"
    path.write_text("before")
    with pytest.raises(error):
        write_half(path, error)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_before_anything_is_written_stays_that_error(tmp_path: Path):
    with pytest.raises(ValueError, match="no figure"), written_whole(tmp_path / "a.png"):
        raise ValueError("no figure")


def test_a_place_that_is_a_folder_leaves_no_part(tmp_path: Path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"), written_whole(tmp_path / "a") as part:
        part.write_text("no folder")
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
