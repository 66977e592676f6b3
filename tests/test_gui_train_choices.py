import json
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import CheckpointError, UnderstudyError
from data.profile import load_profile
from data.splits import split_recordings
from gui.jobs.line import Ended, How
from gui.jobs.train import Source, Trained, detector_settings, policy_settings
from gui.runs_on_disk import KINDS
from gui.train.begun import Begun
from gui.train.choices import (
    PRESETS,
    DetectorChoices,
    PolicyChoices,
    changed,
    from_plain,
    preset_of,
    problem,
    stride_for,
    to_plain,
)
from gui.train.fields import FIELDS
from gui.train.runs import fits, list_runs, looks_of, name_problem, proposed_name, run_entry
from gui.train.words import (
    amount,
    ended_words,
    enough,
    holds,
    left_words,
    length,
    start_problem,
    unfit,
)
from models.detector_recipe import DetectorTrainingSettings
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from tests.factories import altered_profile, practice_profile


def play(minutes: float, name: str = "a.h5", **more: object) -> Source:
    return Source(Path(name), 60 * minutes, practice_profile(), **more)  # type: ignore[arg-type]


def test_the_usual_choices_are_the_usual_settings():
    assert policy_settings(PolicyChoices()) == PolicyTrainingSettings()
    made = detector_settings(DetectorChoices(weights="none", frame_stride=10), pictures=5)
    assert made == DetectorTrainingSettings()


def test_the_best_preset_learns_from_pictures():
    made = policy_settings(preset_of("policy", "best").choices)
    assert made.fit == FitSettings.from_pictures()
    assert made.device == "cuda"


@pytest.mark.parametrize("kind", KINDS)
def test_presets_are_known_settings_with_a_field_for_each(kind):
    for preset in PRESETS[kind]:
        assert preset_of(kind, preset.name) is preset
        assert from_plain(kind, json.loads(json.dumps(to_plain(preset.choices)))) == preset.choices
        assert set(to_plain(preset.choices)) == {field.name for field in FIELDS[kind]}
    assert preset_of(kind, "of another year").name == "quick"


def test_few_labelled_pictures_are_all_learned_from():
    assert [stride_for(pictures) for pictures in (10, 1000, 1001)] == [1, 1, 10]
    assert detector_settings(DetectorChoices(), pictures=60).frame_stride == 1


def test_what_cannot_go_together_is_told_and_refused():
    blind = PolicyChoices(sees="boxes", end_to_end=True)
    copying = PolicyChoices(sees="maps", previous_keys=True)
    for choices in (blind, copying):
        assert problem(choices) is not None
        with pytest.raises(UnderstudyError, match="can't be used"):
            policy_settings(choices)
    assert problem(PolicyChoices(sees="boxes")) is None


def test_settings_of_another_type_are_refused():
    with pytest.raises(ValueError, match="hidden"):
        from_plain("policy", {"hidden": "many"})
    assert from_plain("policy", {"unknown": 1, "passes": 3}) == PolicyChoices(passes=3)


def test_what_differs_from_a_preset_is_named():
    assert changed(PolicyChoices(hidden=64, seed=1), PolicyChoices()) == ("hidden", "seed")


def test_what_a_training_was_begun_with_is_kept(tmp_path):
    begun = Begun(
        "policy",
        "practice",
        (tmp_path / "a.h5", tmp_path / "b.h5"),
        (tmp_path / "b.h5",),
        PolicyChoices(steps=3, shift_ms=None),
        12.5,
    )
    begun.write(tmp_path / "run")
    assert Begun.read(tmp_path / "run") == begun


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "song"}', '{"kind": "policy"}'])
def test_a_damaged_beginning_is_refused_in_words(tmp_path, text):
    with pytest.raises(CheckpointError, match="command line"):
        Begun.read(tmp_path)
    (tmp_path / "begun.json").write_text(text)
    with pytest.raises(CheckpointError, match="Begin anew"):
        Begun.read(tmp_path)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ((), "Tick"),
        ((1, 1), "Little"),
        ((2, 2), "first bot"),
        ((5, 6), "good"),
        ((20, 20), "Plenty"),
    ],
)
def test_it_says_whether_the_play_is_enough(minutes, said):
    assert said in enough("policy", [play(each) for each in minutes])


