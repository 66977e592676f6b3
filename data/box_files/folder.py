"""A stranger's folder of pictures and annotations: what is in it, and what is wrong with it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from data.errors import UnderstudyError
from data.frames import FrameSize

MOST_FILES = 500_000
MOST_PROBLEMS = 200_000  # told one by one; more are counted
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif"})
_OTHER_PICTURES = frozenset({".tif", ".tiff", ".heic", ".avif", ".jp2", ".tga", ".psd"})
_LONGEST_SHOWN = 200
_LONGEST_PATH = 4096

Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2: edges, not centres of pixels."""


class BoxFormat(StrEnum):
    """How boxes are written in files."""

    VOC = "voc"
    COCO = "coco"
    YOLO = "yolo"


class Unreadable(UnderstudyError):
    """A file of a folder that can't be read; the import says so and goes on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a folder, and what was done about it."""

    file: str
    """Below the folder."""
    box: int | None
    """Counted from 1 within the file, of a YOLO file its line; None for the whole file."""
    problem: str
    done: str


@dataclass(frozen=True, slots=True)
class FoundBox:
    """A box as it is in the file, believed in nothing."""

    number: int
    """As in `Problem.box`."""
    label: str
    corners: Corners
    """In pixels, or in shares of the picture; possibly not even numbers."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture and what is drawn on it."""

    file: str
    """What says so, for `Problem.file`."""
    picture: Path
    boxes: tuple[FoundBox, ...] = ()
    told: FrameSize | None = None
    """The size of the picture that the annotation speaks of."""
    in_shares: bool = False
    """Whether corners are shares of the picture's width and height."""


class Problems:
    """Gathers what is wrong."""

    def __init__(self) -> None:
        self._told: list[Problem] = []
        self.untold = 0

    def add(self, file: str, box: int | None, problem: str, done: str) -> None:
        """Tell of one."""
        if len(self._told) < MOST_PROBLEMS:
            self._told.append(Problem(file, box, problem, done))
        else:
            self.untold += 1

    @property
    def told(self) -> list[Problem]:
        """All of them, by file and box."""
        return sorted(self._told, key=lambda one: (one.file, one.box or 0))


class Folder:
    """The files below a folder. Whatever a file inside names is only looked up among them."""

    def __init__(self, root: Path, problems: Problems) -> None:
        """Look through it.

        Raises:
            UnderstudyError: There is no such folder, or there are too many files in it.
        """
        if not root.is_dir():
            what = "is a file, not a folder" if root.is_file() else "no such folder"
            raise UnderstudyError(f"{root}: {what}. Give the folder of the pictures.")
        self.root = root
        self.problems = problems
        self.pictures: list[Path] = []
        self.others: list[Path] = []
        self.left_out: set[Path] = set()
        self._named: dict[str, list[Path]] = {}
        real = root.resolve()
        for path in self._walk():
            if self._refused(path, real):
                continue
            suffix = path.suffix.lower()
            if suffix in PICTURES:
                self.pictures.append(path)
                for name in {path.name.casefold(), path.stem.casefold()}:
                    self._named.setdefault(name, []).append(path)
            elif suffix in _OTHER_PICTURES:
                problems.add(
                    self.name(path), None, f"{suffix} pictures are not read; save it as PNG",
                    "left out",
                )  # fmt: skip
            else:
                self.others.append(path)

    def name(self, path: Path) -> str:
        """Name a file below the folder, fit to be shown."""
        return shown(path.relative_to(self.root).as_posix())

    def leave_out(self, *pictures: Path | None) -> None:
        """Let these be no part of the import: what is on them can't be known."""
        self.left_out.update(picture for picture in pictures if picture is not None)

    def find(self, name: str, *, near: Path) -> Path | None:
        """Find the picture of that name, with its suffix or without, in whatever folder it is.

        Args:
            name: As a file says it: a path of any system, of which the end counts.
            near: The file that says it. Of pictures with the same name the nearest is taken.
        """
        wanted = PurePosixPath(name[-_LONGEST_PATH:].replace("\\", "/").casefold())
        found = self._named.get(wanted.name, [])
        if not found and wanted.suffix in PICTURES:
            found = self._named.get(wanted.stem, [])
        if len(found) < 2:
            return found[0] if found else None

        def distance(path: Path) -> tuple[int, int]:
            parts = path.relative_to(self.root).as_posix().casefold().split("/")
            return -_shared(parts[::-1], wanted.parts[::-1]), -_shared(path.parts, near.parts)

        best = min(found, key=distance)
        rivals = [path for path in found if distance(path) == distance(best)]
        if len(rivals) > 1:
            self.problems.add(
                self.name(near), None, f"{len(rivals)} pictures are called {shown(name)}",
                f"{self.name(best)} taken",
            )  # fmt: skip
        return best

    def _walk(self) -> Iterator[Path]:
        count = 0
        for place, folders, files in os.walk(self.root):  # which follows no link
            for name in sorted(folders):
                if (path := Path(place, name)).is_symlink():
                    self.problems.add(self.name(path), None, "it is a link to a folder", "not read")
            folders[:] = sorted(name for name in folders if _wanted(name))
            for name in sorted(filter(_wanted, files)):
                count += 1
                if count > MOST_FILES:
                    raise UnderstudyError(
                        f"{self.root}: more than {MOST_FILES} files. Import its folders one by one."
                    )
                yield Path(place, name)

    def _refused(self, path: Path, real: Path) -> bool:
        try:
            if path.is_symlink() and not path.resolve(strict=True).is_relative_to(real):
                why = "it is a link that leads out of the folder"
            elif not path.is_file():
                why = "it is no plain file"
            else:
                return False
        except (OSError, RuntimeError):  # a link to nothing, or to itself
            why = "it is a link to nothing"
        self.problems.add(self.name(path), None, why, "not read")
        return True


def _wanted(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def _shared(a: list[str] | tuple[str, ...], b: list[str] | tuple[str, ...]) -> int:
    count = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        count += 1
    return count


def read_bytes(path: Path, *, most: int) -> bytes:
    """Read a file that may be larger than anyone would believe.

    Raises:
        Unreadable: It is, or it can't be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise Unreadable(f"it can't be read ({error.strerror})") from error
    if len(data) > most:
        raise Unreadable(f"it is too large; at most {most // 1_000_000} MB are read")
    return data


def number(value: object) -> float:
    """Return a number that a file gives, or "not a number"."""
    try:
        return float(value[:64] if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def told_size(width: object, height: object) -> FrameSize | None:
    """Return the size that a file gives; None when it can't be that of a picture."""
    sides = number(width), number(height)
    if not all(1 <= side <= 1_000_000 for side in sides):
        return None
    return FrameSize(int(sides[0]), int(sides[1]))


def shown(text: str) -> str:
    """Make what a file says fit to be shown: short, and without control characters."""
    cut = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
    return cut if cut.isprintable() else ascii(cut)[1:-1]
