"""The live picture of a game's window, before anything is recorded."""

from dataclasses import dataclass
from typing import ClassVar

from data.frames import FrameSize, Image
from data.title_pattern import title_matches
from gui.jobs.line import Line

RATE_HZ = 10.0
MOST_WIDTH_PX = 960  # of a picture that is sent: a larger one only costs the window time


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Which window to show."""

    title: str
    """Regular expression that its title matches."""
    size: FrameSize
    """Of a stored picture."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the game's window looks now."""

    image: Image | None
    """As it would be stored, BGR; None while the window is not shown."""
    covered: bool
    focused: bool
    newest_only: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class NotOpen:
    """No window of that title is open."""

    newest_only: ClassVar[bool] = True


def preview(request: PreviewRequest, line: Line) -> None:
    """Show the window whenever it is open, until stopped.

    Raises:
        DisplayError: There is no display, or it went away.
    """
    from recorder.pacing import MonotonicClock, Pacer
    from recorder.window import list_windows

    pacer = Pacer(MonotonicClock(), RATE_HZ)
    while not line.stop_asked():
        if any(title_matches(request.title, each.title) for each in list_windows()):
            _follow(request, line)
        else:
            line.tell(NotOpen())
        for _ in range(round(RATE_HZ / 2)):
            pacer.wait()
            if line.stop_asked():
                return


def sent_size(size: FrameSize) -> FrameSize:
    """Return the size to send a picture in, for one of a stored size."""
    if size.width_px <= MOST_WIDTH_PX:
        return size
    height_px = max(1, round(size.height_px * MOST_WIDTH_PX / size.width_px))
    return FrameSize(MOST_WIDTH_PX, height_px)


def _follow(request: PreviewRequest, line: Line) -> None:
    """Show the window until it is closed."""
    from contextlib import closing

    from data.errors import DisplayError
    from data.frames import fit
    from recorder.pacing import MonotonicClock, Pacer
    from recorder.screen import MssScreen
    from recorder.window import find_window

    size = sent_size(request.size)
    pacer = Pacer(MonotonicClock(), RATE_HZ)
    try:
        found = find_window(request.title)
    except DisplayError:
        return  # closed since it was seen; the next look tells whether the display is gone
    with closing(found) as window, closing(MssScreen(window.rect)) as screen:
        while not line.stop_asked():
            pacer.wait()
            state = window.state()
            if state.gone:
                return
            image = fit(screen.grab().image, size) if state.rect is not None else None
            line.tell(Seen(image, state.covered, state.focused))
