import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from data.boxes import Box
from data.errors import RecordingError
from data.frames import encode_jpeg
from models.anchors import fit_anchors, iou_matrix
from models.checkpoint import load_run
from models.detection_metrics import Truth
from models.detections import DecodeSettings
from models.detector_data import (
    LabelledFrame,
    crop,
    make_batch,
    match_truth,
    normalise,
    read_frames,
    spread,
)
from models.detector_learning import schedule
from models.detector_recipe import DetectorProgress, DetectorTrainingSettings
from models.detector_scoring import detect_frames, evaluate_detector
from models.detector_training import train_detector
from models.losses import multibox_loss
from models.perception import load_detector
from models.ssd import Detector, DetectorSettings
from tests.conftest import Run
from tests.factories import picture, practice_profile, write_recording
from tests.pitch_pictures import pitch_picture, write_pitch_recording

NAMES = practice_profile().object_names


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pitch")
    return [write_pitch_recording(folder / f"{i}.h5", frames=8, seed=i) for i in range(2)]


def settings(**changes: object) -> DetectorTrainingSettings:
    plain: dict[str, object] = {
        "steps": 4,
        "batch": 2,
        "crop": (96, 96),
        "frame_stride": 2,
        "evaluations": 2,
        "threads": 1,
    }
    return DetectorTrainingSettings(**{**plain, **changes})  # type: ignore[arg-type]


def test_a_run_folder_is_written_and_loads(recordings: list[Path], tmp_path: Path) -> None:
    seen: list[DetectorProgress] = []
    report = train_detector(
        recordings,
        profile=practice_profile(),
        out=tmp_path / "run",
        settings=settings(),
        on_progress=seen.append,
        stop=lambda: False,
    )
    names = {path.name for path in (tmp_path / "run").iterdir()}
    (events,) = [name for name in names if name.startswith("events.out.tfevents.")]
    assert names - {events} == {
        "checkpoint.safetensors",
        "config.json",
        "metrics.jsonl",
        "report.md",
        "example.png",
    }
    assert (report.images, report.validation_images, report.steps) == (4, 4, 4)
    assert [p.step for p in seen] == [1, 2, 3, 4]
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4]
    config = load_run(tmp_path / "run", kind="detector").config
    assert config["training"]["batch"] == 2
    assert tuple(load_detector(tmp_path / "run").settings.class_names) == NAMES
    text = (tmp_path / "run" / "report.md").read_text()
    assert "| ball |" in text
    assert "4 frames to train on, 4 held out" in text
    assert "Begun from nothing." in text
    assert "Only 4 frames were learned from: one in 2" in text
    assert "ball: only 4 boxes to learn from" in text
    assert cv2.imread(str(tmp_path / "run" / "example.png")).shape == (540, 960, 3)


def test_the_command_hands_its_options_on(run: Run, recordings: list[Path], tmp_path: Path) -> None:
    options = {
        "--steps": ("steps", 2),
        "--batch": ("batch", 6),
        "--learning-rate": ("learning_rate", 0.0005),
        "--anchors": ("anchors", 3),
        "--loss": ("loss", "focal"),
        "--zoom-out": ("zoom_out", 2.0),
        "--every": ("frame_stride", 4),
        "--evaluations": ("evaluations", 2),
        "--patience": ("patience", 1),
        "--weights": ("weights", "practice"),
        "--device": ("device", "cpu"),
        "--amp": ("amp", "off"),
        "--threads": ("threads", 1),
        "--seed": ("seed", 5),
    }
    words = [word for name, (_, value) in options.items() for word in (name, value)]
    status, said, failed = run(
        "train", "detector", *recordings, "--out", "d", *words, "--freeze-norm", "--json"
    )
    assert status == 0, failed
    found = load_run(tmp_path / "d", kind="detector").config["training"]
    assert {key: found[key] for key, _ in options.values()} == dict(options.values())
    assert found["freeze_norm"] is True
    assert json.loads(said)["began_with"].startswith("Begun from practice")
    assert run("train", "detector", *recordings, "--out", "e", "--learning-rate", 0)[0] == 2


def test_stopping_saves_what_was_learned(recordings: list[Path], tmp_path: Path) -> None:
    report = train_detector(
        recordings[:1],
        profile=practice_profile(),
        out=tmp_path,
        settings=settings(steps=100),
        on_progress=lambda _: None,
        stop=lambda: True,
    )
    assert report.stopped
    assert report.steps == 1
    assert report.map50 is None
    assert "stopped by hand" in (tmp_path / "report.md").read_text()
    assert "one recording is never split" in (tmp_path / "report.md").read_text()
    load_detector(tmp_path)


def test_patience_ends_training_without_progress(recordings: list[Path], tmp_path: Path) -> None:
    report = train_detector(
        recordings,
        profile=practice_profile(),
        out=tmp_path,
        settings=settings(steps=8, evaluations=8, learning_rate=1e-9, patience=2),
        on_progress=lambda _: None,
        stop=lambda: False,
    )
    assert report.steps == 3
    assert not report.stopped


def test_recordings_without_boxes_are_refused(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "plain.h5", frames=3)
    with pytest.raises(RecordingError, match="holds boxes"):
        train_detector(
            [path],
            profile=practice_profile(),
            out=tmp_path / "run",
            settings=settings(),
            on_progress=lambda _: None,
            stop=lambda: False,
        )
    assert not (tmp_path / "run").exists()


