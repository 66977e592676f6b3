"""Recording a game's window, and looking at what was recorded."""

from contextlib import closing, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from data.profile import GameProfile
from data.title_pattern import title_matches
from gui.jobs.line import Line
from gui.jobs.outbox import Outbox
from gui.jobs.preview import sent_size
from recorder.status import RecordStatus

if TYPE_CHECKING:
    from data.inspection.summary import Summary
    from recorder.controls import Controls
    from recorder.desktop import Recorded

LOOK_NS = 100_000_000  # between two looks for the game's window


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """What to record, and how."""

    profile: GameProfile
    path: Path
    """The recording to write."""
    rate_hz: float
    title: str | None = None
    """Regular expression for the window's title; None for the profile's."""
    wait_s: float = 0.0
    """How long to wait for the window."""
    seconds: float | None = None
    """How long to record; None for no end."""
    countdown_s: float = 0.0
    keep_last_s: float | None = None
    """Keep only the last stretch; None keeps everything."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The recording has not begun yet."""

    left_s: int | None
    """Of the countdown; None while the window has not got the focus."""
    newest_only: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Live:
    """How the recording is getting on."""

    status: RecordStatus
    """Its picture is at most `preview.MOST_WIDTH_PX` wide."""
    newest_only: ClassVar[bool] = True


class Press(StrEnum):
    """What the window's buttons ask of a recording."""

    PAUSE = "pause"
    GO_ON = "go on"
    DISCARD = "discard"
    SAVE = "save"


def record_game(request: RecordRequest, line: Line) -> "Recorded | None":
    """Record until stopped, and return what was recorded; None when it was stopped before it began.

    Raises:
        DisplayError: No display, no such window, or it went away before the recording began.
        OutputExistsError: The recording exists.
        RecordingError: The disk is full; what was written stays readable.
    """
    from data.errors import DisplayError, UnderstudyError
    from recorder.desktop import RecordOptions, WindowChoice, record_desktop
    from recorder.parts import begin

    pattern = request.title or request.profile.title
    if not _found_in_time(pattern, request.wait_s, line):
        if line.stop_asked():
            return None
        raise DisplayError("the game's window is not open. Open the game, then record.")
    parts = begin(request.path, force=False)
    _bring_forward(pattern)
    with Outbox(line) as outbox:
        buttons = _Buttons(pattern, line, outbox)
        try:
            return record_desktop(
                request.profile,
                parts,
                rate_hz=request.rate_hz,
                stop=buttons.stop_asked,
                options=RecordOptions(
                    window=WindowChoice(title=request.title),
                    seconds=request.seconds,
                    countdown_s=request.countdown_s,
                    keep_last_s=request.keep_last_s,
                ),
                on_wait=buttons.wait,
                on_status=buttons.tell,
                on_controls=buttons.press_on,
            )
        except UnderstudyError:
            if buttons.stopped_before_it_began:
                return None
            raise


def look_through(path: Path, line: Line) -> "Summary":
    """Say what is in a recording.

    Raises:
        RecordingError: It is not a recording.
    """
    from data.inspection.summary import summarise

    return summarise(path, on_progress=line.progress)


def repair_leftover(path: Path, line: Line) -> Path:
    """Close what a recorder that died has left behind; return the recording.

    Raises:
        RecordingError: It is not the leftover of a recording.
        OutputExistsError: The recording exists as well.
    """
    from data.repair import repair

    return repair(path)


class _Buttons:
    """Tells the window how a session is getting on, and presses the buttons that it asks for."""

    def __init__(self, pattern: str, line: Line, outbox: Outbox) -> None:
        self._pattern = pattern
        self._line = line
        self._outbox = outbox
        self._controls: Controls | None = None
        self._begun = False

    @property
    def stopped_before_it_began(self) -> bool:
        """Whether a person wanted no recording after all."""
        asked = self._line.stop_asked() or (self._controls is not None and self._controls.stopped)
        return asked and not self._begun

    def press_on(self, controls: "Controls") -> None:
        """Take the session's buttons."""
        self._controls = controls

    def stop_asked(self) -> bool:
        """Press what was asked for, and say whether to end."""
        asked = self._line.stop_asked()  # before: then all that was asked earlier has been heard
        self._press()
        return asked

    def wait(self, left_s: int | None) -> None:
        """Tell the countdown."""
        self._outbox.put(Waiting(left_s))

    def tell(self, status: RecordStatus) -> None:
        """Tell how it is getting on."""
        self._begun = True
        self._outbox.put(Live(_lightened(status)))

    def _press(self) -> None:
        controls = self._controls
        if controls is None:
            return
        for wish in self._line.heard():
            if wish is Press.PAUSE:
                controls.pause()
            elif wish is Press.GO_ON:
                controls.resume()
                _bring_forward(self._pattern)
            elif wish is Press.DISCARD:
                controls.discard_last()
            elif wish is Press.SAVE:
                controls.save()


def _lightened(status: RecordStatus) -> RecordStatus:
    from data.frames import FrameSize, fit

    if status.image is None:
        return status
    height_px, width_px = status.image.shape[:2]
    size = FrameSize(width_px, height_px)
    sent = sent_size(size)
    return status if sent == size else replace(status, image=fit(status.image, sent))


def _found_in_time(pattern: str, wait_s: float, line: Line) -> bool:
    """Wait for the window; False when it does not open in time, or a stop is asked for."""
    from recorder.pacing import MonotonicClock
    from recorder.window import list_windows

    clock = MonotonicClock()
    deadline_ns = clock.now_ns() + round(wait_s * 1e9)
    while not line.stop_asked():
        if any(title_matches(pattern, each.title) for each in list_windows()):
            return True
        if clock.now_ns() >= deadline_ns:
            return False
        clock.sleep_until_ns(clock.now_ns() + LOOK_NS)
    return False


def _bring_forward(pattern: str) -> None:
    """Give the game the focus: the person has just clicked in another window."""
    from data.errors import DisplayError
    from recorder.window import find_window

    with suppress(DisplayError), closing(find_window(pattern)) as window:
        window.activate()
