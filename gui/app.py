"""Start the desktop program."""

import logging
import signal
import sys
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QApplication, QMessageBox

from data.errors import UnderstudyError
from data.faults import told_fault
from gui.icons import app_icon
from gui.jobs.line import log_to
from gui.main_window import MainWindow
from gui.page import Page
from gui.preferences import Preferences
from gui.studio import Studio, usual_folder
from gui.theme import Mode, apply_theme
from gui.wording import capitalised
from recorder.display import has_display, require_display

SIGNALS_MS = 200  # how long Python may be kept from seeing a Ctrl-C
log = logging.getLogger(__name__)


def make_pages(studio: Studio) -> list[Page]:
    """Make all pages, in order."""
    from gui.label_page import LabelPage
    from gui.library_page import LibraryPage
    from gui.play_page import PlayPage
    from gui.practice_page import PracticePage
    from gui.record_page import RecordPage
    from gui.start_page import StartPage
    from gui.train_page import TrainPage

    kinds = (StartPage, RecordPage, LibraryPage, LabelPage, TrainPage, PlayPage, PracticePage)
    return [kind(studio) for kind in kinds]


def run_gui(folder: Path | None) -> int:
    """Open the window, and return the exit status when it is closed.

    Args:
        folder: Of recordings and runs; None for that of last time.

    Raises:
        DisplayError: There is no display.
        UnderstudyError: The folder can't be made.
    """
    if not has_display():
        require_display()  # says what is missing
        from data.errors import DisplayError

        raise DisplayError("the display does not answer. Check DISPLAY.")
    application = QApplication(["understudy"])
    application.setApplicationName("Understudy")
    application.setDesktopFileName("understudy")
    preferences = Preferences()
    apply_theme(application, Mode(preferences.get("mode", Mode.AUTO.value)))
    application.setWindowIcon(app_icon())
    studio = Studio(_made(folder or usual_folder(preferences)), preferences)
    log_to(studio.log_file)
    window = MainWindow(studio, make_pages(studio))
    sys.excepthook = _Telling(window)
    interrupted = _on_signals(window)
    window.show()
    application.exec()
    return 130 if interrupted else 0


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnderstudyError(
            f"{folder}: can't be used: {error.strerror}. Give another folder."
        ) from error
    return folder.absolute()


class _Telling:
    """Tells a person of an unforeseen error in a sentence, and logs it whole; once at a time."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._open = False

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        log.error("an error in the window", exc_info=(kind, error, trace))
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        if self._open or not isinstance(error, Exception):
            return
        self._open = True
        said = str(error) if isinstance(error, UnderstudyError) else told_fault(error)
        told = capitalised(said)
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Something went wrong")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(told)
        box.exec()
        self._open = False


def _on_signals(window: MainWindow) -> list[int]:
    """Close in good order on Ctrl-C and SIGTERM; the list then holds the signal."""
    received: list[int] = []

    def leave(number: int, frame: object) -> None:
        received.append(number)
        window.end()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    awake = QTimer(window)  # Python sees signals only between two of its own instructions
    awake.timeout.connect(lambda: None)
    awake.start(SIGNALS_MS)
    return received
