"""The practice game in a real window, played with real keys."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType, TracebackType

from PyQt6.QtCore import QPoint, QRect, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QFocusEvent, QImage, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QApplication, QWidget

from agent.key_sink import KeySink
from data.errors import DisplayError, UnderstudyError
from gui.practice.coach import Coach
from gui.practice.drawing import Artist
from gui.practice.flow import Flow, MatchSettings, Screen
from gui.practice.key_names import key_name
from gui.practice.state import STEPS_PER_SECOND
from gui.practice.truth import TruthFile, write_result
from gui.practice.view import SeenBox, visible_objects
from recorder.display import has_display, require_display
from recorder.pacing import Clock, MonotonicClock

TITLE = "Understudy Practice"
UNPAINTED_TITLE = "Understudy"
"""Until there is a picture: a recorder that finds the window would store what lies behind it."""
SIZE = (1280, 720)
LEAST_SIZE = (320, 180)
STEP_NS = 1_000_000_000 / STEPS_PER_SECOND
STALL_STEPS = 2 * STEPS_PER_SECOND
"""After a longer standstill, such as a closed lid, play goes on where it was."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How the window is opened."""

    match: MatchSettings = field(default_factory=MatchSettings)
    menu: bool = False
    """Begin at the start screen."""
    coach: bool = False
    """Have the coach press real keys."""
    exit_at_full_time: bool = False
    truth: Path | None = None
    """Where to write what each picture shows."""
    result: Path | None = None
    """Where to write how the match ended."""
    force: bool = False
    """Whether an existing truth or result file may be overwritten."""


class RealCoach:
    """The coach before the window's pictures, with his fingers on the real keyboard."""

    def __init__(self, seed: int, sink: KeySink) -> None:
        self._coach = Coach(seed)
        self._sink = sink

    def look(self, at_s: float, boxes: list[SeenBox], size: tuple[int, int]) -> None:
        """See a picture and move fingers."""
        self._coach.observe(at_s, boxes, size)
        self._sink.set_held(self._coach.keys(at_s))

    def let_go(self) -> None:
        """Take the fingers off."""
        self._sink.release_all()

    def close(self) -> None:
        """Leave the keyboard for good."""
        self._sink.close()


