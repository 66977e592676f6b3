"""The files of one session: NAME.h5, NAME-2.h5, NAME-3.h5 and so on."""

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from data.errors import RecordingError
from data.leftovers import require_no_leftover
from data.paths import claim_output, part_path
from data.profile import GameProfile
from data.reader import Recording


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a session, yet to be written."""

    path: Path
    session: str
    """The same in all files of a session, and in no other."""
    index: int
    """Counts from 1 for NAME.h5."""
    force: bool = False
    """Whether it may overwrite what is there."""

    @property
    def attributes(self) -> dict[str, str | int]:
        """What the file says of it."""
        return {"session": self.session, "part_of_session": self.index}


class Parts:
    """Names the files of a session, one after another; none that exists is ever named again.

    Args:
        first: NAME.h5.
        session: What its files have in common; None for a new session.
        index: Where to begin; past 1 the first free name is taken.
        force: Whether NAME.h5 may be overwritten.
    """

    def __init__(
        self, first: Path, *, session: str | None = None, index: int = 1, force: bool = False
    ) -> None:
        self._first = first
        self._session = session or uuid.uuid4().hex
        self._next = index
        self._force = force

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._first.parent

    def take(self) -> Part:
        """Name the next file.

        Raises:
            OutputExistsError: It would be NAME.h5, which exists already.
        """
        if self._next == 1:
            self._next = 2
            return Part(claim_output(self._first, force=self._force), self._session, 1, self._force)
        while _taken(path := _numbered(self._first, self._next)):
            self._next += 1
        self._next += 1
        return Part(path, self._session, self._next - 1)


def begin(out: Path, *, force: bool) -> Parts:
    """Begin a session.

    Raises:
        OutputExistsError: The file exists and `force` is off, or an unfinished one is there, which
            is never overwritten.
    """
    require_no_leftover(out)
    claim_output(out, force=force)
    return Parts(out, force=force)


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a further file of a session has in common with those before."""

    parts: Parts
    profile: GameProfile
    rate_hz: float


def resume(out: Path) -> Resumed:
    """Continue the session of a recording, finished or cut short.

    Raises:
        RecordingError: There is no such recording.
    """
    found = next((path for path in (out, part_path(out)) if path.is_file()), None)
    if found is None:
        raise RecordingError(
            f"{out}: no such recording to resume. Check the name, or leave out --resume."
        )
    with Recording(found) as recording:
        profile, facts = recording.profile, recording.facts
        attributes = recording.attributes
    told_index = str(attributes.get("part_of_session", ""))
    index = int(told_index) if told_index.isdecimal() else 1
    session = str(attributes.get("session", "")) or None
    first = out.with_stem(out.stem.removesuffix(f"-{index}")) if index > 1 else out
    return Resumed(Parts(first, session=session, index=index + 1), profile, facts.rate_hz)


def leftovers(out: Path) -> list[Path]:
    """List the unfinished files beside NAME.h5 that belong to it."""
    name = re.compile(rf"{re.escape(out.stem)}(-\d+)?{re.escape(out.suffix)}\.part")
    beside = out.parent.iterdir() if out.parent.is_dir() else ()
    return sorted(path for path in beside if name.fullmatch(path.name))


def _numbered(first: Path, index: int) -> Path:
    return first.with_stem(f"{first.stem}-{index}")


def _taken(path: Path) -> bool:
    return path.exists() or part_path(path).exists()
