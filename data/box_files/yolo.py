"""YOLO: one text file for each picture, a line for each box, and a file that names the classes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from data.box_files.folder import (
    Annotated,
    Corners,
    Folder,
    FoundBox,
    Unreadable,
    number,
    read_bytes,
    shown,
)
from data.boxes import Box
from data.frames import FrameSize

MOST_BYTES = 4_000_000
MOST_LINES = 20_000
MOST_NAMES_BYTES = 32_000
MOST_NAMES = 10_000
_NAMES_FILES = frozenset(
    {"classes.txt", "labels.txt", "_darknet.labels", "predefined_classes.txt", "obj.names"}
)
_LISTS = frozenset({"train.txt", "val.txt", "valid.txt", "test.txt"})  # paths of pictures
_ROUNDED = 1e-3  # what a box may reach out of the picture that a detector clipped


@dataclass(frozen=True, slots=True)
class _About:
    """What a file tells of the labels near it."""

    names: list[str]
    """Of the classes, in order."""
    key_points: bool = False
    """Whether key points follow each box (`kpt_shape`)."""


def read_yolo(folder: Folder) -> Iterator[Annotated]:
    """Yield the annotated pictures of a folder."""
    told = _told(folder)
    files: dict[str, Path] = {}
    for path in folder.others:
        if path.suffix.lower() == ".txt" and path.name.lower() not in _NAMES_FILES | _LISTS:
            files[_place(folder, path)] = path
    stems: dict[str, list[Path]] = {}
    for path in files.values():
        stems.setdefault(path.stem.casefold(), []).append(path)
    taken: set[Path] = set()
    for picture in folder.pictures:
        label = _label_file(folder, picture, files, stems)
        if label is None:
            continue
        taken.add(label)
        name = folder.name(label)
        try:
            lines = _lines(read_bytes(label, most=MOST_BYTES))
        except Unreadable as error:
            folder.problems.add(name, None, str(error), "left out, and its picture")
            folder.leave_out(picture)
            continue
        about = _nearest(told, label)
        boxes = [box for count, line in lines if (box := _box(folder, name, count, line, about))]
        yield Annotated(name, picture, tuple(boxes), in_shares=True)
    for path in files.values():
        if path not in taken:
            lost = "no picture of its name is there"
            folder.problems.add(folder.name(path), None, lost, "not read")


def _place(folder: Folder, path: Path) -> str:
    return path.relative_to(folder.root).with_suffix("").as_posix().casefold()


def _label_file(
    folder: Folder, picture: Path, files: dict[str, Path], stems: dict[str, list[Path]]
) -> Path | None:
    """Find a picture's labels: beside it, in `labels` for `images`, or where else the name is."""
    place = _place(folder, picture)
    if place in files:
        return files[place]
    parts = place.split("/")
    for at, part in enumerate(parts):
        swapped = "/".join([*parts[:at], "labels", *parts[at + 1 :]])
        if part == "images" and swapped in files:
            return files[swapped]
    same = stems.get(picture.stem.casefold(), [])
    return (
        same[0] if len(same) == 1 and folder.find(picture.stem, near=same[0]) == picture else None
    )


