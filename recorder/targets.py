"""Where a session on the desktop goes: straight to the disk, or into memory until asked."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.errors import RecordingError
from data.profile import GameProfile
from data.schema import CaptureFacts
from data.writer import RecordingWriter
from recorder.background import BackgroundWriter
from recorder.pacing import Clock
from recorder.parts import Parts
from recorder.ring import Ring
from recorder.session import RecordingSink
from recorder.status import Kept


@dataclass(frozen=True, slots=True)
class Target:
    """Takes a session, and knows what becomes of it."""

    sink: RecordingSink
    save: Callable[[], None] | None
    """Saves what is in memory; None when everything is written at once."""
    free_bytes: Callable[[], int]
    """Says how much space is left for it."""
    kept: Callable[[], Kept | None]
    """Says what is in memory."""
    files: Callable[[], tuple[Path, ...]]
    """Says which recordings it became, once it is closed."""


@contextmanager
def straight_to_disk(
    parts: Parts, *, profile: GameProfile, facts: CaptureFacts
) -> Iterator[Target]:
    """Write everything at once; the recording has its name at the end.

    Raises:
        OutputExistsError: The file exists and may not be overwritten.
        RecordingError: It can't be written.
    """
    part = parts.take()
    with (
        RecordingWriter(
            part.path, profile=profile, facts=facts, force=part.force, attributes=part.attributes
        ) as writer,
        BackgroundWriter(writer) as sink,
    ):
        yield Target(
            sink,
            save=None,
            free_bytes=lambda: _free_bytes(part.path.parent),
            kept=lambda: None,
            files=lambda: (part.path,),
        )


@contextmanager
def last_stretch(
    parts: Parts, *, profile: GameProfile, facts: CaptureFacts, clock: Clock, seconds: float
) -> Iterator[Target]:
    """Keep the last stretch in memory; write it when asked, and at the end.

    Raises:
        OutputExistsError: The file exists and may not be overwritten.
        RecordingError: It can't be written.
    """
    with Ring(
        profile=profile, facts=facts, clock=clock, seconds=seconds, next_part=parts.take
    ) as ring:
        yield Target(
            ring,
            save=ring.save,
            free_bytes=lambda: _free_bytes(parts.folder) - ring.kept().bytes,
            kept=ring.kept,
            files=lambda: ring.kept().saved,
        )


def _free_bytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise RecordingError(
            f"{folder}: can't be reached any more ({error}). Is the disk still there?"
        ) from error