def test_a_single_recording_and_mere_corrections_are_told():
    assert "two are better" in enough("policy", [play(5)])
    corrections = [play(5, corrected_s=20.0)]
    assert "own play" in enough("policy", corrections)
    assert amount("policy", [play(5), *corrections]) == (
        "2 recordings, 5.0 minutes, and 0:20 of corrections"
    )


@pytest.mark.parametrize(
    ("pictures", "said"), [(0, "page Label"), (39, "Few"), (40, "first detector"), (200, "good")]
)
def test_it_says_whether_the_pictures_are_enough(pictures, said):
    chosen = [play(1, pictures=pictures), play(1)]
    assert said in enough("detector", chosen)
    assert amount("detector", chosen) == f"2 recordings, {pictures} labelled pictures"


def test_what_can_not_be_ticked_says_why():
    game = practice_profile()
    assert unfit("policy", play(1), game) is None
    assert "Nobody took over" in str(unfit("policy", play(1, corrected_s=0.0), game))
    assert "page Label" in str(unfit("detector", play(1), game))
    assert unfit("policy", Source(Path("x"), problem="Damaged."), game) == "Damaged."
    assert holds(play(1, pictures=7)) == "your play, 7 labelled pictures"


def test_what_was_recorded_before_the_profile_changed_can_be_ticked():
    other = altered_profile(
        name="other", title="^Sunday Ball", objects=[{"name": "puck"}], reference=None
    )
    assert "the game at hand is other" in str(unfit("policy", play(1), other))
    here = play(1, window_title="Sunday Ball 2", pictures=3)
    assert unfit("policy", here, other) is None
    assert unfit("detector", here, other) is None
    jump = {"name": "jump", "classes": {"none": [], "jump": ["space"]}}
    heads = [*practice_profile().model_dump()["heads"], jump]
    more = altered_profile(heads=heads)
    assert "Recorded without listening to the key space" in str(unfit("policy", here, more))
    assert unfit("detector", here, more) is None


def test_why_it_can_not_start():
    fine = {
        "held_out": 0,
        "choices": PolicyChoices(),
        "name": None,
        "busy": None,
        "has_gpu": False,
        "sees": True,
    }
    chosen = [play(5), play(5, corrected_s=9.0)]

    def why(sources=chosen, **changes):
        return start_problem("policy", sources, **(fine | changes))

    assert why() is None
    assert "bot-1" in why(busy="bot-1")
    assert "detector" in why(sees=False)
    assert "Tick" in why([])
    assert "Only corrections" in why(chosen[1:])
    assert "validation" in why(held_out=2)
    assert "no GPU" in why(choices=PolicyChoices(device="cuda"))
    assert why(choices=PolicyChoices(device="cuda"), has_gpu=None) is None
    assert why(name="taken") == "taken"


def test_what_comes_after_the_time_left_is_told():
    assert left_words("learning", None) == ""
    assert "learning comes next" in left_words("seeing", 40.0)
    assert left_words("learning", 40.0) == "about 40 seconds left at most"


def test_lengths_are_written_exactly():
    assert [length(s) for s in (5, 65, 3725)] == ["0:05", "1:05", "1:02:05"]


def test_endings_are_told_with_what_can_be_done():
    done = Trained(Path("r"), stopped=False, steps=9, notes=("Careful.",))
    assert ended_words(Ended(How.DONE, result=done), "r") == "Done: r learned for 9 steps. Careful."
    cut = Ended(How.STOPPED, result=replace(done, stopped=True, notes=()))
    assert "can go on" in ended_words(cut, "r")
    assert ended_words(Ended(How.DIED, "killed."), "r") == "Killed. Go on whenever you like."
    assert ended_words(Ended(How.FAILED, "no GPU."), "r") == "No GPU."


def write_run(folder: Path, *, kind: str = "policy", **more: object) -> Path:
    folder.mkdir(parents=True)
    profile = json.loads(load_profile("practice").to_json())
    (folder / "config.json").write_text(json.dumps({"kind": kind, "profile": profile, **more}))
    (folder / "checkpoint.safetensors").write_bytes(b"weights")
    return folder


