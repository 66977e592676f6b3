"""Train a detector on recordings that hold boxes; write its run folder."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from data.errors import CheckpointError, RecordingError
from data.profile import GameProfile
from data.splits import each_once, named_among, split_recordings
from models.anchors import fit_anchors
from models.detections import DecodeSettings
from models.detector_batches import Batches
from models.detector_data import LabelledFrame, gather_boxes, read_frames, spread
from models.detector_learning import Learner, schedule
from models.detector_recipe import DetectorProgress, DetectorTrainingSettings
from models.detector_report import DetectorReport, make_report, write_report
from models.detector_run import REMEMBERED, DetectorRun
from models.detector_scoring import detect_frames
from models.distributed import choose_device, joined, precision
from models.ssd import Detector, DetectorSettings
from models.starting_weights import begin_with
from models.training_state import TrainingState, load_state, load_tensors, save_state

_SHOWN = 20  # steps that the reported loss is the mean of
_MOST_WORKERS = 8  # threads that cut pictures for a GPU; 16 crops take one of them about 50 ms


def train_detector(
    recordings: Sequence[Path],
    *,
    profile: GameProfile,
    out: Path,
    settings: DetectorTrainingSettings,
    on_progress: Callable[[DetectorProgress], None],
    stop: Callable[[], bool],
    held_out: Sequence[Path] = (),
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> DetectorReport | None:
    """Train a detector and write `out`: checkpoint, config, metrics, report with a picture.

    `stop` is asked after every step; what was learned until then is scored and saved, and `resume`
    goes on from there, or from where a crash left it. Under `torchrun` all processes train as one;
    the first writes and returns the report, the others return None. `held_out` names recordings
    that are only scored; the seed chooses them unless it does.

    Raises:
        RecordingError: No training recording holds boxes, or one is of another frame size.
        CheckpointError: The weights to begin with don't fit, or there is nothing to resume.
        UnderstudyError: There is no such device, or the loss is no number any more.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    with joined(choose_device(settings.device)) as world:
        data = _read(recordings, profile, settings, held_out)
        resumed = _resumed(out, data, settings) if resume else None
        tensors = load_tensors(out) if resume else {}
        detector = Detector(_detector_settings(data.train, profile, settings))
        if resumed is None:
            began_with = begin_with(detector, settings.weights).told()
        else:
            began_with = str(resumed.more["began_with"])
        learner = Learner(detector, settings, world, dtype=precision(world.device, settings.amp))
        if resumed is not None:
            learner.restore(tensors, source=str(out))
        batches = Batches(data.train, detector, settings, world)
        run = None
        if world.first:
            run = DetectorRun(
                out, learner.average, profile, settings, data.validation,
                began_with=began_with, resumed=resumed, tensors=tensors,
            )  # fmt: skip
        session = _Session(learner, batches, run, data, resumed, clock)
        try:
            stopped = session.work(on_progress=on_progress, stop=stop)
            return None if run is None else session.report(run, stopped=stopped)
        finally:
            if run is not None:
                run.close()


@dataclass(frozen=True, slots=True)
class _Data:
    """What is learned from and what is scored."""

    train: list[LabelledFrame]
    validation: list[LabelledFrame]
    remarks: tuple[str, ...]
    """Sentences about the recordings as they were given."""

    def fingerprint(self) -> str:
        """Name pictures and boxes by what they hold."""
        digest = sha256()
        for frame in (*self.train, *self.validation):
            digest.update(frame.jpeg.tobytes())
            digest.update(frame.truth.boxes.tobytes())
            digest.update(frame.truth.classes.tobytes())
        return digest.hexdigest()[:16]


def _read(
    recordings: Sequence[Path],
    profile: GameProfile,
    settings: DetectorTrainingSettings,
    held_out: Sequence[Path],
) -> _Data:
    """Read recordings, each once; one that shows no box is learned from, unless it is named."""
    paths, remarks = each_once(recordings)
    stride = settings.frame_stride
    found = {
        path: read_frames(
            [path], names=profile.object_names, stride=stride, size=profile.capture.size
        )
        for path in paths
    }
    named = named_among(paths, held_out)
    train_paths, validation_paths = split_recordings(
        [path for path, frames in found.items() if _boxes(frames) or (frames and path in named)],
        validation_fraction=settings.validation_fraction,
        seed=settings.seed,
        held_out=named,
    )
    train = [frame for path in train_paths for frame in found.pop(path)]
    validation = [frame for path in validation_paths for frame in found.pop(path)]
    train += [frame for path in sorted(found) for frame in found[path]]
    if not _boxes(train):
        raise RecordingError(
            f"none of the {len(paths) - len(validation_paths)} training recordings holds boxes. "
            "Label some frames, or record the practice game's coach."
        )
    return _Data(train, spread(validation, settings.validation_frames), remarks)