def test_unknown_objects_are_named(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.h5", frames=2, boxes=[Box("ball", 1, 1, 9, 9)])
    with pytest.raises(RecordingError, match="boxes of 'ball', which the profile doesn't name"):
        read_frames([path], names=[name for name in NAMES if name != "ball"], stride=1)


def test_an_object_without_a_box_need_not_be_known(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.h5", frames=2, boxes=[Box("ball", 1, 1, 9, 9)])
    (frame, _) = read_frames([path], names=["ball"], stride=1)
    assert frame.truth.classes.tolist() == [0]


def test_neighbouring_frames_are_skipped(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.h5", frames=10, boxes=[Box("ball", 1, 1, 9, 9)])
    frames = read_frames([path], names=NAMES, stride=4)
    assert len(frames) == 3
    error = np.abs(frames[1].image().astype(int) - picture(4).astype(int))
    assert error.mean() < 3
    assert spread(frames, 2) == [frames[0], frames[2]]


def small_frame(random: np.random.Generator) -> LabelledFrame:
    """A piece of a pitch of 160x96 with at least three boxes inside."""
    inside: list[Box] = []
    while len(inside) < 3:
        image, boxes = pitch_picture(random)
        inside = [b for b in boxes if b.x1 > 200 and b.y1 > 100 and b.x2 < 360 and b.y2 < 196]
    corners = [(b.x1 - 200, b.y1 - 100, b.x2 - 200, b.y2 - 100) for b in inside]
    truth = Truth(
        np.array(corners, np.float32).reshape(-1, 4),
        np.array([NAMES.index(b.class_name) for b in inside], np.int64),
    )
    return LabelledFrame(encode_jpeg(np.ascontiguousarray(image[100:196, 200:360]), 95), truth)


def test_four_pictures_are_learned_by_heart() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    frames = [small_frame(random) for _ in range(4)]
    boxes = np.concatenate([frame.truth.boxes for frame in frames])
    detector = Detector(
        DetectorSettings(class_names=NAMES, anchors=fit_anchors(boxes, 4), size=(96, 160))
    ).train()
    for module in detector.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.2
    images = normalise(torch.from_numpy(np.stack([frame.image() for frame in frames])))
    matched = [match_truth(frame.truth, detector.anchors()) for frame in frames]
    labels = torch.from_numpy(np.stack([pair[0] for pair in matched]))
    targets = torch.from_numpy(np.concatenate([pair[1] for pair in matched]))
    optimiser = torch.optim.AdamW(detector.parameters(), lr=3e-3)
    losses = []
    for step in range(100):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * schedule(step, 100)
        output = detector(images)
        loss = multibox_loss(output.logits, output.deltas, labels, targets).total
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]
    found = detect_frames(detector, frames, settings=DecodeSettings())
    assert detector.training
    for seen, frame in zip(found, frames, strict=True):
        best = iou_matrix(frame.truth.boxes, seen.boxes).argmax(axis=1)
        assert seen.classes[best].tolist() == frame.truth.classes.tolist()
    assert evaluate_detector(detector, frames).map50 > 0.9


def test_crops_carry_their_boxes() -> None:
    """Wherever the crop lies, however it is zoomed and mirrored, white squares stay in boxes."""
    image = np.zeros((270, 480, 3), np.uint8)
    corners = np.array([[50, 60, 70, 90], [200, 100, 240, 130], [400, 200, 410, 250]], np.float32)
    for x1, y1, x2, y2 in corners.astype(int):
        image[y1:y2, x1:x2] = 255
    random = np.random.default_rng(0)
    shown = 0
    for _ in range(50):
        piece, truth = crop(image, Truth(corners, np.arange(3)), size=(128, 160), random=random)
        assert piece.shape == (128, 160, 3)
        painted = np.zeros((128, 160), np.float32)
        for x1, y1, x2, y2 in truth.boxes.round().astype(int):
            painted[y1:y2, x1:x2] = 255
            inner = piece[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2]
            assert inner.size == 0 or inner.min() > 250
            shown += 1
        outside = piece[..., 0][painted == 0]
        cut = 3 - len(truth.boxes)  # objects that are mostly cut off may show a little
        assert cut or (outside > 200).mean() < 0.01
    assert shown > 30


def test_a_box_mostly_cut_off_is_dropped() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    truth = Truth(np.array([[0, 0, 100, 100]], np.float32), np.zeros(1, np.int64))
    _, seen = crop(image, truth, size=(32, 32), random=np.random.default_rng(0))
    assert len(seen.boxes) == 0


def test_half_the_crops_are_aimed_at_objects() -> None:
    image = np.zeros((270, 480, 3), np.uint8)
    truth = Truth(np.array([[470, 4, 476, 10]], np.float32), np.zeros(1, np.int64))
    random = np.random.default_rng(0)
    seen = [len(crop(image, truth, size=(64, 64), random=random)[1].boxes) for _ in range(200)]
    assert np.mean(seen) > 0.2  # by chance it would be in about one of thirty


def test_batches_name_classes_from_one_and_keep_the_order() -> None:
    detector = Detector(DetectorSettings(class_names=NAMES, anchors=((5.6, 5.6), (8, 17))))
    image, boxes = pitch_picture(np.random.default_rng(0))
    corners = np.array([(b.x1, b.y1, b.x2, b.y2) for b in boxes], np.float32)
    truth = Truth(corners, np.array([NAMES.index(b.class_name) for b in boxes], np.int64))
    frames = [LabelledFrame(encode_jpeg(image, 90), truth)] * 2
    randoms = [np.random.default_rng(seed) for seed in (0, 1)]
    batch = make_batch(frames, detector, size=(64, 96), randoms=randoms)
    assert batch.images.shape == (2, 3, 64, 96)
    assert batch.labels.shape == (2, len(detector.anchors((64, 96))))
    assert int((batch.labels > 0).sum()) == len(batch.targets) > 0
    assert int(batch.labels.max()) <= len(NAMES)


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [schedule(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == rates[4] == rates[5] == 1
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] < 0.02


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        settings(crop=(16, 16))
