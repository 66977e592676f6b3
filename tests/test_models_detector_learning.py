from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from data.errors import UnderstudyError
from data.frames import encode_jpeg
from models.detection_metrics import Truth
from models.detector_batches import Batches
from models.detector_data import Batch, LabelledFrame, crop, make_batch
from models.detector_learning import Learner
from models.detector_recipe import DetectorTrainingSettings
from models.distributed import World, precision
from models.losses import multibox_loss
from models.ssd import Detector, DetectorSettings
from tests.factories import practice_profile
from tests.pitch_pictures import pitch_picture

NAMES = practice_profile().object_names


def frames(count: int = 3) -> list[LabelledFrame]:
    random, found = np.random.default_rng(0), []
    for _ in range(count):
        image, boxes = pitch_picture(random)
        corners = np.array([(b.x1, b.y1, b.x2, b.y2) for b in boxes], np.float32)
        kinds = np.array([NAMES.index(b.class_name) for b in boxes], np.int64)
        found.append(LabelledFrame(encode_jpeg(image, 90), Truth(corners, kinds)))
    return found


def detector() -> Detector:
    torch.manual_seed(0)
    return Detector(DetectorSettings(class_names=NAMES, anchors=((5.6, 5.6), (8, 17), (30, 100))))


def settings(**changes: object) -> DetectorTrainingSettings:
    plain: dict[str, object] = {"steps": 20, "batch": 4, "crop": (96, 96), "threads": 1}
    return DetectorTrainingSettings(**{**plain, **changes})  # type: ignore[arg-type]


def curve(steps: int, *, dtype: torch.dtype | None = None, **changes: object) -> list[float]:
    torch.set_num_threads(1)
    recipe, model = settings(**changes), detector()
    learner = Learner(model, recipe, World(), dtype=dtype)
    batches = Batches(frames(), model, recipe, World())
    return [learner.learn(step, batches.at(step)) for step in range(steps)]


def same(a: Batch, b: Batch) -> bool:
    return (
        torch.equal(a.images, b.images)
        and torch.equal(a.labels, b.labels)
        and torch.equal(a.targets, b.targets)
    )


def test_a_batch_is_the_same_wherever_training_begins() -> None:
    model = detector()
    batches = Batches(frames(), model, settings(), World())
    all_of_them = [batches.at(step) for step in range(6)]
    assert same(Batches(frames(), model, settings(), World()).at(5), all_of_them[5])
    assert not same(all_of_them[0], all_of_them[1])
    assert not same(Batches(frames(), model, settings(seed=1), World()).at(0), all_of_them[0])


def test_processes_share_the_pictures_that_one_would_see() -> None:
    model = detector()
    for step in (0, 3):  # crops, then whole frames
        alone = Batches(frames(), model, settings(), World()).at(step)
        shares = [Batches(frames(), model, settings(), World(rank, 2)).at(step) for rank in (0, 1)]
        images = torch.empty_like(alone.images)
        images[0::2], images[1::2] = shares[0].images, shares[1].images
        torch.testing.assert_close(images, alone.images)


def test_batches_made_ahead_come_in_order() -> None:
    batches = Batches(frames(), detector(), settings(), World())
    ahead = batches.ahead(range(2, 9), workers=2)
    assert all(same(batch, batches.at(step)) for step, batch in enumerate(ahead, 2))


def test_every_frame_is_seen_once_a_pass() -> None:
    train = frames(5)
    batches = Batches(train, detector(), settings(batch=5, whole_every=1000), World())
    seen = [[id(batches._frame(5 * turn + i)) for i in range(5)] for turn in range(3)]
    assert all(set(turn) == {id(frame) for frame in train} for turn in seen)
    assert seen[0] != seen[1]


def test_more_processes_than_pictures_are_refused() -> None:
    with pytest.raises(UnderstudyError, match="--batch of at least"):
        Batches(frames(), detector(), settings(batch=4), World(0, 3))
    least = int(3 / (96 * 96 / (270 * 480))) + 1
    Batches(frames(), detector(), settings(batch=least), World(0, 3))


