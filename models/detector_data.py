"""Pictures and boxes for training a detector: labelled frames, random crops, matched targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from data.boxes import drawn_only
from data.errors import RecordingError
from data.frames import FrameSize, Image, decode_jpeg
from data.reader import Recording
from models.anchors import BACKGROUND, IGNORED, Floats, encode, match, to_corners
from models.detection_metrics import Truth
from models.losses import IGNORED_LABEL
from models.ssd import Detector

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_ZOOM = 1.3  # a crop is enlarged or shrunk by up to this factor
_EXPANDED = 0.5  # share of crops that are shrunk on a plain ground, where that is wanted
_GROUND = tuple(round(255 * value) for value in reversed(IMAGENET_MEAN))  # 0 once normalised; BGR
_AIMED = 0.5  # share of crops that are aimed at an object, every class alike
_VISIBLE = 0.4  # an object counts when at least this share of its box is inside the crop
_LEAST_PX = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """One frame, compressed, with its boxes."""

    jpeg: npt.NDArray[np.uint8]
    """Its bytes, `(n,)`."""
    truth: Truth

    def image(self) -> Image:
        """Decompress the picture.

        Raises:
            RecordingError: It is damaged.
        """
        image = decode_jpeg(self.jpeg)
        if image is None:
            raise RecordingError("a labelled frame is damaged.")
        return image


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one step trains on."""

    images: Tensor
    """`(B, 3, h, w)` ImageNet-normalised RGB."""
    labels: Tensor
    """`(B, A)` 0 background, above an object's class, `IGNORED_LABEL` neither."""
    targets: Tensor
    """`(P, 4)` coded boxes of the positive anchors."""


def read_frames(
    paths: Sequence[Path], *, names: Sequence[str], stride: int, size: FrameSize | None = None
) -> list[LabelledFrame]:
    """Read every `stride`-th labelled frame, still compressed.

    Boxes that a program suggested are no labels; a frame that has only such is passed over.

    Raises:
        RecordingError: A recording has boxes of a class that is not in `names`, or pictures that
            are not of `size`; None takes any.
    """
    frames = []
    for path in paths:
        with Recording(path) as recording:
            theirs = recording.profile.capture.size
            if size is not None and theirs != size:
                raise RecordingError(
                    f"{path}: its pictures are {theirs.width_px}x{theirs.height_px}, those of the "
                    f"profile {size.width_px}x{size.height_px}. Train with the profile it was "
                    "recorded with."
                )
            drawn = drawn_only(recording.boxes())[::stride]
            unknown = {box.class_name for labelled in drawn for box in labelled.boxes} - set(names)
            if unknown:
                raise RecordingError(
                    f"{path}: it has boxes of {min(unknown)!r}, which the profile doesn't name: "
                    f"{', '.join(names)}. Name it there, or train with another profile."
                )
            for labelled in drawn:
                corners = [(box.x1, box.y1, box.x2, box.y2) for box in labelled.boxes]
                classes = [names.index(box.class_name) for box in labelled.boxes]
                truth = Truth(
                    np.array(corners, np.float32).reshape(-1, 4), np.array(classes, np.int64)
                )
                frames.append(LabelledFrame(recording.jpeg(labelled.frame), truth))
    return frames


def spread(frames: list[LabelledFrame], most: int) -> list[LabelledFrame]:
    """Choose at most so many frames, evenly."""
    if len(frames) <= most:
        return frames
    return [frames[i] for i in np.linspace(0, len(frames) - 1, most).round().astype(int)]


def gather_boxes(frames: Sequence[LabelledFrame]) -> Truth:
    """Put all frames' boxes together."""
    boxes = np.concatenate([frame.truth.boxes for frame in frames])
    return Truth(boxes, np.concatenate([frame.truth.classes for frame in frames]))


def crop(
    image: Image,
    truth: Truth,
    *,
    size: tuple[int, int],
    random: np.random.Generator,
    zoom_out: float = 1.0,
) -> tuple[Image, Truth]:
    """Cut a random piece of `size` (height, width), zoomed and mirrored at random.

    One warp does it all (SSD's random crop, section 2.2, and its expansion, section 3.6). Half the
    pieces are aimed at an object of a class chosen evenly, so that one ball teaches as much as ten
    players. With `zoom_out` above 1 half the pieces are shrunk by up to that factor instead, on a
    ground of ImageNet's mean colour where the picture ends.
    """
    height, width = size
    least = max(1 / _ZOOM, min(height / image.shape[0], width / image.shape[1]))
    low_zoom, high_zoom = min(least, 1.0), _ZOOM
    if zoom_out > 1 and random.random() < _EXPANDED:
        low_zoom, high_zoom = 1 / zoom_out, 1.0
    zoom = float(np.exp(random.uniform(np.log(low_zoom), np.log(high_zoom))))
    centre = _aim(image, truth, random)
    flip_x, flip_y = random.random() < 0.5, random.random() < 0.5
    offset = []
    for axis, (inner, whole) in enumerate(zip((width, height), image.shape[1::-1], strict=True)):
        slack = whole * zoom - inner
        low, high = min(slack, 0.0), max(slack, 0.0)
        offset.append(float(np.clip(centre[axis] * zoom - inner / 2, low, high)))
    scale_x, scale_y = (-zoom if flip_x else zoom), (-zoom if flip_y else zoom)
    move_x = offset[0] + width if flip_x else -offset[0]
    move_y = offset[1] + height if flip_y else -offset[1]
    # OpenCV's warp speaks of pixel centres, boxes of pixel edges: half a pixel apart.
    warp = np.array(
        [
            [scale_x, 0, move_x + scale_x / 2 - 0.5],
            [0, scale_y, move_y + scale_y / 2 - 0.5],
        ],
        np.float32,
    )
    piece = cv2.warpAffine(
        image, warp, (width, height), flags=cv2.INTER_LINEAR, borderValue=_GROUND
    )
    scale = np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
    moved = truth.boxes.reshape(-1, 4) * scale + np.array([move_x, move_y] * 2, np.float32)
    low_corner, high_corner = (
        np.minimum(moved[:, :2], moved[:, 2:]),
        np.maximum(moved[:, :2], moved[:, 2:]),
    )
    return piece.astype(np.uint8, copy=False), _clipped(
        np.concatenate([low_corner, high_corner], axis=1), truth.classes, size
    )


