"""Train a policy or a detector, and look at what there is to train on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UnderstudyError
from data.paths import require_input
from data.profile import GameProfile
from gui.jobs.line import Line
from gui.jobs.stock import play_seconds
from gui.train.begun import NAME as BEGUN_NAME
from gui.train.begun import Begun
from gui.train.choices import SHIPPED, DetectorChoices, PolicyChoices, stride_for
from gui.wording import capitalised
from models.run_files import STATE_NAME, WEIGHTS_NAME

if TYPE_CHECKING:
    from models.detector_recipe import DetectorProgress, DetectorTrainingSettings
    from models.policy_recipe import PolicyProgress, PolicyTrainingSettings

# What choices and `FitSettings` call alike.
_SAME = (
    *("passes", "steps", "most_seconds", "mirror", "copies", "hidden", "learning_rate"),
    *("streams", "window", "end_to_end", "seed"),
)
MOST_PX = 900  # of a report's picture, across


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What to train."""

    out: Path
    """The run folder."""
    begun: Begun
    """What with; of a training that goes on, what it was begun with."""
    cache: Path
    """Where what was seen in recordings is kept, for all trainings."""
    go_on: bool = False
    """Go on with the training in `out` that was cut short."""


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a training has come."""

    phase: str
    """`seeing`, `aligning` or `learning`."""
    done: float
    """Share of the phase, 0 to 1."""
    note: str = ""
    step: int | None = None
    loss: float | None = None
    score: float | None = None
    """On what is held out: of a policy at the looks only, of a detector the best so far."""


@dataclass(frozen=True, slots=True)
class Warned:
    """What to know before it begins to learn."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training went."""

    out: Path
    stopped: bool
    """A person stopped it; it can go on."""
    steps: int
    notes: tuple[str, ...]
    """Sentences to know before trusting it."""


def train(request: TrainRequest, line: Line) -> Trained:
    """Train, or go on with a training.

    Raises:
        UnderstudyError: It was refused; of a training that never began nothing is left.
    """
    from data.profile import load_profile

    load_profile(request.begun.profile)
    if lost := request.begun.missing_words(request.out):
        raise UnderstudyError(lost)
    for path in request.begun.recordings:
        require_input(path)  # before PyTorch is imported, which takes seconds
    from models.features import Stopped

    if not request.go_on:
        _claim(request)
    try:
        if request.begun.kind == "policy":
            return _train_policy(request, line)
        return _train_detector(request, line)
    except Stopped as stopped:
        raise Stopped("Stopped before it began to learn. What was seen is kept.") from stopped
    except (UnderstudyError, OSError) as error:
        if not request.go_on:
            _clear_up(request.out)
        if lost := request.begun.missing_words(request.out):
            raise UnderstudyError(lost) from error
        raise


def _claim(request: TrainRequest) -> None:
    from models.options import claim_run

    claim_run(request.out, force=False)
    request.begun.write(request.out)


def _clear_up(out: Path) -> None:
    """Take away a folder in which nothing was learned, so that its name is free again."""
    if (out / STATE_NAME).exists() or (out / WEIGHTS_NAME).exists():
        return
    for name in (BEGUN_NAME, "perception.onnx"):
        (out / name).unlink(missing_ok=True)
    with suppress(OSError):
        out.rmdir()


def _can_go_on(request: TrainRequest) -> bool:
    """Whether something was learned that can be gone on from; otherwise it is begun anew."""
    return request.go_on and (request.out / STATE_NAME).is_file()


def _train_policy(request: TrainRequest, line: Line) -> Trained:
    from data.profile import load_profile
    from models.perception import load_detector
    from models.policy_recipe import PolicyTrainingSettings
    from models.policy_training import train_policy
    from models.training_state import load_state

    begun, resume = request.begun, _can_go_on(request)
    choices = begun.choices
    assert isinstance(choices, PolicyChoices)
    settings = policy_settings(choices)
    if resume:
        state = load_state(request.out, kind="policy")
        settings = replace(PolicyTrainingSettings.from_json(state.settings), device=choices.device)
    line.tell(Advance("seeing", 0.0))
    report = train_policy(
        begun.recordings,
        profile=load_profile(begun.profile),
        detector=load_detector(None if choices.detector == SHIPPED else choices.detector),
        out=request.out,
        settings=settings,
        cache=request.cache,
        held_out=begun.held_out,
        resume=resume,
        on_progress=lambda now: line.tell(_of_policy(now)),
        warn=lambda sentence: line.tell(Warned(sentence)),
        stop=line.stop_asked,
    )
    return Trained(report.out, report.stopped, report.steps, report.notes)


def _train_detector(request: TrainRequest, line: Line) -> Trained:
    from data.profile import load_profile
    from models.detector_recipe import DetectorTrainingSettings
    from models.detector_training import train_detector
    from models.training_state import load_state

    begun, resume = request.begun, _can_go_on(request)
    choices = begun.choices
    assert isinstance(choices, DetectorChoices)
    line.tell(Advance("reading", 0.0))
    if resume:
        state = load_state(request.out, kind="detector")
        settings = DetectorTrainingSettings.from_json(state.settings)
        settings = replace(settings, device=choices.device)
    else:
        settings = detector_settings(choices, pictures=sum(map(_labelled, begun.recordings)))
    report = train_detector(
        begun.recordings,
        profile=load_profile(begun.profile),
        out=request.out,
        settings=settings,
        on_progress=lambda now: line.tell(_of_detector(now)),
        stop=line.stop_asked,
        held_out=begun.held_out,
        resume=resume,
    )
    assert report is not None  # only the others of several processes return none
    return Trained(report.out, report.stopped, report.steps, report.weak)


