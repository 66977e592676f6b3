"""Look for objects in single pictures of any size, with one's own detector or a published one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.box_files.folder import Unreadable
from data.errors import CheckpointError
from data.frames import FrameSize, Image, fit, placement
from models.detections import DecodeSettings, Detections
from models.perception import Perception, load_detector
from models.torchvision_ssd import SCORE_THRESHOLD, load_torchvision_detector


@dataclass(frozen=True, slots=True)
class PictureDetector:
    """A detector for BGR pictures of any size."""

    names: tuple[str, ...]
    """What `Detections.classes` counts."""
    detect: Callable[[Image], Detections]
    """Boxes come in the picture's own pixels; one too thin for a detector is `Unreadable`."""


def open_torchvision(weights: str, *, threshold: float | None = None) -> PictureDetector:
    """Open torchvision's detector; see `load_torchvision_detector`.

    Raises:
        CheckpointError: Its weights can't be had.
    """
    detector = load_torchvision_detector(weights)
    least = SCORE_THRESHOLD if threshold is None else threshold
    return PictureDetector(detector.class_names, lambda image: detector.detect(image, least))


def open_run(source: str, *, threshold: float | None = None) -> PictureDetector:
    """Open a detector's run folder, or shipped weights by name.

    Raises:
        CheckpointError: There is none, or it can't be rebuilt.
    """
    if Path(source).is_file():
        raise CheckpointError(
            f"{source}: a file, not a run folder. For weights in torchvision's layout, "
            "pass --preset torchvision."
        )
    detector = load_detector(source)
    settings = None if threshold is None else DecodeSettings(score_threshold=threshold)
    # ONNX Runtime would first take seconds to export the graph, for a few pictures.
    perception = Perception(detector, engine="torch", settings=settings)
    height_px, width_px = detector.settings.size
    size = FrameSize(width_px, height_px)
    return PictureDetector(
        detector.settings.class_names, lambda image: _look(perception, image, size)
    )


def _look(perception: Perception, image: Image, size: FrameSize) -> Detections:
    height, width = image.shape[:2]
    where = placement(FrameSize(width, height), size)
    if min(width, height) * where.scale < 1:
        raise Unreadable("it is too thin to be looked at")
    sight = perception.see(fit(image, size))
    boxes = (sight.boxes - np.array([where.left_px, where.top_px] * 2)) / where.scale
    centres, most = (boxes[:, :2] + boxes[:, 2:]) / 2, np.array([width, height])
    seen = ((centres > 0) & (centres < most)).all(axis=1)  # the rest lies on the black bars
    boxes = boxes.clip(0, np.tile(most, 2)).astype(np.float32)
    return Detections(boxes[seen], sight.classes[seen], sight.scores[seen])
