import numpy as np
import pytest
import torch

from models.anchors import encode, to_corners
from models.detections import DecodeSettings, decode_frame, nms
from models.ssd import Detector, DetectorOutput, DetectorSettings

SETTINGS = DetectorSettings(
    class_names=("player", "ball", "goal"), anchors=((5.6, 5.6), (8, 17), (30, 100))
)


@pytest.fixture(scope="module")
def detector() -> Detector:
    torch.manual_seed(0)
    return Detector(SETTINGS).eval()


def test_every_anchor_has_its_numbers(detector: Detector) -> None:
    with torch.inference_mode():
        output = detector(torch.zeros(2, 3, 270, 480))
    count = 68 * 120 + 34 * 60 + 9 * 15
    assert len(detector.anchors()) == count
    assert output.logits.shape == (2, count, 4)
    assert output.deltas.shape == (2, count, 4)
    assert output.features.shape == (2, 64, 9, 15)


@pytest.mark.parametrize("size", [(96, 160), (100, 150), (65, 33)])
def test_any_size_of_picture_fits_its_anchors(detector: Detector, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        output = detector(torch.zeros(1, 3, *size))
    assert output.logits.shape[1] == len(detector.anchors(size))


def test_a_newborn_detector_sees_nothing(detector: Detector) -> None:
    with torch.inference_mode():
        output = detector(torch.rand(1, 3, 96, 160))
    assert len(detector.decode(output, DecodeSettings(), size=(96, 160))[0].boxes) == 0


def test_a_cells_numbers_come_from_its_place() -> None:
    torch.manual_seed(0)
    detector = Detector(SETTINGS).eval()
    image = torch.randn(1, 3, 128, 256, requires_grad=True)
    anchors = detector.anchors((128, 256))
    chosen = int(np.abs(anchors[:, :2] - (202, 50)).sum(axis=1).argmin())
    detector.train()(image).deltas[0, chosen].square().sum().backward()
    assert image.grad is not None
    strength = image.grad.abs().sum(dim=(0, 1))
    y, x = divmod(int(strength.argmax()), 256)
    assert abs(x - 202) < 24
    assert abs(y - 50) < 24


def test_settings_survive_json(detector: Detector) -> None:
    assert DetectorSettings.from_json(SETTINGS.to_json()) == SETTINGS


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="backbone"):
        DetectorSettings(class_names=("a",), anchors=((1, 1),), backbone="huge")
    with pytest.raises(ValueError, match="at least one"):
        DetectorSettings(class_names=(), anchors=((1, 1),))


def logits_for(anchors: int, seen: dict[int, tuple[int, float]]) -> np.ndarray:
    logits = np.zeros((anchors, 4), np.float32)
    logits[:, 0] = 8
    for index, (kind, score) in seen.items():
        logits[index] = -20
        logits[index, 0] = np.log(1 - score)
        logits[index, kind + 1] = np.log(score)
    return logits


def test_decoding_finds_the_coded_boxes(detector: Detector) -> None:
    anchors = detector.anchors()
    wanted = np.array([[100, 60, 106, 66], [300, 150, 309, 166]], np.float32)
    best = [int(np.abs(to_corners(anchors) - box).sum(axis=1).argmin()) for box in wanted]
    deltas = np.zeros((1, len(anchors), 4), np.float32)
    deltas[0, best] = encode(wanted, anchors[best])
    logits = logits_for(len(anchors), {best[0]: (1, 0.8), best[1]: (0, 0.9)})
    output = DetectorOutput(
        torch.from_numpy(logits[None]), torch.from_numpy(deltas), torch.zeros(1, 1, 1, 1)
    )
    (found,) = detector.decode(output, DecodeSettings())
    np.testing.assert_allclose(found.boxes, wanted[::-1], atol=1e-3)
    assert found.classes.tolist() == [0, 1]
    np.testing.assert_allclose(found.scores, [0.9, 0.8], rtol=1e-4)


def test_scores_below_the_threshold_are_dropped() -> None:
    anchors = np.array([[20, 20, 10, 10], [60, 20, 10, 10]], np.float32)
    logits = logits_for(2, {0: (0, 0.31), 1: (0, 0.29)})
    found = decode_frame(
        logits, np.zeros((2, 4), np.float32), anchors, size=(40, 80), settings=DecodeSettings()
    )
    assert found.boxes.tolist() == [[15, 15, 25, 25]]


def test_boxes_are_clipped_and_limited() -> None:
    anchors = np.array([[2, 2, 10, 10], [60, 20, 10, 10], [40, 20, 10, 10]], np.float32)
    logits = logits_for(3, {0: (0, 0.9), 1: (0, 0.8), 2: (0, 0.7)})
    found = decode_frame(
        logits,
        np.zeros((3, 4), np.float32),
        anchors,
        size=(40, 80),
        settings=DecodeSettings(most=2),
    )
    assert found.boxes.tolist() == [[0, 0, 7, 7], [55, 15, 65, 25]]


def test_nms_keeps_the_best_of_a_heap_and_spares_other_classes() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [30, 0, 40, 10]], np.float32)
    kept = nms(boxes, np.array([0, 0, 1, 0]), iou=0.45)
    assert kept.tolist() == [0, 2, 3]


def test_a_suppressed_box_suppresses_nothing() -> None:
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    assert nms(boxes, np.zeros(3, np.int64), iou=0.4).tolist() == [0, 2]


def test_impossible_thresholds_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        DecodeSettings(score_threshold=0)
