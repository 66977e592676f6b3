"""Train a policy on recordings of play; write its run folder."""

import json
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from data.errors import CheckpointError, RecordingError
from data.paths import part_path
from data.profile import GameProfile
from data.splits import split_recordings
from models.checkpoint import make_config, save_run
from models.demonstrations import Demonstration, load_demonstration
from models.evaluation import Evaluation, evaluate_policy
from models.features import Eyes, SeenProgress, Stopped
from models.label_shift import ShiftChoice, choose_shift
from models.perception import GRAPH_NAME, Perception
from models.policy_fitting import FitProgress, FitSettings, Fitted, fit_policy
from models.report import write_report
from models.ssd import Detector


@dataclass(frozen=True, slots=True)
class PolicyTrainingSettings:
    """How a policy is trained."""

    fit: FitSettings = field(default_factory=FitSettings)
    """How it is fitted."""
    shift_ms: float | None = 100.0
    """Frames are labelled with the keys held so much later. A person reacts in about 150 ms; on
    the practice game 50 to 100 ms played a little better, since the pictures before are remembered
    and live play adds a delay of its own. None measures the reaction, which takes about as long
    as the training."""
    validation_fraction: float = 0.2
    """Share of the recordings that are only scored, whole ones."""
    threads: int = 2
    """CPU threads for looking at recordings; learning needs one."""

    def __post_init__(self) -> None:
        if self.shift_ms is not None and not 0 <= self.shift_ms <= 1000:
            raise ValueError(f"shift_ms is from 0 to 1000, got {self.shift_ms}")
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"validation_fraction is from 0 to 1, got {self.validation_fraction}")


@dataclass(frozen=True, slots=True)
class PolicyProgress:
    """Where training stands."""

    phase: str
    """`seeing`, `aligning` or `learning`."""
    done: float
    """Share of the phase, 0 to 1."""
    left_s: float | None
    """Of the phase; None while unknown."""
    note: str
    """One short line."""


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """How training went."""

    out: Path
    """The run folder."""
    training: tuple[str, ...]
    """Names of the recordings learned from."""
    validation: tuple[str, ...]
    """Names of the recordings held out; none when there was only one recording."""
    ticks: int
    """Ticks learned from."""
    steps: int
    best_step: int
    seeing_s: float
    """Time spent looking at recordings; near zero when all was cached."""
    fitting_s: float
    shift: ShiftChoice
    """The label shift; nothing tried unless it was to be measured."""
    evaluation: Evaluation | None
    """On the recordings held out."""
    stopped: bool
    """The person stopped it early."""
    notes: tuple[str, ...]
    """Sentences about what to know before trusting it."""


