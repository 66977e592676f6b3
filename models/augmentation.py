"""Make sights worse on purpose, the way a detector does: a policy must play through its misses."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.features import SeenFrames


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """How sights are made worse for training."""

    jitter_px: float = 0.7
    """Standard deviation of the noise on each box's place."""
    size_jitter: float = 0.05
    """Standard deviation of the noise on its size, as a share of it."""
    miss_object: float = 0.06
    """Share of objects left out, each for itself."""
    miss_frame: float = 0.02
    """Share of frames in which nothing is seen."""
    miss_burst: float = 0.06
    """Share of time in which something that exists once (a ball) is unseen, in bursts."""
    burst_ticks: tuple[int, int] = (2, 8)
    """Shortest and longest burst."""
    ghosts: float = 0.01
    """Share of frames in which an object is seen where there is none."""

    def __post_init__(self) -> None:
        for name in ("miss_object", "miss_frame", "miss_burst", "ghosts"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is a share from 0 to 1, got {getattr(self, name)}")


def worsened(
    seen: SeenFrames, settings: AugmentationSettings, rng: np.random.Generator
) -> SeenFrames:
    """Return a copy with noise, misses and ghosts; the features stay as they are."""
    frame = seen.frame_of_object()
    boxes = _jittered(seen.boxes, settings, rng)
    classes, scores = seen.classes.copy(), seen.scores
    keep = rng.random(len(frame)) >= settings.miss_object
    keep &= (rng.random(len(seen)) >= settings.miss_frame)[frame]
    for kind in np.unique(classes).tolist():
        of_kind = classes == kind
        if np.count_nonzero(of_kind) <= len(seen):  # what exists once is hidden by what passes it
            keep &= ~(of_kind & _bursts(len(seen), settings, rng)[frame])
    if len(frame):
        # A ghost is one of the objects, told to stand anywhere in the picture.
        ghost = rng.random(len(frame)) < settings.ghosts * len(seen) / len(frame)
        low, high = boxes.min(axis=0), boxes.max(axis=0)
        move = rng.uniform(low[:2] - boxes[:, :2], high[2:] - boxes[:, 2:])
        boxes += np.where(ghost[:, None], np.concatenate([move, move], axis=1), 0.0)
    boxes, classes, scores, frame = boxes[keep], classes[keep], scores[keep], frame[keep]
    ends = np.cumsum(np.bincount(frame, minlength=len(seen)), dtype=np.int64)
    return replace(seen, boxes=boxes.astype(np.float32), classes=classes, scores=scores, ends=ends)


def _jittered(
    boxes: npt.NDArray[np.float32], settings: AugmentationSettings, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    middle = 0.5 * (boxes[:, :2] + boxes[:, 2:]) + rng.normal(
        0, settings.jitter_px, (len(boxes), 2)
    )
    size = (boxes[:, 2:] - boxes[:, :2]) * (
        1.0 + rng.normal(0, settings.size_jitter, (len(boxes), 2))
    )
    return np.concatenate([middle - 0.5 * size, middle + 0.5 * size], axis=1)


def _bursts(
    frames: int, settings: AugmentationSettings, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    shortest, longest = settings.burst_ticks
    starts = np.flatnonzero(rng.random(frames) < settings.miss_burst / (0.5 * (shortest + longest)))
    unseen = np.zeros(frames, dtype=np.bool_)
    for start, length in zip(
        starts.tolist(), rng.integers(shortest, longest + 1, len(starts)).tolist(), strict=True
    ):
        unseen[start : start + length] = True
    return unseen
