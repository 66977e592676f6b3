"""Goals against minutes of play, small but real: recordings, training, matches."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from agent.trial import Score
from data.errors import OutputExistsError, RecordingError, UnderstudyError
from data.writer import RecordingWriter
from gui.practice.curve_report import CurveFacts, Point, curve_json, curve_text
from gui.practice.curve_steps import CurveSettings, Steps
from gui.practice.demonstration import record_coach
from gui.practice.learning_curve import amounts_of, play_seconds, run_curve
from models.checkpoint import load_run, save_run
from models.perception import load_detector_files
from models.policy_recipe import PolicyTrainingSettings
from tests.conftest import Run
from tests.counted_matches import matches_in_this_process
from tests.factories import TICK_NS, altered_profile, capture_facts, practice_profile
from tests.toy_play import ToyGame, quick_fit, toy_picture

QUICK = PolicyTrainingSettings(fit=quick_fit(features=False, passes=1.0, checks=1), threads=1)


def small(out: Path, **changes: object) -> CurveSettings:
    """Two amounts: one match of five seconds, and three."""
    settings = CurveSettings(
        out=out, minutes=(5 / 60, 15 / 60), matches=2, match_s=5.0, training=QUICK
    )
    return replace(settings, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _in_this_process() -> Iterator[None]:
    with matches_in_this_process():
        yield


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("curve") / "out"
    run_curve(small(out))
    return out


def files_of(folder: Path) -> dict[Path, int]:
    """When each file was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_each_amount_holds_the_smaller_and_none_the_held_out(measured: Path):
    found = json.loads((measured / "curve.json").read_text())
    one, three = (
        set(load_run(folder).config["recordings"]["training"])
        | set(load_run(folder).config["recordings"]["validation"])
        for folder in sorted((measured / "policies").iterdir())
    )
    assert (len(one), len(three)) == (1, 3)
    assert one < three
    assert not three & {Path(name).stem for name in found["held_out"]}
    assert len(found["held_out"]) == 3
    assert [row["recordings"] for row in found["curve"]] == [1, 3]
    assert [row["minutes"] for row in found["curve"]] == pytest.approx([5 / 60, 15 / 60], abs=2e-3)


def test_goals_stand_beside_the_coachs_with_intervals(measured: Path):
    found = json.loads((measured / "curve.json").read_text())
    assert found["coach"]["matches"] == 2
    for row in found["curve"]:
        low, high = row["goals_for"]["ci95"]
        assert low <= row["goals_for"]["mean"] <= high
        assert row["macro_f1"].keys() == {"movement", "action", "sprint"}
    text = (measured / "curve.md").read_text()
    assert found["headline"] in text
    assert "the coach" in text
    picture = cv2.imread(str(measured / "curve.png"))
    assert picture is not None
    assert picture.std() > 0


def test_what_is_finished_is_not_done_again(measured: Path):
    before = files_of(measured / "policies") | files_of(measured / "recordings")
    shown: list[str] = []
    run_curve(small(measured), show=lambda name, share: shown.append(name))
    assert not shown
    assert files_of(measured / "policies") | files_of(measured / "recordings") == before


def test_a_stopped_training_goes_on_and_comes_out_the_same(measured: Path, tmp_path: Path):
    out = tmp_path / "out"
    shutil.copytree(measured, out)
    shutil.rmtree(out / "policies/0003-recordings-seed0")
    steps = json.loads((out / "steps.json").read_text())
    del steps["policies"]["0003-recordings-seed0"]
    (out / "steps.json").write_text(json.dumps(steps))
    learning = False

    def show(name: str, share: float) -> None:
        nonlocal learning
        learning |= name.startswith("train") and share > 0.5

    with pytest.raises(UnderstudyError, match="stopped"):
        run_curve(small(out), show=show, stop=lambda: learning)
    assert learning
    assert "0003" not in "".join(json.loads((out / "steps.json").read_text())["policies"])
    found = run_curve(small(out))
    wanted = json.loads((measured / "curve.json").read_text())
    assert found["curve"][0] == wanted["curve"][0]
    assert found["policies"][1]["scores"] == wanted["policies"][1]["scores"]
    assert found["policies"][1]["evaluation"] == wanted["policies"][1]["evaluation"]


