"""What a person noted about recordings: what each is for, and a few words; kept beside them.

Each folder of recordings has its own `library.json`, which names them by file name. Nothing here
imports Qt.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from data.errors import UnderstudyError
from data.paths import written_whole
from data.small_files import read_json

FILE = "library.json"
MOST_BYTES = 1 << 24
log = logging.getLogger(__name__)


class Mark(StrEnum):
    """What a recording is for."""

    TRAINING = "training"
    """Also every recording that was never marked."""
    VALIDATION = "validation"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Remark:
    """What is noted about one recording."""

    mark: Mark = Mark.TRAINING
    note: str = ""


def remarks_of(folder: Path) -> dict[str, Remark]:
    """Return what is noted about the recordings of a folder, by file name.

    Recordings that nobody marked or noted anything about are missing. A file of notes that can't
    be read counts as empty, and is logged.
    """
    file = folder / FILE
    try:
        found = read_json(file, most_bytes=MOST_BYTES)
        return {str(name): _remark(told) for name, told in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        log.warning("%s: can't be read: %s", file, error)
        return {}


def marks_of(folder: Path) -> dict[str, Mark]:
    """Return the marks of a folder's recordings, by file name.

    Those that are missing were never marked, which counts as `Mark.TRAINING`.
    """
    return {name: remark.mark for name, remark in remarks_of(folder).items()}


def set_mark(folder: Path, name: str, mark: Mark) -> None:
    """Mark a recording.

    Args:
        folder: That the recording is in.
        name: Its file name.
        mark: What it is for.

    Raises:
        UnderstudyError: The notes can't be written.
    """
    remarks = remarks_of(folder)
    _write(folder, remarks | {name: replace(remarks.get(name, Remark()), mark=mark)})


def set_note(folder: Path, name: str, note: str) -> None:
    """Note something about a recording; see `set_mark`."""
    remarks = remarks_of(folder)
    _write(folder, remarks | {name: replace(remarks.get(name, Remark()), note=note.strip())})


def move_remark(folder: Path, name: str, other: str) -> None:
    """Keep what is noted about a recording when its file gets another name."""
    remarks = remarks_of(folder)
    if name in remarks:
        remarks[other] = remarks.pop(name)
        _write(folder, remarks)


def forget_remark(folder: Path, name: str) -> None:
    """Drop what is noted about a recording that has gone."""
    remarks = remarks_of(folder)
    if remarks.pop(name, None) is not None:
        _write(folder, remarks)


def _remark(told: object) -> Remark:
    if not isinstance(told, dict):
        return Remark()
    mark = str(told.get("mark", ""))
    known = Mark(mark) if mark in set(Mark) else Mark.TRAINING
    return Remark(known, str(told.get("note", "")))


def _write(folder: Path, remarks: Mapping[str, Remark]) -> None:
    kept = {name: asdict(each) for name, each in sorted(remarks.items()) if each != Remark()}
    file = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as part:
            text = json.dumps(kept, indent=1, ensure_ascii=False)
            part.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UnderstudyError(
            f"{file}: can't be written: {error.strerror}. Check that the folder can be written."
        ) from error
