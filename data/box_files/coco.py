"""COCO: a JSON file with lists of pictures, categories and annotations."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data.box_files.folder import (
    Annotated,
    Corners,
    Folder,
    FoundBox,
    Unreadable,
    number,
    read_bytes,
    shown,
    told_size,
)
from data.boxes import Box, FrameBoxes
from data.frames import FrameSize

MOST_BYTES = 64_000_000
MOST_VALUES = 1_000_000  # 90,000 boxes; in Python each takes up to 200 bytes
_LISTS = ("images", "annotations", "categories")

Item = dict[str, Any]
_Lists = dict[str, list[tuple[int, Item]]]


def read_coco(folder: Folder) -> Iterator[Annotated]:
    """Yield the annotated pictures of a folder."""
    taken: dict[Path, str] = {}
    bare: list[Annotated] = []  # of files that only list pictures: another may know their boxes
    for path in folder.others:
        lists = _file(folder, path) if path.suffix.lower() == ".json" else None
        if lists is None:
            continue
        if not lists["annotations"]:
            bare += _pictures(folder, path, lists)
            continue
        for seen in _pictures(folder, path, lists):
            if seen.picture in taken:
                told = f"{taken[seen.picture]} speaks of {folder.name(seen.picture)}, too"
                folder.problems.add(seen.file, None, told, f"{len(seen.boxes)} boxes left out")
            else:
                taken[seen.picture] = seen.file
                yield seen
    for seen in bare:
        if seen.picture not in taken:
            taken[seen.picture] = seen.file
            yield seen


def _file(folder: Folder, path: Path) -> _Lists | None:
    """Read a file that may hold boxes; tell why where it holds none."""
    name = folder.name(path)
    try:
        found = _parse(read_bytes(path, most=MOST_BYTES))
    except Unreadable as error:
        folder.problems.add(name, None, str(error), "left out")
        folder.leave_out(*folder.pictures)  # whichever it is that the file speaks of
        return None
    if not isinstance(found, dict) or not any(kind in found for kind in _LISTS):
        folder.problems.add(name, None, "it is JSON, but not COCO", "not read")
        return None
    lists = _lists(folder, name, found)
    annotations = lists["annotations"]
    if annotations and not any("bbox" in a or "segmentation" in a for _, a in annotations):
        told = f"none of its {len(annotations)} annotations has a bbox, as those of captions"
        folder.problems.add(name, None, told, "not read")
        for _, image in lists["images"]:  # unless another file knows what is on them
            named = image.get("file_name")
            folder.leave_out(folder.find(named, near=path) if isinstance(named, str) else None)
        return None
    return lists


def _parse(data: bytes) -> object:
    """Read JSON that may be hostile.

    Raises:
        Unreadable: It is not JSON, or more than memory should hold.
    """
    values = data.count(b",") + data.count(b"{") + data.count(b"[")
    if values > MOST_VALUES:
        raise Unreadable(
            f"it holds {values} values, at most {MOST_VALUES} are read; "
            "split it, or leave its segmentations out"
        )
    try:
        found: object = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON ({str(error)[:100]})") from error
    return found


def _lists(folder: Folder, name: str, found: Item) -> _Lists:
    """Return the file's lists, each entry with its place counted from 1."""
    lists = {}
    for kind in _LISTS:
        entries = found.get(kind)
        if not isinstance(entries, list):
            folder.problems.add(name, None, f"it has no list of {kind}", "taken as empty")
            entries = []
        lists[kind] = [(i, e) for i, e in enumerate(entries, start=1) if isinstance(e, dict)]
        if lost := len(entries) - len(lists[kind]):
            folder.problems.add(name, None, f"{lost} {kind} are no objects", "dropped")
    return lists


