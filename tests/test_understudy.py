import json
from pathlib import Path

import h5py
import pytest
import torch

from data.keys import KeyEvent
from data.writer import RecordingWriter
from models.checkpoint import make_config, save_run
from tests.conftest import Run
from tests.factories import (
    TICK_NS,
    altered_profile,
    capture_facts,
    picture,
    practice_profile,
    write_recording,
)


def assert_refused(result: tuple[int, str, str], *words: str) -> None:
    status, _, said = result
    assert status == 1
    assert said.count("\n") == 1, said
    assert said.startswith("understudy: ")
    assert "Traceback" not in said
    for word in words:
        assert word in said


COMMANDS = [
    *("demo", "practice", "record", "inspect", "repair", "export", "evaluate", "play", "trial"),
    *("windows", "replay", "explain", "gui"),
    *("trim", "merge"),
    "doctor",
    *("detect", "improve", "curve"),
    *("boxes import", "boxes export", "boxes suggest", "boxes anchors"),
    *("profile list", "profile show", "profile check", "profile new", "profile digits"),
    *("train detector", "train policy"),
    *("bench infer", "bench capture", "bench record", "bench load", "bench live", "bench train"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run: Run, command: str):
    status, said, _ = run(*command.split(), "--help")
    assert status == 0
    assert "Usage" in said


def test_without_a_command_and_a_display_it_explains_itself(run: Run, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    status, said, _ = run()
    assert status == 0
    assert "Usage" in said
    assert "practice" in said


def test_an_unknown_command_is_wrong_usage(run: Run):
    status, _, said = run("dance")
    assert status == 2
    assert "No such command" in said


def test_a_missing_recording_is_one_line(run: Run, tmp_path: Path):
    assert_refused(run("inspect", "gone.h5"), "gone.h5: no such file")
    assert_refused(run("export", "gone.h5", "a.mp4"), "gone.h5")
    assert_refused(run("repair", "gone.h5.part"), "gone.h5.part")
    assert not list(tmp_path.iterdir())


def test_an_hdf5_file_that_is_no_recording_is_one_line(run: Run, tmp_path: Path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    assert_refused(run("inspect", "other.h5"), "other.h5", "not a recording")
    assert_refused(
        run("train", "policy", "--recordings", "other.h5", "--out", "runs/p"), "other.h5"
    )
    assert_refused(run("train", "detector", "other.h5", "--out", "runs/d"), "other.h5")


def test_a_profile_with_a_wrong_key_name_is_one_line(run: Run, tmp_path: Path):
    text = practice_profile_text().replace('"d"', '"dd"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert_refused(run("profile", "check", "mine.toml"), "mine.toml", "'dd' is not a key")
    assert_refused(run("record", "--profile", "mine.toml", "--out", "a.h5"), "'dd' is not a key")


def practice_profile_text() -> str:
    root = Path(__file__).resolve().parent.parent
    return (root / "data/profiles/practice.toml").read_text(encoding="utf-8")


def test_no_display_is_one_line_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert_refused(run("record", "--out", "a.h5"), "no display")
    assert_refused(run("trial", "idle", "--matches", 1, "--real"), "no display")
    assert_refused(run("practice"), "display")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_run_is_one_line(run: Run, tmp_path: Path):
    write_recording(tmp_path / "a.h5")
    (tmp_path / "empty").mkdir()
    for command in (["play"], ["trial"]):
        assert_refused(run(*command, "gone"), "gone")
        assert_refused(run(*command, "empty"), "empty")
    assert_refused(run("evaluate", "gone", "a.h5"), "gone")


def test_a_checkpoint_of_another_profile_is_one_line(run: Run, tmp_path: Path):
    other = altered_profile(heads=practice_profile().heads[:1], mirror=None)
    config = make_config("policy", settings={}, profile=other, seed=0)
    save_run(tmp_path / "runs/other", weights={"x": torch.zeros(1)}, config=config)
    for command in (["play", "runs/other", "--profile", "practice"], ["trial", "runs/other"]):
        assert_refused(run(*command), "runs/other", "heads")


def test_a_run_folder_is_not_overwritten_unasked(run: Run, tmp_path: Path):
    write_recording(tmp_path / "a.h5")
    (tmp_path / "runs/p").mkdir(parents=True)
    (tmp_path / "runs/p/precious").write_bytes(b"precious")
    for words in (["policy", "--recordings", "a.h5"], ["detector", "a.h5"]):
        assert_refused(run("train", *words, "--out", "runs/p"), "runs/p", "--force")
    assert [file.name for file in (tmp_path / "runs/p").iterdir()] == ["precious"]


def test_a_fault_of_the_program_is_one_line_and_logged_whole(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("data.profile.shipped_profiles", lambda: 1 / 0)
    assert_refused(run("profile", "list"), "ZeroDivisionError", "faults.log")
    (log,) = tmp_path.rglob("faults.log")
    assert "Traceback" in log.read_text()


def test_it_says_its_version(run: Run):
    status, said, _ = run("--version")
    assert status == 0
    assert said.startswith("understudy ")
    assert said.split()[1][0].isdigit()


def test_wrong_usage_exits_with_two(run: Run):
    assert run("trial", "idle", "--difficulty", "nightmare")[0] == 2
    assert run("record")[0] == 2
    assert run("export", "a.h5", "a.gif", "--to", "gif")[0] == 2


def test_inspect_prints_the_promised_json(run: Run, tmp_path: Path):
    keys = [KeyEvent(0, "d", True), KeyEvent(4 * TICK_NS, "d", False)]
    write_recording(tmp_path / "a.h5", keys=keys)
    status, said, _ = run("inspect", "a.h5", "--json")
    found = json.loads(said)
    assert status == 0
    promised = {"frames", "seconds", "rate_hz", "dropped", "jitter_ms", "bytes", "keys", "heads"}
    assert promised | {"problems"} <= found.keys()
    assert found["frames"] == 40
    assert found["keys"]["d"] == 1
    assert found["heads"]["movement"]["none"] == 40
    status, said, _ = run("inspect", "a.h5")
    assert status == 0
    assert "Head movement shows only one class." in said


def test_repair_closes_a_leftover_and_never_overwrites(run: Run, tmp_path: Path):
    writer = RecordingWriter(tmp_path / "a.h5", profile=practice_profile(), facts=capture_facts())
    writer.append_frame(picture(0), 0)
    writer.flush()
    leftover = (tmp_path / "a.h5.part").read_bytes()
    writer.abandon()
    (tmp_path / "a.h5.part").write_bytes(leftover)
    (tmp_path / "a.h5").write_bytes(b"precious")
    assert_refused(run("repair", "a.h5.part"), "a.h5 exists", "--force")
    assert (tmp_path / "a.h5").read_bytes() == b"precious"
    assert run("repair", "a.h5.part", "--force")[0] == 0
    assert json.loads(run("inspect", "a.h5", "--json")[1])["frames"] == 1


def test_export_never_overwrites_unasked(run: Run, tmp_path: Path):
    write_recording(tmp_path / "a.h5", frames=5)
    (tmp_path / "a.mp4").write_bytes(b"precious")
    assert_refused(run("export", "a.h5", "a.mp4"), "a.mp4 exists", "--force")
    assert (tmp_path / "a.mp4").read_bytes() == b"precious"
    assert run("export", "a.h5", "a.mp4", "--force")[0] == 0


def test_a_trial_of_idle_prints_the_promised_json(run: Run):
    words = ("trial", "idle", "--matches", 2, "--seconds", 5, "--json")
    status, said, _ = run(*words)
    assert status == 0
    found = json.loads(said)
    assert (found["player"], found["difficulty"], found["matches"]) == ("idle", "beginner", 2)
    for side in ("goals_for", "goals_against"):
        low, high = found[side]["ci95"]
        assert low <= found[side]["mean"] <= high


def test_profiles_are_listed_shown_and_checked(run: Run, tmp_path: Path):
    assert "practice" in json.loads(run("profile", "list", "--json")[1])
    assert json.loads(run("profile", "show", "practice")[1])["name"] == "practice"
    (tmp_path / "mine.toml").write_text(practice_profile_text(), encoding="utf-8")
    assert run("profile", "check", "mine.toml")[0] == 0
