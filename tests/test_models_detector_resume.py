import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import CheckpointError
from models.detector_recipe import DetectorProgress, DetectorTrainingSettings
from models.detector_report import DetectorReport
from models.detector_training import train_detector
from models.run_files import STATE_NAME
from models.training_state import load_state, load_tensors, save_state
from tests.conftest import Run
from tests.curves import loss_curve
from tests.factories import practice_profile
from tests.pitch_pictures import write_pitch_recording

SETTINGS = DetectorTrainingSettings(
    steps=8, batch=2, crop=(96, 96), frame_stride=2, evaluations=2, save_every=3, threads=1
)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pitch")
    return [write_pitch_recording(folder / f"{i}.h5", frames=8, seed=i) for i in range(2)]


class Killed(Exception):
    pass


def train(
    recordings: list[Path],
    out: Path,
    *,
    resume: bool = False,
    settings: DetectorTrainingSettings = SETTINGS,
    stop: Callable[[], bool] = lambda: False,
    killed_at: int = 0,
) -> DetectorReport:
    def killed(progress: DetectorProgress) -> None:
        if progress.step == killed_at:
            raise Killed

    report = train_detector(
        recordings,
        profile=practice_profile(),
        out=out,
        settings=settings,
        on_progress=killed,
        stop=stop,
        resume=resume,
    )
    assert report is not None
    return report


def scores(run: Path) -> list[tuple[int, float, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["loss"], line["map50"]) for line in lines]


def weights(run: Path) -> bytes:
    return (run / "checkpoint.safetensors").read_bytes()


@pytest.mark.parametrize("held_out", [True, False])
def test_a_killed_training_goes_on_as_if_nothing_had_happened(
    recordings: list[Path], tmp_path: Path, held_out: bool
) -> None:
    files = recordings if held_out else recordings[:1]  # without scores the last weights are kept
    whole = train(files, tmp_path / "whole")
    with pytest.raises(Killed):
        train(files, tmp_path / "cut", killed_at=7)
    assert load_state(tmp_path / "cut", kind="detector").step == 6
    assert len(loss_curve(tmp_path / "cut")) == 7
    resumed = train(files, tmp_path / "cut", resume=True)
    assert loss_curve(tmp_path / "cut") == loss_curve(tmp_path / "whole")
    assert scores(tmp_path / "cut") == scores(tmp_path / "whole")
    assert resumed.ap50 == whole.ap50
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_the_best_weights_of_an_earlier_sitting_are_kept(
    recordings: list[Path], tmp_path: Path
) -> None:
    ruinous = replace(SETTINGS, weights="practice", learning_rate=0.01, evaluations=8)
    with pytest.raises(Killed):
        train(recordings, tmp_path, settings=ruinous, killed_at=7)
    report = train(recordings, tmp_path, settings=ruinous, resume=True)
    maps = [map50 for _, _, map50 in scores(tmp_path)]
    assert max(maps[:7]) > maps[7]
    assert report.map50 == max(maps)


def test_stopping_by_hand_keeps_what_is_needed_to_go_on(
    recordings: list[Path], tmp_path: Path
) -> None:
    asked = iter([False, True])
    report = train(recordings, tmp_path, stop=lambda: next(asked))
    assert (report.steps, report.stopped) == (2, True)
    report = train(recordings, tmp_path, resume=True)
    assert (report.steps, report.stopped) == (8, False)
    assert [step for step, _, _ in scores(tmp_path)] == [4, 8]
    assert not (tmp_path / STATE_NAME).exists()
    with pytest.raises(CheckpointError, match="nothing to go on from"):
        train(recordings, tmp_path, resume=True)


