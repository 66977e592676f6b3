"""Jobs of the page on which boxes are drawn: choose frames, suggest, save, files of other tools."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from data.boxes import Box, BoxOrigin
from data.errors import RecordingError, UnderstudyError
from data.frames import Image, encode_jpeg
from data.profile import GameProfile
from data.reader import Recording
from data.same_game import is_same_game, with_objects
from gui.jobs.line import Line
from gui.label.choosing import SIDE, chosen_frames
from gui.label.document import Mark
from gui.label.enough import ClassCount
from gui.label.requests import (
    Added,
    Carried,
    CarryRequest,
    ExportRequest,
    Imported,
    ImportRequest,
    MoreRequest,
    Opened,
    OpenRequest,
    Picture,
    SaveRequest,
    Suggested,
    SuggestRequest,
)
from gui.label.session import read_session, session_path

if TYPE_CHECKING:
    from models.picture_detection import PictureDetector

MOST_CANDIDATES = 600  # pictures that are compared, evenly spread: two seconds of decompressing
THUMBNAIL_PX = 128
LEAST_SCORE = 0.3
MOST_LOOKED_AT = 300  # frames with boxes of a person that are shown; the rest are counted
MOST_PROBLEMS = 5000  # told one by one
log = logging.getLogger(__name__)


def open_recording(request: OpenRequest, line: Line) -> Opened:
    """Choose frames of a recording, or take those of last time.

    Raises:
        RecordingError: It can't be read, or was left unfinished.
    """
    with Recording(request.path) as recording:
        if not recording.complete:
            raise RecordingError(
                f"{request.path.name} was left unfinished. Repair it on the page Library first."
            )
        if not recording.frame_count:
            raise RecordingError(f"{request.path.name} holds no pictures. Record another one.")
        profile = _named(recording, request.game)
        identity = identity_of(recording)
        session = read_session(
            session_path(request.path),
            recording=identity,
            frame_count=recording.frame_count,
            size=profile.capture.size,
        )
        if session is not None and (session.frames or session.unsaved):
            profile = with_objects(profile, session.objects)
            frames = sorted({*session.frames, *session.unsaved})
        else:
            mine = _looked_at(recording)
            frames = sorted({*mine, *_choose(recording, request.count - len(mine), mine, line)})
        return Opened(
            request.path, identity, profile.capture.size, profile.objects, recording.frame_count,
            _add(recording, frames, (), line), session,
        )  # fmt: skip


def more_frames(request: MoreRequest, line: Line) -> Added:
    """Choose further frames, unlike those at hand."""
    with Recording(request.path) as recording:
        frames = _choose(recording, request.count, request.taken, line)
        return _add(recording, frames, request.taken, line)


def suggest(request: SuggestRequest, line: Line) -> Suggested:
    """Ask a detector what it sees; what it saw until a stop is told.

    Raises:
        UnderstudyError: The detector can't be had, or sees nothing that the recording knows.
    """
    line.progress("Loading the detector", 0.0)
    from models.suggestions import by_detector

    with Recording(request.path) as recording:
        detector, mapping = _detector(request.by, [kind.name for kind in request.objects])
        pictures = _pictures(recording, request.frames, "Looking for objects", line)
        found = by_detector(detector, mapping)(pictures, {})
        return Suggested(
            {f: tuple(Mark(_inside(s.box, recording), s.score) for s in all_) for f, all_ in found}
        )


def carry(request: CarryRequest, line: Line) -> Carried:
    """Carry a frame's boxes on, as far as its stretch of play goes.

    Raises:
        RecordingError: The stretch ends with the frame, or a picture is damaged.
    """
    from models.suggestions import by_tracker

    with Recording(request.path) as recording:
        stop = next((b for a, b in recording.segments() if a <= request.frame < b), 0)
        after = range(request.frame + 1, min(request.frame + 1 + request.ahead, stop))
        if not after:
            raise RecordingError(
                "the recording pauses or ends after this frame: there is nothing to carry boxes to."
            )
        wanted = set(after[request.step - 1 :: request.step]) | (set(after) & set(request.taken))
        pictures = _pictures(recording, [request.frame, *after], "Following the boxes", line)
        tracked = by_tracker(request.ahead)(pictures, {request.frame: request.boxes})
        marks = {
            frame: tuple(Mark(s.box, s.score) for s in all_)
            for frame, all_ in tracked
            if frame in wanted and all_
        }
        new = sorted(set(marks) - set(request.taken))
        return Carried(_add(recording, new, request.taken, line), marks)


def save(request: SaveRequest, line: Line) -> int:
    """Store boxes in the recording; return how many it has now.

    Raises:
        RecordingError: It can't be written, or is another than it was.
    """
    from data.relabelling import replace_boxes

    with Recording(request.path) as recording:
        if identity_of(recording) != request.identity:
            raise RecordingError(
                f"{request.path.name} is another recording than the one these boxes were drawn "
                "on. Put that one back, or open this one anew."
            )
    return replace_boxes(request.path, request.boxes, further=request.objects)


def import_folder(request: ImportRequest, line: Line) -> Imported:
    """Make a recording of a folder of pictures and boxes; tell all that is wrong in it."""
    from data.box_files.importing import NothingImportedError, import_boxes
    from data.profile import load_profile

    profile = None if request.profile is None else load_profile(request.profile)
    try:
        found = import_boxes(
            request.folder, request.out, kind=request.kind, profile=profile,
            labelled_only=request.labelled_only, stop=line.stop_asked,
            on_progress=lambda share: line.progress("Reading pictures and boxes", share),
        )  # fmt: skip
    except NothingImportedError as error:
        return Imported(request.out, 0, 0, tuple(error.problems[:MOST_PROBLEMS]), 0, str(error))
    untold = found.untold + max(0, len(found.problems) - MOST_PROBLEMS)
    return Imported(
        found.path, found.images, found.boxes, tuple(found.problems[:MOST_PROBLEMS]), untold
    )  # fmt: skip


def export_folder(request: ExportRequest, line: Line) -> int:
    """Write the labelled frames as a folder; return how many."""
    from data.box_files.exporting import export_boxes

    return export_boxes(
        request.path, request.out, kind=request.kind, stop=line.stop_asked,
        on_progress=lambda share: line.progress("Writing pictures and boxes", share),
    ).frames  # fmt: skip


def _named(recording: Recording, game: GameProfile) -> GameProfile:
    """Return the recording's profile with what its game names by now, too."""
    found, title = recording.profile, recording.facts.window_title
    if is_same_game(game, recorded=found, window_title=title):
        return with_objects(found, game.objects)
    return found


