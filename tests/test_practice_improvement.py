"""Rounds of improvement, small but real: a bot plays, is corrected, learns, and is tried."""

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from data.errors import CheckpointError, OutputExistsError, RecordingError, UnderstudyError
from data.reader import Recording
from gui.practice.demonstration import record_coach
from gui.practice.improvement import RECORD_NAME, ImproveSettings, improve, training_of
from gui.practice.intervention import Intervention
from models.checkpoint import load_run
from models.perception import load_detector
from models.policy_recipe import PolicyTrainingSettings
from models.policy_training import train_policy
from tests.conftest import Run
from tests.counted_matches import matches_in_this_process
from tests.factories import practice_profile
from tests.toy_play import quick_fit, toy_folder


@pytest.fixture(scope="module", autouse=True)
def _in_this_process() -> Iterator[None]:
    with matches_in_this_process():
        yield


@cache
def first_bot() -> tuple[Path, tuple[Path, ...]]:
    """A bot that learned from seconds of the coach, and his recordings; made once."""
    folder = toy_folder() / "improvement"
    recordings = tuple(folder / f"coach-{seed}.h5" for seed in range(3))
    for seed, path in enumerate(recordings):
        path.parent.mkdir(exist_ok=True)
        record_coach(path, seconds=4.0, seed=seed)
    train_policy(
        recordings,
        profile=practice_profile(),
        detector=load_detector(),
        out=folder / "run",
        settings=PolicyTrainingSettings(
            fit=quick_fit(features=False, passes=1.0, checks=1), shift_ms=50.0, threads=1
        ),
    )
    return folder / "run", recordings