def test_a_run_is_finished_when_it_keeps_nothing_to_go_on_from(tmp_path):
    folder = write_run(tmp_path / "a", recordings={"training": ["x", "y"], "validation": ["z"]})
    entry = run_entry(folder)
    assert entry is not None
    assert (entry.finished, entry.plays, entry.can_go_on) == (True, True, False)
    assert entry.learned_from == "3 recordings"
    (folder / "training.safetensors").write_bytes(b"state")
    cut = run_entry(folder)
    assert cut is not None
    assert (cut.finished, cut.can_go_on) == (False, False)
    Begun("policy", "practice", (Path("x"),), (), PolicyChoices(), 90.0).write(folder)
    known = run_entry(folder)
    assert known is not None
    assert (known.can_go_on, known.learned_from) == (True, "1.5 min, 1 recording")


def test_scores_come_with_their_baselines(tmp_path):
    score = {"f1": 0.5, "support": 3}
    head = {
        "macro_f1": 0.4,
        "classes": {"up": score, "down": {"f1": None, "support": 0}},
        "baselines": {"majority": {"classes": {"up": {"f1": 0.1}, "down": {"f1": None}}}},
    }
    entry = run_entry(write_run(tmp_path / "a", evaluation={"heads": {"move": head}}))
    assert entry is not None
    assert entry.score == 0.4
    (group,) = entry.groups
    assert [(b.name, b.value, dict(b.rivals)) for b in group.bars] == [
        ("up", 0.5, {"majority": 0.1}),
        ("down", None, {}),
    ]


def test_of_a_detector_the_best_look_is_shown(tmp_path):
    folder = write_run(tmp_path / "d", kind="detector")
    lines = [
        {"step": 1, "loss": 2.0, "map50": 0.7, "ap50": {"ball": 0.7}},
        {"step": 2, "loss": 1.0, "map50": 0.6, "ap50": {"ball": 0.6}},
    ]
    text = "\n".join(map(json.dumps, lines))
    (folder / "metrics.jsonl").write_text(text + '\n{"step": 3, "lo')
    entry = run_entry(folder)
    assert entry is not None
    assert (entry.score, entry.groups[0].bars[0].value) == (0.7, 0.7)
    assert [look["step"] for look in looks_of(folder)] == [1, 2]
    assert fits(entry, load_profile("practice"))


@pytest.mark.parametrize("text", ["{", "[]", '{"kind": "song"}', '{"kind": "policy"}'])
def test_damaged_folders_do_not_disturb_the_list(tmp_path, text):
    write_run(tmp_path / "good")
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "config.json").write_text(text)
    (tmp_path / "seen").mkdir()
    names = [entry.name for entry in list_runs(tmp_path)]
    assert "good" in names
    assert "seen" not in names
    assert list_runs(tmp_path / "nowhere") == []


def test_names_are_proposed_and_checked(tmp_path):
    assert proposed_name("policy", tmp_path / "none") == "policy-1"
    (tmp_path / "policy-1").mkdir()
    assert proposed_name("policy", tmp_path) == "policy-2"
    assert name_problem("policy-2", tmp_path) is None
    assert "already" in str(name_problem("policy-1", tmp_path))
    assert name_problem("policy-1", tmp_path, own="policy-1") is None
    for name in ("", " ", "a/b", "..", "x ", "a" * 90):
        assert name_problem(name, tmp_path) is not None
    assert "80 characters" in str(name_problem("a" * 300, tmp_path))


def test_recordings_that_are_named_are_held_out():
    paths = [Path(f"{name}.h5") for name in "abcd"]
    split = split_recordings(paths, validation_fraction=0.5, seed=0, held_out=[paths[3]])
    assert split == (paths[:3], paths[3:])
    without = split_recordings(paths, validation_fraction=0.5, seed=0)
    for useless in ([Path("x.h5")], paths):
        assert split_recordings(paths, validation_fraction=0.5, seed=0, held_out=useless) == without
