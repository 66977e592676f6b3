"""Train a policy on recordings of play; write its run folder."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from data.errors import CheckpointError
from data.profile import GameProfile
from models.checkpoint import make_config, save_run
from models.demonstrations import Demonstration
from models.distributed import World, choose_device, joined, precision
from models.encoder import Encoder
from models.end_to_end import EndToEnd, slowness
from models.evaluation import Evaluation, evaluate_policy, remember
from models.features import Eyes, Stopped
from models.label_shift import ShiftChoice, choose_shift
from models.perception import GRAPH_NAME, Perception
from models.policy_fitting import Fitted, fit_policy
from models.policy_graph import export_for_play
from models.policy_recipe import FitProgress, PolicyProgress, PolicyTrainingSettings
from models.policy_run import PolicyRun, resumed_fit
from models.policy_sources import Looked, look, require_lessons
from models.policy_weakness import practised
from models.report import write_report
from models.seen_cache import prune
from models.ssd import Detector
from models.tokens import Tokenizer

_LOOKED = Path("seen") / "through_encoder"  # in a run folder


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """How training went."""

    out: Path
    """The run folder."""
    training: tuple[str, ...]
    """Names of the recordings learned from."""
    validation: tuple[str, ...]
    """Names of the recordings held out; none when only one holds plain play."""
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
    held_out: Sequence[Path] = (),
    resume: bool = False,
    on_progress: Callable[[PolicyProgress], None] = lambda progress: None,
    warn: Callable[[str], None] = lambda sentence: None,
    stop: Callable[[], bool] = lambda: False,
    now_s: Callable[[], float] = time.monotonic,
) -> PolicyReport:
    """Train a policy and write `out`, a run folder that plays by itself.

    Under `torchrun` all processes train as one. The first looks at the recordings, scores and
    writes; what the others return says only how far they came.

    Args:
        recordings: Recordings of play.
        profile: What they were recorded with.
        detector: What the policy sees with, now and at play; stored in the run.
        out: The run folder.
        settings: How to train.
        eyes: What sees with the detector; made from it unless given.
        cache: Where the sights of recordings are kept, within bounds; in `out` unless given.
        held_out: Which of the recordings are only scored; chosen by the seed unless given.
        resume: Go on with the training of these settings in `out` that was cut short.
        on_progress: Told where training stands.
        warn: Told what to know before it begins to learn, and what to know before play.
        stop: Asked often; what was learned until then is kept, and can be gone on from.
        now_s: Clock of the durations.

    Raises:
        CheckpointError: The detector doesn't see the profile's objects in its frames, or there is
            nothing to resume.
        RecordingError: A recording is of another game, or there is nothing to learn from.
        Stopped: `stop` said so before anything was learned.
        UnderstudyError: There is no such device, or the loss is no number any more.
    """
    _require_fit(detector, profile)
    seen = cache or out / "seen"
    with joined(choose_device(settings.device)) as world:
        resumed = resumed_fit(out, settings) if resume else None
        run = None
        if world.first:
            run = PolicyRun(out, settings, resumed=resumed[0] if resumed else None)
        try:
            looked = world.first_then_all(
                lambda: look(
                    recordings,
                    profile,
                    eyes or Perception(detector, threads=settings.threads, cache=out / GRAPH_NAME),
                    settings,
                    folder=seen,
                    held_out=held_out,
                    on_progress=on_progress,
                    stop=stop,
                    now_s=now_s,
                )
            )
            for sentence in looked.remarks if world.first else ():
                warn(sentence)
            shift = _shift(looked, profile, settings, world, on_progress, stop)
            require_lessons(looked.training, profile, shift_ms=shift.shift_ms)
            end_to_end = _end_to_end(detector, out, settings)
            if end_to_end is not None and world.first and world.device.type == "cpu":
                warn(slowness(end_to_end, settings.fit, looked.ticks))
            fitted = fit_policy(
                looked.training,
                looked.held_out,
                profile,
                settings.fit,
                shift_ms=shift.shift_ms,
                end_to_end=end_to_end,
                world=world,
                dtype=precision(world.device, settings.amp),
                run=run,
                resumed=resumed,
                on_progress=lambda progress: on_progress(_learning(progress)),
                stop=stop,
                now_s=now_s,
            )
            if fitted.steps == 0:
                raise Stopped("stopped before anything was learned.")
            report = _report(out, looked, fitted, shift)
            if run is None:
                return report
            report = _write_run(report, fitted, profile, detector, settings)
            shutil.rmtree(out / _LOOKED, ignore_errors=True)  # by now it is in the report
            prune(seen)
            if not fitted.stopped:
                run.forget_state()
            export_for_play(fitted.policy, fitted.offsets, out, warn=warn)
            return report
        finally:
            if run is not None:
                run.close()


def _end_to_end(detector: Detector, out: Path, settings: PolicyTrainingSettings) -> EndToEnd | None:
    if not settings.fit.end_to_end:
        return None
    return EndToEnd(Encoder.of(detector), out / _LOOKED, settings.threads)


def _report(out: Path, looked: Looked, fitted: Fitted, shift: ShiftChoice) -> PolicyReport:
    return PolicyReport(
        out=out,
        training=tuple(one.name for one in looked.training),
        validation=tuple(one.name for one in looked.held_out),
        ticks=fitted.ticks,
        steps=fitted.steps,
        best_step=fitted.best_step,
        seeing_s=looked.seconds,
        fitting_s=fitted.seconds,
        shift=shift,
        evaluation=None,
        stopped=fitted.stopped,
        notes=(*looked.remarks, *_notes(fitted, looked.held_out)),
    )


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


def _shift(
    looked: Looked,
    profile: GameProfile,
    settings: PolicyTrainingSettings,
    world: World,
    on_progress: Callable[[PolicyProgress], None],
    stop: Callable[[], bool],
) -> ShiftChoice:
    """Choose the label shift; where it is to be measured, the first process does it for all."""
    if settings.shift_ms is not None:
        return ShiftChoice(settings.shift_ms, {})

    def measured() -> ShiftChoice:
        if not world.first:
            return ShiftChoice(0.0, {})
        on_progress(PolicyProgress("aligning", 0.0, "measuring the reaction time"))
        everything = looked.training + looked.held_out
        # The detector's features say well enough when a person reacts, and sooner.
        fit = replace(settings.fit, end_to_end=False)
        return choose_shift(everything, profile, fit, stop=stop)

    choice = world.first_then_all(measured)
    return replace(choice, shift_ms=world.total(choice.shift_ms))


def _learning(progress: FitProgress) -> PolicyProgress:
    score = "" if progress.score is None else f", held-out score {progress.score:.3f}"
    return PolicyProgress(
        "learning",
        progress.step / progress.steps,
        f"step {progress.step} of {progress.steps}: loss {progress.loss:.3f}{score}",
        progress,
    )


def _notes(fitted: Fitted, held_out: Sequence[Demonstration]) -> tuple[str, ...]:
    notes = []
    if not held_out:
        notes.append(
            "There was only one recording of plain play, so nothing was held out: no score says "
            "how well it plays. Record at least one more match."
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
) -> PolicyReport:
    """Judge the policy on what was held out, and write all but the curves; return the scores."""
    tokenizer = Tokenizer(profile, profile.capture.size)
    neighbours = remember(fitted.learned, tokenizer)
    if neighbours is not None:
        neighbours.save(report.out)
    if any(bool(passage.counts.any()) for passage in fitted.held_out):
        evaluation = evaluate_policy(
            fitted.policy, fitted.offsets, fitted.held_out, profile, neighbours=neighbours
        )
        report = replace(report, evaluation=evaluation)
    weights = {f"policy.{k}": v for k, v in fitted.policy.state_dict().items()}
    weights |= {f"detector.{k}": v for k, v in detector.state_dict().items()}
    if fitted.encoder is not None:
        weights |= {f"encoder.{k}": v for k, v in fitted.encoder.state_dict().items()}
    config = make_config(
        "policy",
        settings={
            "policy": asdict(fitted.policy.settings),
            "detector": detector.settings.to_json(),
            "training": settings.to_json(),
        },
        profile=profile,
        seed=settings.fit.seed,
        shift_ms=report.shift.shift_ms,
        offsets={name: offset.tolist() for name, offset in fitted.offsets.items()},
        recordings={"training": list(report.training), "validation": list(report.validation)},
        evaluation=None if report.evaluation is None else report.evaluation.to_json(),
    )
    write_report(
        report.out,
        profile=profile,
        evaluation=report.evaluation,
        facts=_facts(report),
        history=fitted.history,
        best_step=fitted.best_step,
        practised=practised(fitted.learned, profile, mirrored=fitted.mirrored),
        notes=report.notes,
    )
    save_run(report.out, weights=weights, config=config)
    return report


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
