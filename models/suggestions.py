"""Propose boxes for a person to look at: what a detector sees, or drawn boxes carried on."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from data.boxes import Box, BoxOrigin, drawn_only
from data.editing import add_boxes
from data.errors import RecordingError
from data.frames import Image
from data.reader import Recording
from models.box_tracker import BoxTracker, TrackerSettings
from models.picture_detection import PictureDetector, open_run, open_torchvision

TRACKER = "tracker"
COCO = "coco"
COCO_MAP = {"person": "player", "sports ball": "ball"}
"""What the published model's classes mean in a game of football, unless told otherwise."""
DETECTOR_EVERY = 10  # neighbours are near copies, so training uses every tenth frame, too
_DETECTOR_SCORE = 0.3

Phase = Literal["suggest", "copy"]
Boxes = Mapping[int, Sequence[Box]]
Suggester = Callable[[Iterable[tuple[int, Image]], Boxes], Iterator[tuple[int, "Suggestions"]]]
"""From numbered pictures and the boxes drawn on some of them to suggestions for the others."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A box that somebody should look at."""

    box: Box
    """Its origin is `BoxOrigin.SUGGESTED`."""
    score: float
    """Of the detector, or the tracker's correlation; at most 1."""


Suggestions = tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class SuggestSettings:
    """What is suggested, and where."""

    by: str
    """`coco`, a file of its layout, `tracker`, a detector's run folder, or shipped weights."""
    every: int | None = None
    """Suggest for every so many-th frame; None: for each by the tracker, every tenth by others."""
    frames: tuple[int, ...] = ()
    """These frames only."""
    threshold: float | None = None
    """Least score; None is 0.3 for a detector, 0.5 for the tracker."""
    carry: int = 20
    """Frames that the tracker carries a drawn box at most."""
    mapping: Mapping[str, str] | None = None
    """From the detector's classes to the profile's objects, beside those of the same name; an empty
    object leaves a class out."""

    def __post_init__(self) -> None:
        least = self.threshold
        if (self.every or 1) < 1 or self.carry < 1 or not (least is None or 0 < least < 1):
            raise ValueError(f"counts are at least 1 and a threshold from 0 to 1, got {self}")


@dataclass(frozen=True, slots=True)
class Suggested:
    """What was suggested for a recording."""

    path: Path
    by: str
    frames: int
    """Frames that have suggestions now."""
    boxes: dict[str, int]
    """By class."""
    left_out: int
    """Frames asked for that were left alone, because they have boxes."""


def by_detector(detector: PictureDetector, mapping: Mapping[str, str]) -> Suggester:
    """Suggest what a detector sees, in the words of `mapping`, on pictures without boxes."""

    def suggest(
        images: Iterable[tuple[int, Image]], known: Boxes
    ) -> Iterator[tuple[int, Suggestions]]:
        for index, image in images:
            if index in known:
                continue
            yield index, tuple(_seen(detector, mapping, image))

    return suggest


def _seen(
    detector: PictureDetector, mapping: Mapping[str, str], image: Image
) -> Iterator[Suggestion]:
    found = detector.detect(image)
    for corners, kind, score in zip(found.boxes, found.classes, found.scores, strict=True):
        thing = mapping.get(detector.names[int(kind)])
        x1, y1, x2, y2 = (float(edge) for edge in corners)
        if thing and x2 > x1 and y2 > y1:
            yield Suggestion(Box(thing, x1, y1, x2, y2, BoxOrigin.SUGGESTED), float(score))


def by_tracker(carry: int, settings: TrackerSettings | None = None) -> Suggester:
    """Carry the boxes of a picture through at most `carry` pictures after it, until they are lost.

    The pictures come in order; where a number is left out, nothing is carried across.
    """

    def suggest(
        images: Iterable[tuple[int, Image]], known: Boxes
    ) -> Iterator[tuple[int, Suggestions]]:
        tracker, drawn_at, last = None, 0, -1
        for index, image in images:
            if known.get(index):
                tracker, drawn_at = BoxTracker(image, tuple(known[index]), settings), index
            elif tracker is not None and index == last + 1 and index - drawn_at <= carry:
                yield index, tuple(Suggestion(one.box, one.score) for one in tracker.follow(image))
            else:
                tracker = None
            last = index

    return suggest


