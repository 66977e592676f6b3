"""Hold one recording open, and answer with the picture that is wanted most recently."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from data.boxes import BoxOrigin
from data.errors import UnderstudyError
from data.keys import By, KeyEvent, held_by
from data.profile import GameProfile
from data.schema import SpanKind
from gui.jobs.line import Line

if TYPE_CHECKING:
    from data.flight import Decisions
    from data.frames import Image
    from data.reader import Recording

WAIT_S = 1.0  # between two looks whether to end; a wish ends it at once


@dataclass(frozen=True, slots=True)
class OpenFile:
    """Asks for a recording to be opened instead of the one that is."""

    path: Path


@dataclass(frozen=True, slots=True)
class Shut:
    """Asks for the open recording to be closed, so that its file can be moved."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Asks for a frame; a later wish replaces it."""

    path: Path
    frame: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A key from press to release, in seconds since the first frame."""

    key: str
    start_s: float
    end_s: float
    by: By


@dataclass(frozen=True, slots=True)
class Stretch:
    """A special stretch of time, in seconds since the first frame."""

    kind: SpanKind
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A recording is open."""

    path: Path
    profile: GameProfile
    times_s: npt.NDArray[np.float64]
    """`(frames,)` since the first frame, rising."""
    holds: tuple[Hold, ...]
    """In order of the presses."""
    stretches: tuple[Stretch, ...]
    is_flight_log: bool


@dataclass(frozen=True, slots=True)
class SeenBox:
    """A box on a picture, in its pixels."""

    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    sure: bool
    """False for what a program saw or suggested, and nobody drew."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A frame, and all that is known of its moment."""

    path: Path
    frame: int
    image: "Image | None"
    """BGR; None where its bytes are damaged."""
    boxes: tuple[SeenBox, ...] = ()
    held: Mapping[str, By] = field(default_factory=dict)
    """The keys held, and who holds each."""
    chances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """For each head, the probability of each class; empty without decisions."""
    newest_only: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A recording can't be opened or read."""

    path: Path
    sentence: str


@dataclass(frozen=True, slots=True)
class Closed:
    """No recording is open any more."""


class _Film:
    """An open recording, ready to show any moment of it."""

    def __init__(self, recording: "Recording") -> None:
        self.recording = recording
        self.path = recording.path
        profile, times = recording.profile, recording.times_ns
        self.rising = np.maximum.accumulate(times) if len(times) else times
        self._start_ns = int(times[0]) if len(times) else 0
        self._events = recording.key_events()
        self._held = held_by(self._events, profile.keys, self.rising)
        self._boxes = {labelled.frame: labelled.boxes for labelled in recording.boxes()}
        self._tick_frames: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._decisions: Decisions | None = None
        if recording.is_flight_log:
            self._tick_frames = recording.tick_frames()
            self._probabilities = recording.probabilities()
            if recording.keeps_decisions:
                self._decisions = recording.decisions()

    def told(self) -> Opened:
        recording = self.recording
        end_ns = int(self.rising[-1]) if len(self.rising) else 0
        stretches = [
            Stretch(span.kind, self._since_s(span.start_ns), self._since_s(span.end_ns))
            for span in recording.spans()
        ]
        return Opened(
            self.path,
            recording.profile,
            times_s=(self.rising - self._start_ns) / 1e9,
            holds=tuple(holds_of(self._events, self._start_ns, end_ns)),
            stretches=tuple(stretches),
            is_flight_log=recording.is_flight_log,
        )

    def show(self, frame: int) -> Shown:
        profile = self.recording.profile
        try:
            image = self.recording.frame(frame)
        except UnderstudyError:
            image = None
        row = self._held[frame].tolist()
        held = {key: By(by - 1) for key, by in zip(profile.keys, row, strict=True) if by}
        boxes = self._drawn(frame) or self._seen(frame)
        return Shown(self.path, frame, image, boxes, held, self._chances(frame))

    def _since_s(self, at_ns: int) -> float:
        return (at_ns - self._start_ns) / 1e9

    def _drawn(self, frame: int) -> tuple[SeenBox, ...]:
        return tuple(
            SeenBox(
                box.class_name, box.x1, box.y1, box.x2, box.y2,
                sure=box.origin in (BoxOrigin.HUMAN, BoxOrigin.TRUTH),
            )
            for box in self._boxes.get(frame, ())
        )  # fmt: skip

    def _seen(self, frame: int) -> tuple[SeenBox, ...]:
        """Return what live play saw when it last decided."""
        decided = self._decisions
        if decided is None or not len(decided):
            return ()
        at_ns = int(self.recording.times_ns[frame])
        index = int(np.searchsorted(decided.at_ns, at_ns, side="right")) - 1
        if index < 0:
            return ()
        names, which = self.recording.profile.object_names, decided.objects(index)
        return tuple(
            SeenBox(names[kind], x1, y1, x2, y2, sure=False)
            for kind, (x1, y1, x2, y2) in zip(
                decided.object_classes[which].tolist(), decided.boxes[which].tolist(), strict=True
            )
        )

    def _chances(self, frame: int) -> dict[str, dict[str, float]]:
        tick = int(np.searchsorted(self._tick_frames, frame, side="right")) - 1
        if tick < 0:
            return {}
        found, first = {}, 0
        for head in self.recording.profile.heads:
            row = self._probabilities[tick, first : first + len(head.names)].tolist()
            found[head.name] = dict(zip(head.names, row, strict=True))
            first += len(head.names)
        return found


def holds_of(events: list[KeyEvent], start_ns: int, end_ns: int) -> list[Hold]:
    """Pair presses with releases; keys still held at the end are held until then."""
    down: dict[str, KeyEvent] = {}
    found: list[tuple[KeyEvent, int]] = []
    for event in events:
        if event.down:
            down.setdefault(event.key, event)
        elif event.key in down:
            found.append((down.pop(event.key), event.at_ns))
    found += [(press, max(press.at_ns, end_ns)) for press in down.values()]
    found.sort(key=lambda each: each[0].at_ns)
    return [
        Hold(press.key, (press.at_ns - start_ns) / 1e9, (until_ns - start_ns) / 1e9, press.by)
        for press, until_ns in found
    ]


def show_frames(request: None, line: Line) -> None:
    """Open recordings and show frames of them as the window wishes, until it asks to end."""
    film: _Film | None = None
    try:
        while not line.stop_asked():
            wish: Wish | None = None
            for message in line.heard(wait_s=WAIT_S):
                if isinstance(message, Wish):
                    wish = message
                elif isinstance(message, OpenFile | Shut):
                    _close(film)
                    film = None
                    if isinstance(message, OpenFile):
                        film = _opened(message.path, line)
                    else:
                        line.tell(Closed())
            if wish is not None and film is not None and wish.path == film.path:
                _show(film, wish.frame, line)
    finally:
        _close(film)


def _opened(path: Path, line: Line) -> _Film | None:
    from data.reader import Recording

    recording = None
    try:
        recording = Recording(path)
        film = _Film(recording)
        line.tell(film.told())
    except UnderstudyError as error:
        if recording is not None:
            recording.close()
        line.tell(Refused(path, str(error)))
        return None
    return film


def _show(film: _Film, frame: int, line: Line) -> None:
    if 0 <= frame < len(film.rising):
        line.tell(film.show(frame))


def _close(film: _Film | None) -> None:
    if film is not None:
        film.recording.close()
