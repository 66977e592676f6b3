"""A folder of pictures and boxes as a recording without keys."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.box_files.classes import (
    MAPPED,
    Classes,
    made_profile,
    named_targets,
    tell_renamed,
    tell_slips,
)
from data.box_files.coco import read_coco
from data.box_files.folder import (
    Annotated,
    BoxFormat,
    Corners,
    Folder,
    Problem,
    Problems,
    Unreadable,
    shown,
)
from data.box_files.pictures import picture_size, read_picture
from data.box_files.placing import placed
from data.box_files.voc import read_voc
from data.box_files.yolo import read_yolo
from data.boxes import Box
from data.errors import UnderstudyError
from data.export.output import ExportStopped, Ticker
from data.frames import FrameSize, Placement, fit, placement
from data.leftovers import require_no_leftover
from data.paths import claim_output
from data.profile import GameProfile
from data.recording_copy import whole
from data.schema import ALL_LABELLED, CaptureFacts
from data.writer import RecordingWriter

STILL_NS = 10_000_000_000  # between two pictures: each is a segment of its own
_FLUSH_FRAMES = 32
_SAME_SHAPE = 0.02
READERS: Mapping[BoxFormat, Callable[[Folder], Iterator[Annotated]]] = {
    BoxFormat.VOC: read_voc,
    BoxFormat.COCO: read_coco,
    BoxFormat.YOLO: read_yolo,
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote."""

    path: Path
    images: int
    boxes: int
    classes: dict[str, int]
    """Boxes of each object."""
    files: list[str]
    """The picture of each frame, below the folder."""
    problems: list[Problem]
    untold: int
    """Problems beyond those that are told one by one."""


class NothingImportedError(UnderstudyError):
    """No picture was left to import; `problems` say why."""

    def __init__(self, said: str, problems: list[Problem]) -> None:
        super().__init__(said)
        self.problems = problems


@dataclass(slots=True)
class _Survey:
    """What the annotations show together."""

    labels: Counter[str] = field(default_factory=Counter)
    sizes: Counter[FrameSize] = field(default_factory=Counter)
    resized: set[tuple[FrameSize, FrameSize]] = field(default_factory=set)
    """Sizes told, and found, where boxes were drawn before the picture was resized."""


