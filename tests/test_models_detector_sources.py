"""Which recordings a detector learns from, and on which it is scored."""

from dataclasses import replace
from pathlib import Path

import pytest

from data import schema
from data.errors import RecordingError
from data.profile import GameProfile
from data.writer import RecordingWriter
from models.detector_recipe import DetectorTrainingSettings
from models.detector_report import DetectorReport
from models.detector_training import train_detector
from tests.factories import (
    TICK_NS,
    altered_profile,
    capture_facts,
    picture,
    practice_profile,
    write_recording,
)
from tests.pitch_pictures import write_pitch_recording

PROFILE = practice_profile()
SETTINGS = DetectorTrainingSettings(
    steps=1, batch=2, crop=(64, 64), frame_stride=1, evaluations=1, width=8, threads=1
)


def train(
    paths: list[Path],
    out: Path,
    *,
    seed: int = 0,
    profile: GameProfile = PROFILE,
    held_out: tuple[Path, ...] = (),
) -> DetectorReport:
    report = train_detector(
        paths,
        profile=profile,
        out=out,
        settings=replace(SETTINGS, seed=seed),
        on_progress=lambda _: None,
        stop=lambda: False,
        held_out=held_out,
    )
    assert report is not None
    return report


def empty(path: Path) -> Path:
    """Write a recording of which it is known that no frame shows an object."""
    attributes = {schema.ALL_LABELLED: "1"}
    with RecordingWriter(
        path, profile=PROFILE, facts=capture_facts(), attributes=attributes
    ) as writer:
        for index in range(3):
            writer.append_frame(picture(index), index * TICK_NS)
    return path


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pitch")
    return [write_pitch_recording(folder / f"{i}.h5", frames=2 + i, seed=i) for i in range(2)]


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("plain")
    return [write_recording(folder / f"{name}.h5", frames=3) for name in "ab"]


def test_a_recording_given_twice_is_used_once_and_that_is_told(
    labelled: list[Path], tmp_path: Path
) -> None:
    once = labelled[0]
    report = train([once, once.parent / ".." / once.parent.name / once.name], tmp_path)
    assert (report.images, report.validation_images) == (2, 0)
    assert report.weak[0] == "Given more than once, and used once: 0.h5."
    assert "- Given more than once" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize("seed", range(3))
def test_the_only_recording_with_boxes_is_learned_from(
    labelled: list[Path], unlabelled: list[Path], tmp_path: Path, seed: int
) -> None:
    report = train([labelled[0], *unlabelled], tmp_path, seed=seed)
    assert (report.images, report.validation_images) == (2, 0)
    text = " ".join((tmp_path / "report.md").read_text().split())
    assert "one recording is never split, and those without boxes don't count" in text


@pytest.mark.parametrize("seed", range(3))
def test_of_two_recordings_with_boxes_one_is_scored_whatever_else_is_given(
    labelled: list[Path], unlabelled: list[Path], tmp_path: Path, seed: int
) -> None:
    report = train([*labelled, *unlabelled], tmp_path, seed=seed)
    assert {report.images, report.validation_images} == {2, 3}


def test_frames_that_show_nothing_are_learned_from_unless_they_are_named(
    labelled: list[Path], tmp_path: Path
) -> None:
    nothing = empty(tmp_path / "nothing.h5")
    for seed in range(3):
        report = train([labelled[0], nothing], tmp_path / str(seed), seed=seed)
        assert (report.images, report.validation_images) == (2 + 3, 0)
    report = train([labelled[0], nothing], tmp_path / "named", held_out=(nothing,))
    assert (report.images, report.validation_images) == (2, 3)


def test_a_recording_without_labels_is_not_held_out_though_it_is_named(
    labelled: list[Path], unlabelled: list[Path], tmp_path: Path
) -> None:
    report = train([*labelled, unlabelled[0]], tmp_path, held_out=(unlabelled[0],))
    assert report.validation_images in (2, 3)


def test_frames_that_show_nothing_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="none of the 1 training recordings holds boxes"):
        train([empty(tmp_path / "nothing.h5")], tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("width_px", "height_px"), [(320, 180), (960, 540)])
def test_pictures_of_another_size_are_refused(
    labelled: list[Path], tmp_path: Path, width_px: int, height_px: int
) -> None:
    capture = PROFILE.model_dump()["capture"] | {"width_px": width_px, "height_px": height_px}
    other = altered_profile(capture=capture)
    said = rf"1\.h5: its pictures are 480x270, those of the profile {width_px}x{height_px}\. Train"
    with pytest.raises(RecordingError, match=said):
        train(labelled[1:], tmp_path / "run", profile=other)
    assert not (tmp_path / "run").exists()