def _lines(data: bytes) -> list[tuple[int, list[str]]]:
    """Return the words of each line that has any, with its number.

    Raises:
        Unreadable: It is no text, or too much of it.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8 text") from error
    lines = [(i, line.split()) for i, line in enumerate(text.splitlines(), start=1)]
    lines = [(i, words) for i, words in lines if words]
    if len(lines) > MOST_LINES:
        raise Unreadable(f"it holds {len(lines)} boxes; at most {MOST_LINES} are read")
    return lines


def _box(folder: Folder, name: str, count: int, words: list[str], about: _About) -> FoundBox | None:
    problems, names = folder.problems, about.names
    kind = number(words[0])
    if not (kind.is_integer() and 0 <= kind < 1_000_000):
        problems.add(name, count, f"{shown(words[0])!r} is no number of a class", "dropped")
        return None
    values = [number(word) for word in words[1:]]
    is_box = len(values) in (4, 5)  # the fifth is a detector's score
    is_box = is_box or (about.key_points and len(values) > 5) or _is_tracked(values, words[-1])
    corners = _corners(values[:4]) if is_box else _enclosing(values)
    if corners is None:
        told = f"{len(words)} numbers; a box has a class, a centre x y, a width and a height"
        problems.add(name, count, told, "dropped")
        return None
    if not is_box:
        problems.add(name, count, "it is a polygon, not a box", "what encloses it taken")
    label = str(int(kind))
    if kind < len(names):
        label = names[int(kind)]
    elif names:
        told = f"class {label} is beyond the {len(names)} names"
        problems.add(name, count, told, f"called {label}")
    return FoundBox(count, label, corners)


def _corners(values: list[float]) -> Corners:
    x, y, width, height = values
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _is_tracked(values: list[float], last: str) -> bool:
    """Tell a box, its score and its number, as a tracker writes them, from a triangle.

    No corner of a triangle lies at 2 or more. At 1 one may: then it is a number where it is
    written without a point, and behind a box that lies within the picture.
    """
    if len(values) != 6 or not (values[5].is_integer() and values[5] >= 1):
        return False
    corners = _corners(values[:4])
    inside = min(corners) >= -_ROUNDED and max(corners) <= 1 + _ROUNDED
    return values[5] > 1 or (inside and last.isdecimal())


def _enclosing(values: list[float]) -> Corners | None:
    """Return what encloses a polygon, x y x y ...; None for what is none."""
    if len(values) >= 6 and len(values) % 2 == 0 and all(map(math.isfinite, values)):
        return min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])
    return None


def _told(folder: Folder) -> dict[Path, _About]:
    """Return each file that tells of labels, such as the names of classes."""
    found: dict[Path, _About] = {}
    for path in folder.others:
        is_yaml = _is_yaml(path)
        is_list = path.suffix.lower() == ".names" or path.name.lower() in _NAMES_FILES
        if not (is_yaml or is_list):
            continue
        try:
            data = read_bytes(path, most=MOST_NAMES_BYTES)
            about = _of_yaml(data) if is_yaml else _About(_listed_names(data))
        except Unreadable as error:
            folder.problems.add(folder.name(path), None, str(error), "not read")
            continue
        if about.names or about.key_points:
            found[path] = about
    if not any(about.names for about in found.values()):
        folder.problems.add(
            ".", None, "no data.yaml, classes.txt or obj.names says what the classes are called",
            "called by their numbers",
        )  # fmt: skip
    return found


def _nearest(told: dict[Path, _About], label: Path) -> _About:
    """Choose the names that lie nearest to a file of labels, and the YAML for its key points."""

    def distance(path: Path) -> tuple[int, int]:
        common = sum(a == b for a, b in zip(path.parent.parts, label.parts, strict=False))
        return -common, len(path.parts)

    near = sorted(told, key=distance)
    names = next((told[path].names for path in near if told[path].names), [])
    in_yaml = (told[path].key_points for path in near if _is_yaml(path))
    return _About(names, next(in_yaml, False))


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml")


def _listed_names(data: bytes) -> list[str]:
    lines = [line.strip() for line in data.decode("utf-8-sig", "replace").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines[:MOST_NAMES]


def _of_yaml(data: bytes) -> _About:
    """Read `names`, a list or a table of numbers, and `kpt_shape`; nothing else in it counts.

    Raises:
        Unreadable: It is not YAML, or its names make no sense.
    """
    try:
        # The base loader makes texts, lists and tables only, and unfolds nothing.
        found = yaml.load(data.decode("utf-8-sig"), Loader=yaml.BaseLoader)
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8 text") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        said = (str(error).splitlines() or ["?"])[0]
        raise Unreadable(f"it is not YAML ({said[:100]})") from error
    if not isinstance(found, dict):
        raise Unreadable("it has no names")
    shape = found.get("kpt_shape")
    key_points = isinstance(shape, list) and len(shape) == 2
    names = _yaml_names(found.get("names"))
    if names is None and not key_points:
        raise Unreadable("it has no names")
    return _About(names or [], key_points)


def _yaml_names(names: object) -> list[str] | None:
    if isinstance(names, list):
        names = {str(index): name for index, name in enumerate(names)}
    if not isinstance(names, dict):
        return None
    by_number = {}
    for key, name in names.items():
        index = number(key)
        if index.is_integer() and 0 <= index < MOST_NAMES and isinstance(name, str):
            by_number[int(index)] = name
    return [by_number.get(i, str(i)) for i in range(max(by_number, default=-1) + 1)]


def yolo_text(size: FrameSize, boxes: Sequence[Box], names: Sequence[str]) -> str:
    """Write one picture's boxes as YOLO."""
    lines = []
    for box in boxes:
        x, width = (box.x1 + box.x2) / 2 / size.width_px, (box.x2 - box.x1) / size.width_px
        y, height = (box.y1 + box.y2) / 2 / size.height_px, (box.y2 - box.y1) / size.height_px
        kind = list(names).index(box.class_name)
        lines.append(f"{kind} {x:.9f} {y:.9f} {width:.9f} {height:.9f}\n")
    return "".join(lines)