def _boxes(frames: Sequence[LabelledFrame]) -> int:
    return sum(len(frame.truth.boxes) for frame in frames)


def _resumed(out: Path, data: _Data, settings: DetectorTrainingSettings) -> TrainingState:
    """Read where a training was cut short, and check that it is this one."""
    state = load_state(out, kind="detector")
    for name, value in settings.recipe().items():
        had = state.settings.get(name)
        if had != value:
            raise CheckpointError(
                f"{out}: was begun with {name} {had!r}, which can't become {value!r} on the way. "
                "Go on with the same, or begin anew without --resume."
            )
    if not state.more.keys() >= REMEMBERED:
        raise CheckpointError(
            f"{out}: was begun with another version of Understudy. Begin anew without --resume."
        )
    if state.data != data.fingerprint():
        raise CheckpointError(
            f"{out}: was begun with other recordings or other boxes. Give the same files, or begin "
            "anew without --resume."
        )
    return state


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


class _Session:
    """One sitting of a training, from its first or its resumed step."""

    def __init__(
        self,
        learner: Learner,
        batches: Batches,
        run: DetectorRun | None,
        data: _Data,
        resumed: TrainingState | None,
        clock: Callable[[], float],
    ) -> None:
        self.learner, self.batches, self.run, self.data = learner, batches, run, data
        self.settings, self.world = learner.settings, learner.world
        self.step = resumed.step if resumed else 0
        self.losses = deque(resumed.losses if resumed else (), maxlen=_SHOWN)
        self.clock, self.mark = clock, data.fingerprint()
        self.started_s = clock() - (resumed.seconds if resumed else 0.0)

    @property
    def seconds(self) -> float:
        """Time spent, over all sittings."""
        return self.clock() - self.started_s

    @property
    def loss(self) -> float:
        """Mean loss of the last steps."""
        return sum(self.losses) / len(self.losses)

    def work(
        self, *, on_progress: Callable[[DetectorProgress], None], stop: Callable[[], bool]
    ) -> bool:
        """Learn until the last step, or until there is no progress; say whether a person stopped.

        Every process comes here, and each asks the others the same questions at the same steps.
        """
        steps = self.settings.steps
        every = max(1, steps // self.settings.evaluations)
        stopped = False
        if self._is_stale():
            return stopped  # it was killed between its last look and its report
        for batch in self.batches.ahead(range(self.step, steps), workers=self._workers()):
            self.losses.append(self.learner.learn(self.step, batch))
            self.step += 1
            stopped = self.world.any(stop())
            due = self.step % every == 0 or self.step == steps
            if self.run is not None:
                self._write(self.run, due=due, stopped=stopped)
                on_progress(
                    DetectorProgress(self.step, steps, self.loss, self.run.best_map50, self.seconds)
                )
            if stopped or (due and self._is_stale()):
                break
        return stopped

    def _is_stale(self) -> bool:
        patience, stale = self.settings.patience, self.run.stale if self.run is not None else 0
        return patience > 0 and self.world.any(stale >= patience)

    def _workers(self) -> int:
        if self.world.device.type == "cpu":
            return 0  # it has no core to spare
        return max(1, min(_MOST_WORKERS, (os.cpu_count() or 1) // self.world.size))

    def _write(self, run: DetectorRun, *, due: bool, stopped: bool) -> None:
        rate = self.settings.learning_rate * schedule(self.step - 1, self.settings.steps)
        run.log(self.step, self.losses[-1], rate)
        if due:
            self._look(run)
        if due or stopped or self.step % self.settings.save_every == 0:
            self._save(run)
        if stopped and not due:
            self._look(run)  # after saving: an uninterrupted training would not take it

    def _look(self, run: DetectorRun) -> None:
        run.keep(self.learner.average, self.step, self.loss, self.seconds)

    def _save(self, run: DetectorRun) -> None:
        state = TrainingState(
            kind="detector",
            step=self.step,
            seconds=self.seconds,
            losses=tuple(self.losses),
            settings=self.settings.to_json(),
            data=self.mark,
            more=run.to_remember(),
        )
        save_state(run.out, state, self.learner.state() | run.kept_tensors())

    def report(self, run: DetectorRun, *, stopped: bool) -> DetectorReport:
        """Write `report.md` and its picture; a finished training keeps nothing to resume."""
        data, detector = self.data, run.kept
        report = make_report(
            detector,
            data.train,
            data.validation,
            out=run.out,
            frame_stride=self.settings.frame_stride,
            steps=self.step,
            seconds=self.seconds,
            stopped=stopped,
            began_with=run.began_with,
            remarks=data.remarks,
        )
        example = (data.validation or data.train)[len(data.validation or data.train) // 2]
        found = detect_frames(detector, [example], settings=DecodeSettings())[0]
        write_report(report, image=example.image(), detections=found, detector=detector)
        if not stopped:
            run.forget_state()
        return report
