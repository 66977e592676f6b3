from pathlib import Path

import pytest

from data.benchmark import bench_load
from data.errors import RecordingError
from tests.factories import write_recording


def test_loading_is_measured_beside_bare_decoding(tmp_path: Path):
    shares: list[float] = []
    found = bench_load(
        write_recording(tmp_path / "a.h5", frames=60), seconds=0.01, show=shares.append
    )
    assert found["ours"].keys() == {"sequential", "shuffled"}
    assert found["reference"]["name"] == "cv2.imdecode"
    assert found["frames"] >= 150  # fifty for each way
    assert found["ratio"] > 0
    assert shares[-1] == 1.0


def test_an_empty_recording_can_not_be_measured(tmp_path: Path):
    with pytest.raises(RecordingError, match="holds no frame"):
        bench_load(write_recording(tmp_path / "a.h5", frames=0), seconds=0.01)


def test_a_measurement_that_is_stopped_has_no_figures(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5")
    assert bench_load(path, seconds=9.0, stop=lambda: True) == {}
