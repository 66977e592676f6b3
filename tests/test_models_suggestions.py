from pathlib import Path

import numpy as np
import pytest
import torch

from data.boxes import Box, BoxOrigin
from data.errors import RecordingError
from data.frames import Image
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from models.detections import Detections
from models.detector_data import read_frames
from models.picture_detection import PictureDetector
from models.suggestions import SuggestSettings, by_detector, by_tracker, suggest_boxes
from models.torchvision_ssd import TorchvisionSsd
from tests.conftest import Run
from tests.factories import TICK_NS, capture_facts, practice_profile, write_recording

PLAYER = Box("player", 10, 20, 20, 40)


def ground() -> Image:
    noise = np.random.default_rng(1).integers(0, 9, (270, 480, 3))
    return (np.array([40, 110, 50]) + noise).astype(np.uint8)


def scene(index: int) -> Image:
    image = ground()
    image[100:120, 50 + 3 * index : 60 + 3 * index] = (30, 30, 210)
    return image


def scene_box(index: int) -> Box:
    return Box("player", 50 + 3 * index, 100, 60 + 3 * index, 120)


def write_scenes(path: Path, drawn: set[int], *, frames: int = 12, pause_after: int = -1) -> Path:
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(frames):
            late_ns = 10 * TICK_NS if 0 <= pause_after < index else 0
            writer.append_frame(scene(index), index * TICK_NS + late_ns)
            if index in drawn:
                writer.append_boxes(index, [scene_box(index)])
        if pause_after >= 0:
            start_ns = pause_after * TICK_NS + 1
            writer.append_span(SpanKind.PAUSED, start_ns, start_ns + 10 * TICK_NS)
    return path


def suggested(path: Path) -> dict[int, list[Box]]:
    with Recording(path) as recording:
        return {
            one.frame: [b for b in one.boxes if b.origin is BoxOrigin.SUGGESTED]
            for one in recording.boxes()
            if any(b.origin is BoxOrigin.SUGGESTED for b in one.boxes)
        }


def seeing(*rows: tuple[float, float, float, float, int, float]) -> PictureDetector:
    table = np.array(rows, np.float32)
    found = Detections(table[:, :4], table[:, 4].astype(np.int64), table[:, 5])
    return PictureDetector(("person", "sports ball", "dog"), lambda image: found)


def test_a_detectors_classes_become_the_games_objects_and_others_are_left_out():
    detector = seeing((1, 2, 9, 22, 0, 0.9), (3, 3, 8, 8, 1, 0.8), (0, 0, 5, 5, 2, 0.7))
    suggest = by_detector(detector, {"person": "player", "sports ball": "ball", "dog": ""})
    ((index, found),) = suggest([(0, scene(0)), (1, scene(1))], {0: [PLAYER]})
    assert index == 1
    assert [(one.box.class_name, one.box.origin) for one in found] == [
        ("player", BoxOrigin.SUGGESTED),
        ("ball", BoxOrigin.SUGGESTED),
    ]
    assert found[0].score == pytest.approx(0.9)


def test_the_tracker_carries_boxes_no_further_than_asked():
    images = [(index, scene(index)) for index in range(8)]
    found = dict(by_tracker(3)(images, {2: [scene_box(2)]}))
    assert sorted(found) == [3, 4, 5]
    assert found[5][0].box.x1 == pytest.approx(scene_box(5).x1, abs=1)


def test_nothing_is_carried_across_pictures_that_are_left_out():
    images = [(index, scene(index)) for index in (0, 1, 3, 4)]
    assert sorted(dict(by_tracker(9)(images, {0: [scene_box(0)]}))) == [1]


def test_a_copy_has_the_suggestions_and_all_that_was_drawn(tmp_path: Path):
    source = write_scenes(tmp_path / "a.h5", {0, 6})
    found = suggest_boxes(source, tmp_path / "b.h5", SuggestSettings("tracker"))
    boxes = suggested(tmp_path / "b.h5")
    assert sorted(boxes) == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
    assert (found.frames, found.boxes, found.left_out) == (10, {"player": 10}, 2)
    assert all(
        box.x1 == pytest.approx(scene_box(index).x1, abs=1) for index, (box,) in boxes.items()
    )
    with Recording(source) as old, Recording(tmp_path / "b.h5") as new:
        assert (new.jpeg(3) == old.jpeg(3)).all()
        assert [one.boxes for one in new.boxes() if one.frame in (0, 6)] == [
            one.boxes for one in old.boxes()
        ]
        assert new.history[-1]["did"] == "suggest"