def small(out: Path, **changes: object) -> ImproveSettings:
    run, recordings = first_bot()
    settings = ImproveSettings(
        run=run, recordings=recordings, out=out, minutes=0.1, matches=1, match_s=4.0
    )
    return replace(settings, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def improved(tmp_path_factory: pytest.TempPathFactory) -> ImproveSettings:
    settings = small(tmp_path_factory.mktemp("improve") / "out")
    improve(settings)
    return settings


def written(folder: Path) -> dict[Path, int]:
    """Name each file that stands there: what is written anew is another; use changes its time."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != RECORD_NAME)
    return {path: path.stat().st_ino for path in files}


def test_a_round_plays_the_minutes_asked_for(improved: ImproveSettings):
    lengths_s = []
    for path in sorted((improved.out / "round-1").glob("match-*.h5")):
        with Recording(path) as log:
            assert log.is_flight_log
            lengths_s.append(log.frame_count / 20)
    assert lengths_s == [4.0, 2.0]


def test_the_new_bot_learned_from_the_recordings_and_the_corrections(improved: ImproveSettings):
    before = load_run(improved.run).config
    after = load_run(improved.out / "round-1" / "policy").config
    corrections = {"match-1", "match-2"}
    assert set(after["recordings"]["training"]) == (
        set(before["recordings"]["training"]) | corrections
    )
    assert after["recordings"]["validation"] == before["recordings"]["validation"]
    assert after["settings"]["training"]["fit"] == before["settings"]["training"]["fit"]
    assert after["settings"]["detector"] == before["settings"]["detector"]
    assert (after["shift_ms"], after["profile"]) == (before["shift_ms"], before["profile"])


def test_finished_rounds_are_told_again_and_not_done_again(improved: ImproveSettings):
    files = written(improved.out)
    found = improve(improved)
    assert written(improved.out) == files
    first, second = found["rounds"]
    assert (first["round"], first["minutes"], first["corrections"]) == (0, 0, 0)
    assert second["minutes"] == pytest.approx(0.1, abs=0.002)
    counted = 0
    for path in second["recordings"]:
        with Recording(Path(path)) as log:
            counted += log.counters["takeovers"]
    assert second["corrections"] == counted
    assert (second["corrected_share"] > 0) == (counted > 0)
    for each in (first, second):
        assert each["trial"]["matches"] == 1
        assert each["trial"]["goals_for"]["ci95"]


def test_a_further_round_goes_on_from_the_last(improved: ImproveSettings):
    files = written(improved.out)
    found = improve(replace(improved, rounds=2))
    assert files.items() <= written(improved.out).items()
    assert [each["round"] for each in found["rounds"]] == [0, 1, 2]
    last = load_run(improved.out / "round-2" / "policy").config
    assert len(last["recordings"]["training"]) == len(found["rounds"][1]["recordings"]) * 2 + 2


def test_what_was_stopped_goes_on_with_the_match_it_stopped_in(tmp_path: Path):
    settings = small(tmp_path / "out", intervene=Intervention.LABEL)
    played = settings.out / "round-1" / "match-1.h5"
    with pytest.raises(UnderstudyError, match="the same command goes on"):
        improve(settings, stop=played.exists)
    assert not (settings.out / "round-1" / "policy").exists()
    kept = json.loads((settings.out / RECORD_NAME).read_text())["rounds"]
    assert len(kept[0]["scores"]) == 1
    assert len(kept[1]["corrected"]) == 1
    before = played.stat().st_mtime_ns
    found = improve(settings)
    assert played.stat().st_mtime_ns == before
    assert len(found["rounds"][1]["recordings"]) == 2
    assert found["rounds"][1]["trained"]["ticks"] > 200, "every labelled frame counts"


def moved_record(improved: ImproveSettings, out: Path, **changes: object) -> ImproveSettings:
    """Copy an improvement, and change what its record says."""
    shutil.copytree(improved.out, out)
    path = out / RECORD_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return replace(improved, out=out)


def test_it_goes_on_from_another_working_folder(
    improved: ImproveSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    settings = small(Path("out"), match_s=3.0)
    begun = settings.out / "round-1" / "match-1.h5"
    with pytest.raises(UnderstudyError, match="the same command goes on"):
        improve(settings, stop=begun.exists)
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    found = improve(replace(settings, out=Path("../a/out")))
    assert all(Path(path).is_file() for path in found["rounds"][1]["recordings"])
    assert len(found["rounds"][1]["recordings"]) == 2


def test_records_of_older_versions_are_gone_on_with(improved: ImproveSettings, tmp_path: Path):
    kept = json.loads((improved.out / RECORD_NAME).read_text())
    for number, match in enumerate(kept["rounds"][1]["corrected"], start=1):
        match["recording"] = f"elsewhere/round-1/match-{number}.h5"
    settings = moved_record(improved, tmp_path / "out", rounds=kept["rounds"])
    path = settings.out / RECORD_NAME
    older = json.loads(path.read_text())
    del older["fingerprint"]
    path.write_text(json.dumps(older))
    found = improve(settings)
    assert found["rounds"][1]["recordings"] == [
        str(settings.out / "round-1" / f"match-{number}.h5") for number in (1, 2)
    ]
    assert json.loads(path.read_text())["fingerprint"] == kept["fingerprint"]


def test_a_bot_that_was_trained_again_is_another(improved: ImproveSettings, tmp_path: Path):
    settings = moved_record(improved, tmp_path / "out", fingerprint="0123456789abcdef")
    with pytest.raises(OutputExistsError, match="trained again"):
        improve(settings)


def test_an_output_that_is_a_file_is_refused(tmp_path: Path):
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(UnderstudyError, match=r"diary\.txt is a file"):
        improve(small(tmp_path / "diary.txt"))
    with pytest.raises(UnderstudyError, match="can't be made"):
        improve(small(tmp_path / "diary.txt" / "out"))
    assert (tmp_path / "diary.txt").read_text() == "dear diary"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"minutes": 0.2}, "minutes"),
        ({"intervene": Intervention.LABEL}, "intervene"),
        ({"difficulty": "beginner"}, "difficulty"),
    ],
)
def test_other_settings_need_another_folder(improved, changes: dict[str, object], named: str):
    with pytest.raises(OutputExistsError, match=named):
        improve(replace(improved, **changes))


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(OutputExistsError, match="something else"):
        improve(small(tmp_path))
    (tmp_path / "diary.txt").unlink()
    (tmp_path / RECORD_NAME).write_text("{")
    with pytest.raises(RecordingError, match="can't be read"):
        improve(small(tmp_path))


def test_a_run_that_does_not_say_how_it_was_trained_is_refused():
    run = load_run(first_bot()[0])
    del run.config["settings"]["training"]["fit"]
    with pytest.raises(CheckpointError, match="how it was trained"):
        training_of(run, threads=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"rounds": 0},
        {"minutes": 0.0},
        {"minutes": math.nan},
        {"minutes": math.inf},
        {"matches": 10_001},
        {"seed": -1},
        {"recordings": ()},
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, changes: dict[str, object]):
    with pytest.raises(ValueError, match=r"above 0|at most|seed|recordings"):
        small(tmp_path, **changes)


def test_the_command_prints_a_table_or_one_object(run: Run, improved: ImproveSettings):
    words = ["improve", improved.run, "--out", improved.out, "--minutes", "0.1", "--matches", "1"]
    words += ["--seconds-per-match", "4", "--recordings", improved.recordings[0]]
    words += [word for path in improved.recordings[1:] for word in ("--recordings", path)]
    status, said, _ = run(*words)
    assert status == 0
    assert "corrections" in said
    status, said, _ = run(*words, "--json")
    assert status == 0
    assert [each["round"] for each in json.loads(said)["rounds"]] == [0, 1]