def identity_of(recording: Recording) -> str:
    """Tell a recording from another of the same name."""
    first = int(recording.times_ns[0]) if recording.frame_count else 0
    return f"{recording.attributes.get('started_at', '')} {recording.frame_count} {first}"


def _looked_at(recording: Recording) -> list[int]:
    """Return the frames on which a person drew, or that wait for one."""
    by_person = (BoxOrigin.HUMAN, BoxOrigin.SUGGESTED)
    found = [
        one.frame for one in recording.boxes() if any(box.origin in by_person for box in one.boxes)
    ]
    step = -(-len(found) // MOST_LOOKED_AT) or 1
    return found[::step]


def _choose(recording: Recording, count: int, taken: Sequence[int], line: Line) -> list[int]:
    """Choose frames that are unlike each other and those at hand."""
    import cv2

    if count < 1:
        return []
    inside = [frame for start, stop in recording.segments() for frame in range(start, stop)]
    inside = inside or list(range(recording.frame_count))
    spread = np.unique(np.linspace(0, len(inside) - 1, MOST_CANDIDATES).astype(int))
    candidates = sorted({inside[i] for i in spread} | set(taken))
    frames, small = [], []
    for frame, image in _pictures(recording, candidates, "Choosing frames", line):
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        frames.append(frame)
        small.append(cv2.resize(grey, SIDE, interpolation=cv2.INTER_AREA))
    if not frames:
        raise RecordingError(f"{recording.path.name}: none of its pictures can be read.")
    known = [index for index, frame in enumerate(frames) if frame in set(taken)]
    chosen = chosen_frames(np.stack(small).astype(np.uint8), count, taken=known)
    return [frames[index] for index in chosen]


def _add(recording: Recording, frames: Sequence[int], taken: Sequence[int], line: Line) -> Added:
    import cv2

    size, start_ns = recording.profile.capture.size, int(recording.times_ns[0])
    height = max(1, round(THUMBNAIL_PX * size.height_px / size.width_px))
    pictures = []
    for frame, image in _pictures(recording, frames, "Reading pictures", line):
        small = cv2.resize(image, (THUMBNAIL_PX, height), interpolation=cv2.INTER_AREA)
        at_s = (int(recording.times_ns[frame]) - start_ns) / 1e9
        thumbnail = encode_jpeg(small.astype(np.uint8, copy=False), 80).tobytes()
        pictures.append(Picture(frame, at_s, recording.jpeg(frame).tobytes(), thumbnail))
    here = {picture.frame for picture in pictures}
    all_boxes = {one.frame: one.boxes for one in recording.boxes() if one.boxes}
    away = {f: boxes for f, boxes in all_boxes.items() if f not in here and f not in set(taken)}
    return Added(
        tuple(pictures),
        {f: tuple(_inside(box, recording) for box in b) for f, b in all_boxes.items() if f in here},
        _counted(away),
    )


def _counted(boxes: Mapping[int, Sequence[Box]]) -> dict[str, ClassCount]:
    found: dict[str, ClassCount] = {}
    for of_frame in boxes.values():
        names = [box.class_name for box in of_frame if box.origin is not BoxOrigin.SUGGESTED]
        for name in set(names):
            found[name] = found.get(name, ClassCount()) + ClassCount(names.count(name), 1)
    return found


def _pictures(
    recording: Recording, frames: Sequence[int], what: str, line: Line
) -> Iterator[tuple[int, Image]]:
    """Decompress frames until a stop is asked; a damaged one is left out."""
    for number, frame in enumerate(frames):
        if line.stop_asked():
            return
        try:
            image = recording.frame(frame)
        except RecordingError as error:
            log.warning("%s", error)
            continue
        yield frame, image
        line.progress(what, (number + 1) / len(frames))


def _detector(by: str, objects: Sequence[str]) -> "tuple[PictureDetector, dict[str, str]]":
    """Open a detector, and say which of its classes is which object."""
    from models.picture_detection import open_run, open_torchvision
    from models.suggestions import COCO, COCO_MAP

    opened = open_torchvision if by == COCO else open_run
    detector = opened(by, threshold=LEAST_SCORE)
    usual = {name: name for name in detector.names} | (COCO_MAP if by == COCO else {})
    mapping = {name: thing for name, thing in usual.items() if thing in objects}
    if not mapping:
        raise UnderstudyError(
            f"nothing that this detector sees is one of {', '.join(objects)}. Choose another "
            "detector, or draw the boxes by hand."
        )
    return detector, mapping


def _inside(box: Box, recording: Recording) -> Box:
    """Cut a box at the picture; one wholly outside stays, for a person to see to."""
    size = recording.profile.capture.size
    x1, x2 = max(0.0, box.x1), min(float(size.width_px), box.x2)
    y1, y2 = max(0.0, box.y1), min(float(size.height_px), box.y2)
    if not (x2 > x1 and y2 > y1):
        return box
    return Box(box.class_name, x1, y1, x2, y2, box.origin)