def test_a_crash_after_the_last_step_only_lacks_the_report(
    recordings: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        train(recordings, tmp_path, killed_at=8)
    assert not (tmp_path / "report.md").exists()
    assert train(recordings, tmp_path, resume=True).steps == 8
    assert (tmp_path / "report.md").exists()


def test_what_was_begun_otherwise_is_not_gone_on_with(
    recordings: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        train(recordings, tmp_path, killed_at=4)
    with pytest.raises(CheckpointError, match="was begun with steps 8, which can't become 9"):
        train(recordings, tmp_path, resume=True, settings=replace(SETTINGS, steps=9))
    with pytest.raises(CheckpointError, match="other recordings"):
        train(recordings[:1], tmp_path, resume=True)
    (tmp_path / STATE_NAME).write_bytes(b"no safetensors")
    with pytest.raises(CheckpointError, match="can't be gone on from"):
        train(recordings, tmp_path, resume=True)


def test_the_command_resumes_with_the_settings_it_began_with(
    run: Run, recordings: list[Path], tmp_path: Path
) -> None:
    for path in recordings:
        shutil.copy(path, tmp_path)
    with pytest.raises(Killed):
        train(recordings, tmp_path / "d", killed_at=4)
    words = ("train", "detector", "0.h5", "1.h5", "--out", "d", "--resume", "--threads", 1)
    status, _, said = run(*words, "--steps", 9)
    assert status == 2
    assert "leave this out" in " ".join(said.replace("│", " ").split())
    status, said, failed = run(*words, "--json")
    assert status == 0, failed
    assert json.loads(said)["steps"] == 8
    status, _, said = run(*words)
    assert (status, said.count("\n")) == (1, 1)
    assert "Leave out --resume" in said


def test_a_training_begun_anew_forgets_the_old_one(recordings: list[Path], tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(recordings, tmp_path, killed_at=7)
    with pytest.raises(Killed):
        train(recordings, tmp_path, killed_at=2)
    assert not (tmp_path / STATE_NAME).exists()
    assert sorted(loss_curve(tmp_path)) == [1, 2]


@pytest.mark.parametrize("stopped_at", [3, 5])
def test_a_look_that_a_stop_forces_changes_nothing_of_what_follows(
    recordings: list[Path], tmp_path: Path, stopped_at: int
) -> None:
    """At this rate every score is the same, or worse: a look too many would use up the patience."""
    still = replace(SETTINGS, learning_rate=1e-9, evaluations=4, patience=2)
    whole = train(recordings, tmp_path / "whole", settings=still)
    asked = iter(range(1, 9))
    cut = train(
        recordings, tmp_path / "cut", settings=still, stop=lambda: next(asked) == stopped_at
    )
    assert (cut.steps, cut.stopped) == (stopped_at, True)
    resumed = train(recordings, tmp_path / "cut", settings=still, resume=True)
    assert resumed.steps == whole.steps == 6
    assert scores(tmp_path / "cut") == scores(tmp_path / "whole")
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_better_weights_of_a_look_that_a_stop_forced_are_not_kept_on_the_way(
    recordings: list[Path], tmp_path: Path
) -> None:
    """They fall apart from the first step on: only the earliest look is worth keeping."""
    ruinous = replace(SETTINGS, weights="practice", learning_rate=0.01)
    train(recordings, tmp_path / "whole", settings=ruinous)
    asked = iter([True])
    cut = train(recordings, tmp_path / "cut", settings=ruinous, stop=lambda: next(asked))
    resumed = train(recordings, tmp_path / "cut", settings=ruinous, resume=True)
    assert cut.map50 is not None
    assert resumed.map50 is not None
    assert cut.map50 > resumed.map50
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_a_training_killed_before_its_first_look_does_not_take_an_older_ones_weights(
    recordings: list[Path], tmp_path: Path
) -> None:
    train(recordings, tmp_path, settings=replace(SETTINGS, anchors=2))
    with pytest.raises(Killed):
        train(recordings, tmp_path, killed_at=3)
    train(recordings, tmp_path, resume=True)
    train(recordings, tmp_path / "whole")
    assert weights(tmp_path) == weights(tmp_path / "whole")


def test_a_training_killed_when_its_patience_was_over_only_lacks_the_report(
    recordings: list[Path], tmp_path: Path
) -> None:
    still = replace(SETTINGS, learning_rate=1e-9, evaluations=8, patience=2)
    with pytest.raises(Killed):
        train(recordings, tmp_path, settings=still, killed_at=3)
    report = train(recordings, tmp_path, settings=still, resume=True)
    assert (report.steps, report.stopped) == (3, False)


def test_the_state_of_another_version_is_refused(recordings: list[Path], tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(recordings, tmp_path, killed_at=4)
    state, tensors = load_state(tmp_path, kind="detector"), load_tensors(tmp_path)
    save_state(tmp_path, replace(state, more={"stale": 0}), tensors)
    with pytest.raises(CheckpointError, match="another version of Understudy"):
        train(recordings, tmp_path, resume=True)
    unkept = {name: tensor for name, tensor in tensors.items() if not name.startswith("kept.")}
    save_state(tmp_path, state, unkept)
    with pytest.raises(CheckpointError, match="its best weights are damaged"):
        train(recordings, tmp_path, resume=True)