def import_boxes(
    root: Path,
    out: Path,
    *,
    kind: BoxFormat,
    profile: GameProfile | None = None,
    mapping: Mapping[str, str] | None = None,
    labelled_only: bool = False,
    force: bool = False,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Imported:
    """Write a folder of pictures and boxes as a recording without keys.

    Nothing that is wrong in the folder ends it; everything is told. Memory holds all boxes, but
    one picture at a time.

    Args:
        root: The folder; what is below it counts, too.
        out: The recording to write.
        kind: How the boxes are written.
        profile: Whose objects they are; without one it is made of the classes that are found.
        mapping: Label to object, or to an empty text where it is to be left out.
        labelled_only: Leave out pictures that no annotation speaks of.
        force: Overwrite a recording that exists.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every picture.

    Raises:
        OutputExistsError: `out` exists and `force` is off.
        NothingImportedError: There is no picture that can be imported.
        UnderstudyError: There is no such folder, or a label is mapped to no object.
        RecordingError: It can't be written.
        ExportStopped: `stop` said so.
    """
    claim_output(out, force=force)  # before the work, not after it
    require_no_leftover(out, force=force)
    problems = Problems()
    folder = Folder(root, problems)
    annotated = _read(folder, kind, stop)
    if not annotated:
        raise NothingImportedError(
            f"{root}: none of its {len(folder.pictures)} pictures has {kind} boxes that can be "
            "read. Check the folder and --format.",
            problems.told,
        )
    survey = _survey(annotated)
    profile, classes = _classes(root, profile, mapping or {}, survey, problems)
    writer = RecordingWriter(
        out, profile=profile, facts=_facts(profile), force=force, attributes={ALL_LABELLED: 1}
    )
    wanted = [*annotated, *_others(folder, annotated, labelled_only=labelled_only)]
    work = _Work(writer, classes, folder, survey, Ticker(len(wanted), on_progress, stop))
    with whole(writer):
        for one in wanted:
            work.add(one)
        if not writer.frame_count:
            raise NothingImportedError(f"{root}: none of its pictures can be read.", problems.told)
    return Imported(
        out, writer.frame_count, sum(work.counts.values()),
        {name: work.counts[name] for name in profile.object_names},
        work.files, problems.told, problems.untold,
    )  # fmt: skip


def _classes(
    root: Path,
    profile: GameProfile | None,
    mapping: Mapping[str, str],
    survey: _Survey,
    problems: Problems,
) -> tuple[GameProfile, Classes]:
    """Return the profile, made where there is none, and what finds its objects."""
    for label in mapping:
        if label not in survey.labels:
            problems.add(MAPPED, None, f"no box is of class {shown(label)!r}", "not needed")
    if profile is not None:
        return profile, Classes(profile.object_names, mapping)
    named = named_targets(mapping)
    profile, spelt = made_profile(shown(root.name), survey.labels, mapping, survey.sizes)
    tell_renamed({mapping[label]: name for label, name in named.items() if name} | spelt, problems)
    tell_slips(survey.labels, spelt, problems)
    return profile, Classes(profile.object_names, named, spelt)


def _facts(profile: GameProfile) -> CaptureFacts:
    size = profile.capture.size
    return CaptureFacts(
        left_px=0, top_px=0, width_px=size.width_px, height_px=size.height_px, scale=1.0,
        source="pictures", rate_hz=profile.capture.rate_hz,
    )  # fmt: skip


def _read(folder: Folder, kind: BoxFormat, stop: Callable[[], bool]) -> list[Annotated]:
    """Read all annotations."""
    found: list[Annotated] = []
    for annotated in READERS[kind](folder):
        if stop():
            raise ExportStopped(f"stopped after the annotations of {len(found)} pictures.")
        found.append(annotated)
    return found


def _survey(found: Sequence[Annotated]) -> _Survey:
    """Look at all annotations together, and at the headers of their pictures."""
    survey = _Survey()
    for annotated in found:
        survey.labels.update(box.label for box in annotated.boxes)
        try:
            size = picture_size(annotated.picture)
        except Unreadable:
            continue  # told when it is read
        survey.sizes[size] += 1
        told = annotated.told
        if told is not None and told != size and _resized(annotated, told, size):
            survey.resized.add((told, size))
    return survey


def _resized(annotated: Annotated, told: FrameSize, size: FrameSize) -> bool:
    """Say whether boxes fit only the picture that is told of, which has this one's shape."""
    scale = size.width_px / told.width_px
    if abs(told.height_px * scale / size.height_px - 1) > _SAME_SHAPE:
        return False
    ends = [box.corners[2:] for box in annotated.boxes if all(map(math.isfinite, box.corners))]
    right, bottom = (max((end[axis] for end in ends), default=0.0) for axis in (0, 1))
    beyond = right > size.width_px * 1.02 or bottom > size.height_px * 1.02
    return beyond and right <= told.width_px * 1.02 and bottom <= told.height_px * 1.02


def _others(
    folder: Folder, annotated: Sequence[Annotated], *, labelled_only: bool
) -> Iterator[Annotated]:
    """Yield the pictures that no annotation speaks of, as far as they are wanted."""
    seen = {one.picture for one in annotated}
    for picture in folder.pictures:
        name = folder.name(picture)
        if picture in seen:
            continue
        if picture in folder.left_out:
            folder.problems.add(name, None, "what is on it can't be read", "left out")
        elif labelled_only:
            folder.problems.add(name, None, "no annotation speaks of it", "left out")
        else:
            told = "no annotation speaks of it"
            folder.problems.add(name, None, told, "kept, as a picture of nothing")
            yield Annotated(name, picture)


class _Work:
    """Appends pictures and their boxes to the recording."""

    def __init__(
        self,
        writer: RecordingWriter,
        classes: Classes,
        folder: Folder,
        survey: _Survey,
        ticker: Ticker,
    ) -> None:
        self._writer = writer
        self._classes = classes
        self._folder = folder
        self._survey = survey
        self._ticker = ticker
        self.counts: Counter[str] = Counter()
        self.files: list[str] = []

    def add(self, annotated: Annotated) -> None:
        """Append one picture with its boxes; tell what is wrong with them."""
        self._ticker.tick()
        writer, name = self._writer, self._folder.name(annotated.picture)
        stored = writer.profile.capture.size
        try:
            picture = read_picture(annotated.picture, stored)
            where = placement(picture.size, stored)
            if min(picture.size.width_px, picture.size.height_px) * where.scale < 1:
                raise Unreadable("it is too thin to be stored")
        except Unreadable as error:
            lost = f"left out, with {len(annotated.boxes)} boxes" if annotated.boxes else "left out"
            self._folder.problems.add(name, None, str(error), lost)
            return
        at_ns = writer.frame_count * STILL_NS
        if picture.jpeg is not None:
            frame = writer.append_jpeg(picture.jpeg, at_ns)
        else:
            frame = writer.append_frame(fit(picture.image, stored), at_ns)
        self.files.append(name)
        boxes = self._boxes(annotated, picture.size, where)
        writer.append_boxes(frame, boxes)
        self.counts.update(box.class_name for box in boxes)
        if writer.frame_count % _FLUSH_FRAMES == 0:
            writer.flush()

    def _boxes(self, annotated: Annotated, size: FrameSize, where: Placement) -> list[Box]:
        stored, problems = self._writer.profile.capture.size, self._folder.problems
        scale = self._scale(annotated, size)
        taken: dict[tuple[str, Corners], int] = {}
        boxes = []
        for found in annotated.boxes:
            name, told = self._classes.find(found.label)
            if told:
                done = "dropped" if name is None else f"taken for {name}"
                problems.add(annotated.file, found.number, told, done)
            if name is None:
                continue
            corners, wrong = placed(found.corners, scale, size, where, stored)
            if wrong:
                done = "dropped" if corners is None else "clipped"
                problems.add(annotated.file, found.number, wrong, done)
            if corners is None:
                continue
            key = (name, corners)
            if key in taken:
                told = f"it is box {taken[key]} again"
                problems.add(annotated.file, found.number, told, "dropped")
                continue
            taken[key] = found.number
            boxes.append(Box(name, *corners))
        return boxes

    def _scale(self, annotated: Annotated, size: FrameSize) -> tuple[float, float]:
        """Return pixels of the picture to one unit of the corners, across and down."""
        told = annotated.told
        if annotated.in_shares:
            return float(size.width_px), float(size.height_px)
        if told is None or told == size:
            return 1.0, 1.0
        resized = (told, size) in self._survey.resized
        self._folder.problems.add(
            annotated.file, None,
            f"it speaks of {told.width_px}x{told.height_px} pixels, but "
            f"{self._folder.name(annotated.picture)} has {size.width_px}x{size.height_px}",
            "its boxes resized, too" if resized else "its boxes taken as pixels of the picture",
        )  # fmt: skip
        return (
            (size.width_px / told.width_px, size.height_px / told.height_px)
            if resized
            else (1.0, 1.0)
        )