def train_policy(
    recordings: Sequence[Path],
    *,
    profile: GameProfile,
    detector: Detector,
    out: Path,
    settings: PolicyTrainingSettings,
    eyes: Eyes | None = None,
    cache: Path | None = None,
    on_progress: Callable[[PolicyProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    now_s: Callable[[], float] = time.monotonic,
) -> PolicyReport:
    """Train a policy and write `out`, a run folder that plays by itself.

    Args:
        recordings: Recordings of play.
        profile: What they were recorded with.
        detector: What the policy sees with, now and at play; stored in the run.
        out: The run folder.
        settings: How to train.
        eyes: What sees with the detector; made from it unless given.
        cache: Where the sights of recordings are kept; in `out` unless given.
        on_progress: Told where training stands.
        stop: Asked often; what was learned until then is kept.
        now_s: Clock of the durations.

    Raises:
        CheckpointError: The detector doesn't see the profile's objects in its frames.
        RecordingError: A recording is of another game, or there is nothing to learn from.
        Stopped: `stop` said so before anything was learned.
    """
    _require_fit(detector, profile)
    out.mkdir(parents=True, exist_ok=True)
    eyes = eyes or Perception(detector, threads=settings.threads, cache=out / GRAPH_NAME)
    seed = settings.fit.seed
    train_paths, held_out_paths = split_recordings(
        recordings, validation_fraction=settings.validation_fraction, seed=seed
    )
    began_s = now_s()
    loader = _Loader(profile, eyes, cache or out / "seen", on_progress, stop)
    training = loader.load(train_paths)
    held_out = loader.load(held_out_paths)
    _require_play(training, recordings)
    seeing_s = now_s() - began_s
    shift = _shift(training + held_out, profile, settings, on_progress, stop)
    fitted = fit_policy(
        training,
        held_out,
        profile,
        settings.fit,
        shift_ms=shift.shift_ms,
        on_progress=lambda progress: on_progress(_learning(progress)),
        stop=stop,
        now_s=now_s,
    )
    if fitted.steps == 0:
        raise Stopped("stopped before anything was learned.")
    evaluation = None
    if any(bool(one.counts.any()) for one in held_out):
        evaluation = evaluate_policy(
            fitted.policy, fitted.offsets, held_out, profile, shift_ms=shift.shift_ms
        )
    report = PolicyReport(
        out=out,
        training=tuple(one.name for one in training),
        validation=tuple(one.name for one in held_out),
        ticks=fitted.ticks,
        steps=fitted.steps,
        best_step=fitted.best_step,
        seeing_s=seeing_s,
        fitting_s=fitted.seconds,
        shift=shift,
        evaluation=evaluation,
        stopped=stop(),
        notes=_notes(fitted, held_out),
    )
    _write_run(report, fitted, profile, detector, settings)
    return report


def _require_fit(detector: Detector, profile: GameProfile) -> None:
    sees, wanted = detector.settings.class_names, profile.object_names
    size = (profile.capture.height_px, profile.capture.width_px)
    if sees != wanted or detector.settings.size != size:
        raise CheckpointError(
            f"the detector sees {', '.join(sees)} in frames of {detector.settings.size[1]}x"
            f"{detector.settings.size[0]}; profile {profile.name} wants "
            f"{', '.join(wanted) or 'nothing'} in {size[1]}x{size[0]}. Train one with "
            "'understudy train detector' and name it with --detector."
        )


class _Loader:
    def __init__(
        self,
        profile: GameProfile,
        eyes: Eyes,
        folder: Path,
        on_progress: Callable[[PolicyProgress], None],
        stop: Callable[[], bool],
    ) -> None:
        self._profile, self._eyes, self._folder = profile, eyes, folder
        self._on_progress, self._stop = on_progress, stop

    def load(self, paths: Sequence[Path]) -> list[Demonstration]:
        return [
            load_demonstration(
                path,
                self._profile,
                self._eyes,
                folder=self._folder,
                on_progress=self._seeing,
                stop=self._stop,
            )
            for path in paths
        ]

    def _seeing(self, progress: SeenProgress) -> None:
        self._on_progress(
            PolicyProgress(
                "seeing",
                progress.done / max(1, progress.frames),
                progress.left_s,
                f"{progress.name}: frame {progress.done} of {progress.frames}",
            )
        )


def _require_play(training: Sequence[Demonstration], recordings: Sequence[Path]) -> None:
    names = ", ".join(path.name for path in recordings)
    if not any(bool(one.counts.any()) and one.events for one in training):
        raise RecordingError(
            f"{names}: no person presses a key in the recordings to learn from. Record some play."
        )


def _shift(
    demonstrations: Sequence[Demonstration],
    profile: GameProfile,
    settings: PolicyTrainingSettings,
    on_progress: Callable[[PolicyProgress], None],
    stop: Callable[[], bool],
) -> ShiftChoice:
    if settings.shift_ms is not None:
        return ShiftChoice(settings.shift_ms, {})
    on_progress(PolicyProgress("aligning", 0.0, None, "measuring the reaction time"))
    return choose_shift(demonstrations, profile, settings.fit, stop=stop)


def _learning(progress: FitProgress) -> PolicyProgress:
    score = "" if progress.score is None else f", held-out score {progress.score:.3f}"
    return PolicyProgress(
        "learning",
        progress.step / progress.steps,
        progress.left_s,
        f"step {progress.step} of {progress.steps}: loss {progress.loss:.3f}{score}",
    )


def _notes(fitted: Fitted, held_out: Sequence[Demonstration]) -> tuple[str, ...]:
    notes = []
    if not held_out:
        notes.append(
            "There was only one recording, so nothing was held out: no score says how well it "
            "plays. Record at least one more match."
        )
    if fitted.ticks < 2400:
        notes.append(
            f"It learned from {fitted.ticks} ticks only. On a game measured with this program, "
            "four times the play raised the share of right decisions from 0.70 to 0.82."
        )
    return tuple(notes)


def _write_run(
    report: PolicyReport,
    fitted: Fitted,
    profile: GameProfile,
    detector: Detector,
    settings: PolicyTrainingSettings,
) -> None:
    weights = {f"policy.{k}": v for k, v in fitted.policy.state_dict().items()}
    weights |= {f"detector.{k}": v for k, v in detector.state_dict().items()}
    evaluation = None if report.evaluation is None else report.evaluation.to_json()
    config = make_config(
        "policy",
        settings={
            "policy": asdict(fitted.policy.settings),
            "detector": detector.settings.to_json(),
            "training": asdict(settings),
        },
        profile=profile,
        seed=settings.fit.seed,
        shift_ms=report.shift.shift_ms,
        offsets={name: offset.tolist() for name, offset in fitted.offsets.items()},
        recordings={"training": list(report.training), "validation": list(report.validation)},
        evaluation=evaluation,
    )
    _write_metrics(report.out, fitted)
    write_report(
        report.out,
        profile=profile,
        fitted=fitted,
        evaluation=report.evaluation,
        facts=_facts(report),
        notes=report.notes,
    )
    save_run(report.out, weights=weights, config=config)


def _facts(report: PolicyReport) -> dict[str, str]:
    tried = ", ".join(f"{ms:g}: {value:.3f}" for ms, value in report.shift.surprise.items())
    return {
        "learned from": f"{len(report.training)} recordings, {report.ticks} ticks",
        "held out": ", ".join(report.validation) or "nothing",
        "label shift": f"{report.shift.shift_ms:g} ms"
        + (f" (surprise by shift: {tried})" if tried else ""),
        "steps": f"{report.steps}, the best after {report.best_step}"
        + ("; stopped early by hand" if report.stopped else ""),
        "time": f"{report.seeing_s:.0f} s looking, {report.fitting_s:.0f} s learning",
    }


def _write_metrics(out: Path, fitted: Fitted) -> None:
    rows = [
        {"step": one.step, "loss": one.loss, "validation_score": one.score}
        for one in fitted.history
    ]
    path = out / "metrics.jsonl"
    part_path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    part_path(path).replace(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorboard's own dependencies warn on import
        from torch.utils.tensorboard import SummaryWriter

        with SummaryWriter(str(out)) as events:
            for one in fitted.history:
                events.add_scalar("loss", one.loss, one.step)
                if one.score is not None:
                    events.add_scalar("validation_score", one.score, one.step)
