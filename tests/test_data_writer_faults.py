"""What is left when the disk is full, limited, read-only or gone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.errors import RecordingError, UnderstudyError
from data.reader import Recording
from data.repair import repair
from data.writer import RecordingWriter
from tests.factories import TICK_NS, capture_facts, picture, practice_profile, write_recording

HERE = Path(__file__).parents[1]
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}));"
COMMAND = "import understudy; understudy.main()"
LIMIT_BYTES = 3_000_000


def recorder(out: Path, *, before: str = "", force: bool = False) -> subprocess.Popen[str]:
    """Start the program recording a headless match, which ends long after the fault."""
    words = ["practice", "--coach", "--headless", "--seconds", "3000", "--record", str(out)]
    return subprocess.Popen(
        [sys.executable, "-c", before + COMMAND, *words, *(["--force"] if force else [])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        text=True,
    )


def complaint(child: subprocess.Popen[str]) -> str:
    """Wait for it to give up; return the one line that it said."""
    _, said = child.communicate(timeout=100)
    assert child.returncode == 1, said
    lines = [line for line in said.splitlines() if line.startswith("understudy: ")]
    assert len(lines) == 1
    assert "Traceback" not in said
    return lines[0]


def read_whole(path: Path) -> int:
    with Recording(path) as recording:
        for index in range(recording.frame_count):
            recording.frame(index)
        assert recording.key_events()
        return recording.frame_count


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_ends_in_a_line_and_loses_nothing_that_was_written(tmp_path: Path):
    with small_disk(tmp_path / "disk", "size=4m") as disk:
        said = complaint(recorder(disk / "a.h5"))
        assert "no space left on device" in said
        part = disk / "a.h5.part"
        assert f"understudy repair {part}" in said
        frames = read_whole(part)
        assert frames > 50
        with pytest.raises(RecordingError, match="no space left on device"):
            repair(part)
        assert [file.name for file in disk.iterdir()] == ["a.h5.part"]
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        assert read_whole(repair(part)) == frames


def test_a_disk_that_is_full_from_the_start_is_left_clean(tmp_path: Path):
    with small_disk(tmp_path / "disk", "size=64k") as disk:
        assert "no space left on device" in complaint(recorder(disk / "a.h5"))
        assert not list(disk.iterdir())


def test_a_read_only_folder_is_refused_in_a_line(tmp_path: Path):
    with small_disk(tmp_path / "disk", "size=4m,ro") as disk:
        assert "ead-only file system" in complaint(recorder(disk / "a.h5"))
        assert "ead-only file system" in complaint(recorder(disk / "new" / "a.h5"))


def test_a_file_size_limit_ends_in_a_line_and_loses_nothing_that_was_written(tmp_path: Path):
    said = complaint(recorder(tmp_path / "a.h5", before=LIMITED.format(LIMIT_BYTES)))
    assert "file-size limit" in said
    frames = read_whole(tmp_path / "a.h5.part")
    assert frames > 20
    assert read_whole(repair(tmp_path / "a.h5.part")) == frames


def test_a_folder_that_is_removed_ends_in_a_line(tmp_path: Path):
    out = tmp_path / "gone" / "a.h5"
    with RecordingWriter(out, profile=practice_profile(), facts=capture_facts()) as writer:
        writer.append_frame(picture(0), 0)
        writer.flush()
        out.with_name("a.h5.part").unlink()
        out.parent.rmdir()
        writer.append_frame(picture(1), TICK_NS)
        with pytest.raises(RecordingError, match="removed"):
            writer.flush()


def test_a_folder_or_a_path_below_a_file_is_refused(tmp_path: Path):
    folder = tmp_path / "folder.h5"
    folder.mkdir()
    for force in (False, True):
        with pytest.raises(UnderstudyError, match="is a folder"):
            RecordingWriter(folder, profile=practice_profile(), facts=capture_facts(), force=force)
    file = write_recording(tmp_path / "a.h5")
    with pytest.raises(UnderstudyError, match="is a file, not a folder"):
        RecordingWriter(file / "b.h5", profile=practice_profile(), facts=capture_facts())


# The descriptor that HDF5 writes to is made read-only under it, as a disk that fails would.
FAILING_DISK = """
import os, sys
from pathlib import Path
from data.errors import RecordingError
from data.writer import RecordingWriter
from tests.factories import TICK_NS, capture_facts, picture, practice_profile
try:
    with RecordingWriter(Path(sys.argv[1]), profile=practice_profile(), facts=capture_facts()) as w:
        w._room.take = lambda more_bytes: None
        for index in range(100):
            if index == 50:
                os.dup2(os.open(w.part, os.O_RDONLY), w._file.id.get_vfd_handle())
            w.append_frame(picture(index), index * TICK_NS)
            w.flush()
except RecordingError as error:
    print(error)
"""


def test_a_disk_that_fails_does_not_crash_the_program(tmp_path: Path):
    """HDF5 by itself ends the process with a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-c", FAILING_DISK, str(tmp_path / "a.h5")],
        capture_output=True, text=True, check=False, cwd=HERE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "can't be written any more: bad file descriptor" in done.stdout
    with Recording(tmp_path / "a.h5.part") as left:
        assert left.frame_count == 50
        left.frame(49)


def test_nothing_is_written_after_a_write_has_failed(tmp_path: Path):
    writer = RecordingWriter(tmp_path / "a.h5", profile=practice_profile(), facts=capture_facts())
    writer.append_frame(picture(0), 0)
    writer.flush()
    (tmp_path / "a.h5.part").rename(tmp_path / "kept.h5.part")
    writer.append_frame(picture(1), TICK_NS)
    with pytest.raises(RecordingError):
        writer.flush()
    assert writer.close() == tmp_path / "a.h5.part"
    with pytest.raises(RecordingError, match="closed already"):
        writer.flush()
    with Recording(tmp_path / "kept.h5.part") as left:
        assert left.frame_count == 1