def _aim(image: Image, truth: Truth, random: np.random.Generator) -> tuple[float, float]:
    if not len(truth.boxes) or random.random() >= _AIMED:
        return random.uniform(0, image.shape[1]), random.uniform(0, image.shape[0])
    kind = random.choice(np.unique(truth.classes))
    x1, y1, x2, y2 = truth.boxes[random.choice(np.flatnonzero(truth.classes == kind))]
    jitter = random.uniform(-60, 60, 2)
    return float((x1 + x2) / 2 + jitter[0]), float((y1 + y2) / 2 + jitter[1])


def _clipped(boxes: Floats, classes: npt.NDArray[np.int64], size: tuple[int, int]) -> Truth:
    edges = np.array([size[1], size[0], size[1], size[0]], np.float32)
    inside = np.clip(boxes, 0, edges)
    sides, whole = inside[:, 2:] - inside[:, :2], boxes[:, 2:] - boxes[:, :2]
    seen = sides.prod(axis=1) >= _VISIBLE * whole.prod(axis=1)
    kept = seen & (sides.min(axis=1, initial=np.inf) >= _LEAST_PX)
    return Truth(inside[kept], classes[kept])


def normalise(images: Tensor) -> Tensor:
    """Turn `(B, H, W, 3)` BGR `uint8` into ImageNet-normalised RGB `(B, 3, H, W)` float."""
    mean = torch.tensor(IMAGENET_MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=images.device).view(1, 3, 1, 1)
    return (images.permute(0, 3, 1, 2).flip(1).float() / 255 - mean) / std


def discolour(images: Tensor, randoms: Sequence[np.random.Generator]) -> Tensor:
    """Change brightness, contrast, saturation and white balance of pictures a little.

    They are normalised as ImageNet's, `(B, 3, h, w)` RGB, and so is what comes back.
    SSD's photometric distortions (section 2.2) without the hue: a team is known by its colour.
    Each picture has a random stream of its own.
    """

    def draw(low: float, high: float, channels: int) -> Tensor:
        values = [random.uniform(low, high, (channels, 1, 1)) for random in randoms]
        return torch.from_numpy(np.stack(values).astype(np.float32)).to(images.device)

    grey = images.mean(1, keepdim=True)
    saturated = torch.lerp(grey, images, draw(0.75, 1.25, 1))
    return saturated * draw(0.8, 1.2, 1) * draw(0.95, 1.05, 3) + draw(-0.3, 0.3, 1)


def match_truth(truth: Truth, anchors: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return one picture's labels `(A,)` and targets `(P, 4)`; see `Batch`."""
    matched = match(to_corners(anchors), truth.boxes)
    labels = np.zeros(len(anchors), np.int64)
    labels[matched == IGNORED] = IGNORED_LABEL
    positive = np.flatnonzero(matched > BACKGROUND)
    labels[positive] = truth.classes[matched[positive]] + 1
    return labels, encode(truth.boxes[matched[positive]], anchors[positive])


def make_batch(
    frames: Sequence[LabelledFrame],
    detector: Detector,
    *,
    size: tuple[int, int],
    randoms: Sequence[np.random.Generator],
    zoom_out: float = 1.0,
) -> Batch:
    """Cut a random piece from each frame, and match its boxes to the anchors.

    Each frame has a random stream of its own, so that a piece is the same in whatever batch.
    """
    anchors = detector.anchors(size)
    images, labels, targets = [], [], []
    for frame, random in zip(frames, randoms, strict=True):
        piece, truth = crop(frame.image(), frame.truth, size=size, random=random, zoom_out=zoom_out)
        label, target = match_truth(truth, anchors)
        images.append(piece)
        labels.append(label)
        targets.append(target)
    pictures = discolour(normalise(torch.from_numpy(np.stack(images))), randoms)
    return Batch(
        pictures.contiguous(memory_format=torch.channels_last),
        torch.from_numpy(np.stack(labels)),
        torch.from_numpy(np.concatenate(targets)),
    )