def test_nothing_is_carried_across_a_pause(tmp_path: Path):
    source = write_scenes(tmp_path / "a.h5", {0}, pause_after=4)
    suggest_boxes(source, tmp_path / "b.h5", SuggestSettings("tracker"))
    assert sorted(suggested(tmp_path / "b.h5")) == [1, 2, 3, 4]


def test_suggested_boxes_are_no_labels(tmp_path: Path):
    source = write_scenes(tmp_path / "a.h5", {0, 6})
    suggest_boxes(source, tmp_path / "b.h5", SuggestSettings("tracker"))
    names = practice_profile().object_names
    frames = read_frames([tmp_path / "b.h5"], names=names, stride=1)
    assert len(frames) == 2
    assert [frame.truth.boxes[0, 0] for frame in frames] == [50, 68]


def test_a_second_round_suggests_only_where_nothing_is(tmp_path: Path):
    source = write_scenes(tmp_path / "a.h5", {0})
    suggest_boxes(source, tmp_path / "b.h5", SuggestSettings("tracker", carry=3))
    suggest_boxes(tmp_path / "b.h5", tmp_path / "c.h5", SuggestSettings("tracker", carry=5))
    boxes = suggested(tmp_path / "c.h5")
    assert sorted(boxes) == [1, 2, 3, 4, 5]
    assert all(len(several) == 1 for several in boxes.values())


def test_what_can_not_be_suggested_says_why(tmp_path: Path):
    bare = write_scenes(tmp_path / "bare.h5", set())
    full = write_recording(tmp_path / "full.h5", frames=3, boxes=[PLAYER])
    out = tmp_path / "out.h5"
    with pytest.raises(RecordingError, match="no drawn boxes to carry on"):
        suggest_boxes(bare, out, SuggestSettings("tracker"))
    with pytest.raises(RecordingError, match="has boxes already"):
        suggest_boxes(full, out, SuggestSettings("tracker"))
    with pytest.raises(RecordingError, match="there is no frame 99; it has 12"):
        suggest_boxes(bare, out, SuggestSettings("practice", frames=(99,)))
    with pytest.raises(RecordingError, match="has no object 'referee'"):
        suggest_boxes(bare, out, SuggestSettings("practice", mapping={"player": "referee"}))
    with pytest.raises(RecordingError, match="practice sees no 'person'"):
        suggest_boxes(bare, out, SuggestSettings("practice", mapping={"person": "player"}))
    assert not out.exists()


def test_the_command_suggests_what_a_detector_sees(run: Run, tmp_path: Path):
    options = ("--headless", "--coach", "--seconds", "2", "--seed", "5", "--record", "match.h5")
    assert run("practice", *options)[0] == 0
    with Recording(tmp_path / "match.h5") as match:
        pictures = [match.jpeg(index) for index in range(20)]
    with RecordingWriter(
        tmp_path / "bare.h5", profile=practice_profile(), facts=capture_facts()
    ) as writer:
        for index, jpeg in enumerate(pictures):
            writer.append_jpeg(jpeg, index * TICK_NS)
    told = run("boxes", "suggest", "bare.h5", "--by", "practice", "--frames", "3,10-11",
               "--map", "marker=", "--out", "s.h5")  # fmt: skip
    assert told[0] == 0, told
    boxes = suggested(tmp_path / "s.h5")
    assert sorted(boxes) == [3, 10, 11]
    names = {box.class_name for several in boxes.values() for box in several}
    assert {"player", "opponent"} <= names
    assert "marker" not in names


def test_the_published_models_persons_become_players(tmp_path: Path):
    torch.manual_seed(0)
    weights = tmp_path / "coco.pth"
    torch.save(TorchvisionSsd().state_dict(), weights)  # sees everything everywhere
    source = write_scenes(tmp_path / "a.h5", set(), frames=1)
    settings = SuggestSettings(str(weights), threshold=0.001)
    found = suggest_boxes(source, tmp_path / "b.h5", settings)
    assert found.boxes
    assert set(found.boxes) <= {"player", "ball"}


@pytest.mark.parametrize("frames", ["", "x", "3-", "7-3"])
def test_frames_that_are_none_are_a_wrong_usage(run: Run, tmp_path: Path, frames: str):
    write_scenes(tmp_path / "a.h5", {0})
    status, _, said = run(
        "boxes", "suggest", "a.h5", "--by", "tracker", "--frames", frames, "--out", "b.h5"
    )
    assert status == 2
    assert "--frames" in said
