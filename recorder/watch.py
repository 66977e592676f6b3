"""Watching the game's window: may anything be stored now, and has the picture moved?"""

from dataclasses import dataclass

from data.schema import Span, SpanKind
from recorder.controls import Controls
from recorder.screen import Frame
from recorder.status import State
from recorder.window import GameWindow, Rect


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the window told."""

    state: State
    rect: Rect | None = None
    """Where the window is; None when it is not shown, or when there is no window to watch."""
    gone: bool = False
    absences: int = 0
    """How often the focus has gone elsewhere until now, as far as that is known."""

    def shows(self, frame: Frame) -> bool:
        """Say whether a picture taken just before is wholly the window's.

        When the window moved while it was taken, it may show what lies behind.
        """
        return frame.rect is None or self.rect is None or frame.rect == self.rect


def look(window: GameWindow | None, controls: Controls) -> Look:
    """Look at the window: one question, whatever is asked of the answer."""
    if window is None:
        return Look(State.PAUSED if controls.paused else State.RECORDING)
    found = window.state()
    if controls.paused:
        state = State.PAUSED
    elif found.gone or found.rect is None or not found.focused:
        state = State.FOCUS_LOST
    elif found.covered:
        state = State.COVERED
    else:
        state = State.RECORDING
    return Look(state, found.rect, found.gone, found.absences)


class Moves:
    """Marks the time in which a window moved or changed its size.

    A span goes from the last picture before the change to the first one after it; a window that is
    dragged about for a while makes one span.
    """

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._corner: tuple[int, int] | None = None
        self._last_ns: int | None = None
        self._since_ns: dict[SpanKind, int] = {}

    def see(self, frame: Frame) -> list[Span]:
        """Take in the next stored picture; return the spans that it ends."""
        corner = (frame.rect.left_px, frame.rect.top_px) if frame.rect else None
        changed = {
            SpanKind.MOVED: corner != self._corner,
            SpanKind.RESIZED: frame.image.shape != self._shape,
        }
        ended = []
        last_ns = self._last_ns
        if last_ns is not None:
            for kind, is_changed in changed.items():
                if is_changed:
                    self._since_ns.setdefault(kind, last_ns)
                elif kind in self._since_ns:
                    ended.append(Span(kind, self._since_ns.pop(kind), last_ns))
        self._shape, self._corner, self._last_ns = frame.image.shape, corner, frame.at_ns
        return ended

    def finish(self) -> list[Span]:
        """Return the spans that are still open."""
        last_ns = self._last_ns or 0
        return [Span(kind, since_ns, last_ns) for kind, since_ns in self._since_ns.items()]
