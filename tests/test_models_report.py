import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.decisions import no_offsets
from models.demonstrations import labelled, load_demonstration
from models.evaluation import Evaluation, HeadEvaluation, evaluate_policy, remember
from models.policy import Policy, PolicySettings
from models.policy_metrics import Run, score_head
from models.policy_recipe import FitProgress
from models.policy_store import Passage, passages_of
from models.policy_weakness import practised
from models.report import write_report
from models.report_pictures import hold_lengths
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import FEATURES, ToyEyes, toy_recording

PROFILE = practice_profile()
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)
HISTORY = tuple(FitProgress(step, 30, 2.0 / step, step / 40) for step in (10, 20, 30))
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")


@pytest.fixture(scope="module")
def passages(tmp_path_factory: pytest.TempPathFactory) -> list[Passage]:
    folder = tmp_path_factory.mktemp("report")
    path = toy_recording(folder / "toy.h5", seed=1, ticks=500)
    one = load_demonstration(path, PROFILE, ToyEyes(), folder=folder / "seen")
    return passages_of([(one, labelled(one, PROFILE, shift_ms=100.0))], TOKENIZER)


@pytest.fixture(scope="module")
def judged(passages: list[Passage]) -> Evaluation:
    """A policy that has learned nothing, but is sure of it."""
    torch.manual_seed(1)
    heads = tuple((head.name, len(head.names)) for head in PROFILE.heads)
    policy = Policy(PolicySettings(heads, tokens=TOKENIZER.length, features=FEATURES))
    with torch.no_grad():
        for layer in policy.decide.values():
            layer.weight *= 40.0
    known = remember(passages, TOKENIZER)
    return evaluate_policy(policy, no_offsets(PROFILE), passages, PROFILE, neighbours=known)


@pytest.fixture(scope="module")
def report(judged: Evaluation, passages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(
        tmp_path_factory.mktemp("run"),
        profile=PROFILE,
        evaluation=judged,
        facts={"learned from": "1 recording"},
        history=HISTORY,
        best_step=20,
        practised=practised(passages, PROFILE, mirrored=False),
        notes=("It learned from little.",),
    )


def test_every_picture_is_there_and_shows_something(report: Path):
    told = PICTURE.findall(report.read_text())
    assert sorted(told) == sorted(
        [
            "piano_roll.png", "mistakes.png", "curves.png", "confusion_movement.png",
            "confusion_action.png", "confusion_sprint.png", "holds.png", "calibration.png",
        ]
    )  # fmt: skip
    for name in told:
        image = cv2.imread(str(report.parent / name))
        assert image is not None, name
        assert image.std() > 5, name
    assert {path.name for path in report.parent.iterdir()} == {*told, "report.md"}  # no leftover


def test_what_is_weak_comes_before_the_figures(report: Path):
    text = report.read_text()
    order = ["- learned from: 1 recording", "## What is weak, and what to do",
             "- It learned from little.", "## Scores on held-out play", "piano_roll.png",
             "## Where it was sure and wrong", "## movement"]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "`shoot` was pressed only" in text


def test_every_head_stands_beside_the_baselines(report: Path):
    text = report.read_text()
    for head in PROFILE.heads:
        assert f"| **{head.name}** |" in text
    for told in ("always the commonest class", "most similar ticks", "repeats the person's last"):
        assert text.count(f"{told}") >= 3
    assert "| shoot | d |" in text


def test_without_held_out_play_there_is_still_a_report(passages: list[Passage], tmp_path: Path):
    path = write_report(
        tmp_path,
        profile=PROFILE,
        evaluation=None,
        facts={},
        history=tuple(FitProgress(one.step, 30, one.loss, None) for one in HISTORY),
        best_step=30,
        practised=practised(passages, PROFILE, mirrored=False),
        notes=("Nothing was held out.",),
    )
    assert PICTURE.findall(path.read_text()) == ["curves.png"]
    assert "Nothing was held out." in path.read_text()


def test_what_is_right_is_told_to_stand_out_nowhere(tmp_path: Path):
    path = write_report(tmp_path, profile=PROFILE, evaluation=None, facts={})
    assert "Nothing stands out." in path.read_text()


def test_play_without_a_whole_hold_has_no_picture_of_holds(judged: Evaluation):
    assert hold_lengths(judged) is not None
    idle = np.zeros(40, dtype=np.int64)
    run = Run(idle, idle, np.ones(40, dtype=np.bool_))
    heads = {
        head.name: HeadEvaluation(score_head(head, [run], rate_hz=20.0), None, {}, None, (run,))
        for head in PROFILE.heads
    }
    assert hold_lengths(Evaluation(PROFILE, heads, ())) is None


def test_practice_is_counted_in_presses_and_seconds(passages: list[Passage]):
    found = practised(passages, PROFILE, mirrored=False)
    assert found.seconds == pytest.approx(passages[0].counts.sum() / 20.0)
    shoots = passages[0].classes["action"] == 1
    begun = np.flatnonzero(shoots & ~np.roll(shoots, 1) & passages[0].counts)
    assert found.times["action"]["shoot"] == len(begun) > 2
    assert found.times["action"]["cross"] == 0
