"""Train a detector on recordings that hold boxes; write its run folder."""

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from math import cos, isnan, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from data.errors import RecordingError
from data.profile import GameProfile
from data.splits import split_recordings
from models.anchors import best_possible_recall, fit_anchors, placed_recall
from models.checkpoint import make_config, save_run
from models.detection_metrics import DetectionMetrics, evaluate_detections
from models.detections import DecodeSettings, Detections
from models.detector_data import (
    Batch,
    LabelledFrame,
    gather_boxes,
    make_batch,
    normalise,
    read_frames,
    spread,
)
from models.detector_report import DetectorReport, by_class, write_report
from models.losses import multibox_loss
from models.mobilenet import load_backbone
from models.ssd import Detector, DetectorSettings

_SCORING = DecodeSettings(score_threshold=0.02)  # AP wants the whole curve
_WARM_UP = 0.05  # share of the steps over which the learning rate rises
_CLIP_NORM = 5.0
_NORM_MOMENTUM = 0.05  # torchvision's 0.01 suits training that is a hundred times as long
_SHOWN = 20  # steps that the reported loss is the mean of


@dataclass(frozen=True, slots=True)
class DetectorTrainingSettings:
    """How a detector is trained."""

    steps: int = 4000
    """Batches; one takes about 0.2 s of CPU time."""
    batch: int = 16
    """Crops of a batch."""
    crop: tuple[int, int] = (160, 256)
    """Height and width of a crop."""
    whole_every: int = 4
    """Every so many batches hold whole frames, fewer of them, so that edges and means fit play."""
    learning_rate: float = 2e-3
    """Peak of the cosine schedule (Loshchilov and Hutter 2017)."""
    weight_decay: float = 1e-4
    """AdamW's, on convolutions only."""
    ema_decay: float = 0.998
    """Of the averaged weights, which are the ones kept."""
    frame_stride: int = 10
    """Use every so many-th labelled frame: neighbours are near copies."""
    validation_fraction: float = 0.2
    """Share of the recordings that are only scored."""
    validation_frames: int = 200
    """Frames that are scored at most, spread over the validation recordings."""
    evaluations: int = 5
    """How often the detector is scored while training; the best one is kept."""
    patience: int = 0
    """Stop after so many evaluations without a better score; 0 never stops early."""
    anchors: int = 6
    """Anchor shapes to fit."""
    backbone: str = "small"
    """MobileNetV3 "small" or "large"."""
    width: int = 64
    """Channels of the top-down pathway."""
    pretrained: Path | None = None
    """Published MobileNetV3 weights to begin with; None begins from scratch."""
    seed: int = 0
    """Of everything random."""
    threads: int = 2
    """CPU threads."""

    def __post_init__(self) -> None:
        counts = (self.steps, self.batch, self.whole_every, self.frame_stride, self.evaluations)
        if min(counts) < 1 or self.anchors < 1 or min(self.crop) < 32:
            raise ValueError(f"counts are at least 1 and crops at least 32 pixels, got {self}")

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a config file."""
        pretrained = str(self.pretrained) if self.pretrained else None
        return {**asdict(self), "pretrained": pretrained}


@dataclass(frozen=True, slots=True)
class DetectorProgress:
    """How far training has come."""

    step: int
    steps: int
    loss: float
    """Mean over the last steps."""
    map50: float | None
    """Best so far; None before the first evaluation or without validation."""
    seconds: float


def train_detector(
    recordings: Sequence[Path],
    *,
    profile: GameProfile,
    out: Path,
    settings: DetectorTrainingSettings,
    on_progress: Callable[[DetectorProgress], None],
    stop: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
) -> DetectorReport:
    """Train a detector and write `out`: checkpoint, config, metrics, report with a picture.

    `stop` is asked after every step; what was learned until then is scored and saved.

    Raises:
        RecordingError: No training recording holds boxes.
        CheckpointError: The pretrained weights don't fit.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    started_s = clock()
    train, validation = _read(recordings, profile, settings)
    detector = Detector(_detector_settings(train, profile, settings))
    if settings.pretrained is not None:
        load_backbone(detector.backbone, settings.pretrained)
    learner = _Learner(detector, train, settings)
    run = _Run(out, detector, profile, settings, validation)
    losses: deque[float] = deque(maxlen=_SHOWN)
    every = max(1, settings.steps // settings.evaluations)
    stopped = False
    for step in range(1, settings.steps + 1):
        losses.append(learner.learn(step - 1))
        stopped, loss = stop(), sum(losses) / len(losses)
        if stopped or step % every == 0 or step == settings.steps:
            run.keep(learner.average, step, loss, clock() - started_s)
        on_progress(
            DetectorProgress(step, settings.steps, loss, run.best_map50, clock() - started_s)
        )
        if stopped or (settings.patience and run.stale >= settings.patience):
            break
    return run.finish(train, step, clock() - started_s, stopped=stopped)


def _read(
    recordings: Sequence[Path], profile: GameProfile, settings: DetectorTrainingSettings
) -> tuple[list[LabelledFrame], list[LabelledFrame]]:
    names, stride = profile.object_names, settings.frame_stride
    train_paths, validation_paths = split_recordings(
        recordings, validation_fraction=settings.validation_fraction, seed=settings.seed
    )
    train = read_frames(train_paths, names=names, stride=stride)
    if not train:
        raise RecordingError(
            f"none of the {len(train_paths)} training recordings holds boxes. Label some frames, "
            "or record the practice game's coach."
        )
    validation = read_frames(validation_paths, names=names, stride=stride)
    return train, spread(validation, settings.validation_frames)


def _detector_settings(
    train: Sequence[LabelledFrame], profile: GameProfile, settings: DetectorTrainingSettings
) -> DetectorSettings:
    truth = gather_boxes(train)
    counts = np.bincount(truth.classes, minlength=len(profile.object_names))
    weights = (1 / counts.clip(1)[truth.classes]).astype(np.float32)  # each class counts alike
    return DetectorSettings(
        class_names=profile.object_names,
        anchors=fit_anchors(truth.boxes, settings.anchors, weights=weights, seed=settings.seed),
        size=(profile.capture.height_px, profile.capture.width_px),
        backbone=settings.backbone,
        width=settings.width,
    )


class _Learner:
    """The detector, its optimiser and its averaged weights."""

    def __init__(
        self, detector: Detector, train: list[LabelledFrame], settings: DetectorTrainingSettings
    ) -> None:
        for module in detector.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = _NORM_MOMENTUM
        self.detector = detector.train()
        self.detector.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = deepcopy(self.detector)
        self.train, self.settings = train, settings
        self.random = np.random.default_rng(settings.seed)
        self.queue: list[int] = []
        plain = [p for p in detector.parameters() if p.ndim == 1]
        decayed = [p for p in detector.parameters() if p.ndim > 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed},
            {"params": plain, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(
            groups,
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )

    def learn(self, step: int) -> float:
        """Take one step; return its loss."""
        batch = self._next_batch(step)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * _schedule(step, self.settings.steps)
        output = self.detector(batch.images)
        loss = multibox_loss(output.logits, output.deltas, batch.labels, batch.targets).total
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.detector.parameters(), _CLIP_NORM)
        self.optimiser.step()
        self._update_average(step)
        return float(loss.detach())

    def _next_batch(self, step: int) -> Batch:
        size, count = self.settings.crop, self.settings.batch
        if (step + 1) % self.settings.whole_every == 0:
            whole = self.detector.settings.size
            count = max(2, round(count * size[0] * size[1] / (whole[0] * whole[1])))
            size = whole
        while len(self.queue) < count:
            self.queue += self.random.permutation(len(self.train)).tolist()
        chosen = [self.train[self.queue.pop()] for _ in range(count)]
        return make_batch(chosen, self.detector, size=size, random=self.random)

    def _update_average(self, step: int) -> None:
        decay = min(self.settings.ema_decay, (1 + step) / (10 + step))  # young averages move fast
        mine, theirs = self.average.state_dict(), self.detector.state_dict()
        with torch.no_grad():
            for name, tensor in mine.items():
                if tensor.is_floating_point():
                    tensor.lerp_(theirs[name], 1 - decay)
                else:
                    tensor.copy_(theirs[name])


def _schedule(step: int, steps: int) -> float:
    """Learning rate as a share of its peak: a linear rise, half a cosine to 0.01."""
    rise = max(1, round(_WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.01 + 0.99 * (1 + cos(pi * (step - rise) / max(1, steps - rise))) / 2


def detect_frames(
    detector: Detector, frames: Sequence[LabelledFrame], *, settings: DecodeSettings
) -> list[Detections]:
    """Run a detector over labelled frames in evaluation mode."""
    was_training = detector.training
    detector.eval()
    found: list[Detections] = []
    with torch.inference_mode():
        for start in range(0, len(frames), 8):
            images = np.stack([frame.image() for frame in frames[start : start + 8]])
            output = detector(normalise(torch.from_numpy(images)))
            found += detector.decode(output, settings)
    detector.train(was_training)
    return found


def evaluate_detector(detector: Detector, frames: Sequence[LabelledFrame]) -> DetectionMetrics:
    """Score a detector on labelled frames."""
    return evaluate_detections(
        detect_frames(detector, frames, settings=_SCORING),
        [frame.truth for frame in frames],
        classes=len(detector.settings.class_names),
    )


class _Run:
    """The run folder, and the best detector so far."""

    def __init__(
        self,
        out: Path,
        detector: Detector,
        profile: GameProfile,
        settings: DetectorTrainingSettings,
        validation: list[LabelledFrame],
    ) -> None:
        self.out, self.validation = out, validation
        self.config = make_config(
            "detector",
            settings=detector.settings.to_json(),
            profile=profile,
            seed=settings.seed,
            training=settings.to_json(),
        )
        self.best: DetectionMetrics | None = None
        self.best_map50: float | None = None
        self.kept = detector
        self.stale = 0
        out.mkdir(parents=True, exist_ok=True)
        (out / "metrics.jsonl").write_text("", encoding="utf-8")

    def keep(self, detector: Detector, step: int, loss: float, seconds: float) -> None:
        """Score a detector; save it unless an earlier one was better."""
        metrics = evaluate_detector(detector, self.validation) if self.validation else None
        map50 = None if metrics is None or isnan(metrics.map50) else metrics.map50
        ap50 = None if metrics is None else by_class(metrics.ap50, detector)
        line = {"step": step, "loss": loss, "map50": map50, "ap50": ap50, "seconds": seconds}
        with (self.out / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.stale += 1
        if map50 is None or self.best_map50 is None or map50 > self.best_map50:
            self.best, self.best_map50, self.stale = metrics, map50, 0
            self.kept = deepcopy(detector).eval()
            save_run(self.out, weights=detector.state_dict(), config=self.config)

    def finish(
        self, train: Sequence[LabelledFrame], step: int, seconds: float, *, stopped: bool
    ) -> DetectorReport:
        """Write `report.md` and its picture."""
        truth, detector = gather_boxes(train), self.kept
        names = range(len(detector.settings.class_names))
        boxes = [truth.boxes[truth.classes == kind] for kind in names]
        placed = detector.anchors()
        nothing = np.full(len(names), np.nan)
        report = DetectorReport(
            out=self.out,
            ap50=by_class(self.best.ap50 if self.best else nothing, detector),
            map50=self.best_map50,
            recall=by_class(self.best.recall[0] if self.best else nothing, detector),
            anchor_recall=by_class(
                [best_possible_recall(b, detector.settings.anchors) for b in boxes], detector
            ),
            placed_recall=by_class(
                [placed_recall(b[:: max(1, len(b) // 200)], placed) for b in boxes], detector
            ),
            images=len(train),
            validation_images=len(self.validation),
            steps=step,
            seconds=seconds,
            stopped=stopped,
        )
        example = (self.validation or train)[len(self.validation or train) // 2]
        found = detect_frames(detector, [example], settings=DecodeSettings())[0]
        write_report(report, image=example.image(), detections=found, detector=detector)
        return report
