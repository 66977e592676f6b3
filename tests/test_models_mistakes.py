from pathlib import Path

import cv2
import numpy as np
import pytest

from models.demonstrations import labelled, load_demonstration
from models.evaluation import Evaluation, HeadEvaluation
from models.mistakes import draw_mistakes, worst_mistakes
from models.policy_metrics import Run, score_head
from models.policy_store import passages_of
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import ToyEyes, toy_recording

PROFILE = practice_profile()
TICKS = 400
MOVEMENT, ACTION, SPRINT = PROFILE.heads


def sure_of(head, decided, truth, *, chance=0.9, of_truth=0.01) -> np.ndarray:
    """Be sure of what was decided, and give the person's class little where it is another."""
    rest = (1.0 - chance - of_truth) / (len(head.names) - 1)
    chances = np.full((len(truth), len(head.names)), rest, dtype=np.float32)
    chances[np.arange(len(truth)), truth] = of_truth
    chances[np.arange(len(truth)), decided] = chance
    return chances


def evaluation(*wrong: tuple, passages=()) -> Evaluation:
    """Be right but for `(head, tick, decided, probability of the person's class)`."""
    heads = {}
    for head in PROFILE.heads:
        truth = np.zeros(TICKS, dtype=np.int64)
        decided = truth.copy()
        for name, tick, kind, _ in wrong:
            if name == head.name:
                decided[tick] = kind
        chances = sure_of(head, decided, truth)
        for name, tick, _, of_truth in wrong:
            if name == head.name:
                chances[tick, 0] = of_truth
        run = Run(truth, decided, np.ones(TICKS, dtype=np.bool_), chances)
        score = score_head(head, [run], rate_hz=20.0)
        heads[head.name] = HeadEvaluation(score, None, {}, None, (run,))
    return Evaluation(PROFILE, heads, passages)


def found(judged: Evaluation, **options) -> list[tuple[str, int]]:
    return [(one.head, one.tick) for one in worst_mistakes(judged, **options)]


def test_the_most_surprising_comes_first():
    judged = evaluation(("movement", 50, 3, 0.02), ("action", 150, 1, 0.001))
    assert found(judged) == [("action", 150), ("movement", 50)]
    worst = worst_mistakes(judged)[0]
    assert (worst.held, worst.wanted) == ("none", "shoot")
    assert worst.chance == pytest.approx(0.9)
    assert worst.loss == pytest.approx(-np.log(0.001), rel=1e-3)


def test_neighbours_in_time_are_one_mistake():
    judged = evaluation(
        ("movement", 50, 3, 0.02), ("movement", 60, 3, 0.01), ("action", 70, 1, 0.03),
        ("movement", 120, 3, 0.04),
    )  # fmt: skip
    assert found(judged) == [("movement", 60), ("movement", 120)]


def test_no_head_takes_all_the_places_while_others_have_mistakes():
    many = [("movement", 45 * index, 3, 0.001 + 0.0001 * index) for index in range(7)]
    judged = evaluation(*many, ("action", 350, 1, 0.05), ("sprint", 395, 1, 0.06))
    chosen = found(judged, most=3)
    assert sorted(head for head, _ in chosen) == ["action", "movement", "sprint"]
    assert len(found(judged, most=8)) == 8  # places that nobody else wants are filled


def test_doubt_is_no_mistake_of_that_kind():
    judged = evaluation(("movement", 50, 3, 0.02))
    run = judged.heads["movement"].runs[0]
    run.chances[50, 3] = 0.4
    assert found(judged) == []


def test_the_right_key_a_tick_early_or_late_is_no_such_mistake():
    judged = evaluation()
    truth = judged.heads["action"].runs[0].truth
    decided = judged.heads["action"].runs[0].decided
    truth[100:110], decided[101:111] = 1, 1  # a tick late
    truth[200:210], decided[198:210] = 2, 2  # two ticks early
    judged.heads["action"].runs[0].chances[:] = sure_of(ACTION, decided, truth)
    assert found(judged) == []
    decided[300:306] = 3  # and this is one
    judged.heads["action"].runs[0].chances[:] = sure_of(ACTION, decided, truth)
    assert [head for head, _ in found(judged)] == ["action"]


def test_ticks_that_do_not_count_are_no_mistakes():
    judged = evaluation(("movement", 50, 3, 0.02))
    judged.heads["movement"].runs[0].counts[50] = False
    assert found(judged) == []


def test_the_sheet_shows_the_frames_and_the_lines_say_what_happened(tmp_path: Path):
    path = toy_recording(tmp_path / "toy.h5", seed=1, ticks=TICKS)
    one = load_demonstration(path, PROFILE, ToyEyes(), folder=tmp_path / "seen")
    tokenizer = Tokenizer(PROFILE, PROFILE.capture.size)
    passages = tuple(passages_of([(one, labelled(one, PROFILE, shift_ms=0.0))], tokenizer))
    judged = evaluation(("movement", 50, 3, 0.02), ("action", 350, 1, 0.001), passages=passages)
    lines = draw_mistakes(worst_mistakes(judged), judged, out=tmp_path / "sheet.png")
    assert lines == [
        "1. toy at 0:17.5, action: the person held `none`, the policy wanted `shoot` "
        "(0.90, against 0.001).",
        "2. toy at 0:02.5, movement: the person held `none`, the policy wanted `right` "
        "(0.90, against 0.020).",
    ]
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    high, wide = sheet.shape[:2]
    assert wide == 2 * 640 + 6
    # what the person controls is red in a toy picture, and framed in white
    for tick, left in ((350, 0), (50, 646)):
        own = passages[0].rows(tick, tick + 1)[0, 0]
        x, y, height = own[4] * 640 / 480, own[5] * 640 / 480, own[7] * 640 / 480
        patch = sheet[int(y - height) - 8 : int(y) + 8, left + int(x) - 12 : left + int(x) + 12]
        assert (patch.min(axis=-1) > 230).any()
    assert high < 640
