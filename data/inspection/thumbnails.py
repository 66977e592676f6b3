"""A contact sheet of a recording: pictures spread over the play, with their times and keys."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from data.errors import RecordingError, UnderstudyError
from data.export.film import draw_key
from data.export.output import whole_output
from data.frames import FrameSize, Image, fit
from data.inspection.timeline import Timeline
from data.keys import held_by
from data.moments import length, moment
from data.reader import Recording

COLUMNS, ROWS = 4, 6
SUFFIXES = (".jpg", ".png")
_CELL_PX = 320
_STRIP_PX = 36  # below each picture, for its time and keys
_GAP_PX, _MARGIN_PX, _TITLE_PX = 14, 24, 60
_GROUND, _CELL, _INK, _FAINT = (24, 22, 20), (44, 40, 38), (235, 235, 235), (150, 150, 150)


def write_thumbnails(path: Path, out: Path, *, force: bool = False) -> Path:
    """Write a contact sheet as .jpg or .png.

    Raises:
        OutputExistsError: `out` exists and `force` is off.
        RecordingError: There is nothing to show.
        UnderstudyError: `out` has another ending, or can't be written.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise UnderstudyError(f"{out}: a contact sheet ends in {' or '.join(SUFFIXES)}.")
    with Recording(path) as recording:
        sheet = contact_sheet(recording)
    with whole_output(out, force=force) as part:
        ok, data = cv2.imencode(out.suffix.lower(), sheet)
        if not ok:  # pragma: no cover - OpenCV can write both formats
            raise UnderstudyError(f"{out}: the picture can't be compressed.")
        part.write_bytes(data.tobytes())
    return out


def contact_sheet(recording: Recording) -> Image:
    """Draw pictures spread evenly over the play, in rows from the first to the last.

    Raises:
        RecordingError: It holds no frame of play.
    """
    timeline = Timeline(recording)
    chosen = _chosen(timeline)
    if not len(chosen):
        raise RecordingError(f"{recording.path}: it holds no frame to show.")
    profile, size = recording.profile, recording.profile.capture.size
    by = held_by(recording.key_events(), profile.keys, timeline.times_ns)
    height_px = max(60, min(_CELL_PX, round(_CELL_PX * size.height_px / size.width_px)))
    cells = []
    for index in chosen:
        held = {key: int(by[index][i]) for i, key in enumerate(profile.keys) if by[index][i]}
        at_s = timeline.since_start_s(int(timeline.times_ns[index]))
        cells.append(_cell(recording, int(index), moment(at_s), held, height_px))
    title = f"{length(timeline.play_s)} of play, {timeline.play_frames} frames"
    return _sheet(cells, recording.path.name, title)


def _chosen(timeline: Timeline) -> npt.NDArray[np.int64]:
    play = np.flatnonzero(timeline.play_mask())
    if not len(play):
        return play
    spread = np.linspace(0, len(play) - 1, min(len(play), COLUMNS * ROWS))
    return play[spread.astype(np.int64)]


def _cell(
    recording: Recording, index: int, time: str, held: dict[str, int], height_px: int
) -> Image:
    cell = np.empty((height_px + _STRIP_PX, _CELL_PX, 3), dtype=np.uint8)
    cell[:] = _CELL
    try:
        cell[:height_px] = fit(recording.frame(index), FrameSize(_CELL_PX, height_px))
    except RecordingError:
        _write(cell, "damaged", (_CELL_PX // 2 - 32, height_px // 2), _FAINT)
    _write(cell, time, (10, height_px + _STRIP_PX // 2 + 5), _FAINT)
    left = 76
    for key, by in held.items():
        if left > _CELL_PX - 40:
            _write(cell, "...", (left, height_px + _STRIP_PX // 2 + 5), _FAINT)
            break
        left = draw_key(cell, key, (left, height_px + 5, height_px + _STRIP_PX - 5), by=by) + 6
    return cell


def _sheet(cells: list[Image], name: str, title: str) -> Image:
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    height, width = cells[0].shape[:2]
    sheet = np.empty(
        (
            2 * _MARGIN_PX + _TITLE_PX + rows * (height + _GAP_PX) - _GAP_PX,
            2 * _MARGIN_PX + columns * (width + _GAP_PX) - _GAP_PX,
            3,
        ),
        dtype=np.uint8,
    )
    sheet[:] = _GROUND
    _write(sheet, name, (_MARGIN_PX, _MARGIN_PX + 18), _INK, scale=0.7)
    _write(sheet, title, (_MARGIN_PX, _MARGIN_PX + 42), _FAINT)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        top = _MARGIN_PX + _TITLE_PX + row * (height + _GAP_PX)
        left = _MARGIN_PX + column * (width + _GAP_PX)
        sheet[top : top + height, left : left + width] = cell
    return sheet


def _write(
    canvas: Image, text: str, at: tuple[int, int], colour: tuple[int, int, int], scale: float = 0.48
) -> None:
    # The built-in letters are ASCII; a file may be named in any alphabet.
    text = text.encode("ascii", "replace").decode()
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
