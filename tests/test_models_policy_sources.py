"""Which recordings a policy learns from, and what can't be learned from at all."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import RecordingError
from data.keys import KeyEvent
from data.writer import RecordingWriter
from models import policy_training
from models.features import Stopped
from models.label_shift import ShiftChoice, choose_shift
from models.policy_recipe import PolicyProgress, PolicyTrainingSettings
from models.policy_sources import Looked, look
from models.policy_training import PolicyReport, train_policy
from tests.factories import TICK_NS, capture_facts, picture, practice_profile
from tests.toy_play import (
    ToyEyes,
    quick_fit,
    tiny_detector,
    toy_demonstration,
    toy_recording,
)

PROFILE = practice_profile()
SETTINGS = PolicyTrainingSettings(fit=quick_fit(steps=2), shift_ms=150.0, device="cpu", threads=1)
MEASURED = replace(SETTINGS, shift_ms=None)


def short(path: Path, frames: int, *, key: str = "d") -> Path:
    """Write a recording of so many frames in which a key is held from the first on."""
    with RecordingWriter(path, profile=PROFILE, facts=capture_facts()) as writer:
        for index in range(frames):
            writer.append_frame(picture(index), index * TICK_NS)
        writer.append_keys([KeyEvent(0, key, True)] if key else [])
    return path


def looked(
    paths: Sequence[Path],
    folder: Path,
    *,
    seed: int = 0,
    held_out: Sequence[Path] = (),
    settings: PolicyTrainingSettings = SETTINGS,
) -> Looked:
    return look(
        paths,
        PROFILE,
        ToyEyes(),
        replace(settings, fit=replace(settings.fit, seed=seed)),
        folder=folder / "seen",
        held_out=held_out,
        on_progress=lambda _: None,
        stop=lambda: False,
        now_s=lambda: 0.0,
    )


def names(looked: Looked) -> tuple[list[str], list[str]]:
    return [one.name for one in looked.training], [one.name for one in looked.held_out]


def train(
    paths: Sequence[Path],
    out: Path,
    settings: PolicyTrainingSettings = SETTINGS,
    **more: object,
) -> PolicyReport:
    return train_policy(
        paths,
        profile=PROFILE,
        detector=tiny_detector(PROFILE),
        out=out,
        settings=settings,
        eyes=ToyEyes(),
        **more,  # type: ignore[arg-type]
    )


def test_a_recording_given_twice_is_used_once_and_that_is_told(tmp_path: Path) -> None:
    path = toy_recording(tmp_path / "a.h5", ticks=40)
    (tmp_path / "sub").mkdir()
    told: list[str] = []
    twice = [path, tmp_path / "sub" / ".." / "a.h5"]
    report = train(twice, tmp_path / "run", warn=told.append)
    assert (report.training, report.validation) == (("a",), ())
    assert told[0] == report.notes[0] == "Given more than once, and used once: a.h5."
    assert told[0] in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("measured", [False, True])
def test_a_recording_that_teaches_nothing_is_never_weighed_against_one_that_does(
    tmp_path: Path, seed: int, measured: bool
) -> None:
    played = toy_recording(tmp_path / "a.h5", ticks=40)
    others = [short(tmp_path / "idle.h5", 40, key=""), short(tmp_path / "one.h5", 1)]
    for other in others:
        settings = MEASURED if measured else SETTINGS
        found = looked([played, other], tmp_path, seed=seed, settings=settings)
        assert names(found) == (["a", other.stem], [])


@pytest.mark.parametrize("seed", range(4))
def test_of_two_recordings_of_play_one_is_scored_whatever_else_is_given(
    tmp_path: Path, seed: int
) -> None:
    paths = [toy_recording(tmp_path / f"{name}.h5", ticks=40) for name in "ab"]
    idle = short(tmp_path / "idle.h5", 40, key="")
    training, held_out = names(looked([*paths, idle], tmp_path, seed=seed))
    assert len(held_out) == 1
    assert {*training, *held_out} == {"a", "b", "idle"}
    assert held_out != ["idle"]


def test_a_recording_without_play_is_held_out_where_it_is_named(tmp_path: Path) -> None:
    paths = [toy_recording(tmp_path / "a.h5", ticks=40), short(tmp_path / "idle.h5", 40, key="")]
    other_name = tmp_path / "seen" / ".." / "idle.h5"
    (tmp_path / "seen").mkdir()
    assert names(looked(paths, tmp_path, held_out=[other_name])) == (["a"], ["idle"])


@pytest.mark.parametrize("frames", [1, 2])
def test_play_shorter_than_the_label_shift_is_refused(tmp_path: Path, frames: int) -> None:
    path = short(tmp_path / "short.h5", frames)
    with pytest.raises(RecordingError, match=r"short\.h5: nothing to learn from.* 150 ms later"):
        train([path], tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_a_recording_of_one_frame_disturbs_no_other(tmp_path: Path) -> None:
    paths = [toy_recording(tmp_path / "a.h5", ticks=40), short(tmp_path / "one.h5", 1)]
    assert train(paths, tmp_path / "run").steps == 2


def test_the_reaction_is_measured_without_recordings_that_teach_nothing(tmp_path: Path) -> None:
    paths = [toy_recording(tmp_path / "a.h5", ticks=40), short(tmp_path / "one.h5", 1)]
    found = looked(paths, tmp_path, settings=MEASURED)
    fit = quick_fit(steps=2, least_steps=2, passes=1.0)
    both = choose_shift(found.training, PROFILE, fit, candidates_ms=(0.0, 100.0))
    alone = choose_shift(found.training[:1], PROFILE, fit, candidates_ms=(0.0, 100.0))
    assert both == alone


def test_no_reaction_is_measured_where_nothing_teaches(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording has 250 ms of a person's play"):
        train([short(tmp_path / "short.h5", 3)], tmp_path / "run", MEASURED)


def test_the_reaction_is_measured_for_a_policy_of_maps_only(tmp_path: Path) -> None:
    fit = quick_fit(boxes=False, features=True, steps=2, least_steps=2, passes=1.0)
    found = looked([toy_recording(tmp_path / "a.h5", ticks=40)], tmp_path)
    choice = choose_shift(found.training, PROFILE, fit, candidates_ms=(0.0, 50.0))
    assert set(choice.surprise) == {0.0, 50.0}


def test_a_measurement_that_is_stopped_chooses_nothing() -> None:
    asked = iter([False, False, True])
    fit = quick_fit(steps=2, least_steps=2, passes=1.0)
    played = [toy_demonstration(seed, 40) for seed in range(2)]
    with pytest.raises(Stopped, match="while the reaction was measured"):
        choose_shift(played, PROFILE, fit, candidates_ms=(0.0, 150.0), stop=lambda: next(asked))


def test_a_resumed_training_that_is_stopped_while_measuring_can_still_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quick(*given: object, **more: object) -> ShiftChoice:
        return choose_shift(*given, candidates_ms=(0.0, 150.0), **more)  # type: ignore[arg-type]

    monkeypatch.setattr(policy_training, "choose_shift", quick)
    paths = [toy_recording(tmp_path / f"{seed}.h5", seed=seed, ticks=40) for seed in range(2)]
    settings = replace(MEASURED, fit=quick_fit(steps=8, least_steps=2, passes=1.0))
    learning = False

    def told(progress: PolicyProgress) -> None:
        nonlocal learning
        learning = progress.phase == "learning"

    train(paths, tmp_path / "run", settings, on_progress=told, stop=lambda: learning)
    asked = iter([False, True])  # what was seen is known, so the first question is in measuring
    with pytest.raises(Stopped):
        train(paths, tmp_path / "run", settings, resume=True, stop=lambda: next(asked))
    report = train(paths, tmp_path / "run", settings, resume=True)
    assert (report.steps, report.stopped) == (8, False)
