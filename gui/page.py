"""What every page of the main window is, and the parts that pages are made of."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import ClassVar

from PyQt6.QtCore import QSize, Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QKeySequence
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.studio import Studio
from gui.wording import capitalised

MARGIN = 20
NARROW_MARGIN = 10
GAP = 12
CARD_MARGINS = (16, 14, 16, 14)
LINE_PX = 500  # of a notice: its words take the height of their least width


class Page(QWidget):
    """One page of the main window."""

    name: ClassVar[str]
    """By which `Studio.go_to` finds it, such as `record`."""
    title: ClassVar[str]
    """In the list of pages."""
    hint: ClassVar[str]
    """One sentence: what it is for."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.setAccessibleName(self.title)

    def entered(self) -> None:
        """Do what is due when a person comes to this page."""

    def left(self) -> None:
        """Do what is due when a person goes to another page, such as ending a preview."""

    def open(self, what: object) -> None:
        """Show something that another page wants shown; each page says what it takes."""

    def at_work(self) -> str | None:
        """Say what would be cut short if the program ended now, or None: "a recording runs"."""
        return None

    def shut_down(self) -> None:
        """Ask what is running to end in good order; called once, before the program ends."""

    def still_running(self) -> bool:
        """Say whether something asked to end has not ended yet."""
        return False


def heading(text: str) -> QLabel:
    """Make a page's or a part's title."""
    label = plain_label(text)
    label.setObjectName("heading")
    return label


def plain_label(text: str = "") -> QLabel:
    """Make a label that never takes a text for HTML: Qt would open the files that it names."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def plain_tip(text: str) -> str:
    """Return a tool tip that shows a text letter by letter, such as the title of any window."""
    return f"<span>{escape(text)}</span>" if "<" in text else text


def words(text: str = "", *, quiet: bool = False, html: bool = False) -> QLabel:
    """Make a text that wraps; a quiet one stands back.

    Args:
        text: To begin with.
        quiet: Whether it is less important than what is around it.
        html: Whether it is HTML. Nothing that comes from a file or a window may be in it.
    """
    label = QLabel(text) if html else plain_label(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if quiet:
        label.setObjectName("quiet")
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label


def flow(page: QWidget) -> None:
    """Let all words on a page that is scrolled as a whole take just the lines they need.

    By themselves they ask for the height that they would have in a narrow column.
    """
    usual = QSizePolicy.Policy.Preferred
    for label in page.findChildren(QLabel):
        if label.wordWrap():
            label.setSizePolicy(usual, usual)


def button(
    text: str,
    on_click: Callable[[], object],
    *,
    shortcut: str = "",
    main: bool = False,
    danger: bool = False,
    tip: str = "",
) -> QPushButton:
    """Make a button; the `main` one of a page is filled, a `danger` one red."""
    made = QPushButton(text)
    made.clicked.connect(lambda: on_click())
    if shortcut:
        made.setShortcut(QKeySequence(shortcut))
    told = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    if tip or shortcut:
        made.setToolTip(f"{tip or text} ({told})" if shortcut else tip)
    if main or danger:
        made.setObjectName("main" if main else "danger")
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return made


def row(*parts: QWidget | None, stretch_last: bool = False) -> QWidget:
    """Set parts side by side; None is space that grows."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GAP)
    for index, part in enumerate(parts):
        if part is None:
            layout.addStretch(1)
        else:
            layout.addWidget(part, int(stretch_last and index == len(parts) - 1))
    return holder


def column(*parts: QWidget | None, margin: int = 0) -> QWidget:
    """Set parts below each other; None is space that grows."""
    holder = QWidget()
    _stack(holder, parts, margins=(margin, margin, margin, margin))
    return holder


def card(*parts: QWidget | None) -> QFrame:
    """Frame parts that belong together."""
    frame = QFrame()
    frame.setObjectName("card")
    _stack(frame, parts, margins=CARD_MARGINS)
    return frame


def _stack(
    holder: QWidget, parts: Sequence[QWidget | None], *, margins: tuple[int, int, int, int]
) -> None:
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(*margins)
    layout.setSpacing(GAP)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        else:
            layout.addWidget(part)


class SideStack(QStackedWidget):
    """What stands beside a picture, one at a time; in a narrow window it gives way.

    Args:
        width_px: While there is room.
    """

    def __init__(self, width_px: int) -> None:
        super().__init__()
        self._width_px = width_px
        self.setMaximumWidth(width_px)

    def sizeHint(self) -> QSize:
        """Return the usual width."""
        return QSize(self._width_px, super().sizeHint().height())


def open_folder(folder: Path) -> None:
    """Show a folder in the system's file manager."""
    if folder.suffix:  # on macOS a folder called x.app is a program, and would be started
        folder = folder.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


class Notice(QFrame):
    """A sentence that stays until it is closed: an error with what to do, or good news."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._words = words()
        self._words.setMinimumWidth(LINE_PX)
        close = QPushButton("Close")
        close.setObjectName("flat")
        close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(self._words, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence; empty while it is hidden."""
        return "" if self.isHidden() else self._words.text()

    def tell(self, sentence: str, *, error: bool = False) -> None:
        """Show a sentence."""
        self._words.setText(capitalised(sentence))
        self.setProperty("error", error)
        style = self.style()
        if style is not None:
            style.unpolish(self)
            style.polish(self)
        self.show()

    def clear(self) -> None:
        """Hide it."""
        self.hide()