def policy_settings(choices: PolicyChoices) -> "PolicyTrainingSettings":
    """Turn choices into settings.

    Raises:
        UnderstudyError: They can't go together.
    """
    from models.policy_recipe import FitSettings, PolicyTrainingSettings
    from models.previous_keys import PreviousKeySettings

    usual = FitSettings.from_pictures() if choices.end_to_end else FitSettings()
    try:
        fit = replace(
            usual,
            **{name: getattr(choices, name) for name in _SAME},
            boxes=choices.sees != "maps",
            features=choices.sees != "boxes",
            previous_keys=PreviousKeySettings() if choices.previous_keys else None,
        )
        return PolicyTrainingSettings(
            fit=fit,
            shift_ms=choices.shift_ms,
            validation_fraction=choices.validation_fraction,
            threads=choices.threads,
            device=choices.device,
        )
    except ValueError as error:
        raise UnderstudyError(f"These settings can't be used: {error}") from error


def detector_settings(choices: DetectorChoices, *, pictures: int) -> "DetectorTrainingSettings":
    """Turn choices into settings, for so many labelled pictures.

    Raises:
        UnderstudyError: They can't go together.
    """
    from models.detector_recipe import DetectorTrainingSettings

    values = asdict(choices)
    if values["frame_stride"] is None:
        values["frame_stride"] = stride_for(pictures)
    try:
        return DetectorTrainingSettings(**values)
    except ValueError as error:
        raise UnderstudyError(f"These settings can't be used: {error}") from error


def _of_policy(now: "PolicyProgress") -> Advance:
    if now.fit is None:
        return Advance(now.phase, now.done, now.note)
    return Advance(now.phase, now.done, now.note, now.fit.step, now.fit.loss, now.fit.score)


def _of_detector(now: "DetectorProgress") -> Advance:
    note = f"step {now.step} of {now.steps}"
    return Advance("learning", now.step / now.steps, note, now.step, now.loss, now.map50)


@dataclass(frozen=True, slots=True)
class Source:
    """A recording or a flight log, as something to learn from."""

    path: Path
    seconds: float = 0.0
    """Of play, without pauses."""
    profile: GameProfile | None = None
    """That it was recorded with; None where there is a `problem`."""
    window_title: str = ""
    """Of the window that was recorded; empty where there was none."""
    corrected_s: float | None = None
    """Of take-overs in a flight log; None for a recording of plain play."""
    pictures: int = 0
    """How many of its pictures hold boxes that a person drew or the game told."""
    problem: str = ""
    """Why nothing can be learned from it; empty where something can."""


def scan(request: Sequence[Path], line: Line) -> None:
    """Look into recordings; tells a `Source` of each."""
    for path in request:
        if line.stop_asked():
            return
        try:
            line.tell(_look_into(path))
        except UnderstudyError as error:
            said = str(error).removeprefix(f"{path}: ")
            line.tell(Source(path, problem=capitalised(said)))


def _look_into(path: Path) -> Source:
    from data.boxes import drawn_only
    from data.keys import By
    from data.reader import Recording
    from data.schema import SpanKind

    with Recording(path) as recording:
        seconds = play_seconds(recording)
        corrected_s = None
        if recording.is_flight_log:
            corrected_s = sum(
                (span.end_ns - span.start_ns) / 1e9
                for span in recording.spans()
                if span.kind is SpanKind.TAKEOVER
            )
        elif any(event.by is not By.HUMAN for event in recording.key_events()):
            corrected_s = 0.0
        pictures = len(drawn_only(recording.boxes()))
        title = recording.facts.window_title
        return Source(path, seconds, recording.profile, title, corrected_s, pictures)


def _labelled(path: Path) -> int:
    return _look_into(path).pictures


@dataclass(frozen=True, slots=True)
class Gpu:
    """What PyTorch finds."""

    name: str
    """Empty without one."""


def find_gpu(request: None, line: Line) -> Gpu:
    """Ask PyTorch for a GPU; importing it takes a second or two."""
    import torch

    return Gpu(torch.cuda.get_device_name(0) if torch.cuda.is_available() else "")


@dataclass(frozen=True, slots=True)
class ReportPicture:
    """A picture of a report, small enough for the window."""

    name: str
    png: bytes


def read_pictures(request: Sequence[Path], line: Line) -> None:
    """Read a report's pictures and make them small; tells a `ReportPicture` of each."""
    import cv2

    from data.box_files.folder import Unreadable
    from data.box_files.pictures import read_picture

    for path in request:
        with suppress(Unreadable):
            image = read_picture(path).image
            height, width = image.shape[:2]
            scale = min(1.0, MOST_PX / width)
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            ok, png = cv2.imencode(".png", cv2.resize(image, size, interpolation=cv2.INTER_AREA))
            if ok:
                line.tell(ReportPicture(path.name, png.tobytes()))