def suggest_boxes(
    path: Path,
    out: Path,
    settings: SuggestSettings,
    *,
    force: bool = False,
    on_progress: Callable[[Phase, float], None] = lambda phase, share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Suggested:
    """Copy a recording with boxes proposed on frames that have none.

    Raises:
        RecordingError: There is nothing to suggest for, or to begin with.
        CheckpointError: The detector can't be had.
        OutputExistsError: `out` exists and `force` is off.
        ExportStopped: `stop` said so.
    """
    with Recording(path) as recording:
        known = {labelled.frame: labelled.boxes for labelled in drawn_only(recording.boxes())}
        taken = known.keys() | {labelled.frame for labelled in recording.boxes()}
        asked = _asked(recording, settings)
        wanted = asked - taken
        if not wanted:
            raise RecordingError(f"{path}: each frame that was asked for has boxes already.")
        suggester, needed = _suggester(recording, settings, known, wanted)
        found: dict[int, Suggestions] = {}
        pictures = _pictures(recording, needed, on_progress, stop)
        for index, suggestions in suggester(pictures, known):
            if index in wanted and suggestions:
                found[index] = suggestions
    boxes = {index: [one.box for one in several] for index, several in found.items()}
    counts = Counter(box.class_name for several in boxes.values() for box in several)
    did = {"did": "suggest", "source": path.name, "by": settings.by, "frames": len(boxes)}
    add_boxes(
        path, out, boxes, did=did, force=force, stop=stop,
        on_progress=lambda share: on_progress("copy", share),
    )  # fmt: skip
    return Suggested(out, settings.by, len(boxes), dict(counts), len(asked) - len(wanted))


def _asked(recording: Recording, settings: SuggestSettings) -> set[int]:
    count = recording.frame_count
    if settings.frames:
        beyond = [frame for frame in settings.frames if not 0 <= frame < count]
        if beyond:
            raise RecordingError(
                f"{recording.path}: there is no frame {beyond[0]}; it has {count}, from 0."
            )
        return set(settings.frames)
    return set(range(0, count, settings.every or (1 if settings.by == TRACKER else DETECTOR_EVERY)))


def _suggester(
    recording: Recording, settings: SuggestSettings, known: Boxes, wanted: Collection[int]
) -> tuple[Suggester, list[int]]:
    """Return who suggests, and the frames to look at."""
    if settings.by != TRACKER:
        return by_detector(*_detector(recording, settings)), sorted(wanted)
    starts = [frame for frame, boxes in known.items() if boxes]
    if not starts:
        raise RecordingError(
            f"{recording.path}: it has no drawn boxes to carry on. Import some (understudy boxes "
            "import), or take --by coco or a detector."
        )
    last = max(wanted)
    near = {frame + k for frame in starts for k in range(settings.carry + 1) if frame + k <= last}
    # What begins a segment after a pause or a hole is left out, so that nothing is carried across.
    firsts = {start for start, _ in recording.segments()} - set(starts)
    inside = {f for start, end in recording.segments() for f in range(start, end)}
    needed = sorted((near & inside) - firsts)
    tracker = TrackerSettings()
    if settings.threshold is not None:
        tracker = replace(tracker, least_score=settings.threshold)
    return by_tracker(settings.carry, tracker), needed


def _detector(
    recording: Recording, settings: SuggestSettings
) -> tuple[PictureDetector, dict[str, str]]:
    """Open a detector, and say which of its classes is which object."""
    objects = recording.profile.object_names
    told = dict(settings.mapping or {})
    for name in told.values():
        if name and name not in objects:
            raise RecordingError(
                f"--map: {recording.path} has no object {name!r}; its objects are "
                f"{', '.join(objects) or 'none'}."
            )
    threshold = settings.threshold or _DETECTOR_SCORE
    by_coco = settings.by == COCO or Path(settings.by).is_file()
    opened = open_torchvision if by_coco else open_run
    detector = opened(settings.by, threshold=threshold)
    for name in told:
        if name not in detector.names:
            raise RecordingError(f"--map: {settings.by} sees no {name!r}.")
    usual = {name: name for name in detector.names} | (COCO_MAP if by_coco else {})
    mapping = {name: thing for name, thing in (usual | told).items() if thing in objects}
    if not mapping:
        raise RecordingError(
            f"none of what {settings.by} sees is an object of {recording.path} "
            f"({', '.join(objects) or 'none'}). Say which is which: --map CLASS=OBJECT."
        )
    return detector, mapping


def _pictures(
    recording: Recording,
    frames: Sequence[int],
    on_progress: Callable[[Phase, float], None],
    stop: Callable[[], bool],
) -> Iterator[tuple[int, Image]]:
    """Decompress frames; a damaged one is left out."""
    for number, frame in enumerate(frames):
        if stop():
            return  # copying is stopped next, and says so
        try:
            image = recording.frame(frame)
        except RecordingError:
            continue
        yield frame, image
        on_progress("suggest", (number + 1) / len(frames))
