"""Look at labelled frames with a detector, and score what it sees."""

from collections.abc import Sequence

import numpy as np
import torch

from models.detection_metrics import DetectionMetrics, evaluate_detections
from models.detections import DecodeSettings, Detections
from models.detector_data import LabelledFrame, normalise
from models.ssd import Detector, DetectorOutput

SCORING = DecodeSettings(score_threshold=0.02)  # AP wants the whole curve


def detect_frames(
    detector: Detector, frames: Sequence[LabelledFrame], *, settings: DecodeSettings
) -> list[Detections]:
    """Run a detector over labelled frames in evaluation mode, on the device it is on."""
    modes = {module: module.training for module in detector.modules()}
    device = next(detector.parameters()).device
    detector.eval()
    found: list[Detections] = []
    with torch.inference_mode():
        for start in range(0, len(frames), 8):
            images = np.stack([frame.image() for frame in frames[start : start + 8]])
            seen = detector(normalise(torch.from_numpy(images)).to(device))
            output = DetectorOutput(seen.logits.cpu(), seen.deltas.cpu(), seen.features)
            found += detector.decode(output, settings)
    for module, mode in modes.items():
        module.training = mode  # frozen batch norm stays frozen
    return found


def evaluate_detector(detector: Detector, frames: Sequence[LabelledFrame]) -> DetectionMetrics:
    """Score a detector on labelled frames."""
    return evaluate_detections(
        detect_frames(detector, frames, settings=SCORING),
        [frame.truth for frame in frames],
        classes=len(detector.settings.class_names),
    )
