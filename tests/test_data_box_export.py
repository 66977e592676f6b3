import json
import random
from pathlib import Path

import numpy as np
import pytest
import yaml

from data.box_files.exporting import export_boxes
from data.box_files.folder import BoxFormat
from data.boxes import Box
from data.errors import OutputExistsError, RecordingError
from data.export.output import ExportStopped
from data.reader import Recording
from data.schema import ALL_LABELLED
from data.writer import RecordingWriter
from tests.box_folders import stored, taken
from tests.factories import capture_facts, picture, practice_profile, write_recording

NEAR_PX = {"voc": 1.0, "coco": 1e-3, "yolo": 1e-3}


def labelled_at_random(path: Path, seed: int) -> Path:
    """Boxes of all sizes and places, some at the edges, some smaller than a pixel."""
    rng, profile = random.Random(seed), practice_profile()
    with RecordingWriter(
        path, profile=profile, facts=capture_facts(), attributes={ALL_LABELLED: 1}
    ) as writer:
        for index in range(8):
            writer.append_frame(picture(index), index)
            boxes = []
            for _ in range(rng.randrange(0, 12)):
                name = rng.choice(profile.object_names)
                x1, y1 = rng.uniform(0, 479), rng.uniform(0, 269)
                x1, y1 = rng.choice([(x1, y1), (0.0, y1), (x1, 0.0), (round(x1), round(y1))])
                x2 = rng.choice([480.0, min(480, x1 + rng.uniform(0.3, 200))])
                y2 = rng.choice([270.0, min(270, y1 + rng.uniform(0.3, 200))])
                boxes.append(Box(name, *(float(np.float32(v)) for v in (x1, y1, x2, y2))))
            writer.append_boxes(index, boxes)
    return path


@pytest.mark.parametrize("kind", ["voc", "coco", "yolo"])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_exported_is_imported_as_it_was(tmp_path: Path, kind: str, seed: int):
    source = labelled_at_random(tmp_path / "a.h5", seed)
    export_boxes(source, tmp_path / "out", kind=BoxFormat(kind))
    profile = practice_profile()
    found = taken(tmp_path / "out", kind, tmp_path / "b.h5", profile=profile)
    assert found.problems == []
    for old, new in zip(stored(source), stored(tmp_path / "b.h5"), strict=True):
        assert [name for name, _ in old] == [name for name, _ in new]
        for (_, a), (_, b) in zip(old, new, strict=True):
            np.testing.assert_allclose(a, b, atol=NEAR_PX[kind])
    with Recording(source) as old, Recording(tmp_path / "b.h5") as new:
        for index in range(old.frame_count):
            np.testing.assert_array_equal(old.jpeg(index), new.jpeg(index))


def test_only_labelled_frames_are_written(tmp_path: Path):
    path = tmp_path / "a.h5"
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(5):
            writer.append_frame(picture(index), index)
        writer.append_boxes(3, [Box("ball", 10, 20, 30.5, 40)])
    written = export_boxes(path, tmp_path / "out", kind=BoxFormat.COCO)
    assert written.frames == 1
    found = json.loads((tmp_path / "out/annotations.json").read_text())
    assert [image["file_name"] for image in found["images"]] == ["000003.jpg"]
    assert found["annotations"][0]["bbox"] == [10, 20, 20.5, 20]
    assert [entry.name for entry in (tmp_path / "out/images").iterdir()] == ["000003.jpg"]


def test_coco_s_own_library_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from pycocotools.coco import COCO

    write_recording(tmp_path / "a.h5", frames=3, boxes=[Box("ball", 10, 20, 30, 40)])
    export_boxes(tmp_path / "a.h5", tmp_path / "out", kind=BoxFormat.COCO)
    found = COCO(str(tmp_path / "out/annotations.json"))
    ball = found.getCatIds(catNms=["ball"])
    assert len(found.getAnnIds(catIds=ball)) == len(found.getImgIds(catIds=ball)) == 3


def test_older_versions_of_coco_s_own_library_find_what_they_ask_for(tmp_path: Path):
    write_recording(tmp_path / "a.h5", frames=3, boxes=[Box("ball", 10, 20, 30, 40)])
    export_boxes(tmp_path / "a.h5", tmp_path / "out", kind=BoxFormat.COCO)
    assert json.loads((tmp_path / "out/annotations.json").read_text())["info"] == {}


def test_a_yolo_folder_is_found_from_wherever_it_is_trained_on(tmp_path: Path):
    """Ultralytics takes `path: .` for the folder it was started in; without it, for the file's."""
    write_recording(tmp_path / "a.h5", frames=3, boxes=[Box("ball", 10, 20, 30, 40)])
    export_boxes(tmp_path / "a.h5", tmp_path / "out", kind=BoxFormat.YOLO)
    found = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    assert (found["train"], found["val"]) == ("images", "images")
    assert "path" not in found
    assert found["names"] == dict(enumerate(practice_profile().object_names))


def test_a_recording_without_boxes_is_refused(tmp_path: Path):
    write_recording(tmp_path / "a.h5", frames=3)
    with pytest.raises(RecordingError, match="holds no boxes"):
        export_boxes(tmp_path / "a.h5", tmp_path / "out", kind=BoxFormat.VOC)


@pytest.mark.parametrize("kind", list(BoxFormat))
def test_a_folder_appears_whole_and_only_an_export_is_replaced(tmp_path: Path, kind: BoxFormat):
    write_recording(tmp_path / "a.h5", frames=3, boxes=[Box("ball", 10, 20, 30, 40)])
    out = tmp_path / "out"
    with pytest.raises(ExportStopped):
        export_boxes(tmp_path / "a.h5", out, kind=kind, stop=lambda: True)
    assert not out.exists()
    export_boxes(tmp_path / "a.h5", out, kind=kind)
    with pytest.raises(OutputExistsError):
        export_boxes(tmp_path / "a.h5", out, kind=kind)
    export_boxes(tmp_path / "a.h5", out, kind=kind, force=True)
    (tmp_path / "mine").mkdir()
    with pytest.raises(OutputExistsError):
        export_boxes(tmp_path / "a.h5", tmp_path / "mine", kind=kind, force=True)
