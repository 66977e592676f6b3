"""Pascal VOC: one XML file for each picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

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
from data.boxes import Box
from data.frames import FrameSize

MOST_BYTES = 4_000_000
MOST_ELEMENTS = 100_000
_DEEPEST = 32
_INVALID_TOKEN = expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_LOOKED_AT = 1024  # bytes of a file that may be an annotation


@dataclass(slots=True)
class _Element:
    """An XML element; names are lower-case, without name spaces."""

    name: str
    text: str = ""
    children: list["_Element"] = field(default_factory=list)

    def first(self, *names: str) -> "_Element | None":
        """Follow names down; None where one is missing."""
        where: _Element | None = self
        for name in names:
            where = next((c for c in where.children if c.name == name), None) if where else None
        return where

    def said(self, *names: str) -> str:
        """Return the text below names; empty where one is missing."""
        found = self.first(*names)
        return found.text.strip() if found else ""


def read_voc(folder: Folder) -> Iterator[Annotated]:
    """Yield the annotated pictures of a folder."""
    taken: dict[Path, str] = {}
    for path in folder.others:
        name = folder.name(path)
        try:
            if not _is_annotation(path):
                if not path.suffix:
                    folder.problems.add(name, None, "it doesn't begin as an annotation", "not read")
                continue
            root = _read(folder, path)
        except Unreadable as error:
            folder.problems.add(name, None, str(error), "left out, and its picture")
            folder.leave_out(folder.find(_stem(path), near=path))
            continue
        picture = _picture(folder, path, root)
        if picture is None:
            told = f"its picture is gone ({shown(root.said('filename')) or 'it names none'})"
            folder.problems.add(name, None, told, f"{len(_objects(root))} boxes left out")
        elif picture in taken:
            folder.problems.add(
                name, None, f"{taken[picture]} speaks of the same picture", "left out"
            )
        else:
            taken[picture] = name
            yield _annotated(folder, name, root, picture)


def _is_annotation(path: Path) -> bool:
    if path.suffix.lower() == ".xml":
        return True
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
    except OSError as error:
        raise Unreadable(f"it can't be read ({error.strerror})") from error
    return b"<annotation" in start.lower()


def _stem(path: Path) -> str:
    """Name the picture that an annotation's own name speaks of."""
    return path.stem if path.suffix.lower() == ".xml" else path.name


def _picture(folder: Folder, path: Path, root: _Element) -> Path | None:
    named = root.said("filename")
    inside = folder.find(named, near=path) if named else None
    own = folder.find(_stem(path), near=path)
    if own and inside and inside.name.casefold() != own.name.casefold():
        if inside.stem.casefold() == own.stem.casefold():  # the same name, another suffix
            return inside
        folder.problems.add(
            folder.name(path), None, f"its <filename> says {shown(named)}",
            f"{folder.name(own)} taken, which is called as it is",
        )  # fmt: skip
    return own or inside


def _objects(root: _Element) -> list[_Element]:
    return [child for child in root.children if child.name == "object"]


def _annotated(folder: Folder, name: str, root: _Element, picture: Path) -> Annotated:
    problems = folder.problems
    told = told_size(root.said("size", "width"), root.said("size", "height"))
    if told is None:
        wrong = "its <size> makes no sense" if root.first("size") else "it has no <size>"
        problems.add(name, None, wrong, "the picture's size taken")
    if root.name != "annotation":
        problems.add(name, None, f"it begins with <{shown(root.name)}>, not <annotation>", "read")
    # In the VOC challenges' own files corners are pixels counted from 1, both inside the box
    # (development kit, section 4.2.4). The tools that came after write edges.
    first_px = 1.0 if "the voc20" in root.said("source", "database").lower() else 0.0
    boxes = []
    for count, element in enumerate(_objects(root), start=1):
        corners, label = _corners(element, first_px), element.said("name")
        if corners is None:
            problems.add(name, count, f"{shown(label) or 'an object'} has no bndbox", "dropped")
        elif not label:
            problems.add(name, count, "it has no name", "dropped")
        else:
            boxes.append(FoundBox(count, label, corners))
    return Annotated(name, picture, tuple(boxes), told)


def _corners(element: _Element, first_px: float) -> Corners | None:
    where = element.first("bndbox")
    if where is None:
        return None
    x1, y1, x2, y2 = (number(where.said(corner)) for corner in _CORNERS)
    return x1 - first_px, y1 - first_px, x2, y2


def _read(folder: Folder, path: Path) -> _Element:
    """Read an annotation.

    Raises:
        Unreadable: It is not XML, or more than an annotation can be.
    """
    data = read_bytes(path, most=MOST_BYTES)
    if not data.strip():
        raise Unreadable("it is empty")
    try:
        return _parse(data, None)
    except expat.ExpatError as error:
        if error.code == _INVALID_TOKEN:  # as a name in the encoding of a Windows of old is
            try:
                root = _parse(data, "iso-8859-1")
            except expat.ExpatError:
                pass
            else:
                told = "it is not in the encoding that it claims"
                folder.problems.add(folder.name(path), None, told, "read as Latin-1")
                return root
        raise Unreadable(f"it is not XML ({error})") from error
    except (ValueError, LookupError) as error:  # an encoding that Python doesn't know
        raise Unreadable(f"it can't be decoded ({str(error)[:100]})") from error


def _parse(data: bytes, encoding: str | None) -> _Element:
    """Read XML that may be hostile: nothing in it may unfold, or nest without end.

    Raises:
        Unreadable: It is more than an annotation can be.
        ExpatError: It is not XML.
    """
    top = _Element("")
    open_: list[_Element] = [top]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS or len(open_) > _DEEPEST:
            raise Unreadable("it holds more than an annotation can")
        element = _Element(name.rpartition(":")[2].lower())
        open_[-1].children.append(element)
        open_.append(element)

    def end(name: str) -> None:
        open_.pop()

    def text(said: str) -> None:
        if len(open_[-1].text) < 10_000:
            open_[-1].text += said

    def entity(*_: object) -> None:
        raise Unreadable("it defines entities, which no annotation needs")

    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = entity
    parser.Parse(data, True)
    return top.children[0]


def voc_text(picture: str, size: FrameSize, boxes: Sequence[Box]) -> str:
    """Write one picture's boxes as Pascal VOC, in whole pixels, as its readers expect.

    Args:
        picture: The picture's file name.
        size: Its size.
        boxes: What is on it.
    """
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "folder").text = "JPEGImages"
    ElementTree.SubElement(root, "filename").text = picture
    told = ElementTree.SubElement(root, "size")
    for name, value in (("width", size.width_px), ("height", size.height_px), ("depth", 3)):
        ElementTree.SubElement(told, name).text = str(value)
    ElementTree.SubElement(root, "segmented").text = "0"
    for box in boxes:
        thing = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(thing, "name").text = box.class_name
        for name, text in (("pose", "Unspecified"), ("truncated", "0"), ("difficult", "0")):
            ElementTree.SubElement(thing, name).text = text
        where = ElementTree.SubElement(thing, "bndbox")
        x1, x2 = _whole(box.x1, box.x2, size.width_px)
        y1, y2 = _whole(box.y1, box.y2, size.height_px)
        for name, value in zip(_CORNERS, (x1, y1, x2, y2), strict=True):
            ElementTree.SubElement(where, name).text = str(value)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _whole(low: float, high: float, most: int) -> tuple[int, int]:
    """Round two edges so that at least one pixel lies between them."""
    first = min(round(low), most - 1)
    return first, max(round(high), first + 1)