def test_a_match_that_was_cut_short_is_recorded_again(tmp_path: Path):
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 50  # in the middle of the first match

    with pytest.raises(UnderstudyError, match="goes on"):
        run_curve(small(tmp_path / "out"), stop=stop)
    assert not list((tmp_path / "out/recordings").glob("match-*"))


def test_further_matches_are_added_to_those_played(measured: Path, tmp_path: Path):
    shown: set[str] = set()
    before = json.loads((measured / "curve.json").read_text())
    found = run_curve(small(measured, matches=3), show=lambda name, share: shown.add(name))
    assert {name.split()[0] for name in shown} == {"1"}
    for policy, old in zip(found["policies"], before["policies"], strict=True):
        assert policy["scores"][:2] == old["scores"]
        assert len(policy["scores"]) == 3
    assert run_curve(small(measured))["policies"] == before["policies"]


def test_a_curve_of_other_settings_is_left_alone(measured: Path, tmp_path: Path):
    before = files_of(measured)
    with pytest.raises(OutputExistsError, match="difficulty: amateur, not beginner"):
        run_curve(small(measured, difficulty="beginner"))
    assert files_of(measured) == before
    (tmp_path / "precious").write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match="something else"):
        run_curve(small(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def detector_run(folder: Path, *, trained: float = 0.0) -> Path:
    """Make a detector's run of the shipped weights, moved a little as by more training."""
    files = load_detector_files(None)
    moved = {name: weights + trained for name, weights in files.weights.items()}
    save_run(folder, weights=moved, config=files.config)
    return folder


def test_a_detector_is_known_by_its_place_and_what_it_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "out"
    for name in ("a", "b"):
        detector_run(tmp_path / name / "eyes")
    monkeypatch.chdir(tmp_path / "a")
    Steps(small(out, detector=Path("eyes")))
    Steps(small(out, detector=Path("../a/eyes")))
    monkeypatch.chdir(tmp_path / "b")
    with pytest.raises(OutputExistsError, match="other detector"):
        Steps(small(out, detector=Path("eyes")))
    detector_run(tmp_path / "a" / "eyes", trained=0.5)
    with pytest.raises(OutputExistsError, match="trained again"):
        Steps(small(out, detector=Path("../a/eyes")))


def test_steps_of_older_versions_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    settings = small(tmp_path / "out", detector=detector_run(tmp_path / "eyes"))
    Steps(settings)
    path = settings.out / "steps.json"
    older = json.loads(path.read_text())
    del older["detector_fingerprint"]
    older["settings"]["detector"] = "eyes"
    path.write_text(json.dumps(older))
    found = Steps(settings).found
    assert found["settings"]["detector"] == str(tmp_path / "eyes")
    assert "detector_fingerprint" in found


def test_shipped_weights_are_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    Steps(small(tmp_path / "out", detector=Path("practice")))
    monkeypatch.chdir(tmp_path)
    Steps(small(tmp_path / "out", detector=Path("practice")))


def test_an_output_that_is_a_file_is_refused(tmp_path: Path, run: Run):
    (tmp_path / "diary.txt").write_text("dear diary")
    for words in (("curve", "--minutes", "1"), ("demo",)):
        status, _, said = run(*words, "--out", tmp_path / "diary.txt")
        assert status == 1
        assert said.endswith("diary.txt is a file. Choose a folder for --out.\n")
    assert (tmp_path / "diary.txt").read_text() == "dear diary"


def other_game(path: Path, *, seed: int) -> Path:
    """Record five seconds of a game in which one only runs."""
    profile = altered_profile(heads=practice_profile().heads[:1], mirror=None)
    game = ToyGame(seed, 100)
    with RecordingWriter(path, profile=profile, facts=capture_facts()) as writer:
        for tick, seen in enumerate(game.sights()):
            writer.append_frame(toy_picture(seen), tick * TICK_NS)
        writer.append_keys(event for event in game.events if event.key in profile.keys)
    return path


def test_ones_own_recordings_are_learned_from_and_the_last_held_out(tmp_path: Path):
    paths = tuple(other_game(tmp_path / f"mine{seed}.h5", seed=seed) for seed in range(3))
    found = run_curve(small(tmp_path / "out", recordings=paths, minutes=(10 / 60, 30.0)))
    assert found["recordings"] == ["mine0.h5", "mine1.h5"]
    assert found["held_out"] == ["mine2.h5"]
    (row,) = found["curve"]  # there are no thirty minutes
    assert (row["recordings"], row["minutes"]) == (2, pytest.approx(10 / 60, abs=1e-3))
    assert row["macro_f1"].keys() == {"movement"}
    assert "goals_for" not in row  # nobody can play such a game without a window
    assert not (tmp_path / "out/recordings").exists()


def test_one_recording_is_refused_before_anything_is_written(tmp_path: Path):
    path = tmp_path / "mine.h5"
    record_coach(path, seconds=2.0)
    with pytest.raises(RecordingError, match="two or more"):
        run_curve(small(tmp_path / "out", recordings=(path,)))
    assert not (tmp_path / "out").exists()


def test_recordings_are_taken_whole_and_only_as_far_as_they_go():
    lengths_s = [60.0, 60.0, 30.0, 90.0, 60.0]
    assert amounts_of(lengths_s, [1, 2.5, 3, 30]) == [1, 3, 5]
    assert amounts_of([600.0], [1, 3]) == [1]


def test_play_is_measured_without_breaks(tmp_path: Path):
    record_coach(tmp_path / "a.h5", seconds=5.0)
    assert play_seconds(tmp_path / "a.h5") == pytest.approx(5.0, abs=0.11)


def point(minutes: float, *goals: tuple[int, int], seed: int = 0) -> Point:
    return Point(
        minutes=minutes,
        recordings=round(minutes),
        seed=seed,
        training={"ticks": 1200, "steps": 300, "seconds": 30.0, "validation": []},
        evaluation={"heads": {"movement": {"macro_f1": 0.5 + 0.1 * seed}}},
        scores=tuple(Score(*pair) for pair in goals),
    )


def facts(**changes: object) -> CurveFacts:
    settings = {"difficulty": "amateur", "match_seconds": 60.0, "matches": 4, "seeds": 1}
    whole = CurveFacts(settings, ("a.h5",), ("z.h5",), (Score(2, 1),) * 4)
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_a_sure_gain_is_told_from_an_unsure_one():
    points = [
        point(1, (0, 1), (0, 2), (0, 0), (0, 1)),
        point(3, (1, 1), (2, 2), (1, 0), (2, 1)),
        point(10, (2, 1), (1, 2), (2, 0), (1, 1)),
    ]
    text = curve_text(curve_json(facts(), points))
    assert "From 1 to 3 minutes: +1.50 goals a match (+1.00 to +2.00): more play helps." in text
    assert "From 3 to 10 minutes: +0.00 goals a match" in text
    assert text.count("not sure") == 1
    assert "| 3 | 3 | 1.50 (1.00 to 2.00) |" in text
    assert "| 75% |" in text


def test_training_seeds_of_one_amount_are_one_row():
    points = [point(1, (0, 0), (2, 0)), point(1, (4, 0), (2, 0), seed=1)]
    found = curve_json(facts(), points)
    (row,) = found["curve"]
    assert row["goals_for"]["mean"] == 2.0
    assert row["matches"] == 4
    assert row["macro_f1"] == {"movement": 0.55}
    assert row["policies"] == 2


def test_another_game_has_scores_but_no_goals():
    found = curve_json(facts(coach=()), [point(1), point(3)])
    text = curve_text(found)
    assert found["coach"] is None
    assert "goals" not in text
    assert "| 1 | 1 | 0.500 | 30 s |" in text


def test_the_command_refuses_amounts_that_are_no_numbers(run: Run):
    for amounts in ("1,two", "0,1", "", "1,inf", "nan"):
        status, _, said = run("curve", "--out", "c", "--minutes", amounts)
        assert status == 2
        assert "--minutes" in said


def test_the_command_prints_the_curve(measured: Path, run: Run):
    words = ("curve", "--out", measured, "--matches", 2, "--seconds-per-match", 5)
    status, said, _ = run(*words, "--minutes", f"{5 / 60},{15 / 60}", "--json")
    assert status == 0
    assert json.loads(said) == json.loads((measured / "curve.json").read_text())
    status, _, said = run(*words, "--difficulty", "beginner")
    assert status == 1
    assert said.count("\n") == 1