def _pictures(folder: Folder, path: Path, lists: _Lists) -> Iterator[Annotated]:
    name, problems = folder.name(path), folder.problems
    labels = _labels(folder, name, lists["categories"])
    images: dict[str, Item] = {}
    for count, image in lists["images"]:
        key = _key(image.get("id"))
        if not key:
            problems.add(name, None, f"image {count} has no id", "left out")
            named = image.get("file_name")
            folder.leave_out(folder.find(named, near=path) if isinstance(named, str) else None)
        elif key in images:
            problems.add(name, None, f"image {count} has the id of another, {key}", "left out")
        else:
            images[key] = image
    boxes: dict[str, list[FoundBox]] = {key: [] for key in images}
    for count, annotation in lists["annotations"]:
        box, wrong = _box(count, annotation, labels)
        key = _key(annotation.get("image_id"))
        if key not in images:
            box = None
            wrong = f"its image {key or '(no image_id)'} is not in the file"
        if wrong:
            problems.add(name, count, wrong, "dropped" if box is None else "read")
        if box is not None:
            boxes[key].append(box)
    for key, image in images.items():
        named = image.get("file_name")
        picture = folder.find(named, near=path) if isinstance(named, str) else None
        if picture is None:
            told = f"the picture of image {key} is gone ({shown(str(named))})"
            problems.add(name, None, told, f"{len(boxes[key])} boxes left out")
            continue
        told_px = told_size(image.get("width"), image.get("height"))
        if told_px is None:
            problems.add(
                name, None, f"image {key} ({shown(str(named))}) has no size that makes sense",
                "the picture's size taken",
            )  # fmt: skip
        yield Annotated(name, picture, tuple(boxes[key]), told_px)


def _labels(folder: Folder, name: str, categories: list[tuple[int, Item]]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for count, category in categories:
        key, label = _key(category.get("id")), category.get("name")
        if not key:
            folder.problems.add(name, None, f"category {count} has no id", "dropped")
        elif key in labels:
            told = f"category {count} has the id of another, {key}"
            folder.problems.add(name, None, told, "dropped")
        elif not isinstance(label, str) or not label.strip():
            folder.problems.add(name, None, f"category {key} has no name", f"called {key}")
            labels[key] = key
        else:
            labels[key] = label
    return labels


def _box(
    count: int, annotation: Item, labels: dict[str, str]
) -> tuple[FoundBox | None, str | None]:
    """Return the box, and what is wrong with it."""
    key = _key(annotation.get("category_id"))
    if annotation.get("iscrowd") not in (None, 0, False, "0"):
        return None, "it is a crowd, not one object"
    if not key:
        return None, "it has no category_id"
    wrong = None
    if key not in labels:
        wrong = f"its category {key} is not in the file"
    corners = _bbox(annotation.get("bbox"))
    if corners is None:
        corners = _outline(annotation.get("segmentation"))
        if corners is None:
            return None, "it has no bbox of four numbers, and no polygon"
        wrong = f"{wrong}, and it has no bbox" if wrong else "it has no bbox; its polygon's taken"
    return FoundBox(count, labels.get(key, key), corners), wrong


def _bbox(found: object) -> Corners | None:
    if not isinstance(found, list) or len(found) != 4:
        return None
    x, y, width, height = map(number, found)
    return x, y, x + width, y + height


def _outline(found: object) -> Corners | None:
    """Return what encloses polygons, each x y x y ...; None for what is none."""
    if not isinstance(found, list):
        return None
    flat = [v for part in found for v in (part if isinstance(part, list) else [])]
    values = [number(value) for value in flat]
    if len(values) < 6 or len(values) % 2 or not all(map(math.isfinite, values)):
        return None
    return min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])


def _key(found: object) -> str:
    """Return an id as text, so that 1, 1.0 and "1" are the same; empty for what is no id."""
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    return shown(str(found)) if isinstance(found, int | str) and not isinstance(found, bool) else ""


def coco_json(
    pictures: Sequence[tuple[str, FrameBoxes]], size: FrameSize, names: Sequence[str]
) -> str:
    """Write boxes as COCO; `pictures` are file names with what is on them."""
    numbers = {name: index for index, name in enumerate(names, start=1)}
    boxes = [(image, box) for image, (_, seen) in enumerate(pictures, 1) for box in seen.boxes]
    return json.dumps(
        {
            "info": {},  # older versions of pycocotools' loadRes ask for it
            "images": [
                {"id": i, "file_name": name, "width": size.width_px, "height": size.height_px}
                for i, (name, _) in enumerate(pictures, start=1)
            ],
            "categories": [{"id": numbers[name], "name": name} for name in names],
            "annotations": [
                _entry(count, image, box, numbers[box.class_name])
                for count, (image, box) in enumerate(boxes, start=1)
            ],
        }
    )


def _entry(count: int, image: int, box: Box, category: int) -> Item:
    width, height = box.x2 - box.x1, box.y2 - box.y1
    return {
        "id": count,
        "image_id": image,
        "category_id": category,
        "bbox": [box.x1, box.y1, width, height],
        "area": width * height,
        "iscrowd": 0,
    }
