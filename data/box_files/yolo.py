"""YOLO: one text file for each picture, a line for each box, and a file that names the classes."""

import math
from collections.abc import Iterator, Sequence
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


def read_yolo(folder: Folder) -> Iterator[Annotated]:
    """Yield the annotated pictures of a folder."""
    names = _names(folder)
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
        of_file = _nearest(names, label)
        boxes = [
            box for count, line in lines if (box := _box(folder, name, count, line, of_file))
        ]  # fmt: skip
        yield Annotated(name, picture, tuple(boxes), in_shares=True)
    for path in files.values():
        if path not in taken:
            told = "no picture of its name is there"
            folder.problems.add(folder.name(path), None, told, "not read")


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


def _box(
    folder: Folder, name: str, count: int, words: list[str], names: Sequence[str]
) -> FoundBox | None:
    problems = folder.problems
    kind = number(words[0])
    if not (kind.is_integer() and 0 <= kind < 1_000_000):
        problems.add(name, count, f"{shown(words[0])!r} is no number of a class", "dropped")
        return None
    values = [number(word) for word in words[1:]]
    corners = _corners(values)
    if corners is None:
        told = f"{len(words)} numbers; a box has a class, a centre x y, a width and a height"
        problems.add(name, count, told, "dropped")
        return None
    if len(values) > 5:
        problems.add(name, count, "it is a polygon, not a box", "what encloses it taken")
    label = str(int(kind))
    if kind < len(names):
        label = names[int(kind)]
    elif names:
        told = f"class {label} is beyond the {len(names)} names"
        problems.add(name, count, told, f"called {label}")
    return FoundBox(count, label, corners)


def _corners(values: list[float]) -> Corners | None:
    if len(values) in (4, 5):  # the fifth is a detector's score
        x, y, width, height = values[:4]
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if len(values) >= 6 and len(values) % 2 == 0 and all(map(math.isfinite, values)):
        return min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])
    return None


def _names(folder: Folder) -> dict[Path, list[str]]:
    """Return each file that names classes, with the names."""
    found: dict[Path, list[str]] = {}
    for path in folder.others:
        kind = path.suffix.lower()
        is_yaml = kind in (".yaml", ".yml")
        if not is_yaml and kind != ".names" and path.name.lower() not in _NAMES_FILES:
            continue
        try:
            data = read_bytes(path, most=MOST_NAMES_BYTES)
            names = _yaml_names(data) if is_yaml else _listed_names(data)
        except Unreadable as error:
            folder.problems.add(folder.name(path), None, str(error), "not read")
            continue
        if names:
            found[path] = names
    if not found:
        folder.problems.add(
            ".", None, "no data.yaml, classes.txt or obj.names says what the classes are called",
            "called by their numbers",
        )  # fmt: skip
    return found


def _nearest(names: dict[Path, list[str]], label: Path) -> list[str]:
    """Choose the names that lie nearest to a file of labels."""

    def distance(path: Path) -> tuple[int, int]:
        common = sum(a == b for a, b in zip(path.parent.parts, label.parts, strict=False))
        return -common, len(path.parts)

    return names[min(names, key=distance)] if names else []


def _listed_names(data: bytes) -> list[str]:
    lines = [line.strip() for line in data.decode("utf-8-sig", "replace").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines[:MOST_NAMES]


def _yaml_names(data: bytes) -> list[str]:
    """Read `names`, a list or a table of numbers; nothing else in the file counts.

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
    names = found.get("names") if isinstance(found, dict) else None
    if isinstance(names, list):
        names = {str(index): name for index, name in enumerate(names)}
    if not isinstance(names, dict):
        raise Unreadable("it has no names")
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