def test_a_crop_shrinks_onto_a_plain_ground() -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    truth = Truth(np.array([[0, 0, 100, 100]], np.float32), np.zeros(1, np.int64))
    sides, grounds = [], []
    for seed in range(40):
        piece, seen = crop(
            image, truth, size=(100, 100), random=np.random.default_rng(seed), zoom_out=4
        )
        if len(seen.boxes) and (seen.boxes[0, 2] - seen.boxes[0, 0]) < 90:
            sides.append(seen.boxes[0, 2] - seen.boxes[0, 0])
            grounds.append(tuple(np.median(piece[(piece < 250).all(axis=2)], axis=0)))
    assert 10 < len(sides) < 30  # about half of them
    assert min(sides) < 35
    assert min(sides) >= 24
    assert set(grounds) == {(104, 116, 124)}  # ImageNet's mean, in BGR


def test_focal_loss_teaches() -> None:
    torch.set_num_threads(1)
    recipe, model = settings(loss="focal"), detector()
    learner, batch = (
        Learner(model, recipe, World()),
        Batches(frames(), model, recipe, World()).at(0),
    )
    losses = [learner.learn(step, batch) for step in range(16)]
    assert losses[-1] < 0.7 * losses[0]
    mined = Learner(detector(), settings(), World()).learn(0, batch)
    assert losses[0] != pytest.approx(mined)


def test_bfloat16_learns_what_single_precision_learns() -> None:
    single, half = curve(6), curve(6, dtype=torch.bfloat16)
    assert half != single
    assert half == pytest.approx(single, rel=0.1)


def test_float16_scales_its_loss_and_steps_over_what_overflows() -> None:
    torch.set_num_threads(1)
    recipe, model = settings(), detector()
    learner = Learner(model, recipe, World(), dtype=torch.float16)
    batches = Batches(frames(), model, recipe, World())
    assert learner.scaler.is_enabled()
    learner.scaler.scale(torch.ones(()))
    before = learner.scaler.get_scale()
    state = model.state_dict()
    weight = state["backbone.features.0.0.weight"].clone()
    learner.scaler.update(1e30)  # so that gradients overflow
    learner.learn(0, batches.at(0))
    assert torch.equal(model.state_dict()["backbone.features.0.0.weight"], weight)
    assert learner.scaler.get_scale() < 1e30
    learner.scaler.update(before / 64)
    learner.learn(1, batches.at(1))
    assert not torch.equal(model.state_dict()["backbone.features.0.0.weight"], weight)


def test_half_precision_is_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, cpu = torch.device("cuda", 0), torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    assert precision(gpu, "auto") is torch.bfloat16
    assert precision(gpu, "off") is precision(cpu, "auto") is None
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    assert precision(gpu, "auto") is torch.float16


def test_frozen_norm_stays_as_it_began() -> None:
    for frozen in (True, False):
        recipe, model = settings(freeze_norm=frozen), detector()
        learner = Learner(model, recipe, World())
        norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
        before = [{k: v.clone() for k, v in norm.state_dict().items()} for norm in norms]
        learner.learn(0, Batches(frames(), model, recipe, World()).at(0))
        kept = [
            all(torch.equal(norm.state_dict()[k], v) for k, v in was.items())
            for norm, was in zip(norms, before, strict=True)
        ]
        assert all(kept) is frozen


def test_a_training_that_comes_apart_says_so() -> None:
    recipe, model = settings(), detector()
    learner = Learner(model, recipe, World())
    batch = Batches(frames(), model, recipe, World()).at(0)
    batch.images[:] = float("nan")
    with pytest.raises(UnderstudyError, match="step 1: training came apart"):
        learner.learn(0, batch)


def test_two_halves_of_a_batch_teach_what_the_whole_does() -> None:
    whole = detector().double().eval()
    halves = deepcopy(whole)
    train, more = frames(4), range(4)
    batches = [make_share(train, whole, numbers) for numbers in (more, more[::2], more[1::2])]
    positives = float(len(batches[0].targets))
    for model, shares in ((whole, batches[:1]), (halves, batches[1:])):
        for batch in shares:
            output = model(batch.images.double())
            loss = multibox_loss(
                output.logits,
                output.deltas,
                batch.labels,
                batch.targets.double(),
                positives=positives,
            )
            torch.autograd.backward(loss.total)
    for one, two in zip(whole.parameters(), halves.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-9, atol=1e-12)


def make_share(train: list[LabelledFrame], model: Detector, numbers: range) -> Batch:
    randoms = [np.random.default_rng(number) for number in numbers]
    return make_batch([train[n] for n in numbers], model, size=(96, 96), randoms=randoms)
