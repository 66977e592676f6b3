import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import pytest

from data.errors import OutputExistsError
from data.export.film import export_mp4
from data.export.frames import export_frames
from data.export.minari import export_minari
from data.export.output import Exported, ExportStopped
from data.export.robomimic import export_robomimic
from tests.conftest import Run
from tests.factories import write_recording
from tests.fakes import wait_until

ROOT = Path(__file__).resolve().parent.parent
FORMATS = [("mp4", "a.mp4"), ("minari", "a-v0"), ("robomimic", "a.hdf5"), ("frames", "a")]


def exporter(to: str, path: Path, out: Path) -> Callable[..., Exported]:
    if to == "mp4":
        return partial(export_mp4, path, out)
    if to == "frames":
        return partial(export_frames, path, out)
    return partial(export_minari if to == "minari" else export_robomimic, [path], out)


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize(("to", "name"), FORMATS)
def test_each_format_is_written_and_told_of(run: Run, tmp_path: Path, to: str, name: str):
    write_recording(tmp_path / "in.h5", frames=10)
    status, said, _ = run("export", "in.h5", name, "--to", to)
    assert status == 0
    assert f"written: {name} (10 frames" in said
    status, said, _ = run("export", "in.h5", name, "--to", to, "--force", "--json")
    found = json.loads(said)
    assert status == 0
    assert (found["path"], found["format"], found["frames"]) == (name, to, 10)
    assert found["bytes"] > 0
    assert names_in(tmp_path) == sorted([name, "in.h5"])


def test_several_recordings_become_one_dataset(run: Run, tmp_path: Path):
    for name in "ab":
        write_recording(tmp_path / f"{name}.h5", frames=5)
    assert run("export", "a.h5", "b.h5", "all.hdf5", "--to", "robomimic")[0] == 0
    with h5py.File(tmp_path / "all.hdf5") as file:
        assert sorted(file["data"]) == ["demo_0", "demo_1"]


def test_a_forgotten_output_never_costs_a_recording(run: Run, tmp_path: Path):
    for name in "ab":
        write_recording(tmp_path / f"{name}.h5", frames=5)
    kept = (tmp_path / "b.h5").read_bytes()
    for to, _ in FORMATS:
        assert run("export", "a.h5", "b.h5", "--to", to, "--force")[0] == 2
    assert run("export", "a.h5")[0] == 2
    assert run("export", "a.h5", "b.h5", "film.mp4")[0] == 2
    assert (tmp_path / "b.h5").read_bytes() == kept
    assert names_in(tmp_path) == ["a.h5", "b.h5"]


@pytest.mark.parametrize(("to", "name"), FORMATS)
def test_progress_rises_to_one(tmp_path: Path, to: str, name: str):
    path = write_recording(tmp_path / "in.h5", frames=10)
    shares: list[float] = []
    exporter(to, path, tmp_path / name)(on_progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) == 10
    assert shares[-1] == 1.0


@pytest.mark.parametrize(("to", "name"), FORMATS)
def test_a_stopped_export_leaves_what_was_there(tmp_path: Path, to: str, name: str):
    path = write_recording(tmp_path / "in.h5", frames=10)
    export = exporter(to, path, tmp_path / name)
    shares: list[float] = []
    with pytest.raises(ExportStopped, match="stopped after 4 of 10 frames"):
        export(on_progress=shares.append, stop=lambda: len(shares) == 4)
    assert names_in(tmp_path) == ["in.h5"]
    first = export()
    shares.clear()
    with pytest.raises(ExportStopped):
        export(force=True, on_progress=shares.append, stop=lambda: len(shares) == 4)
    assert names_in(tmp_path) == sorted([name, "in.h5"])
    assert export(force=True).bytes == first.bytes


@pytest.mark.parametrize(("to", "name"), FORMATS)
def test_a_leftover_is_reported_and_goes_with_force(tmp_path: Path, to: str, name: str):
    path = write_recording(tmp_path / "in.h5", frames=10)
    (tmp_path / f"{name}.part").write_bytes(b"left by a killed export")
    export = exporter(to, path, tmp_path / name)
    with pytest.raises(OutputExistsError, match=r"\.part exists"):
        export()
    export(force=True)
    assert names_in(tmp_path) == sorted([name, "in.h5"])


def test_ctrl_c_ends_an_export_in_good_order(tmp_path: Path):
    write_recording(tmp_path / "in.h5", frames=400)
    words = ["export", "in.h5", "a.mp4", "--zoom", "8"]  # large pictures, so that it takes long
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "understudy.py"), *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((tmp_path / "a.mp4.part").exists, "the export began")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped after" in told
    assert "Traceback" not in told
    assert names_in(tmp_path) == ["in.h5"]


LIMITED = """
import resource, sys
import understudy
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.argv = ["understudy", "export", "in.h5", sys.argv[1], "--to", sys.argv[2]]
understudy.main()
"""


@pytest.mark.parametrize(("to", "name"), FORMATS)
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, to: str, name: str):
    """A limit on a file's size fails a write as a full disk does."""
    frames = 900 if to == "frames" else 200  # of a folder, only the table is a large file
    write_recording(tmp_path / "in.h5", frames=frames)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, name, to],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    *_, told = done.stderr.splitlines()
    assert told.startswith(f"understudy: {name}: the export failed")
    assert "Traceback" not in done.stderr
    if to in ("minari", "robomimic"):
        assert "done" not in done.stderr  # it ended at the first refusal
    assert names_in(tmp_path) == ["in.h5"]