class PracticeWindow(QWidget):
    """Runs the match by absolute time in fixed steps, and draws as often as there is time for."""

    def __init__(
        self,
        settings: WindowSettings,
        *,
        clock: Clock,
        truth: TruthFile | None = None,
        coach: RealCoach | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle(UNPAINTED_TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(*LEAST_SIZE)
        self._settings = settings
        self._flow = Flow(settings.match, menu=settings.menu, once=settings.exit_at_full_time)
        self._clock, self._truth, self._coach = clock, truth, coach
        self._held: set[str] = set()
        self._released: dict[str, int] = {}
        self._artist: Artist | None = None
        self._image: QImage | None = None
        self._corner = QPoint(0, 0)
        self._painted = self._reported = False
        self._next_step_ns = float(clock.now_ns())
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self._timer.start(0)

    def _tick(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns - self._next_step_ns > STALL_STEPS * STEP_NS:
            self._next_step_ns = float(now_ns)
        stepped = False
        while self._next_step_ns <= now_ns and not self._flow.closing:
            self._held.difference_update(self._released)
            self._released.clear()
            self._flow.step(frozenset(self._held))
            self._next_step_ns += STEP_NS
            stepped = True
        if stepped:
            self._show_picture()
            self._report_result()
        if self._flow.closing:
            self.close()
            return
        left_ns = self._next_step_ns - self._clock.now_ns()
        self._timer.start(max(0, round(left_ns / 1e6)))

    def _show_picture(self) -> None:
        artist, image = self._canvas()
        flow = self._flow
        with QPainter(image) as painter:
            artist.draw(painter, flow.state, banner=flow.banner)
            panel = flow.panel
            if panel is not None:
                artist.draw_panel(painter, panel.title, panel.lines)
        self.repaint()  # on the screen before the time is taken
        at_ns = self._clock.now_ns()
        if self._painted and self.windowTitle() != TITLE:
            self.setWindowTitle(TITLE)
        if self._coach is not None:
            if flow.screen is Screen.PLAY and self.isActiveWindow():
                boxes = visible_objects(flow.state, artist.size)
                self._coach.look(at_ns / 1e9, boxes, artist.size)
            else:
                self._coach.let_go()
        if self._truth is not None and flow.screen is not Screen.START:
            covering = None if panel is None else (panel.title, panel.lines)
            shown = artist.seen(flow.state, banner=flow.banner, panel=covering)
            self._truth.append(
                flow.state,
                at_ns=at_ns,
                size=self._pixels(),
                boxes=_moved(shown, self._corner),
                held=self._held,
            )

    def _report_result(self) -> None:
        over = self._flow.state.over
        if over and not self._reported and self._settings.result is not None:
            write_result(self._settings.result, self._flow.settings, self._flow.state)
        self._reported = over

    def _pixels(self) -> tuple[int, int]:
        """Return the window's size in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return round(self.width() * ratio), round(self.height() * ratio)

    def _canvas(self) -> tuple[Artist, QImage]:
        """Return what draws, for the largest 16:9 picture that fits the window."""
        width, height = self._pixels()
        scale = min(width / SIZE[0], height / SIZE[1])
        size = (max(1, round(SIZE[0] * scale)), max(1, round(SIZE[1] * scale)))
        if self._artist is None or self._image is None or self._artist.size != size:
            self._artist = Artist(size, seed=self._settings.match.seed)
            self._image = self._artist.new_image()
        self._corner = QPoint((width - size[0]) // 2, (height - size[1]) // 2)
        return self._artist, self._image

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Copy the picture to the screen, with black bars where the window is not 16:9."""
        with QPainter(self) as painter:
            ratio = self.devicePixelRatioF()
            painter.scale(1 / ratio, 1 / ratio)
            whole = QRect(0, 0, *self._pixels())
            if self._image is None or self._image.size() != whole.size():
                painter.fillRect(whole, Qt.GlobalColor.black)
            if self._image is not None:
                painter.drawImage(self._corner, self._image)
                self._painted = True

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take a key; a held key's repeats are no presses."""
        if event is None or event.isAutoRepeat():
            return
        name = key_name(event.key())
        if name is None or self._released.pop(name, None) == event.timestamp():
            return
        if name == "f11":
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
            return
        self._held.add(name)
        self._flow.press(name)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Let go of a key before the next step.

        X sends a release and a press of the same moment for each repeat of a held key. Qt calls
        them a repeat when it sees both at once, which on a busy machine it does not.
        """
        if event is None or event.isAutoRepeat():
            return
        self._released[key_name(event.key()) or ""] = event.timestamp()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Let go of every key: their releases will go to another window."""
        self._held.clear()
        if self._coach is not None:
            self._coach.let_go()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop playing."""
        self._timer.stop()
        if self._coach is not None:
            self._coach.let_go()


def _moved(boxes: list[SeenBox], by: QPoint) -> list[SeenBox]:
    if by.x() == 0 and by.y() == 0:
        return boxes
    return [
        replace(b, x1=b.x1 + by.x(), y1=b.y1 + by.y(), x2=b.x2 + by.x(), y2=b.y2 + by.y())
        for b in boxes
    ]


def run_window(settings: WindowSettings) -> int:
    """Open the window and return the exit status when it is closed.

    Raises:
        DisplayError: There is no display.
        UnderstudyError: An output can't be written.
    """
    if not has_display():
        require_display()  # says what is missing
        raise DisplayError("the display does not answer. Check DISPLAY.")
    if settings.result is not None and settings.result.exists() and not settings.force:
        raise UnderstudyError(f"{settings.result} exists. Choose another name, or pass --force.")
    failures: list[BaseException] = []
    sys.excepthook = _ending_on_failure(failures)
    application = QApplication(["understudy"])
    application.setApplicationName(TITLE)
    truth = TruthFile(settings.truth, force=settings.force) if settings.truth else None
    coach = _real_coach(settings.match.seed) if settings.coach else None
    interrupted = _on_signals(application)
    try:
        window = PracticeWindow(settings, clock=MonotonicClock(), truth=truth, coach=coach)
        _open(window)
        application.exec()
    finally:
        if coach is not None:
            coach.close()
        if truth is not None:
            truth.close()
    if failures:
        raise failures[0]
    return 130 if interrupted else 0


def _real_coach(seed: int) -> RealCoach:
    from agent.key_sink import PynputSink
    from agent.watchdog import Watchdog

    return RealCoach(seed, PynputSink(Watchdog()))


def _open(window: PracticeWindow) -> None:
    screen = window.screen()
    space = screen.availableSize() if screen is not None else None
    share = 1.0
    if space is not None:
        share = min(1.0, space.width() / SIZE[0], space.height() / SIZE[1])
    window.resize(round(SIZE[0] * share), round(SIZE[1] * share))
    window.show()
    window.raise_()
    window.activateWindow()


def _ending_on_failure(
    failures: list[BaseException],
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Make a hook that ends the program on an exception in a slot, which PyQt6 aborts on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        failures.append(error)
        QApplication.exit(1)

    return hook


def _on_signals(application: QApplication) -> list[int]:
    """Leave the window in an orderly way on Ctrl-C and SIGTERM; the list then holds the signal."""
    received: list[int] = []

    def leave(number: int, frame: FrameType | None) -> None:
        received.append(number)
        application.quit()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    return received
